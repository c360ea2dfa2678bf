"""Moments as people write them: a date and a time in a zone, which may not exist, or exist twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.models.limits import MAX_AHEAD_YEARS

# Files of the system's database that are no places, or old aliases of one.
_NO_PLACES = ("posix/", "right/", "SystemV/", "Etc/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")


TOO_FAR = gettext_lazy("Choose a moment within five years from now.")
_FAR = timedelta(days=round(365.25 * MAX_AHEAD_YEARS))


class NotOnTheClock(ValueError):
    """Not a moment. ``code`` is ``invalid``, ``does_not_exist`` or ``ambiguous``."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


def moment_of(value: Any, zone: tzinfo) -> datetime:
    """The moment in UTC. What names no zone itself is meant in ``zone``.

    Raises:
        NotOnTheClock: it cannot be read, or the clocks of that zone skip it or show it twice.
    """
    try:
        moment = parse_datetime(value.strip()) if isinstance(value, str) else value
        if not isinstance(moment, datetime):
            raise ValueError
        if moment.tzinfo is None:
            _check_clock(moment, zone)
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except NotOnTheClock:
        raise
    except (ValueError, OverflowError):
        raise NotOnTheClock("invalid", _("Enter a date and a time, such as 2026-11-23 09:00.")) from None


def is_too_far(moment: datetime, now: datetime) -> bool:
    """Whether it is more than five years away, before or after: such a date is a slip, and may leave the calendar."""
    return abs(moment - now) > _FAR


def _check_clock(wall: datetime, zone: tzinfo) -> None:
    """Refuse what the clocks there never show, and what they show twice: nobody could tell which one is meant."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return
    told = {"time": f"{wall:%H:%M}", "zone": zone}
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        sentence = (
            _("%(time)s does not exist on that day in %(zone)s: the clocks go forward. Choose another time.") % told
        )
        raise NotOnTheClock("does_not_exist", sentence)
    sentence = _("%(time)s comes twice on that day in %(zone)s: the clocks go back. Choose another time.") % told
    raise NotOnTheClock("ambiguous", sentence)


@cache
def zone_names() -> frozenset[str]:
    """Every zone that this machine knows (the IANA database)."""
    return frozenset(available_timezones())


def is_zone(name: Any) -> bool:
    return isinstance(name, str) and name in zone_names()


@cache
def places() -> tuple[str, ...]:
    """The zones to choose from: UTC, then places by region, without the old aliases."""
    named = {name for name in zone_names() if "/" in name and not name.startswith(_NO_PLACES)}
    return ("UTC", *sorted(named))
