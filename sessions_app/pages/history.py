"""The filters over somebody's list of interviews, as their address carries them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.models.actions import OPEN, Status
from sessions_app.models.limits import MAX_NAME, MODES
from sessions_app.models.session_queries import Sessions

UNFINISHED = "unfinished"
LAST_YEAR = 9000  # later dates cannot be told in every zone


@dataclass(frozen=True)
class Asked:
    """What a list was asked for, as text. The names are those of the form."""

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        asked = {field.name: query.get(field.name, "") for field in fields(cls)}
        return cls(**{name: text.replace("\0", "").strip()[:MAX_NAME] for name, text in asked.items()})

    @property
    def given(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def query(self) -> str:
        """For the links to other pages of the same list; ends in "&" unless it is empty."""
        return f"{urlencode(self.given)}&" if self.given else ""


@dataclass(frozen=True)
class Filters(Asked):
    """Over one's own interviews; dates are days in the reader's zone."""

    status: str = ""
    mode: str = ""
    since: str = ""
    until: str = ""
    search: str = ""


def matching(rows: Sessions, filters: Filters) -> Sessions:
    """The rows of any status that have the mode, days and words asked for.

    Raises:
        ValidationFailed: with every filter that cannot be read.
    """
    wrong: list[FieldError] = []
    if filters.mode and filters.mode not in MODES:
        wrong.append(FieldError("mode", "invalid_choice", _("Choose one of the modes in the list.")))
    since, until = _day(filters.since, "since", wrong), _day(filters.until, "until", wrong)
    if since and until and since > until:
        wrong.append(FieldError("until", "before_since", _("The last day is before the first.")))
    if wrong:
        raise ValidationFailed(wrong)
    asked: dict[str, Any] = {"mode": filters.mode, "search": filters.search}
    asked["created_after"] = _midnight(since) if since else None
    asked["created_before"] = _midnight(until + timedelta(days=1)) if until else None
    return rows.matching(**asked)


def of_status(rows: Sessions, status: str) -> Sessions:
    """Without a status, what is over: the unfinished ones have a group of their own.

    Raises:
        ValidationFailed: there is no such status.
    """
    if status == UNFINISHED:
        return rows.unfinished()
    if status and status not in list(Status):
        raise ValidationFailed([FieldError("status", "invalid_choice", _("Choose one of the states in the list."))])
    if status:
        return rows.filter(status=status)
    return rows.filter(status__in=[one for one in Status if one not in OPEN])


def page_of(request: HttpRequest, rows: QuerySet[Any], per_page: int) -> Page[Any]:
    """The page that is asked for; where there is none of that number, the nearest one, and a notice that says so."""
    asked, pages = request.GET.get("page") or "1", Paginator(rows, per_page)
    page = pages.get_page(asked)
    if asked != str(page.number):
        told = {"asked": asked[:20], "number": page.number}
        messages.warning(request, _("There is no page “%(asked)s”. This is page %(number)s.") % told)
    return page


def _day(text: str, name: str, wrong: list[FieldError]) -> date | None:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is not None and 1900 <= day.year <= LAST_YEAR:
        return day
    wrong.append(FieldError(name, "invalid", _("Enter a day such as 2026-11-23.")))
    return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())
