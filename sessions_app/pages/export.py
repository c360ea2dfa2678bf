"""A transcript as a file: Markdown to read, JSON to load, plain text for everything else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from django.utils.text import slugify

from sessions_app.models import InterviewSession, SessionMessage

from . import present
from .words import duration, moment

SCHEMA_VERSION = 1


def file_name(session: InterviewSession, extension: str) -> str:
    """Letters, digits and hyphens only, whatever the title holds."""
    title = slugify(session.title)[:60] or "interview"
    return f"{title}-{session.created_at:%Y-%m-%d}.{extension}"


def as_markdown(session: InterviewSession, messages: Sequence[SessionMessage]) -> str:
    lines = [f"# {session.title}", "", *(f"- {fact}" for fact in _facts(session)), ""]
    for turn in (present.turn(message, session) for message in messages):
        lines += [f"## {turn.heading}", "", f"*{turn.who} · {turn.at.full}*", "", *_markdown_body(turn), ""]
    return "\n".join(lines)


def as_text(session: InterviewSession, messages: Sequence[SessionMessage]) -> str:
    lines = [session.title, "=" * len(session.title), "", *_facts(session), ""]
    for turn in (present.turn(message, session) for message in messages):
        lines += [f"{turn.heading} ({turn.who}, {turn.at.full})", *_marks(turn), turn.text, ""]
    return "\n".join(lines)


def as_json(session: InterviewSession, messages: Sequence[SessionMessage]) -> str:
    exported = {
        "schema_version": SCHEMA_VERSION,
        "session": {
            "id": str(session.pk),
            "title": session.title,
            "status": session.status,
            "candidate": {"name": session.candidate_name, "email": session.candidate_email},
            "interviewer": session.model_name,
            "planned_questions": session.planned_questions,
            "current_question_number": session.current_question_number,
            "used_seconds": session.used_ms(session.now) // 1000,
            **{name: _iso(getattr(session, name)) for name in ("created_at", "started_at", "ended_at")},
        },
        "messages": [_message(message) for message in messages],
        "draft": session.draft_text,
    }
    return json.dumps(exported, ensure_ascii=False, indent=2)


FORMATS: dict[str, tuple[str, Callable[[InterviewSession, Sequence[SessionMessage]], str]]] = {
    "md": ("text/markdown", as_markdown),
    "json": ("application/json", as_json),
    "txt": ("text/plain", as_text),
}


def _facts(session: InterviewSession) -> list[str]:
    facts = [
        f"Candidate: {session.candidate_name}" if session.candidate_name else "",
        f"Interviewer: {present.engine(session.model_name)}",
        f"Started: {moment(session.started_at).full}" if session.started_at else "Not started yet",
        f"Ended: {moment(session.ended_at).full}" if session.ended_at else "",
        f"Thinking time: {duration(session.used_ms(session.now))}" if session.started_at else "",
        f"Session: {session.pk}",
    ]
    return [fact for fact in facts if fact]


def _marks(turn: present.Turn) -> list[str]:
    return [*(["[skipped]"] if turn.skipped else []), *(["[sent when time ran out]"] if turn.sent_by_clock else [])]


def _markdown_body(turn: present.Turn) -> list[str]:
    """A candidate's own marks and headings stay what they typed: the text is quoted, code is fenced."""
    if turn.is_code:
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", turn.text))])
        return [fence, turn.text, fence]
    quoted = [f"> {line}".rstrip() for line in turn.text.splitlines()]
    return [*(f"> {mark}" for mark in _marks(turn)), *quoted]


def _message(message: SessionMessage) -> dict[str, object]:
    return {
        "id": str(message.pk),
        "seq": message.seq,
        "role": message.role,
        "kind": message.kind,
        "question_number": message.question_number,
        "question_type": message.question_type or None,
        "in_reply_to": str(message.in_reply_to_id) if message.in_reply_to_id else None,
        "mode": message.mode,
        "skipped": message.is_skip,
        "content": message.content,
        "created_at": _iso(message.created_at),
        "completed_at": _iso(message.completed_at),
    }


def _iso(at: object) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")  # type: ignore[attr-defined]
