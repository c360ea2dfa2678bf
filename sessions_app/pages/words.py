"""Times, durations and refusals in plain words. Every clock time carries its zone; durations never look like clocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from sessions_app.errors import DomainError, ValidationFailed
from sessions_app.models.actions import Status
from sessions_app.services.local_time import offset_words, zone_words

STATUS_WORDS = {
    Status.CREATED: "not started yet",
    Status.ACTIVE: "in progress",
    Status.PAUSED: "paused",
    Status.COMPLETED: "finished",
    Status.EXPIRED: "over",
    Status.CANCELLED: "cancelled",
}

_BY_CODE = {
    "SESSION_EXPIRED": "Time is over, so this could not be taken any more. What you had written by then was kept.",
    "SESSION_ALREADY_COMPLETED": "This interview is already finished.",
    "ALREADY_ANSWERED": "The question you answered is not open any more. The page shows where the interview stands.",
    "NOTHING_TO_ANSWER": "There is no open question at the moment.",
    "GENERATION_IN_PROGRESS": "The next question is already being written.",
    "QUESTION_OPEN": "The current question is still open. Answer or skip it first.",
    "CLIENT_ID_CONFLICT": "This form was sent before with another text. Look at the transcript, then send again.",
    "PERMISSION_DENIED": "Only the candidate can do this.",
    "OPERATION_NOT_FOUND": "There is no question to do this with. The page shows where the interview stands now.",
}


_twelve_hours: ContextVar[bool] = ContextVar("twelve_hours", default=False)


@contextmanager
def clock_of(hours: str) -> Iterator[None]:
    """From here to the end of the block, clock times are those of a clock of that many hours, "12" or "24"."""
    token = _twelve_hours.set(hours == "12")
    try:
        yield
    finally:
        _twelve_hours.reset(token)


def hours(local: datetime) -> str:
    """Such as 15:04, or 3:04 pm for who reads that more easily."""
    return f"{local:%-I:%M} {'pm' if local.hour >= 12 else 'am'}" if _twelve_hours.get() else f"{local:%H:%M}"


@dataclass(frozen=True)
class Moment:
    """A point in time, ready for ``<time datetime>``."""

    iso: str
    clock: str
    full: str


def moment(at: datetime) -> Moment:
    local = timezone.localtime(at)
    zone = short_zone(local)
    clock = f"{hours(local)} {zone}"
    return Moment(local.isoformat(timespec="seconds"), clock, f"{local:%-d %b %Y}, {clock}")


def opening(at: datetime) -> str:
    """When something opens, with its weekday: "Mon 23 Nov, 09:00 UTC"."""
    local = timezone.localtime(at)
    return f"{local:%a %-d %b}, {hours(local)} {short_zone(local)}"


def opening_in_full(at: datetime) -> str:
    """As ``opening``, for whoever must be there: "Mon 23 Nov, 09:00 your time (Europe/Berlin, UTC+1)"."""
    local = timezone.localtime(at)
    return f"{local:%a %-d %b}, {hours(local)} your time ({zone_words(local)})"


def short_zone(local: datetime) -> str:
    """Such as CET; zones without letters of their own by their distance, such as UTC−3."""
    name = local.tzname() or ""
    return name if name.isalpha() else offset_words(local.utcoffset() or timedelta(0))


def count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def time_left(milliseconds: int) -> str:
    """Whole minutes, never more than there are; seconds in the last two minutes."""
    seconds = max(0, milliseconds) // 1000
    return count(seconds, "second") if seconds < 120 else count(seconds // 60, "minute")


def duration(milliseconds: int) -> str:
    """Rounded to minutes, as people say it."""
    minutes = round(milliseconds / 60_000)
    if minutes < 1:
        return "under 1 min"
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h {rest} min"


def time_taken(thinking_ms: int, paused_ms: int) -> str:
    """Thinking time, and what was spent in pauses: "23 min + 6 paused"."""
    paused = round(paused_ms / 60_000)
    return f"{duration(thinking_ms)} + {paused} paused" if paused else duration(thinking_ms)


def ago(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} h ago"
    return f"{minutes // 1440} days ago"


def refusal(error: DomainError, status: str) -> str:
    """Why something could not be done, for the person who tried: what is true now, instead of what is forbidden."""
    if isinstance(error, ValidationFailed):
        return " ".join(wrong.message for wrong in error.errors)
    if error.code == "SESSION_NOT_OPEN":
        return "This interview is not open yet. The page shows when it opens."
    if error.code in ("INVALID_SESSION_STATE", "SESSION_NOT_ACTIVE"):
        return f"This interview is {STATUS_WORDS[Status(status)]}. The page shows what you can do now."
    return _BY_CODE.get(error.code, error.message)
