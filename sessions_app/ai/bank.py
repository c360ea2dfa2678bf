"""The curated question bank: one readable TOML file an area, in ``bank/``.

Add a question by adding a ``[[questions]]`` table to a file there; ``tests/test_bank.py`` says what it must have.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from .protocol import Point, Posting, Question

BANK = Path(__file__).parent / "bank"
ROTATION = ("technical", "behavioral", "situational")
FOR_EVERYBODY = ("teamwork", "ownership")
AREAS_PER_INTERVIEW = 4


@dataclass(frozen=True)
class BankQuestion:
    question: Question
    area: str
    levels: frozenset[str]


@dataclass(frozen=True)
class Area:
    slug: str
    title: str
    skills: tuple[str, ...]
    questions: tuple[BankQuestion, ...]


@cache
def areas() -> tuple[Area, ...]:
    """All areas of the bank, read once."""
    return tuple(_read(path) for path in sorted(BANK.glob("*.toml")))


@cache
def question(key: str) -> Question:
    """The question of that key. Raises KeyError."""
    for area in areas():
        for entry in area.questions:
            if entry.question.key == key:
                return entry.question
    raise KeyError(key)


def plan(posting: Posting | None, count: int, seed: str) -> list[Question]:
    """``count`` different questions that suit the posting's skills and level, its best areas taking turns.

    The types rotate: technical, behavioral, situational. The same seed gives the same plan.
    """
    level = posting.level if posting else "mid"
    chosen: list[Question] = []
    for slot in range(count):
        wanted = ROTATION[slot % len(ROTATION)]
        pool = _pool(posting, {taken.key for taken in chosen}, wanted)
        if not pool:
            break
        turn = slot // len(ROTATION)
        chosen.append(_pick(pool, level, turn, seed).question)
    return chosen


def matched_areas(posting: Posting | None) -> list[Area]:
    """The areas a posting asks for, best first; the ones that suit everybody follow."""
    scored = [(relevance(area, posting), area) for area in areas()] if posting else []
    best = [area for score, area in sorted(scored, key=lambda pair: (-pair[0], pair[1].slug)) if score]
    return best[:AREAS_PER_INTERVIEW] + [area for area in areas() if area.slug in FOR_EVERYBODY and area not in best]


def relevance(area: Area, posting: Posting) -> int:
    """How much of an area a posting asks for: a word of the stack or the title counts three, of the text one."""
    stack = " , ".join(posting.tech_stack)
    weights = ((stack, 3), (posting.title, 3), (posting.description, 1))
    return sum(weight for text, weight in weights for skill in area.skills if mentions(text, skill))


def mentions(text: str, phrase: str) -> bool:
    """Whether the text has the phrase as whole words, whatever the case and the white space."""
    pattern = r"\s+".join(re.escape(word) for word in phrase.casefold().split())
    return re.search(rf"(?<![\w+#]){pattern}(?![\w+#])", text.casefold()) is not None


def _pool(posting: Posting | None, taken: set[str], wanted: str) -> list[list[BankQuestion]]:
    """Questions of a type that are still free, by area: of the matched areas, else of all."""
    for group in (matched_areas(posting), areas()):
        pool = [_free(area.questions, taken, wanted) for area in group]
        if any(pool):
            return [entries for entries in pool if entries]
    leftovers = [_free(area.questions, taken, None) for area in areas()]
    return [entries for entries in leftovers if entries]


def _free(entries: Iterable[BankQuestion], taken: set[str], wanted: str | None) -> list[BankQuestion]:
    return [e for e in entries if e.question.key not in taken and wanted in (None, e.question.type)]


def _pick(pool: list[list[BankQuestion]], level: str, turn: int, seed: str) -> BankQuestion:
    """The area whose turn it is; in it first what suits the level, then by a fixed shuffle of the seed."""
    entries = pool[turn % len(pool)]
    return min(entries, key=lambda e: (level not in e.levels, sha256(f"{seed}{e.question.key}".encode()).digest()))


def _read(path: Path) -> Area:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    entries = tuple(_entry(raw["area"], row) for row in raw["questions"])
    return Area(raw["area"], raw["title"], tuple(raw["skills"]), entries)


def _entry(area: str, row: dict[str, Any]) -> BankQuestion:
    points = tuple(Point(**{**point, "aliases": tuple(point["aliases"])}) for point in row["points"])
    asked = Question(row["key"], row["type"], row["text"], tuple(row["skills"]), points)
    return BankQuestion(asked, area, frozenset(row["levels"]))
