"""What an interview is judged by: criteria, each with the questions whose answers count for it.

They are frozen with the plan. Where the template names them (``plan["criteria"]``: key, title, weight), those count
and no others; one that no question names (such as "communication") is judged from all answers, without a rubric. Else
every area of the bank that the plan asks about is one, and what has no area goes by its type.

Where there are no right answers, the template says ``is_judged = false`` of a criterion: it tells how much was told,
and counts in no overall score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import bank
from .protocol import Point, Question

MOST_KEY, MOST_TITLE = 80, 200  # characters
_TYPES = {
    "technical": "Technical questions",
    "behavioral": "Questions about past work",
    "situational": "Questions about situations",
}


@dataclass(frozen=True)
class Criterion:
    """``questions`` are all that were planned for it, asked or not; none where all answers count for it."""

    key: str
    title: str
    weight: float
    questions: tuple[Question, ...] = ()
    is_judged: bool = True


@dataclass(frozen=True)
class Said:
    """A question that was asked, and the answer: ``answer`` is empty where there is none, or it was skipped.

    ``message_id`` names the answer's message; quotes give their offsets in it.
    """

    key: str
    question: str
    answer: str = ""
    message_id: str = ""
    is_follow_up: bool = False

    @property
    def is_answered(self) -> bool:
        return bool(self.answer.strip())


@dataclass(frozen=True)
class PlacedPoint:
    """One thing that an answer to ``question`` was to show. ``index`` is its place in that question's rubric."""

    question: Question
    index: int
    point: Point


def criteria_of(plan: dict[str, Any]) -> list[Criterion]:
    """The criteria of a frozen plan, in its order, each key once."""
    questions = [Question.from_json(row) for row in plan.get("questions", ())]
    rows = {row["key"]: row for row in plan.get("criteria") or () if isinstance(row, dict) and row.get("key")}
    return [_criterion(row, questions) for row in list(rows.values()) or _rows_of(questions)]


def criterion_key(question: Question) -> str:
    return question.criterion or question.type


def rubric_version(plan: dict[str, Any]) -> str:
    """Which rubric it was judged by: the template and its version, or the bank's."""
    template = plan.get("template")
    return f"{template['slug']}.v{template['version']}" if template else "bank"


def asked_points(criterion: Criterion, said: Sequence[Said]) -> list[PlacedPoint]:
    """The rubric points of the criterion's questions that were asked, skipped and unanswered ones included.

    What was planned and never asked is nobody's fault and counts neither way. A skip is an answer that shows nothing.
    """
    asked = {exchange.key for exchange in said}
    return _points(question for question in criterion.questions if question.key in asked)


def answered_share(criterion: Criterion, said: Sequence[Said]) -> float:
    """How much of the criterion's rubric the candidate spoke to at all: points of answered questions among all."""
    answered = {exchange.key for exchange in said if exchange.is_answered}
    planned = _points(criterion.questions)
    return sum(point.question.key in answered for point in planned) / len(planned) if planned else 0.0


def answers_for(criterion: Criterion, said: Sequence[Said]) -> list[Said]:
    """What was answered to the criterion's questions, follow-ups included, in the order of the interview."""
    keys = {question.key for question in criterion.questions}
    return [exchange for exchange in said if exchange.is_answered and (not keys or exchange.key in keys)]


def _points(questions: Iterable[Question]) -> list[PlacedPoint]:
    return [PlacedPoint(question, n, point) for question in questions for n, point in enumerate(question.points)]


def _rows_of(questions: Sequence[Question]) -> list[dict[str, Any]]:
    titles = {**_TYPES, **{area.slug: area.title for area in bank.areas()}}
    keys = dict.fromkeys(criterion_key(question) for question in questions)
    return [{"key": key, "title": titles.get(key, _spoken(key))} for key in keys]


def _criterion(row: dict[str, Any], questions: Sequence[Question]) -> Criterion:
    key, weight = str(row["key"])[:MOST_KEY], row.get("weight", 1.0)
    title = str(row.get("title") or _spoken(key))[:MOST_TITLE]
    mine = tuple(question for question in questions if criterion_key(question) == key)
    counts = float(weight) if isinstance(weight, int | float) else 1.0
    return Criterion(key, title, counts, mine, is_judged=row.get("is_judged") is not False)


def _spoken(key: str) -> str:
    return key.replace("-", " ").replace("_", " ").capitalize()
