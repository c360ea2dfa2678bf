"""What pages do where somebody's system asks for it: forced colours, less motion, paper; and the fonts they bring.

Each rule is looked at with the mode and without it, so that a rule that is gone, or one that always holds, fails.
"""

from __future__ import annotations

from typing import Any

import pytest

from .gallery import Gallery
from .test_accessibility import TOO_WIDE

STYLE = """([selector, part, name]) => {
    const node = document.querySelector(selector);
    return node && getComputedStyle(node, part || null).getPropertyValue(name);
}"""
MOVING = """() => [...document.querySelectorAll("*")].flatMap(node => [null, "::before", "::after"].map(part => {
    const style = getComputedStyle(node, part);
    return [style.transitionDuration, style.animationName];
})).filter(([lasts, moves]) => lasts.split(", ").some(time => parseFloat(time) > 0) || moves !== "none").length"""
FONTS = (
    "() => document.fonts.ready.then(() => [...document.fonts].filter(f => f.status === 'loaded').map(f => f.family))"
)
SHOWN = "selector => [...document.querySelectorAll(selector)].filter(node => node.checkVisibility()).length"
FORCED = [
    ("landing", ".button--primary", "", "border-top-width", "2px"),
    ("landing", ".wordmark", "::before", "background-image", "none"),
    ("room", ".rail__entry--now .rail__number", "", "forced-color-adjust", "none"),
]
ON_PAPER = [
    ("transcript", ".turn", "break-inside", "avoid"),
    ("transcript", ".turn__text", "color", "rgb(0, 0, 0)"),
    ("transcript", "html", "background-color", "rgb(255, 255, 255)"),
    ("room-written", ".turn__code", "white-space", "pre-wrap"),
]
NOT_ON_PAPER = [("transcript", (".masthead", ".footer", ".no-print")), ("room", (".bar", ".composer", ".room__side"))]


def style(tab: Any, selector: str, part: str, name: str) -> Any:
    return tab.evaluate(STYLE, [selector, part, name])


@pytest.mark.parametrize(("page", "selector", "part", "name", "value"), FORCED)
def test_forced_colours_keep_shapes(
    gallery: Gallery, page: str, selector: str, part: str, name: str, value: str
) -> None:
    shown = gallery.page(page)
    assert style(gallery.look(shown), selector, part, name) not in (value, None)
    assert style(gallery.look(shown, forced_colors="active"), selector, part, name) == value


@pytest.mark.parametrize("page", ["landing", "room", "report"])
def test_nothing_moves_for_who_asked_for_it(gallery: Gallery, page: str) -> None:
    shown = gallery.page(page)
    assert gallery.look(shown, reduced_motion="no-preference").evaluate(MOVING) > 0
    assert gallery.look(shown, reduced_motion="reduce").evaluate(MOVING) == 0


@pytest.mark.parametrize(("page", "selectors"), NOT_ON_PAPER)
def test_what_is_for_the_screen_is_not_printed(gallery: Gallery, page: str, selectors: tuple[str, ...]) -> None:
    tab = gallery.look(gallery.page(page))
    assert all(tab.evaluate(SHOWN, selector) for selector in selectors)
    tab.emulate_media(media="print")
    assert [selector for selector in selectors if tab.evaluate(SHOWN, selector)] == []
    tab.emulate_media(media="null")


@pytest.mark.parametrize(("page", "selector", "name", "value"), ON_PAPER)
def test_it_is_black_on_white_and_turns_stay_whole(
    gallery: Gallery, page: str, selector: str, name: str, value: str
) -> None:
    tab = gallery.look(gallery.page(page), color_scheme="dark")
    assert style(tab, selector, "", name) != value
    tab.emulate_media(media="print")
    assert style(tab, selector, "", name) == value
    assert "Source Serif" in style(tab, "body", "", "font-family")
    tab.emulate_media(media="null")


def test_earlier_questions_are_printed_though_they_are_folded(gallery: Gallery) -> None:
    tab = gallery.look(gallery.page("room-written"))
    printed = "() => getComputedStyle(document.querySelector('.earlier'), '::details-content').contentVisibility"
    assert tab.evaluate(printed) == "hidden"
    tab.emulate_media(media="print")
    assert tab.evaluate(printed) == "visible"
    tab.emulate_media(media="null")


def test_its_own_fonts_are_loaded_and_codes_only_where_there_is_code(gallery: Gallery) -> None:
    two = {"Source Serif 4 Variable", "Figtree Variable"}
    assert set(gallery.look(gallery.page("landing")).evaluate(FONTS)) == two
    assert set(gallery.look(gallery.page("transcript")).evaluate(FONTS)) >= two | {"JetBrains Mono Variable"}


@pytest.mark.parametrize("size", ["125", "150"])
@pytest.mark.parametrize("page", ["history", "insights", "room", "room-nearly-over"])
def test_large_letters_fit_a_narrow_page(gallery: Gallery, page: str, size: str) -> None:
    """What the preferences do with ``data-text``. The columns of a list end where the letters need the space."""
    tab = gallery.look(gallery.page(page), viewport={"width": 320, "height": 900})
    tab.evaluate("size => { document.documentElement.dataset.text = size; }", size)
    assert tab.evaluate(TOO_WIDE) == []
