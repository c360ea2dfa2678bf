"""In whose time a page speaks: the account's zone, else the one chosen, the interview's, the browser's, the site's.

The browser's is found by ``static/js/zone.js`` and told in a cookie, so the server renders times right from the next
page on, and without scripts people choose theirs from a list.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_app.models import InterviewSession
from sessions_app.services.local_time import zone_named
from sessions_app.services.moments import is_zone, places

from .answers import keep_cookie

CHOSEN, FOUND = "zone", "tz"  # cookies
YEAR = 60 * 60 * 24 * 365


def zone_for(request: HttpRequest, session: InterviewSession | None = None) -> ZoneInfo:
    """The zone to speak in; ``session`` where the page is about one."""
    interview = session.time_zone if session is not None else ""
    return zone_named(*_choices(request), interview, unquote(request.COOKIES.get(FOUND, "")))


def _choices(request: HttpRequest) -> tuple[str, str]:
    """What the reader chose: with the account, and in this browser."""
    account = str(getattr(request.user, "time_zone", "") or "")
    return account, unquote(request.COOKIES.get(CHOSEN, ""))


def speak_in(request: HttpRequest, session: InterviewSession) -> None:
    """From here to the end of the request, times are those of that session's candidate (see ``guard.personal``)."""
    timezone.activate(zone_for(request, session))


def remember(request: HttpRequest, response: HttpResponse, zone: str) -> None:
    """Keep a guest's choice in this browser; an empty one is forgotten."""
    if zone:
        keep_cookie(request, response, CHOSEN, zone, YEAR)
    else:
        response.delete_cookie(CHOSEN, samesite="Lax")


def zone_choices(chosen: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Regions with their places, for a list to choose from; the chosen one is in it even if it is an old alias."""
    names = places() if chosen in places() else (chosen, *places())
    groups = groupby(names, key=lambda name: name.partition("/")[0])
    return [(region, [(name, _place(name)) for name in group]) for region, group in groups]


def _place(name: str) -> str:
    return name.partition("/")[2].replace("_", " ") or name


def zone_context(request: HttpRequest, session: InterviewSession | None = None) -> dict[str, Any]:
    """What ``_zone.html`` needs to offer another zone. A choice that was made is the one selected."""
    zone = str(zone_for(request, session))
    chosen = next((name for name in _choices(request) if is_zone(name)), "")
    return {
        "zone": zone,
        "zone_chosen": chosen,
        "zone_default": _("The interview’s own") if session and session.time_zone else _("The same as this browser"),
        "zone_choices": zone_choices(zone),
        "zone_next": request.get_full_path(),
    }
