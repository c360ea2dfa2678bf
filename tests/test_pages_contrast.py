"""The colours of the pages can be read: WCAG contrast of every pair that is used, in both themes (4-pages, 14.5)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[1] / "static" / "css" / "tokens.css"
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in ("paper", "surface", "sunken")),
    *((name, f"{name}-soft") for name in ("accent", "ai", "ok", "warn", "bad")),
    *((name, "surface") for name in ("ai", "ok", "warn", "bad", "info")),
    *((name, "paper") for name in ("ok", "warn", "bad")),
    *(("on-accent", ground) for ground in ("accent", "accent-strong")),
    ("bad", "bad-soft"),
    ("ink", "accent-soft"),
]
SHAPES = [("edge", "surface"), ("edge", "paper"), ("edge", "sunken"), ("focus", "paper"), ("focus", "surface")]


def colours(theme: int) -> dict[str, str]:
    """The tokens of one theme: 0 is light, 1 is dark."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS.read_text())
    return {name: pair[theme] for name, *pair in found}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "needed"), [(TEXT, 4.5), (SHAPES, 3.0)], ids=["text", "shapes"])
def test_it_can_be_read(pairs: list[tuple[str, str]], needed: float, theme: int) -> None:
    named = colours(theme)
    poor = {pair: round(contrast(named[pair[0]], named[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < needed} == {}
