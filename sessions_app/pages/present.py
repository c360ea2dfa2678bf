"""View models: what the pages show, worked out once here, so that templates only lay it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, SessionMessage
from sessions_app.models.actions import OPEN, Role, Status
from sessions_app.models.session import STATUS_CHOICES
from sessions_app.services.engines import speaker_of

from .words import Moment, ago, count, moment, opening, time_left, time_taken

MODE_WORDS = {"text": "written answers", "code": "code"}
_STATUS_WORD = {str(status): word for status, word in STATUS_CHOICES}


@dataclass(frozen=True)
class Chip:
    """Status as shape and word; the colour only repeats them."""

    kind: str
    word: str


def chip(session: InterviewSession, now: datetime) -> Chip:
    if session.status == Status.CREATED and session.opens_at and now < session.opens_at:
        return Chip("opens", f"Opens {opening(session.opens_at)}")
    return Chip(session.status, _STATUS_WORD[session.status])


def modes(names: Sequence[str]) -> str:
    return " or ".join(MODE_WORDS.get(name, name) for name in names)


@dataclass(frozen=True)
class Turn:
    """One message of the transcript."""

    id: str
    kind: str
    heading: str
    who: str
    at: Moment
    text: str
    number: int | None
    is_code: bool = False
    skipped: bool = False
    sent_by_clock: bool = False
    lang: str = ""
    seq: int | None = None
    client_id: str = ""


def spoken_in(session: InterviewSession) -> str:
    """The interview's language where it is not the page's, for ``lang``; empty where they are the same."""
    return "" if session.language == get_language() else session.language


def turn(message: SessionMessage, session: InterviewSession) -> Turn:
    number = message.question_number
    mine = message.role == "user"
    if message.kind == "notice":
        heading = "Closing words"
    else:
        heading = f"Your answer to question {number}" if mine else f"Question {number}"
    return Turn(
        id=str(message.pk),
        kind=message.kind,
        heading=heading,
        who="You" if mine else speaker_of(message, session),
        at=moment(message.completed_at or message.created_at),
        text=message.content,
        number=number,
        is_code=message.mode == "code",
        skipped=message.is_skip,
        sent_by_clock=bool(message.payload.get("auto_submitted")),
        lang=spoken_in(session),
        seq=message.seq,
        client_id=message.client_message_id,
    )


@dataclass
class Exchange:
    """A question and what followed it."""

    number: int | None
    turns: list[Turn] = field(default_factory=list)

    @property
    def answer(self) -> Turn | None:
        return next((turn for turn in self.turns if turn.kind == "answer"), None)


def exchanges(messages: Sequence[SessionMessage], session: InterviewSession) -> list[Exchange]:
    """The transcript in question-and-answer pairs; the closing words are one of their own."""
    found: list[Exchange] = []
    for message in messages:
        if message.kind != "answer" or not found:
            found.append(Exchange(message.question_number))
        found[-1].turns.append(turn(message, session))
    return found


@dataclass(frozen=True)
class Row:
    """A session in a list, with the one thing to do next."""

    session: InterviewSession
    chip: Chip
    created: Moment
    progress: str
    duration: str
    note: str
    primary: str
    score: str = "—"

    @property
    def action(self) -> str:
        """The name of the route behind ``primary``."""
        return {"Begin": "session-ready", "View": "session-done"}.get(self.primary, "session-room")


def row(session: InterviewSession, now: datetime, score: str = "—") -> Row:
    return Row(
        session=session,
        chip=chip(session, now),
        created=moment(session.created_at),
        progress=progress(session),
        duration=time_taken(session.used_ms(now), session.paused_for_ms(now)) if session.started_at else "—",
        note=_row_note(session, now),
        primary=_next_step(session),
        score=score,
    )


def progress(session: InterviewSession) -> str:
    if not session.current_question_number:
        return count(session.planned_questions, "question")
    return f"question {session.current_question_number} of about {session.planned_questions}"


def _row_note(session: InterviewSession, now: datetime) -> str:

    left = session.remaining_ms(now)
    if session.status == Status.PAUSED and session.paused_at:
        rest = "" if left is None else f", {time_left(left)} left"
        return f"paused {ago(now - session.paused_at)}{rest}"
    if session.status == Status.ACTIVE and left is not None:
        running = "clock running" if session.running_since else "clock stopped"
        return f"{time_left(left)} left, {running}"
    return ""


def _next_step(session: InterviewSession) -> str:
    if session.status not in OPEN:
        return "View"
    return {Status.CREATED: "Begin", Status.PAUSED: "Resume"}.get(Status(session.status), "Continue")


@dataclass(frozen=True)
class Rail:
    """One question in the list at the side: its number and where it stands."""

    number: int
    state: str
    word: str
    is_linked: bool


def rail(session: InterviewSession, shown: Sequence[Exchange]) -> list[Rail]:
    """Every planned question, asked or not; ``shown`` says which can be linked to."""
    answers = {exchange.number: exchange.answer for exchange in shown if exchange.number}
    total = max(session.planned_questions, session.current_question_number)
    return [_rail_entry(number, session, answers) for number in range(1, total + 1)]


def _rail_entry(number: int, session: InterviewSession, answers: dict[int, Turn | None]) -> Rail:
    answer = answers.get(number)
    if answer is not None:
        return Rail(number, *(("skipped", "skipped") if answer.skipped else ("done", "answered")), True)
    if number == session.current_question_number + 1 and session.turn_is_live:
        return Rail(number, "coming", "being written", False)
    if number > session.current_question_number:
        return Rail(number, "ahead", "not asked yet", False)
    if number in answers:
        is_open = session.status in (Status.ACTIVE, Status.PAUSED)
        return Rail(number, "now", "current", True) if is_open else Rail(number, "open", "not answered", True)
    return Rail(number, "done", "answered", False)


@dataclass(frozen=True)
class Viewer:
    """What whoever looks at a session may do there now."""

    is_candidate: bool
    actions: frozenset[str]


def viewer(session: InterviewSession, actor: Actor) -> Viewer:
    """Staff who open a candidate's room read; what they may do to it is in the console."""
    roles = actor.roles_in(session)
    mine = Role.CANDIDATE in roles
    return Viewer(mine, frozenset(session.allowed_actions(roles, session.now)) if mine else frozenset())


def questions_answered(messages: Sequence[SessionMessage]) -> tuple[set[int], set[int]]:
    """The numbers of the answered and of the skipped questions."""
    answers: list[Any] = [message for message in messages if message.kind == "answer"]
    skipped = {answer.question_number for answer in answers if answer.is_skip}
    return {answer.question_number for answer in answers} - skipped, skipped
