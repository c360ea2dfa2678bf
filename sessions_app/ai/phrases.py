"""What the built-in interviewer says around the questions, by language: ``phrases.toml`` beside the bank."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "phrases.toml"
ENGLISH = "en"


@dataclass(frozen=True)
class Phrases:
    """Of one language. ``first`` and ``last`` are the questions of an interview whose tokens are spent.

    ``only_english`` is said where the bank has no questions of the language.
    """

    name: str
    thanks: tuple[str, ...]
    moving_on: tuple[str, ...]
    staying: tuple[str, ...]
    after_skip: tuple[str, ...]
    first: str
    last: str
    closing: str
    only_english: str

    def naming(self, text: str, candidate_name: str) -> str:
        """A sentence with the candidate's first name in its place, or nothing there."""
        name = self.name.format(candidate_name.split()[0]) if candidate_name.strip() else ""
        return text.replace("{name}", name)


def phrases(language: str) -> Phrases:
    """Those of a language such as ``de`` or ``de-AT``; the English ones where it has none."""
    return _all().get(_plain(language), _all()[ENGLISH])


def has_phrases(language: str) -> bool:
    return _plain(language) in _all()


@cache
def _all() -> dict[str, Phrases]:
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {language: _read(row) for language, row in raw.items()}


def _read(row: dict[str, str | list[str]]) -> Phrases:
    return Phrases(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})  # type: ignore[arg-type]


def _plain(language: str) -> str:
    return language.split("-")[0].lower()
