"""The choices before a practice interview: how much time to take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app import errors
from sessions_app.models import InterviewSession
from sessions_app.models.limits import MAX_MINUTES

from .words import minutes

FACTORS = (
    ("template", 1.0, gettext_lazy("the usual time")),
    ("1.5", 1.5, gettext_lazy("half as much again")),
    ("2", 2.0, gettext_lazy("double")),
)


@dataclass(frozen=True)
class TimeChoice:
    """``minutes`` is None for no limit."""

    value: str
    minutes: float | None
    label: str
    hint: str


def time_choices(session: InterviewSession) -> list[TimeChoice]:
    """What a candidate may choose from: nothing unless it is practice with a limit, and the template lets them."""
    base = base_minutes(session)
    is_fixed = session.template is not None and not session.template.allows_time_choice
    if not session.is_practice or is_fixed or base is None:
        return []
    limited = [
        TimeChoice(
            value, base * factor, minutes(math.ceil(base * factor)), _with_extra(session, base * factor, str(hint))
        )
        for value, factor, hint in FACTORS
        if base * factor <= MAX_MINUTES
    ]
    return [*limited, TimeChoice("none", None, _("No limit"), _("take all the time you need"))]


def _with_extra(session: InterviewSession, base: float, hint: str) -> str:
    """The hint, and where there is an accommodation the sum: "30 min + 50 % extra time = 45 min"."""
    percent = session.accommodation_percent
    if not percent:
        return hint
    whole = int(base * 60 * (100 + percent) // 100 // 60)
    told = {"hint": hint, "minutes": math.ceil(base), "percent": percent, "whole": whole}
    return _("%(hint)s; %(minutes)s min + %(percent)s %% extra time = %(whole)s min") % told


def base_minutes(session: InterviewSession) -> float | None:
    """The time without adjustment: the template's, else the session's own."""
    if session.template is not None and session.template.time_limit_minutes:
        return float(session.template.time_limit_minutes)
    return None if session.time_limit_seconds is None else session.time_limit_seconds / 60


def chosen(session: InterviewSession) -> str:
    """The choice that the session's limit is now; the first when it is none of them."""
    limit = None if session.time_limit_seconds is None else session.time_limit_seconds / 60
    return next((choice.value for choice in time_choices(session) if choice.minutes == limit), "template")


def choice_named(session: InterviewSession, value: str) -> TimeChoice | None:
    """The choice somebody posted; None leaves the limit alone.

    Raises:
        ValidationFailed: it is not offered.
    """
    choices = time_choices(session)
    if not value or not choices:
        return None
    for choice in choices:
        if choice.value == value:
            return choice
    raise errors.ValidationFailed([errors.FieldError("time", "invalid_choice", _("Choose one of the times offered."))])


def differs(session: InterviewSession, choice: TimeChoice) -> bool:
    return session.time_limit_seconds != (None if choice.minutes is None else round(choice.minutes * 60))
