"""Answers of eight kinds to twenty-four questions, by which the rules of ``ai/coverage.py`` are measured.

The questions are split by a hash of their key; one half is for tuning, the other is held out. Sixteen questions were
answered before any rule was tuned. The first look at the held-out half showed that stories of one's own work are
missed, so eight more of those were answered, split in the same way, and the rules extended on the tuning half alone.
Two faults found by hand later ("None" taken for a denial, an alias counted twice) were mended after a second look.
What answers touch on (``coverage.touched``) was made on the tuning half, and looked at once on the other.
``python -m tests.labelled_answers`` prints the figures. One person wrote questions, answers and rules: real answers
will do worse.

``fresh/`` holds a third set: ten other questions, answered by somebody who had read neither the rules nor the aliases
of the rubric points, and not changed after the first figure. No rule was tuned on it, and none may be.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path

from sessions_app.ai import bank
from sessions_app.ai.coverage import shown, touched
from sessions_app.ai.protocol import Question

HERE = Path(__file__).parent

# From best to worst; the last five are all worth nothing.
RANK = {"strong": 3, "partial": 2, "weak": 1, "off_topic": 0, "stuffed": 0, "negated": 0, "echo": 0, "empty": 0}
WORTHLESS = [kind for kind, rank in RANK.items() if not rank]


def covered_share(question: Question, answer: str) -> float:
    """The mean strength over all rubric points, 0 where a point is not shown; 0 for a question without a rubric."""
    if not question.points:
        return 0.0
    return round(sum(passage.strength for passage in shown(question, answer)) / len(question.points), 4)


@dataclass(frozen=True)
class Labelled:
    """A question with one answer of every kind, and what the built-in evaluator says of each."""

    question: Question
    answers: dict[str, str]

    @property
    def is_held_out(self) -> bool:
        return sha256(self.question.key.encode()).digest()[-1] % 2 == 1

    @property
    def shares(self) -> dict[str, float]:
        return {kind: covered_share(self.question, answer) for kind, answer in self.answers.items()}

    @property
    def ranks(self) -> dict[str, tuple[float, int]]:
        """What puts the answers in order."""
        return {kind: (self.shares[kind], len(touched(self.question, said))) for kind, said in self.answers.items()}


def read(folder: Path) -> list[Labelled]:
    """All entries of one folder, in the order of their file names."""
    rows = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))]
    return [Labelled(bank.question(row["question"]), row["answers"]) for row in rows]


def labelled(*, held_out: bool) -> list[Labelled]:
    """One half of the set that the rules were made with."""
    return [entry for entry in read(HERE) if entry.is_held_out == held_out]


def fresh() -> list[Labelled]:
    """The set that no rule was ever tuned on."""
    return read(HERE / "fresh")


def pairwise_order(entries: list[Labelled]) -> dict[str, float]:
    """The share of pairs of answers to one question that are in order, by the better one's kind; a tie counts half.

    Where the coverage is the same, the answer comes first that touches on more of the other points.
    """
    points: dict[str, list[float]] = {"strong": [], "partial": [], "weak": []}
    for entry in entries:
        ranks = entry.ranks
        for one, other in combinations(RANK, 2):
            if RANK[one] > RANK[other]:
                points[one].append((ranks[one] > ranks[other]) + (ranks[one] == ranks[other]) / 2)
    everything = [point for kind in points.values() for point in kind]
    return {kind: sum(won) / len(won) for kind, won in {**points, "all": everything}.items()}


def mean_shares(entries: list[Labelled]) -> dict[str, float]:
    """The mean evidence coverage of every kind of answer."""
    found = [entry.shares for entry in entries]
    return {kind: sum(shares[kind] for shares in found) / len(found) for kind in RANK}


def strong_above(entries: list[Labelled], kinds: tuple[str, ...] = ("off_topic", "stuffed", "echo")) -> float:
    """The share of pairs in which the strong answer covers strictly more than the worthless one."""
    found = [entry.shares for entry in entries]
    return sum(shares["strong"] > shares[kind] for shares in found for kind in kinds) / (len(found) * len(kinds))
