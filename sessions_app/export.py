"""An interview as a file: its transcript and, for whoever may see it, its report.

JSON to load, Markdown and plain text to read, PDF to hand on. Times are in the candidate's zone, with its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy

from sessions_app import represent, represent_evaluation
from sessions_app.access import Actor
from sessions_app.models import CriterionScore, Evaluation, InterviewSession, Review, SessionMessage
from sessions_app.models.evaluation import Method
from sessions_app.services.engines import engine, speaker_of
from sessions_app.services.evaluating import evaluation_for
from sessions_app.services.local_time import when, zone_of
from sessions_app.services.report_words import judged_by, sections_of, told_in_a_word, told_keys
from sessions_app.services.scorecards import reviews_of

SCHEMA_VERSION = 1
VERDICTS = {"not_enough_evidence": "not enough evidence", "left_to_human": "left to a person"}


@dataclass(frozen=True)
class Interview:
    """What goes into the file. ``report`` is None where there is none, or it is not for these eyes."""

    session: InterviewSession
    messages: Sequence[SessionMessage]
    report: Evaluation | None = None
    for_staff: bool = False

    def when(self, at: datetime | None) -> str:
        return when(at, zone_of(self.session)) if at else ""


def interview_for(session: InterviewSession, actor: Actor) -> Interview:
    """The interview as far as the actor may see it. The session was fetched for them."""
    messages = list(session.messages.history().filter(seq__lte=session.message_count))
    return Interview(session, messages, evaluation_for(session, actor), actor.is_staff)


def file_name(session: InterviewSession, extension: str) -> str:
    """Letters, digits and hyphens only, whatever the title holds."""
    title = slugify(session.title)[:60] or "interview"
    return f"{title}-{session.created_at:%Y-%m-%d}.{extension}"


def as_markdown(interview: Interview) -> str:
    """What people typed stays what they typed: text is quoted, code is fenced."""
    lines = [f"# {_plain(interview.session.title)}", "", *(f"- {fact}" for fact in facts(interview)), ""]
    for message in interview.messages:
        lines += [f"## {heading(message)}", "", f"*{who(interview, message)} · {moment(interview, message)}*", ""]
        lines += [*_quoted(message), ""]
    if interview.report:
        lines += ["# Report", ""]
        for title, paragraphs in sections(interview.report):
            lines += [f"## {_plain(title)}", "", *(f"- {_plain(text)}" for text in paragraphs), ""]
    return "\n".join(lines)


def as_text(interview: Interview) -> str:
    title = interview.session.title
    lines = [title, "=" * len(title), "", *facts(interview), ""]
    for message in interview.messages:
        lines += [f"{heading(message)} ({who(interview, message)}, {moment(interview, message)})"]
        lines += [*marks(message), message.content, ""]
    if interview.report:
        lines += ["Report", "======", ""]
    for title, paragraphs in sections(interview.report) if interview.report else ():
        lines += [title, "-" * len(title), *paragraphs, ""]
    return "\n".join(lines)


def as_json(interview: Interview) -> str:
    session, report = interview.session, interview.report
    exported = {
        "schema_version": SCHEMA_VERSION,
        "session": {
            "id": session.pk,
            "title": session.title,
            "status": session.status,
            "candidate": {"name": session.candidate_name, "email": session.candidate_email},
            "interviewer": session.model_name,
            "planned_questions": session.planned_questions,
            "current_question_number": session.current_question_number,
            "used_seconds": session.used_ms(session.now) // 1000,
            **{name: getattr(session, name) for name in ("created_at", "started_at", "ended_at")},
        },
        "messages": [_message(message) for message in interview.messages],
        "evaluation": report and represent_evaluation.evaluation(report, for_staff=interview.for_staff),
        "draft": session.draft_text,
    }
    return json.dumps(json.loads(represent.dumps(exported)), ensure_ascii=False, indent=2)


def as_pdf(interview: Interview) -> bytes:
    """The library is loaded with the first PDF: most processes never write one."""
    from .export_pdf import written

    return written(interview)


FORMATS: dict[str, tuple[str, Callable[[Interview], str | bytes]]] = {
    "md": ("text/markdown; charset=utf-8", as_markdown),
    "json": ("application/json; charset=utf-8", as_json),
    "txt": ("text/plain; charset=utf-8", as_text),
    "pdf": ("application/pdf", as_pdf),
}


# As people choose among them.
FORMAT_NAMES = (("pdf", "PDF"), ("md", "Markdown"), ("txt", gettext_lazy("Plain text")), ("json", "JSON"))


def as_file(session: InterviewSession, actor: Actor, extension: str) -> HttpResponse:
    """The download, as far as the actor may see it. The session was fetched for them."""
    content_type, write = FORMATS[extension]
    response = HttpResponse(write(interview_for(session, actor)), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(session, extension)}"'
    return response


# -- the transcript in words -------------------------------------------------------------------------------------------


def facts(interview: Interview) -> list[str]:
    session = interview.session
    minutes = round(session.used_ms(session.now) / 60_000)
    told = [
        f"Candidate: {session.candidate_name}" if session.candidate_name else "",
        f"Interviewer: {engine(session.model_name)}",
        f"Started: {interview.when(session.started_at)}" if session.started_at else "Not started yet",
        f"Ended: {interview.when(session.ended_at)}" if session.ended_at else "",
        f"Thinking time: {f'{minutes} min' if minutes else 'under 1 min'}" if session.started_at else "",
        f"Session: {session.pk}",
    ]
    return [_plain(fact) for fact in told if fact]


def heading(message: SessionMessage) -> str:
    if message.kind == "notice":
        return "Closing words"
    number = message.question_number
    return f"Answer to question {number}" if message.role == "user" else f"Question {number}"


def who(interview: Interview, message: SessionMessage) -> str:
    if message.role == "user":
        return _plain(interview.session.candidate_name) or "Candidate"
    return speaker_of(message, interview.session)


def moment(interview: Interview, message: SessionMessage) -> str:
    return interview.when(message.completed_at or message.created_at)


def marks(message: SessionMessage) -> list[str]:
    sent_by_clock = message.payload.get("auto_submitted")
    return [*(["[skipped]"] if message.is_skip else []), *(["[sent when time ran out]"] if sent_by_clock else [])]


def _quoted(message: SessionMessage) -> list[str]:
    if message.mode == "code":
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", message.content))])
        return [fence, message.content, fence]
    return [f"> {line}".rstrip() for line in [*marks(message), *message.content.splitlines()]]


# -- the report in words -----------------------------------------------------------------------------------------------


def sections(report: Evaluation) -> Iterator[tuple[str, list[str]]]:
    """The report's parts that say something, each with its paragraphs."""
    told = told_keys(report.session)
    yield "Overall", [line for line in (_overall(report), report.summary) if line]
    for row in report.criteria.all():
        word = told_in_a_word(row, told) or _verdict(row)
        yield row.title, [word, row.rationale, *(f"“{one.quote}”" for one in row.evidence.all())]
    yield from sections_of(report)
    if reviews := reviews_of(report.session):
        yield "People", [_persons(review, report) for review in reviews]


