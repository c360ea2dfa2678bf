"""Times, durations and refusals in plain words. Every clock time carries its zone; durations never look like clocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language_info, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from sessions_app.errors import DomainError, ValidationFailed, WindowClosed
from sessions_app.models.actions import Status
from sessions_app.services.local_time import offset_words, short_minutes, zone_words

_BY_STATUS = {
    Status.CREATED: gettext_lazy("This interview is not started yet. The page shows what you can do now."),
    Status.ACTIVE: gettext_lazy("This interview is in progress. The page shows what you can do now."),
    Status.PAUSED: gettext_lazy("This interview is paused. The page shows what you can do now."),
    Status.COMPLETED: gettext_lazy("This interview is finished. The page shows what you can do now."),
    Status.EXPIRED: gettext_lazy("This interview is over. The page shows what you can do now."),
    Status.CANCELLED: gettext_lazy("This interview is cancelled. The page shows what you can do now."),
}

_BY_CODE = {
    "SESSION_EXPIRED": gettext_lazy(
        "Time is over, so this could not be taken any more. What you had written by then was kept."
    ),
    "SESSION_ALREADY_COMPLETED": gettext_lazy("This interview is already finished."),
    "ALREADY_ANSWERED": gettext_lazy(
        "The question you answered is not open any more. The page shows where the interview stands."
    ),
    "NOTHING_TO_ANSWER": gettext_lazy("There is no open question at the moment."),
    "GENERATION_IN_PROGRESS": gettext_lazy("The next question is already being written."),
    "QUESTION_OPEN": gettext_lazy("The current question is still open. Answer or skip it first."),
    "CLIENT_ID_CONFLICT": gettext_lazy(
        "This form was sent before with another text. Look at the transcript, then send again."
    ),
    "PERMISSION_DENIED": gettext_lazy("Only the candidate can do this."),
    "OPERATION_NOT_FOUND": gettext_lazy(
        "There is no question to do this with. The page shows where the interview stands now."
    ),
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
    if not _twelve_hours.get():
        return f"{local:%H:%M}"
    time = f"{local:%-I:%M}"
    return _("%(time)s pm") % {"time": time} if local.hour >= 12 else _("%(time)s am") % {"time": time}


@dataclass(frozen=True)
class Moment:
    """A point in time, ready for ``<time datetime>``."""

    iso: str
    clock: str
    full: str


def moment(at: datetime) -> Moment:
    local = timezone.localtime(at)
    clock = f"{hours(local)} {short_zone(local)}"
    return Moment(local.isoformat(timespec="seconds"), clock, f"{day(local)}, {clock}")


def opening(at: datetime) -> str:
    """When something opens, with its weekday: "Mon 23 Nov, 09:00 UTC"."""
    local = timezone.localtime(at)
    return f"{weekday(local)}, {hours(local)} {short_zone(local)}"


def opening_in_full(at: datetime) -> str:
    """As ``opening``, for whoever must be there: "Mon 23 Nov, 09:00 your time (Europe/Berlin, UTC+1)"."""
    local = timezone.localtime(at)
    told = {"date": weekday(local), "time": hours(local), "zone": zone_words(local)}
    return _("%(date)s, %(time)s your time (%(zone)s)") % told


def day(local: datetime) -> str:
    """Such as "23 Nov 2026"."""
    return date_format(local, pgettext("a date, in Django's letters for dates", "j M Y"))


def weekday(local: datetime) -> str:
    """Such as "Mon 23 Nov"."""
    return date_format(local, pgettext("a date, in Django's letters for dates", "D j M"))


def short_zone(local: datetime) -> str:
    """Such as CET; zones without letters of their own by their distance, such as UTC−3."""
    name = local.tzname() or ""
    return name if name.isalpha() else offset_words(local.utcoffset() or timedelta(0))


def minutes(number: int) -> str:
    return ngettext("%(number)s minute", "%(number)s minutes", number) % {"number": number}


def seconds(number: int) -> str:
    return ngettext("%(number)s second", "%(number)s seconds", number) % {"number": number}


def questions(number: int) -> str:
    return ngettext("%(number)s question", "%(number)s questions", number) % {"number": number}


def language_name(code: str) -> str:
    """Such as "German", in the language of the page; the code itself where nobody knows its name."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def time_left(milliseconds: int) -> str:
    """Whole minutes, never more than there are; seconds in the last two minutes."""
    whole = max(0, milliseconds) // 1000
    return seconds(whole) if whole < 120 else minutes(whole // 60)


def duration(milliseconds: int) -> str:
    """Rounded to minutes, as people say it."""
    whole = round(milliseconds / 60_000)
    if whole < 1:
        return _("under 1 min")
    hours, rest = divmod(whole, 60)
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest} if hours else short_minutes(whole)


def time_taken(thinking_ms: int, paused_ms: int) -> str:
    """Thinking time, and what was spent in pauses: "23 min + 6 min paused"."""
    thought = duration(thinking_ms)
    if paused_ms < 30_000:
        return thought
    return _("%(thought)s + %(paused)s paused") % {"thought": thought, "paused": duration(paused_ms)}


def ago(span: timedelta) -> str:
    whole = int(span.total_seconds() // 60)
    if whole < 1:
        return _("just now")
    if whole < 60:
        return ngettext("%(minutes)s min ago", "%(minutes)s min ago", whole) % {"minutes": whole}
    if whole < 48 * 60:
        return ngettext("%(hours)s h ago", "%(hours)s h ago", whole // 60) % {"hours": whole // 60}
    return ngettext("%(days)s day ago", "%(days)s days ago", whole // 1440) % {"days": whole // 1440}


def refusal(error: DomainError, status: str) -> str:
    """Why something could not be done, for the person who tried: what is true now, instead of what is forbidden."""
    if isinstance(error, ValidationFailed):
        return " ".join(wrong.message for wrong in error.errors)
    if error.code == "SESSION_NOT_OPEN":
        return _("This interview is not open yet. The page shows when it opens.")
    if isinstance(error, WindowClosed):
        return error.message
    if error.code in ("INVALID_SESSION_STATE", "SESSION_NOT_ACTIVE"):
        return str(_BY_STATUS[Status(status)])
    return str(_BY_CODE.get(error.code, error.message))
