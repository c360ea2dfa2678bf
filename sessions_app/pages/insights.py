"""One's own scores over time: a line with the table it is drawn from, and what has improved the most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from sessions_app.access import Actor
from sessions_app.models import Evaluation
from sessions_app.models.actions import Status
from sessions_app.services.criterion_names import criterion_name
from sessions_app.services.scorecards import Standing, standings

from .words import Moment, moment

ENOUGH = 3
MOST = 50
WIDTH, HEIGHT, EDGE = 640, 200, 28
SPARK_WIDTH, SPARK_HEIGHT = 120, 32

_BY = {
    "people": gettext_lazy("people"),
    "ai": gettext_lazy("AI"),
    "coverage": gettext_lazy("practice engine: evidence coverage"),
}


@dataclass(frozen=True)
class ScorePoint:
    """One interview in the chart and in its table."""

    session_id: Any
    title: str
    at: Moment
    score: float
    by: str
    kind: str
    x: float
    y: float


@dataclass(frozen=True)
class ScoreLine:
    """Scores of one kind, joined: counted evidence and a judge's scores are not the same measure."""

    kind: str
    by: str
    path: str


@dataclass(frozen=True)
class Trend:
    """One criterion over the interviews in which it was scored."""

    title: str
    first: float
    last: float
    number: int
    spark: str

    @property
    def change(self) -> float:
        return self.last - self.first


@dataclass(frozen=True)
class Insights:
    points: list[ScorePoint]
    lines: list[ScoreLine]
    trends: list[Trend]
    best: Trend | None

    @property
    def missing(self) -> int:
        """How many more finished interviews a trend needs."""
        return max(0, ENOUGH - len(self.points))


def insights_of(actor: Actor) -> Insights:
    """Of the actor's own finished interviews whose report they may read, oldest first; the last fifty."""
    evaluations = _evaluations(actor)
    counted = standings([row.session for row in evaluations])
    scored = [(row, counted[row.session_id]) for row in evaluations if counted[row.session_id].score is not None]
    points = [_point(n, len(scored), *pair) for n, pair in enumerate(scored)]
    trends = _trends([row for row, _ in scored])
    improved = [trend for trend in trends if trend.change > 0]
    return Insights(points, _lines(points), trends, max(improved, key=lambda trend: trend.change, default=None))


def _evaluations(actor: Actor) -> list[Evaluation]:
    rows = Evaluation.objects.current().filter(
        session__candidate=actor.user,
        session__shows_report=True,
        session__erased_at=None,
        session__status__in=[Status.COMPLETED, Status.EXPIRED],
    )
    newest = rows.select_related("session").prefetch_related("criteria").order_by("-session__ended_at", "-pk")[:MOST]
    return list(newest)[::-1]


def _point(n: int, number: int, row: Evaluation, counted: Standing) -> ScorePoint:
    score = counted.score or 0.0
    session = row.session
    return ScorePoint(
        session_id=session.pk,
        title=session.title,
        at=moment(session.ended_at or row.created_at),
        score=score,
        by=str(_BY[counted.by]),
        kind=counted.by,
        x=_across(n, number, WIDTH, EDGE),
        y=_up(score, HEIGHT, EDGE),
    )


def _lines(points: Sequence[ScorePoint]) -> list[ScoreLine]:
    kinds = dict.fromkeys(point.kind for point in points)
    same = {kind: [point for point in points if point.kind == kind] for kind in kinds}
    return [ScoreLine(kind, str(_BY[kind]), " ".join(f"{p.x},{p.y}" for p in rows)) for kind, rows in same.items()]


def _trends(evaluations: Sequence[Evaluation]) -> list[Trend]:
    """Criteria that were scored at least twice by one and the same kind of judge, by their titles."""
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    titles: dict[tuple[str, str], str] = {}
    for row in evaluations:
        for criterion in row.criteria.all():
            if criterion.score is not None:
                scores[criterion.key, criterion.method].append(criterion.score)
                titles[criterion.key, criterion.method] = criterion_name(criterion.key, criterion.title)
    several = {key: values for key, values in scores.items() if len(values) > 1}
    trends = [Trend(titles[key], row[0], row[-1], len(row), _spark(row)) for key, row in several.items()]
    return sorted(trends, key=lambda trend: trend.title)


def _spark(scores: Sequence[float]) -> str:
    places = ((_across(n, len(scores), SPARK_WIDTH, 4), _up(score, SPARK_HEIGHT, 4)) for n, score in enumerate(scores))
    return " ".join(f"{x},{y}" for x, y in places)


def _across(n: int, number: int, width: int, edge: int) -> float:
    return round(edge + n * (width - 2 * edge) / max(1, number - 1), 1)


def _up(score: float, height: int, edge: int) -> float:
    return round(height - edge - score / 100 * (height - 2 * edge), 1)
