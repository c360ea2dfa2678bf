"""An interview as plain values: what a person would say should happen, without rows, locks or guards.

``test_model_machine.py`` holds the product against it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sessions_app import events
from sessions_app.live import Cursor
from sessions_app.models import InterviewSession

from . import factories as f

T0 = f.utc(2031, 3, 3, 9, 0, 0)  # later than any real clock: signing up takes the time from the database
LEASE, GRACE, OUTAGE, QUIET = (timedelta(seconds=s) for s in (30, 10, 15, 600))
LIVE = ("queued", "running")


@dataclass
class Work:
    """The question operation that the session waits for."""

    number: int
    due: datetime
    status: str = "queued"
    attempt: int = 0
    lease: datetime | None = None
    text: str = ""
    errors: int = 0
    is_cut_off: bool = False  # by the end of the session: it is written again if that is opened again


@dataclass
class Model:
    """One interview, as plain values."""

    planned: int
    auto: bool
    limit: timedelta | None
    status: str = "created"
    history: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sent: dict[str, tuple[str, str]] = field(default_factory=dict)  # client id → kind and text
    questions: int = 0
    work: Work | None = None
    draft: tuple[str, int] = ("", 0)
    used: timedelta = timedelta(0)
    since: datetime | None = None
    alive: datetime = T0
    touched: datetime = T0

    @property
    def is_open(self) -> bool:
        """Whether a question waits for its answer."""
        return bool(self.history) and self.history[-1][0] == "question"

    @property
    def phase(self) -> str | None:
        if self.status not in ("active", "paused") or self.work is None:
            return None
        if self.work.status in LIVE:
            return "generating"
        if self.work.status != "succeeded":
            return "generation_failed"
        if self.status == "paused":
            return None
        if self.is_open:
            return "waiting_for_answer"
        return "closing" if self.questions >= self.planned else "ready_for_next"

    # -- the clock -------------------------------------------------------------------------------------------------

    def time_used(self, now: datetime) -> timedelta:
        used = self.used + (max(timedelta(0), now - self.since) if self.since else timedelta(0))
        return used if self.limit is None else min(used, self.limit)

    @property
    def deadline(self) -> datetime | None:
        return self.since + self.limit - self.used if self.since and self.limit is not None else None

    def is_over(self, now: datetime) -> bool:
        return self.deadline is not None and now >= self.deadline

    def run(self, now: datetime) -> None:
        self.since = self.alive = now

    def halt(self, now: datetime) -> None:
        self.used, self.since = self.time_used(now), None

    def credit(self, now: datetime) -> None:
        away = max(self.alive, self.since) if self.since else now
        if self.since and now - away > OUTAGE:
            self.since += now - away
            self.alive = now

    def settle(self, now: datetime) -> None:
        """What any command does first: credit an outage, and end what has been over for ten seconds."""
        self.credit(now)
        if self.deadline is not None and now >= self.deadline + GRACE:
            at = self.deadline
            if self.draft[0].strip():
                self.answer("", self.draft[0], at)
            self.end("expired", at)

    # -- turns -----------------------------------------------------------------------------------------------------

    def answer(self, client_id: str, text: str, at: datetime) -> None:
        self.history.append(("answer", text))
        self.sent[client_id] = ("answer", text)
        self.halt(at)
        self.draft = ("", self.draft[1] + 1)

    def queue(self, now: datetime) -> None:
        self.work = Work(self.work.number + 1 if self.work else 1, now)

    def again(self, now: datetime) -> None:
        assert self.work is not None
        self.work = Work(self.work.number, now, attempt=self.work.attempt)

    def drop(self) -> None:
        if self.work and self.work.status in LIVE:
            self.work.status, self.work.text = "cancelled", ""

    def open_again(self, minutes: int) -> None:
        """Paused where it stopped; if everything planned is answered, one more is planned."""
        self.status = "paused"
        self.add_time(minutes)
        asked = self.work is not None and self.work.status == "succeeded" and not self.is_open
        if asked and self.questions >= self.planned:
            self.planned = self.questions + 1

    def add_time(self, minutes: int) -> None:
        if self.limit is not None:
            self.limit += timedelta(minutes=minutes)

    def end(self, status: str, at: datetime) -> None:
        if self.work and self.work.status in LIVE:
            self.work.is_cut_off = True
        self.drop()
        self.halt(at)
        self.status = status

    def may_be_claimed(self, now: datetime) -> bool:
        work = self.work
        if work is None:
            return False
        abandoned = work.status == "running" and work.lease is not None and work.lease < now
        return (work.status == "queued" and work.due <= now) or abandoned

    def holds(self, number: int, attempt: int) -> bool:
        """Whether that attempt may still write."""
        work = self.work
        return work is not None and (work.status, work.number, work.attempt) == ("running", number, attempt)

    # -- refusals: the code with which an act is refused, or None ---------------------------------------------------

    def not_active(self) -> str | None:
        if self.status == "active":
            return None
        return "SESSION_EXPIRED" if self.status == "expired" else "SESSION_NOT_ACTIVE"

    def no_answer(self, *, stale: bool = False) -> str | None:
        if code := self.not_active():
            return code
        if stale:
            return "ALREADY_ANSWERED"
        return None if self.phase == "waiting_for_answer" else "NOTHING_TO_ANSWER"

    def no_draft(self) -> str | None:
        return self.not_active() or ("NOTHING_TO_ANSWER" if self.phase == "closing" else None)

    def no_question(self, now: datetime) -> str | None:
        codes = {
            "generating": "GENERATION_IN_PROGRESS",
            "waiting_for_answer": "SESSION_EXPIRED" if self.is_over(now) else "QUESTION_OPEN",
            "closing": "INVALID_SESSION_STATE",
        }
        return self.not_active() or codes.get(self.phase or "")

    def no_stop(self) -> str | None:
        return None if (self.status, self.phase) == ("active", "generating") else "INVALID_SESSION_STATE"

    def no_retry(self, now: datetime) -> str | None:
        if self.work and self.work.status in LIVE:
            return "GENERATION_IN_PROGRESS"
        if self.is_over(now):
            return "SESSION_EXPIRED"
        return None if (self.status, self.phase) == ("active", "generation_failed") else "INVALID_SESSION_STATE"

    def no_verb(self, verb: str, now: datetime) -> str | None:
        if self.is_over(now):
            return "SESSION_EXPIRED"
        sources = {
            "start": ("created",),
            "pause": ("active",),
            "resume": ("paused",),
            "complete": ("active", "paused"),
            "cancel": ("created", "active", "paused"),
            "extend": ("active", "paused"),
            "reopen": ("completed", "expired"),
        }
        if self.status in sources[verb]:
            return None
        already = (verb, self.status) == ("complete", "completed")
        return "SESSION_ALREADY_COMPLETED" if already else "INVALID_SESSION_STATE"

    def no_extension(self, now: datetime) -> str | None:
        return self.no_verb("extend", now) or ("INVALID_SESSION_STATE" if self.limit is None else None)

    def no_reopening(self, minutes: int, now: datetime) -> str | None:
        needs_time = self.status == "expired" and not minutes
        return self.no_verb("reopen", now) or ("VALIDATION_ERROR" if needs_time else None)


@dataclass
class Reader:
    """A client of the stream: what it knows, and its cursor."""

    cursor: Cursor | None
    messages: dict[int, str] = field(default_factory=dict)
    partial: dict[str, Any] = field(default_factory=dict)

    def take(self, frame: Any) -> None:
        said = frame.data
        if frame.event == "session.sync":
            self.messages = {m["seq"]: m["content"] for m in said["session"]["messages"]}
            self.partial = {}
        elif frame.event == "operation.started":
            self.partial = {"attempt": said["attempt"], "text": ""}
        elif frame.event == "message.delta":
            if self.partial.get("attempt") != said["attempt"]:
                self.partial = {"attempt": said["attempt"], "text": ""}
            assert said["offset"] <= len(self.partial["text"]), "a gap in the sentence"
            self.partial["text"] = self.partial["text"][: said["offset"]] + said["text"]
        elif frame.event in ("message.created", "message.completed"):
            message = said["message"]
            self.messages[message["seq"]] = message["content"]
            if frame.event == "message.completed":
                assert not self.partial or self.partial["text"] == message["content"]
                self.partial = {}


def assert_same(session: InterviewSession, model: Model, now: datetime) -> None:
    """What holds after every step."""
    phase = session.phase if session.status in ("created", "active", "paused") else None  # then it is the evaluation's
    assert (session.status, phase) == (model.status, model.phase)
    assert (session.draft_text, session.draft_revision) == model.draft
    assert (session.running_since, session.deadline) == (model.since, model.deadline)
    assert (session.running_since is not None) == (model.phase == "waiting_for_answer")
    assert session.used_ms(now) == model.time_used(now) / timedelta(milliseconds=1)
    assert list(events.broken_links(session)) == []
    _same_history(session, model)
    _same_work(session, model)


def _same_history(session: InterviewSession, model: Model) -> None:
    rows = list(session.messages.history())
    assert [(m.kind, "" if m.kind == "notice" else m.content) for m in rows] == model.history
    assert [m.seq for m in rows] == list(range(1, session.message_count + 1))
    asked = [m for m in rows if m.kind == "question"]
    assert [m.question_number for m in asked] == list(range(1, session.current_question_number + 1))
    replies = [m.in_reply_to_id for m in rows if m.kind == "answer"]
    assert replies == [m.pk for m in asked][: len(replies)]
    assert [m.content for m in session.messages.notes()] == model.notes


def _same_work(session: InterviewSession, model: Model) -> None:
    turn, work = session.turn, model.work
    assert turn is not None and turn.message is not None and work is not None
    row = (turn.status, turn.attempt, turn.provider_errors, turn.lease_until, turn.message.content)
    lease = work.lease if work.status == "running" else None
    assert row == (work.status, work.attempt, work.errors, lease, work.text)
    assert session.operations.filter(kind="question").live().count() == (work.status in LIVE)
    assert session.tokens_reserved == 0
