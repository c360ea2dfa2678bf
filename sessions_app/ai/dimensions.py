"""Dimensions: what answers tell about a person beside the rubric. One readable TOML file each, in ``dimensions/``.

The five traits are estimated in personality assessments only; job interviews have competencies. Add a dimension by
adding a file there, and name its key in a template; ``tests/test_dimensions.py`` says what it must have. ``signs``
finds their markers in answers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from .wording import words_of

DIMENSIONS = Path(__file__).parent / "dimensions"
TRAIT, COMPETENCY = "trait", "competency"
LONGEST_KEY = 80


@dataclass(frozen=True)
class Marker:
    """Words that speak for a dimension or, with a negative polarity, against it.

    A word that ends in ``*`` stands for all that begin so, an empty one for up to three words of any kind.
    """

    words: tuple[str, ...]
    polarity: float
    weight: float


@dataclass(frozen=True)
class Dimension:
    """``kind`` is trait or competency. One that no file describes has a key, a title and nothing to be found by."""

    key: str
    title: str
    kind: str = COMPETENCY
    position: int = 100
    about: str = ""
    low: str = ""
    high: str = ""
    markers: tuple[Marker, ...] = field(default=(), repr=False)


@cache
def dimensions() -> dict[str, Dimension]:
    """All that files describe, by key, in their order; read once."""
    found = sorted((_read(path) for path in DIMENSIONS.glob("*.toml")), key=lambda one: one.position)
    return {one.key: one for one in found}


def dimension(key: str) -> Dimension:
    return dimensions().get(key) or Dimension(key, key.replace("_", " ").capitalize())


def keys_of(kind: str) -> list[str]:
    """The keys of all traits, or of all competencies, in their order."""
    return [key for key, one in dimensions().items() if one.kind == kind]


def as_key(name: str) -> str:
    """The key that a template's word names: "Problem solving" and "problem-solving" are the same."""
    return "_".join(word.text for word in words_of(name))[:LONGEST_KEY]


def _read(path: Path) -> Dimension:
    row = tomllib.loads(path.read_text(encoding="utf-8"))
    markers = [
        Marker(tuple(_words(phrase)), group["polarity"], group["weight"])
        for group in row.pop("markers")
        for phrase in group["phrases"]
    ]
    longest_first = sorted(markers, key=lambda marker: (-len(marker.words), -marker.weight, marker.words))
    return Dimension(**row, markers=tuple(longest_first))


def _words(phrase: str) -> Iterator[str]:
    """The words of a phrase, cut as those of answers are."""
    for part in phrase.split():
        if part == "..":
            yield ""
            continue
        *first, last = [word.text for word in words_of(part.rstrip("*"))]
        yield from first
        yield last + "*" if part.endswith("*") else last
