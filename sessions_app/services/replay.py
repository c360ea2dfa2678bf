"""A session's state told from its log alone: what the rows must agree with, and what a replay steps through.

``fold`` is pure. ``contradictions`` compares what it tells with the stored rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sessions_app.models import InterviewSession, SessionEvent
from sessions_app.models.actions import Status


@dataclass
class Retold:
    """None stands for what this log does not tell, because it was written before such entries did."""

    status: str = ""
    message_count: int = 0
    current_question_number: int = 0
    started_at: datetime | None = None
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    erased_at: datetime | None = None
    time_limit_seconds: int | None = None
    extra_seconds: int | None = None
    token_budget: int | None = None
    tokens_used: int = 0
    turn_id: str = ""
    turn_status: str = ""
    messages: dict[str, int] = field(default_factory=dict)


_COMPARED = (
    *("status", "message_count", "current_question_number", "started_at", "paused_at", "ended_at", "erased_at"),
    *("extra_seconds", "token_budget", "tokens_used"),
)
_MAY_BE_UNTOLD = ("extra_seconds", "token_budget")
_ENDS = {"completed": Status.COMPLETED, "expired": Status.EXPIRED, "cancelled": Status.CANCELLED}
_OPERATION = {"started": "running", "succeeded": "succeeded", "failed": "failed", "cancelled": "cancelled"}


def fold(log: Iterable[SessionEvent]) -> Retold:
    """The state after these events, from the first one on."""
    told = Retold()
    for event in log:
        step(told, event)
    return told


def step(told: Retold, event: SessionEvent) -> None:
    """One event further. Types that change nothing of this are passed over."""
    subject, _, what = event.type.partition(".")
    if subject in _STEPS:
        _STEPS[subject](told, what, event)


def contradictions(session: InterviewSession) -> Iterator[str]:
    """Where the rows of a session and its log disagree, as sentences; nothing when they tell the same."""
    told = fold(session.events.order_by("seq"))
    for name in _COMPARED:
        logged, stored = getattr(told, name), getattr(session, name)
        if logged != stored and not (logged is None and name in _MAY_BE_UNTOLD):
            yield f"{name} is {_said(stored)} in the session, {_said(logged)} by its log"
    stored_turn = _named(str(session.turn_id or ""), session.turn.status if session.turn else "")
    logged_turn = _named(told.turn_id, told.turn_status)
    if stored_turn != logged_turn:
        yield f"the newest operation is {stored_turn} in the session, {logged_turn} by its log"
    if told.erased_at is None:
        yield from _of_messages(session, told)


def _of_messages(session: InterviewSession, told: Retold) -> Iterator[str]:
    stored = {str(pk): seq for pk, seq in session.messages.history().values_list("pk", "seq")}
    for key, seq in told.messages.items():
        if key not in stored:
            yield f"message {seq} is missing"
        elif stored[key] != seq:
            yield f"message {seq} has the number {stored[key]} now"
    for key, number in stored.items():
        if key not in told.messages:
            yield f"message {number} is in no entry of the log"


def _session(told: Retold, what: str, event: SessionEvent) -> None:
    match what:
        case "created" | "updated":
            told.status = Status.CREATED
            for name in ("time_limit_seconds", "extra_seconds", "token_budget"):
                setattr(told, name, event.data.get(name))
        case "started":
            told.status, told.started_at = Status.ACTIVE, event.at
        case "paused":
            told.status, told.paused_at = Status.PAUSED, event.at
        case "resumed":
            told.status, told.paused_at = Status.ACTIVE, None
            told.started_at = told.started_at or event.at  # one that expired unstarted and was opened again
        case "completed" | "expired" | "cancelled":
            told.status, told.paused_at, told.ended_at = _ENDS[what], None, event.at
        case "reopened":
            told.status, told.paused_at, told.ended_at = Status.PAUSED, event.at, None
            if told.time_limit_seconds is not None:
                _add_time(told, event)
        case "erased":
            told.erased_at = event.at


def _time(told: Retold, what: str, event: SessionEvent) -> None:
    if what == "extended" and event.data.get("code") != "outage":
        _add_time(told, event)


def _add_time(told: Retold, event: SessionEvent) -> None:
    if told.extra_seconds is not None:
        told.extra_seconds += int(event.data.get("milliseconds", 0)) // 1000


def _tokens(told: Retold, what: str, event: SessionEvent) -> None:
    if what == "extended" and told.token_budget is not None:
        told.token_budget += int(event.data["tokens"])
    if what == "charged":
        told.tokens_used += int(event.data["input_tokens"]) + int(event.data["output_tokens"])


def _message(told: Retold, what: str, event: SessionEvent) -> None:
    seq = event.data.get("message_seq")
    if seq is None:  # a late note, or a question that failed: no part of history
        return
    told.message_count = int(seq)
    told.messages[str(event.data["message_id"])] = int(seq)
    if what == "completed":
        told.current_question_number = int(event.data["question"])


def _operation(told: Retold, what: str, event: SessionEvent) -> None:
    key = str(event.data["operation_id"])
    if what == "queued" and event.data.get("kind") == "question":
        told.turn_id, told.turn_status = key, "queued"
    elif key == told.turn_id:
        told.turn_status = _OPERATION.get(what, told.turn_status)


_STEPS: dict[str, Callable[[Retold, str, SessionEvent], None]] = {
    "session": _session,
    "time": _time,
    "tokens": _tokens,
    "message": _message,
    "operation": _operation,
}


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return "empty" if value is None or value == "" else str(value)


def _named(key: str, status: str) -> str:
    return f"{key} ({status})" if key else "none"
