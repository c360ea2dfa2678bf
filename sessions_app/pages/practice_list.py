"""The practice interviews on offer: their cards, and the filters over them as the address carries them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.ai import bank
from sessions_app.ai.protocol import BUILT_IN
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.models import InterviewTemplate
from sessions_app.models.catalog import Level, Templates
from sessions_app.models.limits import MODES
from sessions_app.services.criterion_names import criterion_name
from sessions_app.services.engines import speaker

from . import present
from .history import Asked

# What counts as short: minutes of thinking time, from and up to.
LENGTHS: dict[str, tuple[Any, dict[str, Any]]] = {
    "short": (gettext_lazy("Up to 15 minutes"), {"time_limit_minutes__lte": 15}),
    "medium": (gettext_lazy("16 to 30 minutes"), {"time_limit_minutes__range": (16, 30)}),
    "long": (gettext_lazy("More than 30 minutes"), {"time_limit_minutes__gt": 30}),
    "open": (gettext_lazy("No time limit"), {"time_limit_minutes": None}),
}
LEVELS = {
    Level.JUNIOR: gettext_lazy("junior level"),
    Level.MID: gettext_lazy("mid level"),
    Level.SENIOR: gettext_lazy("senior level"),
}


@dataclass(frozen=True)
class PracticeFilters(Asked):
    topic: str = ""
    length: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Card:
    """A practice interview as it is offered. ``modes`` are pairs of a mode and its words."""

    template: InterviewTemplate
    modes: list[tuple[str, str]]
    level: str
    speaker: str


def card(template: InterviewTemplate) -> Card:
    modes = template.enabled_modes or ["text"]
    words = [(mode, present.modes([mode])) for mode in modes]
    return Card(template, words, str(LEVELS[Level(template.level)]), speaker(BUILT_IN))


def matching(rows: Templates, filters: PracticeFilters) -> Templates:
    """The templates that are asked for.

    Raises:
        ValidationFailed: with every filter that is none of those offered.
    """
    if wrong := list(_wrong(filters)):
        raise ValidationFailed(wrong)
    if filters.topic:
        rows = rows.about(filters.topic)
    if filters.length:
        rows = rows.filter(**LENGTHS[filters.length][1])
    return rows.answered_in(filters.mode) if filters.mode else rows


def topics() -> list[tuple[str, str]]:
    """Keys and names of what the offered interviews ask about, by name. One query."""
    offered = InterviewTemplate.objects.offered().order_by()
    keys = offered.exclude(questions__criterion="").values_list("questions__criterion", "criteria").distinct()
    named = {key: _named(key, criteria) for key, criteria in keys if key}
    return sorted(named.items(), key=lambda pair: pair[1])


def _wrong(filters: PracticeFilters) -> Iterable[FieldError]:
    if filters.length and filters.length not in LENGTHS:
        yield FieldError("length", "invalid_choice", _("Choose one of the lengths in the list."))
    if filters.mode and filters.mode not in MODES:
        yield FieldError("mode", "invalid_choice", _("Choose one of the modes in the list."))


def _named(key: str, criteria: list[dict[str, Any]]) -> str:
    """The bank's name of an area; of anything else the template's, else its key in words."""
    areas = {area.slug: area.title for area in bank.areas()}
    own = {row.get("key"): row.get("title") for row in criteria or () if isinstance(row, dict)}
    return criterion_name(key, str(areas.get(key) or own.get(key) or key.replace("-", " ").capitalize()))
