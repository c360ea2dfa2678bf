"""Every page in every state, in light and dark, on a wide and a narrow screen: axe finds nothing, nothing overflows.

Candidates' pages are looked at in Arabic, from right to left, and in German, whose words are long, too.
A quick run looks at some pages once, the screens taken in turn; `./run test --full` at each on all of them.
With SCREENSHOTS naming a folder, each page is kept there to be looked at.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from . import page_checkers
from .every_page import Shown
from .gallery import CANDIDATES, PAGES, Gallery

SCREENS = tuple(itertools.product(("light", "dark"), (1280, 320)))
# One state each of the pages that differ most; the others repeat their parts.
QUICK = (
    "landing", "login-refused", "ready-refused", "room-written", "room-paused", "room-generating", "report",
    "history", "insights", "session-new-refused", "console-interviewsession-list", "console-session-judged",
    "practice-list", "console-ui-kit",
)  # fmt: skip
FOREIGN = (("ar", "light", 320), ("ar", "dark", 1280), ("de", "light", 320))
QUICK_FOREIGN = ("landing", "room-written", "report", "ready-refused", "history", "practice-list", "room-paused")
# Django's own script for choosing groups and permissions names its question marks in a way that is not allowed.
DJANGOS_OWN = ".selector .help-tooltip"
LOOK = """left_out => axe.run(
    {include: [document], exclude: [[left_out]]}, {resultTypes: ["violations"], preload: false}
).then(told => told.violations.map(
    found => `${found.id} (${found.impact}): ${found.help}: ` + found.nodes.map(
        node => node.target.join(" ") + " · " + (node.any[0] || node.all[0] || node.none[0] || {}).message
    ).slice(0, 6).join(" | ")))"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")].filter(node => node.getBoundingClientRect().right > innerWidth + 1)
        .map(node => node.localName + "." + node.className).slice(-6)"""
UNFOLD = "() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })"


def cases(pages: Iterable[str], quick: tuple[str, ...], screens: tuple[tuple[Any, ...], ...]) -> Iterator[Any]:
    """Every page on every screen; in a quick run, the quick ones on one each."""
    for name in pages:
        for number, screen in enumerate(screens):
            is_quick = name in quick and quick.index(name) % len(screens) == number
            marks = () if is_quick else (pytest.mark.full,)
            yield pytest.param(name, *screen, id="-".join(map(str, (name, *screen))), marks=marks)


def faults(tab: Any) -> list[str]:
    """What axe finds wrong on the page, with every fold open."""
    tab.evaluate(UNFOLD)
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(page_checkers.axe())
    found: list[str] = tab.evaluate(LOOK, DJANGOS_OWN)
    return found


def look(gallery: Gallery, name: str, language: str, theme: str, width: int) -> None:
    """Fails with everything that is wrong on the page."""
    tab = gallery.look(gallery.page(name, language), color_scheme=theme, viewport={"width": width, "height": 900})
    found = [*gallery.complaints, *faults(tab)]  # axe tries inline styles, of which the console complains
    if folder := os.environ.get("SCREENSHOTS"):
        tab.screenshot(path=f"{folder}/{name}-{language}-{theme}-{width}.png", full_page=True)
    wrong = [*found, *(f"too wide: {node}" for node in tab.evaluate(TOO_WIDE))]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize(("name", "theme", "width"), list(cases(PAGES, QUICK, SCREENS)))
def test_it_is_accessible_and_fits(gallery: Gallery, name: str, theme: str, width: int) -> None:
    look(gallery, name, "en", theme, width)


@pytest.mark.parametrize(("name", "language", "theme", "width"), list(cases(CANDIDATES, QUICK_FOREIGN, FOREIGN)))
def test_it_is_in_other_languages(gallery: Gallery, name: str, language: str, theme: str, width: int) -> None:
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}"\n      dir="{direction}"' in gallery.page(name, language).body.decode()
    look(gallery, name, language, theme, width)


WRONG = """<!DOCTYPE html><html lang="en"><title>Wrong</title><main><h1>Wrong</h1><img src="/x.png">
<p style="color: #aaa; background: #fff">Grey on white</p><div style="width: 2000px">Wide</div>
<img src="https://example.com/far.png" alt=""></main></html>"""


def test_what_is_wrong_is_found(gallery: Gallery) -> None:
    page = Shown("wrong", "/", 200, {"Content-Type": "text/html; charset=utf-8"}, WRONG.encode())
    tab = gallery.look(page, color_scheme="light", viewport={"width": 320, "height": 900})
    assert {said.split()[0] for said in faults(tab)} >= {"image-alt", "color-contrast"}
    assert tab.evaluate(TOO_WIDE) != []
    assert "from elsewhere: https://example.com/far.png" in gallery.complaints
    assert any("Failed to load resource" in said for said in gallery.complaints)
