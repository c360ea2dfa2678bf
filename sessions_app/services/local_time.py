"""A session's times as its candidate reads them: in their zone, with the zone's name beside every clock time.

Words and dates are those of the language that is active.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

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
    return f"{_day(local)}, {local:%H:%M} ({zone_words(local)})"


def _day(local: datetime) -> str:
    """Such as "Mon 23 Nov 2026"."""
    return date_format(local, pgettext("a date, in Django's letters for dates", "D j M Y"))


def window(opens: datetime | None, closes: datetime | None, zone: ZoneInfo) -> str:
    """When a session can be started, as one phrase that follows "Open"; empty when there is no window."""
    if opens and closes and _is_one_day(opens.astimezone(zone), closes.astimezone(zone)):
        local = opens.astimezone(zone)
        return f"{_day(local)}, {local:%H:%M}–{closes.astimezone(zone):%H:%M} ({zone_words(local)})"
    if opens and closes:
        return _("from %(opens)s to %(closes)s") % {"opens": when(opens, zone), "closes": when(closes, zone)}
    if opens:
        return _("from %(opens)s") % {"opens": when(opens, zone)}
    return _("until %(closes)s") % {"closes": when(closes, zone)} if closes else ""


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
        return _("no time limit")
    limit = short_minutes(session.time_limit_seconds // 60)
    if not session.extra_seconds:
        return limit
    told = {"limit": limit, "whole": short_minutes((session.limit_ms or 0) // 60_000)}
    if percent := session.accommodation_percent:
        return _("%(limit)s + %(percent)s %% extra time = %(whole)s") % (told | {"percent": percent})
    told["extra"] = short_minutes(session.extra_seconds // 60)
    return _("%(limit)s + %(extra)s extra time = %(whole)s") % told


def short_minutes(number: int) -> str:
    """Such as "45 min"."""
    return ngettext("%(minutes)s min", "%(minutes)s min", number) % {"minutes": number}
