"""View models: what the pages show, worked out once here, so that templates only lay it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, SessionMessage
from sessions_app.models.actions import OPEN, Role, Status
from sessions_app.models.session import STATUS_CHOICES
from sessions_app.services.engines import speaker_of

from .fences import Piece, pieces
from .words import Moment, ago, moment, opening, questions, time_left, time_taken

MODE_WORDS = {"text": gettext_lazy("written answers"), "code": gettext_lazy("code")}
_STATUS_WORD = {str(status): word for status, word in STATUS_CHOICES}


@dataclass(frozen=True)
class Chip:
    """Status as shape and word; the colour only repeats them."""

    kind: str
    word: str


def chip(session: InterviewSession, now: datetime) -> Chip:
    if session.status == Status.CREATED and session.opens_at and now < session.opens_at:
        return Chip("opens", _("Opens %(when)s") % {"when": opening(session.opens_at)})
    return Chip(session.status, str(_STATUS_WORD[session.status]))


def modes(names: Sequence[str]) -> str:
    """Such as "written answers or code"."""
    words = [str(MODE_WORDS.get(name, name)) for name in names] or [""]
    return reduce(lambda one, other: _("%(one)s or %(other)s") % {"one": one, "other": other}, words)


@dataclass(frozen=True)
class ShownTurn:
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
    language: str = ""  # of the code, where all of it is code

    @property
    def pieces(self) -> list[Piece]:
        """Prose and code, each for itself. What was sent as code is all code, with a fence of its own or without."""
        found = pieces(self.text)
        is_bare = self.is_code and not all(piece.is_code for piece in found)
        return [Piece(self.text, True, self.language)] if is_bare else found


def spoken_in(session: InterviewSession) -> str:
    """The interview's language where it is not the page's, for ``lang``; empty where they are the same."""
    return "" if session.language == get_language() else session.language


def turn(message: SessionMessage, session: InterviewSession) -> ShownTurn:
    number = message.question_number
    mine = message.role == "user"
    if message.kind == "notice":
        heading = _("Closing words")
    else:
        told = {"number": number}
        heading = _("Your answer to question %(number)s") % told if mine else _("Question %(number)s") % told
    return ShownTurn(
        id=str(message.pk),
        kind=message.kind,
        heading=heading,
        who=_("You") if mine else speaker_of(message, session),
        at=moment(message.completed_at or message.created_at),
        text=message.content,
        number=number,
        is_code=message.mode == "code",
        skipped=message.is_skip,
        sent_by_clock=bool(message.payload.get("auto_submitted")),
        lang=spoken_in(session),
        seq=message.seq,
        client_id=message.client_message_id,
        language=str(message.payload.get("language", "")),
    )


@dataclass
class Exchange:
    """A question and what followed it."""

    number: int | None
    turns: list[ShownTurn] = field(default_factory=list)

    @property
    def answer(self) -> ShownTurn | None:
        return next((turn for turn in self.turns if turn.kind == "answer"), None)


def exchanges(messages: Sequence[SessionMessage], session: InterviewSession) -> list[Exchange]:
    """The transcript in question-and-answer pairs; the closing words are one of their own."""
    found: list[Exchange] = []
    for message in messages:
        if message.kind != "answer" or not found:
            found.append(Exchange(message.question_number))
        found[-1].turns.append(turn(message, session))
    return found


def sent_by_clock(shown: list[Exchange]) -> bool:
    """Whether the last answer is a draft that the end of the time has sent."""
    return bool(shown) and any(turn.sent_by_clock for turn in shown[-1].turns)


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
    action: str  # the name of the route behind ``primary``
    score: str = "—"


def row(session: InterviewSession, now: datetime, score: str = "—") -> Row:
    primary, action = _next_step(session)
    return Row(
        session=session,
        chip=chip(session, now),
        created=moment(session.created_at),
        progress=progress(session),
        duration=time_taken(session.used_ms(now), session.paused_for_ms(now)) if session.started_at else "—",
        note=_row_note(session, now),
        primary=primary,
        action=action,
        score=score,
    )


def progress(session: InterviewSession) -> str:
    if not session.current_question_number:
        return questions(session.planned_questions)
    told = {"number": session.current_question_number, "planned": session.planned_questions}
    return _("question %(number)s of about %(planned)s") % told


def _row_note(session: InterviewSession, now: datetime) -> str:
    left = session.remaining_ms(now)
    told = {"left": time_left(left or 0), "ago": ago(now - session.paused_at) if session.paused_at else ""}
    if session.status == Status.PAUSED and session.paused_at:
        return (_("paused %(ago)s") if left is None else _("paused %(ago)s, %(left)s left")) % told
    if session.status == Status.ACTIVE and left is not None:
        running = _("%(left)s left, clock running")
        return (running if session.running_since else _("%(left)s left, clock stopped")) % told
    return ""


def _next_step(session: InterviewSession) -> tuple[str, str]:
    """What the button says, and the name of the route that it leads to."""
    if session.status not in OPEN:
        return _("View"), "session-done"
    if session.status == Status.CREATED:
        return _("Begin"), "session-ready"
    return _("Resume") if session.status == Status.PAUSED else _("Continue"), "session-room"


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


def _rail_entry(number: int, session: InterviewSession, answers: dict[int, ShownTurn | None]) -> Rail:
    answer = answers.get(number)
    if answer is not None:
        return Rail(number, *(("skipped", _("skipped")) if answer.skipped else ("done", _("answered"))), True)
    if number == session.current_question_number + 1 and session.turn_is_live:
        return Rail(number, "coming", _("being written"), False)
    if number > session.current_question_number:
        return Rail(number, "ahead", _("not asked yet"), False)
    if number in answers:
        is_open = session.status in (Status.ACTIVE, Status.PAUSED)
        return Rail(number, "now", _("current"), True) if is_open else Rail(number, "open", _("not answered"), True)
    return Rail(number, "done", _("answered"), False)


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
