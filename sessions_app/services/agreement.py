"""How far the machine's scores are from people's: the platform's honesty figures, counted from submitted reviews.

Only figures over several interviews are given, so that nobody can work back to the score of one, be it a candidate or
a reviewer who has not rated it yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app import scoring
from sessions_app.models import CriterionScore, Review, ReviewRating
from sessions_app.models.evaluation import Method

ENOUGH = 5  # interviews, before a figure is shown
MOST_REVIEWS = 5_000  # the newest ones count, so that the figures are of today and take no longer every year


@dataclass(frozen=True)
class Figures:
    """``gap`` and ``lean`` in points of 100 (``lean`` above 0: people score higher); ``same`` is a share from 0 to 1.

    ``rated`` counts criteria that both gave points; ``words`` those that both judged, not enough evidence included.
    """

    name: str
    interviews: int
    rated: int
    words: int
    gap: float | None
    lean: float | None
    same: float | None
    kappa: float | None

    @property
    def same_percent(self) -> int | None:
        return None if self.same is None else round(100 * self.same)

    @property
    def is_enough(self) -> bool:
        return self.interviews >= ENOUGH


@dataclass(frozen=True)
class _Pair:
    """One criterion of one interview, as the machine and as a person judged it."""

    session: object
    key: str
    title: str
    score: float | None
    word: str


def figures_of(method: str) -> list[Figures]:
    """Over all criteria first, then by criterion, the one with the widest gap first. ``method`` says whose scores."""
    pairs = _pairs(method)
    by_key: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        by_key[pair.key].append(pair)
    single = [_figures(rows[-1].title, rows) for rows in by_key.values()]
    enough = [figures for figures in single if figures.is_enough]
    return [_figures(_("All criteria"), pairs), *sorted(enough, key=lambda figures: -(figures.gap or 0))]


def by_method() -> list[tuple[str, list[Figures]]]:
    """For an AI's scores, and for the practice engine's evidence coverage, which are not the same thing."""
    return [(str(label), figures_of(method)) for method, label in _LABELS.items()]


_LABELS = {
    Method.MODEL: gettext_lazy("Scored by AI"),
    Method.EVIDENCE_COVERAGE: gettext_lazy("Evidence coverage by the practice engine"),
}


def _pairs(method: str) -> list[_Pair]:
    """Two queries, whatever the number of reviews. Superseded evaluations were judged by people, too, and count."""
    newest = Review.objects.filter(status="submitted").order_by("-submitted_at", "-pk").values("pk")[:MOST_REVIEWS]
    rated = ReviewRating.objects.filter(review__in=newest).exclude(rating="")
    rows = rated.values_list("review__evaluation_id", "key", "rating").order_by("review__submitted_at", "pk")
    scored = CriterionScore.objects.filter(evaluation__method=method, evaluation__reviews__in=newest)
    scored = scored.exclude(verdict="left_to_human").distinct()
    wanted = scored.values_list("evaluation_id", "key", "title", "score", "evaluation__session_id")
    scores = {(evaluation, key): (title, score, session) for evaluation, key, title, score, session in wanted}
    return [
        _Pair(scores[evaluation, key][2], key, *scores[evaluation, key][:2], word)
        for evaluation, key, word in rows
        if (evaluation, key) in scores
    ]


def _figures(name: str, pairs: Iterable[_Pair]) -> Figures:
    rows = list(pairs)
    both = [(pair.score, pair.word) for pair in rows if pair.score is not None and pair.word in scoring.WORD_POINTS]
    points = [(score, scoring.WORD_POINTS[word]) for score, word in both]
    words = [(_word(pair.score), pair.word) for pair in rows]
    return Figures(
        name=name,
        interviews=len({pair.session for pair in rows}),
        rated=len(points),
        words=len(words),
        gap=scoring.mean_gap(points),
        lean=scoring.mean_lean(points),
        same=scoring.agreement(words),
        kappa=scoring.weighted_kappa([(scoring.word_of(score), word) for score, word in both]),
    )


def _word(score: float | None) -> str:
    return scoring.NO_EVIDENCE if score is None else scoring.word_of(score)