def _persons(review: Review, report: Evaluation) -> str:
    """A person's verdict beside the machine's: words and score, in both files of staff and of the candidate."""
    titles = {row.key: row.title for row in report.criteria.all()}
    words = [f"{titles.get(one.key, one.key)}: {one.get_rating_display()}" for one in review.ratings.all()]
    score = "No overall score" if review.final_score is None else f"{review.final_score:.0f} of 100"
    return f"{score}, by a person. {'; '.join(words)}."


def _overall(report: Evaluation) -> str:
    if report.method == Method.PEOPLE:
        return f"{judged_by(report)}."
    score = "No overall score" if report.overall_score is None else f"{report.overall_score:.0f} of 100"
    asks = "" if report.method == Method.MODEL else " It asks for a person's review."
    return f"{score}. {judged_by(report)}.{asks}"


def _verdict(row: CriterionScore) -> str:
    return VERDICTS[row.verdict] if row.score is None else f"{row.level}, {row.score:.0f} of 100"


def _plain(text: str) -> str:
    """On one line, so that nobody's name becomes a heading."""
    return " ".join(text.split())


def _message(message: SessionMessage) -> dict[str, Any]:
    names = ("id", "seq", "role", "kind", "question_number", "mode", "content", "created_at", "completed_at")
    return {
        **{name: getattr(message, name) for name in names},
        "question_type": message.question_type or None,
        "in_reply_to": message.in_reply_to_id,
        "skipped": message.is_skip,
        "asked_by": message.payload.get("by"),
    }
