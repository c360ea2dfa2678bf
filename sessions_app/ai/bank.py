"""The curated question bank: one readable TOML file an area, in ``bank/``.

Add a question by adding a ``[[questions]]`` table to a file there; ``tests/test_bank.py`` says what it must have.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection
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
LANGUAGE = "en"


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
    language: str = LANGUAGE


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


def has(key: str) -> bool:
    """Whether there is a question of that key."""
    return any(entry.question.key == key for area in areas() for entry in area.questions)


def speaks(language: str) -> bool:
    """Whether the bank has questions in a language, such as ``de`` or ``de-AT``."""
    return any(area.language == language.split("-")[0].lower() for area in areas())


def plan(posting: Posting | None, count: int, seed: str, *, asked: Collection[str] = ()) -> list[Question]:
    """``count`` different questions that suit the posting's skills and level, its best areas taking turns.

    The types rotate: technical, behavioral, situational. The same seed gives the same plan. Questions whose keys are in
    ``asked``, because the candidate knows them, come only when the areas have no others of their type.
    """
    level = posting.level if posting else "mid"
    known, taken = frozenset(asked), set[str]()
    chosen: list[Question] = []
    for slot in range(count):
        wanted = ROTATION[slot % len(ROTATION)]
        pool = _pool(posting, taken, wanted, (lambda e: level in e.levels, lambda e: e.question.key not in known))
        if not pool:
            break
        chosen.append(_pick(pool, slot // len(ROTATION), seed).question)
        taken.add(chosen[-1].key)
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


_Wish = Callable[[BankQuestion], bool]


def _pool(posting: Posting | None, taken: set[str], wanted: str, wishes: tuple[_Wish, ...]) -> list[list[BankQuestion]]:
    """Questions of a type that are still free, by area: of the matched areas, else of all, else of any type.

    Of them those for which the wishes hold, as far as there are any; the last wish is the strongest.
    """
    for group in (matched_areas(posting), areas()):
        if pool := _by_area(group, lambda e: e.question.key not in taken and e.question.type == wanted):
            break
    else:
        pool = _by_area(areas(), lambda e: e.question.key not in taken)
    for wish in reversed(wishes):
        pool = _narrowed(pool, wish) or pool
    return pool


def _by_area(group: Collection[Area], fits: _Wish) -> list[list[BankQuestion]]:
    return _narrowed([list(area.questions) for area in group], fits)


def _narrowed(pool: list[list[BankQuestion]], fits: _Wish) -> list[list[BankQuestion]]:
    return [kept for entries in pool if (kept := [entry for entry in entries if fits(entry)])]


def _pick(pool: list[list[BankQuestion]], turn: int, seed: str) -> BankQuestion:
    """Of the area whose turn it is, by a fixed shuffle of the seed."""
    entries = pool[turn % len(pool)]
    return min(entries, key=lambda entry: sha256(f"{seed}{entry.question.key}".encode()).digest())


def _read(path: Path) -> Area:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    entries = tuple(_entry(raw["area"], row) for row in raw["questions"])
    return Area(raw["area"], raw["title"], tuple(raw["skills"]), entries, raw.get("language", LANGUAGE))


def _entry(area: str, row: dict[str, Any]) -> BankQuestion:
    return BankQuestion(as_question(row, criterion=area), area, frozenset(row["levels"]))


def as_question(row: dict[str, Any], *, criterion: str) -> Question:
    """A ``[[questions]]`` table as a question whose answers count for that criterion."""
    points = tuple(Point(**{**point, "aliases": tuple(point["aliases"])}) for point in row["points"])
    return Question(row["key"], row["type"], row["text"], tuple(row["skills"]), points, criterion)
