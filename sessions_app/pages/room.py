"""The room as a view model, rebuilt from stored rows alone for every status and phase (4-pages, 5.5)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, SessionMessage
from sessions_app.models.actions import OPEN, Phase, Status
from sessions_app.models.limits import MAX_ANSWER
from sessions_app.services.dimensions import Known, known_of
from sessions_app.services.engines import engine, speaker

from . import present
from .fences import join, language_choices, split
from .markdown import as_html
from .words import Moment, ago, minutes, moment, opening_in_full, time_left

SHOWN = 100  # turns; earlier ones are a link away
SLOW, LATE = timedelta(seconds=20), timedelta(seconds=60)
EXTEND_AT = 120  # seconds left


@dataclass(frozen=True)
class Unsent:
    """Text that was not accepted, to be given back to whoever wrote it, and why."""

    text: str
    notice: str = ""
    mode: str = "text"
    is_carried: bool = False


@dataclass(frozen=True)
class Composer:
    """Where to write: the prose and, where the interview takes code, the workspace. Both are one text when sent."""

    text: str
    revision: int
    client_message_id: str
    in_reply_to: Any
    why_not: str
    is_saved: bool
    is_for_another: bool = False  # question: it was written under an earlier one
    has_code: bool = False
    code: str = ""
    language: str = ""
    maximum: int = MAX_ANSWER

    @property
    def whole(self) -> str:
        return join(self.text, self.code, self.language)

    @property
    def languages(self) -> list[tuple[str, str]]:
        return language_choices()


@dataclass(frozen=True)
class Timer:
    """``left`` is empty when there is no limit, ``ends`` while the clock stands still; then it is not counted down."""

    left: str
    ends: Moment | None
    milliseconds: int = 0


@dataclass(frozen=True)
class Room:
    session: InterviewSession
    viewer: present.Viewer
    slot: str
    heading: str
    chip: present.Chip
    timer: Timer
    earlier: list[present.Exchange]
    latest: present.Exchange | None
    hidden: int
    rail: list[present.Rail]
    composer: Composer | None
    partial: str
    asked_ago: str
    waited: timedelta  # for the question that is being written
    paused_ago: str
    paused_idle: str  # how long nothing was heard, where that paused it
    ended: Moment | None
    opens: str
    unsent: Unsent | None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))  # of the forms that add something each time

    @property
    def may(self) -> frozenset[str]:
        return self.viewer.actions

    @property
    def cursor(self) -> str:
        """Where the stream goes on from what this page shows, be it in the middle of a sentence (see live.Cursor)."""
        turn = self.session.turn
        middle = f":{turn.attempt}:{len(self.partial)}" if turn and self.partial else ""
        return f"{self.session.last_seq}{middle}"

    @property
    def waited_ms(self) -> int:
        return self.waited // timedelta(milliseconds=1)

    @property
    def is_slow(self) -> bool:
        return self.waited > SLOW

    @property
    def is_late(self) -> bool:
        """So long that it may be tried again, though somebody may still be writing."""
        return self.waited >= LATE

    @property
    def near_end(self) -> int | None:
        """The warning that is true now, in seconds left."""
        return self.session.near_end(self.session.now)

    @property
    def time_warning(self) -> str:
        """That the end is near, while the clock runs. It stays true until the next warning, so it need not count."""
        if self.near_end is None:
            return ""
        left = minutes(self.near_end // 60)
        if self.session.draft_is_for_another_question:
            return _("Less than %(left)s left.") % {"left": left}
        return _("Less than %(left)s left. What is saved as a draft at the end becomes your answer.") % {"left": left}

    @property
    def may_extend(self) -> bool:
        """Five minutes more are offered in the last two, to the candidate who may take them."""
        return self._is_near_end and "extend" in self.viewer.actions and self.session.may_add_time

    @property
    def offers_more_time(self) -> bool:
        """The same where nothing warns: in a pause, or where the whole interview is no longer than that."""
        is_short = bool(self.timer.left) and self.timer.milliseconds <= EXTEND_AT * 1000
        return is_short and "extend" in self.viewer.actions and not self.may_extend

    @property
    def may_ask_for_time(self) -> bool:
        """Where others judge, more time is theirs to give; the candidate can ask."""
        return self._is_near_end and self.viewer.is_candidate and not self.session.is_practice

    @property
    def _is_near_end(self) -> bool:
        return self.near_end is not None and self.near_end <= EXTEND_AT

    @property
    def announcement(self) -> str:
        """The newest turn of the interviewer, whole, for screen readers: once, when it is there."""
        if self.latest is None or self.session.turn_is_live:
            return ""
        said = [turn for turn in self.latest.turns if turn.kind in ("question", "notice")]
        return f"{said[-1].heading}. {said[-1].text}" if said else ""

    @property
    def task(self) -> str:
        return as_html(self.session.challenge_text) if self.session.challenge_text else ""

    @property
    def lang(self) -> str:
        return present.spoken_in(self.session)

    @property
    def known(self) -> list[Known]:
        """How well the candidate is known so far; nothing where the template hides that from them."""
        shown = self.session.shows_precision or not self.viewer.is_candidate
        return known_of(self.session) if shown else []

    @property
    def engine(self) -> str:
        return engine(self.session.model_name)

    @property
    def who(self) -> str:
        return speaker(self.session.model_name)

    @property
    def closes(self) -> str:
        """When the interview closes or has closed, while that still means something."""
        closes_at = self.session.closes_at
        return opening_in_full(closes_at) if closes_at and self.is_open else ""

    @property
    def has_closed(self) -> bool:
        return self.session.has_closed(self.session.now)

    @property
    def sent_by_clock(self) -> bool:
        return present.sent_by_clock([self.latest] if self.latest else [])

    @property
    def is_open(self) -> bool:
        return self.session.status in OPEN

    @property
    def number(self) -> int:
        return self.session.current_question_number


def messages_of(session: InterviewSession, *, all_of_them: bool = True) -> list[SessionMessage]:
    """History, oldest first; the newest hundred unless all are wanted."""
    history = session.messages.history()
    return list(history) if all_of_them else list(history.order_by("-seq")[:SHOWN])[::-1]


def room(session: InterviewSession, actor: Actor, *, unsent: Unsent | None = None, everything: bool = False) -> Room:
    """Everything the room shows. One query: the messages; one more where a pause may have come by itself."""
    messages = messages_of(session, all_of_them=everything)
    shown = present.exchanges(messages, session)
    looking = present.viewer(session, actor)
    turn = session.turn if session.turn_is_live else None
    waited = session.now - turn.created_at if turn else timedelta(0)
    latest = shown[-1:] if session.status != Status.PAUSED else []
    return Room(
        session=session,
        viewer=looking,
        slot=_slot(session),
        heading=_heading(session),
        chip=present.chip(session, session.now),
        timer=_timer(session),
        earlier=shown[: len(shown) - len(latest)],
        latest=latest[0] if latest else None,
        hidden=session.message_count - len(messages),
        rail=present.rail(session, shown),
        composer=_composer(session, looking, unsent),
        partial=turn.message.content if turn and turn.message and session.status == Status.ACTIVE else "",
        asked_ago=ago(waited),
        waited=waited,
        paused_ago=ago(session.now - session.paused_at) if session.paused_at else "",
        paused_idle=minutes(session.idle_minutes or 0) if _was_idle(session) else "",
        ended=moment(session.ended_at) if session.ended_at else None,
        opens=present.chip(session, session.now).word if _not_open(session) else "",
        unsent=unsent,
    )


def _was_idle(session: InterviewSession) -> bool:
    """Whether it paused by itself. One query, where that can be."""
    if session.status != Status.PAUSED or session.idle_minutes is None:
        return False
    last = session.events.filter(type="session.paused").order_by("-seq").values_list("data", flat=True).first()
    return last is not None and last.get("code") == "idle"


def _slot(session: InterviewSession) -> str:
    """Which of the states of the question slot is shown; also the name of its template."""
    if session.status == Status.ACTIVE:
        return "over" if session.is_over(session.now) else str(session.phase)
    return str(session.status)


def _heading(session: InterviewSession) -> str:
    number, planned = session.current_question_number, session.planned_questions
    if session.status == Status.CREATED:
        return _("Not started yet")
    if session.phase == Phase.CLOSING:
        return _("That was the last question")
    if session.status not in OPEN:
        ended = session.why_over if session.status == Status.EXPIRED else _("Finished")
        return _("This interview was cancelled") if session.status == Status.CANCELLED else ended
    if number == 0:
        return _("Your first question")
    coming = session.status == Status.ACTIVE and session.phase in (Phase.GENERATING, Phase.GENERATION_FAILED)
    told = {"number": number + coming, "planned": max(planned, number + coming)}
    return _("Question %(number)s of about %(planned)s") % told


def _timer(session: InterviewSession) -> Timer:
    left = session.remaining_ms(session.now)
    if left is None or session.status not in OPEN:
        return Timer("", None)
    return Timer(time_left(left), moment(session.deadline) if session.deadline else None, left)


def _composer(session: InterviewSession, looking: present.Viewer, unsent: Unsent | None) -> Composer | None:
    """Where to write, if the table lets the candidate write at all."""
    if "save_draft" not in looking.actions and "answer" not in looking.actions:
        return None
    whole = unsent.text if unsent else session.draft_text
    has_code = "code" in session.enabled_modes
    is_all_code = has_code and unsent is not None and unsent.mode == "code"
    text, code, language = ("", whole, "") if is_all_code else split(whole) if has_code else (whole, "", "")
    return Composer(
        text=text,
        revision=session.draft_revision + 1,
        client_message_id=str(uuid.uuid4()),
        in_reply_to=session.open_question_id,
        why_not="" if "answer" in looking.actions else _why_not(session),
        is_saved=bool(session.draft_text) and whole == session.draft_text,
        is_for_another=unsent is None and session.draft_is_for_another_question,
        has_code=has_code,
        code=code,
        language=language,
    )


def _why_not(session: InterviewSession) -> str:
    return {
        Phase.GENERATING: _("The next question is still being written. You can note your thoughts and save them."),
        Phase.GENERATION_FAILED: _("There is no question to answer yet. You can note your thoughts and save them."),
        Phase.READY_FOR_NEXT: _("Ask for the next question first. You can note your thoughts and save them."),
    }.get(session.phase or Phase.CLOSING, "")


def _not_open(session: InterviewSession) -> bool:
    return session.status == Status.CREATED and session.opens_at is not None and session.now < session.opens_at
