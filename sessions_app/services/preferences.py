"""How pages look and behave for one person: what can be chosen, and keeping it with an account.

A browser without an account keeps the same choices in a cookie (``pages/preferences.py``). Whatever comes from there or
from a stored row is read by ``chosen``, so that a value of another version, or of somebody's own making, does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from sessions_app.access import Actor
from sessions_app.models import User

# What each may be; the first is what holds for somebody who chose nothing.
CHOICES: dict[str, tuple[str, ...]] = {
    "language": ("auto", *(code for code, _ in settings.LANGUAGES)),
    "theme": ("system", "light", "dark"),
    "text": ("100", "110", "125", "150"),
    "motion": ("system", "reduced"),
    "answers": ("streaming", "whole"),
    "enter": ("line", "send"),
    "shortcuts": ("on", "off"),
    "timer": ("shown", "hidden"),
    "clock": ("24", "12"),
    "announce": ("normal", "minimal", "verbose"),
}
DEFAULTS = {name: values[0] for name, values in CHOICES.items()}


def chosen(*sources: Mapping[str, Any]) -> dict[str, str]:
    """Every preference: from the first source that has a possible value for it, else the default."""
    return {name: _first(name, sources) for name in CHOICES}


def _first(name: str, sources: tuple[Mapping[str, Any], ...]) -> str:
    given = (source.get(name) for source in sources)
    return next((str(value) for value in given if value in CHOICES[name]), DEFAULTS[name])


def language_of(user: User | None) -> str:
    """The language that somebody chose to be spoken to in, such as "de"; empty if they chose none."""
    language = chosen(user.preferences)["language"] if user is not None else ""
    return "" if language == DEFAULTS["language"] else language


def keep_preferences(values: Mapping[str, Any], *, actor: Actor) -> bool:
    """Keep these with the account, beside those that are there; whether there is an account to keep them with.

    Of a guest only the language is kept, beside what their browser keeps: letters to them are written in it.
    """
    if actor.user is None:
        return False
    kept = {name: value for name, value in values.items() if value in CHOICES.get(name, ())}
    if actor.user.is_guest:
        kept = {name: value for name, value in kept.items() if name == "language"}
    if kept:
        _keep(kept, actor.user)
    return not actor.user.is_guest


def _keep(values: dict[str, Any], user: User) -> None:
    with transaction.atomic():
        row = User.objects.select_for_update().only("preferences").get(pk=user.pk)
        row.preferences = row.preferences | values
        row.save(update_fields=["preferences"])
