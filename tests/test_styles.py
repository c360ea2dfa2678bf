"""Styles know no left and right, so that a page reads from right to left by itself (4-pages, 13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CSS = ROOT / "static" / "css"
SHEETS = sorted(CSS.glob("*.css"))
SIDES = {"left", "right"}
# Shorthands of top, right, bottom, left; of corners, from the top left one clockwise.
FOUR_SIDES = re.compile(r"(margin|padding|inset|border-(width|style|color)|scroll-(margin|padding))")
CORNERS = "border-radius"


def declarations(css: str) -> Iterator[tuple[str, str]]:
    """The pairs of property and value, in order."""
    bare = re.sub(r"/\*.*?\*/|\"[^\"]*\"|url\([^)]*\)", "", css, flags=re.DOTALL)
    for inner in re.findall(r"[{;]([^{};]+)(?=[;}])", bare):
        name, colon, value = inner.partition(":")
        if colon:
            yield name.strip(), value.strip()


def is_physical(name: str, value: str) -> bool:
    if name.startswith("--"):
        return False
    if SIDES & {*name.split("-"), *re.findall(r"[\w-]+", value)}:
        return True
    parts = re.findall(r"[^\s()]+(?:\([^()]*(?:\([^()]*\))*[^()]*\))?", value)
    if FOUR_SIDES.fullmatch(name):
        return len(parts) == 4 and parts[1] != parts[3]
    return name == CORNERS and not is_even(parts)


def is_even(corners: list[str]) -> bool:
    """Whether a left corner is as round as the right one beside it."""
    first, second, third, fourth = (corners * 4)[:4] if len(corners) != 3 else (*corners, corners[1])
    return first == second and third == fourth


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_its_styles_say_start_and_end(sheet: Path) -> None:
    assert [f"{name}: {value}" for name, value in declarations(sheet.read_text()) if is_physical(name, value)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        *("left: 0", "margin-left: 1px", "padding-right: 1px", "border-left: 1px solid red", "text-align: right"),
        *("float: left", "border-top-left-radius: 2px", "margin: 0 1px 0 2px", "inset: 0 0 0 var(--s1)"),
        *("border-radius: 0 4px 4px 0", "background: linear-gradient(to right, red, blue)"),
    ],
)
def test_a_side_of_the_page_is_found(wrong: str) -> None:
    [(name, value)] = declarations(f"a {{ {wrong}; }}")
    assert is_physical(name, value)


@pytest.mark.parametrize(
    "right",
    [
        *("margin-inline-start: 1px", "inset-inline-end: 0", "text-align: start", "border-inline-start: 1px solid red"),
        *("margin: 0 1px 2px 1px", "padding: calc(1px + var(--s1)) 2px 0 2px", "border-radius: 4px 4px 0 0"),
    ],
)
def test_a_logical_side_is_none(right: str) -> None:
    [(name, value)] = declarations(f"a {{ {right}; }}")
    assert not is_physical(name, value)


# -- what points forward or back turns round ---------------------------------------------------------------------------

TURNING = re.compile(r"back|send|log-(in|out)|chevron-(left|right)|undo|redo|skip|arrow-(left|right)|forward|rewind")


def test_icons_that_point_along_the_line_turn_round() -> None:
    templates = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    icons = re.findall(r'<svg class="([^"]*)"[^>]*>\s*<use href="[^"]*#([\w-]+)"', templates)
    turning = {(name, "i--turns" in classes.split()) for classes, name in icons if TURNING.match(name)}
    assert turning and all(turns for _, turns in turning)
