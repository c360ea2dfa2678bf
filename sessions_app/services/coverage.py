"""The coverage map of a session: for each rubric point and answer, the passage that speaks of it. For staff.

It is worked out anew from the stored answers whenever somebody looks; nothing of it is stored or decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sessions_app.ai.coverage import Shown, level_of, shown
from sessions_app.ai.protocol import Point, Question
from sessions_app.models import InterviewSession, SessionMessage


@dataclass(frozen=True)
class Cell:
    """What one answer says of one point: nothing, or a quote and how much it says, as a level and in numbers."""

    quote: str = ""
    level: str = ""
    strength: float = 0.0


@dataclass(frozen=True)
class MapRow:
    point: Point
    cells: tuple[Cell, ...]

    @property
    def is_open(self) -> bool:
        return not any(cell.quote for cell in self.cells)


@dataclass(frozen=True)
class Mapped:
    """A planned question that was asked: its answers are the columns, its rubric points the rows."""

    question: Question
    answers: tuple[SessionMessage, ...]
    rows: tuple[MapRow, ...]

    @property
    def covered(self) -> int:
        return sum(not row.is_open for row in self.rows)


def coverage_of(session: InterviewSession) -> list[Mapped]:
    """The map, in the plan's order; questions without a rubric or without an answer are left out. One query."""
    answers: dict[str, list[SessionMessage]] = {}
    told = session.messages.history().filter(kind="answer").select_related("in_reply_to")
    for answer in told:
        if answer.in_reply_to is not None and not answer.is_skip:
            answers.setdefault(answer.in_reply_to.payload.get("key", ""), []).append(answer)
    plan = [Question.from_json(row) for row in session.plan.get("questions", ())]
    return [
        _mapped(question, answers[question.key]) for question in plan if question.points and question.key in answers
    ]


def _mapped(question: Question, answers: list[SessionMessage]) -> Mapped:
    columns = [{found.point_index: found for found in shown(question, answer.content)} for answer in answers]
    rows = [
        MapRow(point, tuple(_cell(answer, column.get(n)) for answer, column in zip(answers, columns, strict=True)))
        for n, point in enumerate(question.points)
    ]
    return Mapped(question, tuple(answers), tuple(rows))


def _cell(answer: SessionMessage, found: Shown | None) -> Cell:
    if found is None:
        return Cell()
    return Cell(answer.content[found.start : found.end], level_of(found.strength), found.strength)
