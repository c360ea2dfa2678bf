"""A session's times as its candidate reads them: in their zone, with the zone's name beside every clock time."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from sessions_app.models import InterviewSession

from .moments import is_zone


def zone_of(session: InterviewSession) -> ZoneInfo:
    """The account's zone, else the one the session was made for, else the site's."""
    account = session.candidate.time_zone if session.candidate else ""
    return zone_named(account, session.time_zone)


def zone_named(*names: str) -> ZoneInfo:
    """The first of these that is a zone, else the site's."""
    return ZoneInfo(next((name for name in names if is_zone(name)), settings.TIME_ZONE))


def when(at: datetime, zone: ZoneInfo) -> str:
    """Such as "Mon 23 Nov 2026, 09:00 (Europe/Berlin, UTC+1)"."""
    local = at.astimezone(zone)
    return f"{local:%a %-d %b %Y, %H:%M} ({zone_words(local)})"


def window(opens: datetime | None, closes: datetime | None, zone: ZoneInfo) -> str:
    """When a session can be started, as one phrase that follows "Open"; empty when there is no window."""
    if opens and closes and _is_one_day(opens.astimezone(zone), closes.astimezone(zone)):
        local = opens.astimezone(zone)
        return f"{local:%a %-d %b %Y, %H:%M}–{closes.astimezone(zone):%H:%M} ({zone_words(local)})"
    if opens and closes:
        return f"from {when(opens, zone)} to {when(closes, zone)}"
    if opens:
        return f"from {when(opens, zone)}"
    return f"until {when(closes, zone)}" if closes else ""


def _is_one_day(opens: datetime, closes: datetime) -> bool:
    """Whether one date and one distance to UTC are right for both; on a day when the clocks change they are not."""
    return (opens.date(), opens.utcoffset()) == (closes.date(), closes.utcoffset())


def zone_words(local: datetime) -> str:
    """Such as "Europe/Berlin, UTC+1"; "UTC" alone for that."""
    hours = offset_words(local.utcoffset() or timedelta(0))
    return "UTC" if str(local.tzinfo) == "UTC" else f"{local.tzinfo}, {hours}"


def offset_words(offset: timedelta) -> str:
    """Such as UTC, UTC+1, UTC−3:30."""
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


def thinking_time(session: InterviewSession) -> str:
    """How long the interview may take, with what makes it longer: "45 min + 50 % extra time = 67 min"."""
    if session.time_limit_seconds is None:
        return "no time limit"
    minutes, whole = session.time_limit_seconds // 60, (session.limit_ms or 0) // 60_000
    if not session.extra_seconds:
        return f"{minutes} min"
    percent = session.accommodation_percent
    extra = f"{percent} % extra time" if percent else f"{session.extra_seconds // 60} min extra time"
    return f"{minutes} min + {extra} = {whole} min"
