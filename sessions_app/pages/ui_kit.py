"""The UI kit for staff: every component in every state, in light and dark and from right to left, on one page.

It lies with the pages, whose view models and templates it shows; its address is the console's, because it is for staff.

The same template stands on it several times, so its ids and names are made different ones in every copy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from .ui_samples import Component, Part, components

LOOKS = (("light", "ltr", "en"), ("dark", "ltr", "en"), ("light", "rtl", "ar"))
# What names an element of the same page.
_ID = re.compile(r'(\s(?:id|for|aria-labelledby|aria-describedby|aria-controls|data-copy)=")([^"]+)(")')
_RADIO = re.compile(r'(<input\s[^>]*?type="radio"[^>]*?\sname=")([^"]+)(")')  # of one name only one is chosen
_LINK = re.compile(r'(\shref="#)(?!kit-)([^"]+)(")')
_LABEL = re.compile(r'(<(?:nav|section|form|aside|pre)\b[^>]*?\saria-label=")([^"]+)(")')
_LABELLED = re.compile(r'(<section\b[^>]*?\s)aria-labelledby="[^"]+"')
_FOCUS = re.compile(r"\sautofocus(?=[\s>])")


@dataclass(frozen=True)
class Look:
    """One copy of a part: in these colours, in this direction."""

    theme: str
    direction: str
    html: SafeString


@dataclass(frozen=True)
class Sample:
    caption: str
    looks: list[Look]


@require_safe
@staff_member_required
def ui_kit(request: HttpRequest) -> HttpResponse:
    """No query but those that tell who asks: everything on it is invented."""
    made = {language: _in(language) for language in ("en", "ar")}
    numbers = count(1)
    shown = [
        {
            "key": component.key,
            "title": component.title,
            "is_wide": component.is_wide,
            "samples": [_sample(request, made, row, nth, numbers) for nth in range(len(component.parts))],
        }
        for row, component in enumerate(made["en"])
    ]
    response = render(request, "ui_kit.html", {"components": shown})
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _in(language: str) -> list[Component]:
    with translation.override(language):
        return components()


def _sample(request: HttpRequest, made: dict[str, list[Component]], row: int, nth: int, numbers: Any) -> Sample:
    looks = []
    for theme, direction, language in LOOKS:
        part = made[language][row].parts[nth]
        with translation.override(language):
            html = render_to_string(part.template, part.context, request)
        looks.append(Look(theme, direction, apart(html, f"{next(numbers)}")))
    return Sample(_caption(made["en"][row].parts[nth]), looks)


def _caption(part: Part) -> str:
    return f"{part.caption} · {part.template}"


def apart(html: str, suffix: str) -> SafeString:
    """The same with ids, references and the names of its regions that no other copy has; focus stays where it is."""

    def renamed(found: re.Match[str]) -> str:
        return found[1] + " ".join(f"{name}-{suffix}" for name in found[2].split()) + found[3]

    html = _LABELLED.sub(lambda found: f'{found[1]}aria-label="Sample {suffix}"', html)
    html = _LABEL.sub(lambda found: f"{found[1]}{found[2]} {suffix}{found[3]}", html)
    html = _FOCUS.sub("", _RADIO.sub(renamed, _LINK.sub(renamed, _ID.sub(renamed, html))))
    return mark_safe(html)  # noqa: S308  the pages' own templates have escaped it
