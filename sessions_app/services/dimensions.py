"""What is known about a session's dimensions, as people read it: in words, with the quotes it rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.ai.dimensions import TRAIT, Dimension, dimension
from sessions_app.models import DimensionEvidence, InterviewSession
from sessions_app.scoring import BASELINE

# From this precision on it is said so; below the lowest nothing is known.
_SURE = (
    (0.8, gettext_lazy("quite sure")),
    (0.7, gettext_lazy("fairly sure")),
    (0.6, gettext_lazy("a rough idea")),
    (0.5, gettext_lazy("a first impression")),
)


# The titles of the files that come with the product; others are shown as they are.
_TITLES = {
    "openness": gettext_lazy("Openness"),
    "conscientiousness": gettext_lazy("Conscientiousness"),
    "extraversion": gettext_lazy("Extraversion"),
    "agreeableness": gettext_lazy("Agreeableness"),
    "neuroticism": gettext_lazy("Neuroticism"),
    "communication": gettext_lazy("Communication"),
    "problem_solving": gettext_lazy("Problem solving"),
    "ownership": gettext_lazy("Ownership"),
    "technical_depth": gettext_lazy("Technical depth"),
    "collaboration": gettext_lazy("Collaboration"),
}


@dataclass(frozen=True)
class Known:
    """One dimension of a session. ``estimate`` is None while nothing has been said about it."""

    dimension: Dimension
    precision: float
    estimate: float | None
    evidence: tuple[DimensionEvidence, ...] = ()

    @property
    def title(self) -> str:
        return str(_TITLES.get(self.dimension.key, self.dimension.title))

    @property
    def is_trait(self) -> bool:
        return self.dimension.kind == TRAIT

    @property
    def sureness(self) -> str:
        """The precision in words."""
        if self.precision <= BASELINE:
            return _("not known yet")
        return str(next((words for least, words in _SURE if self.precision >= least), _SURE[-1][1]))

    @property
    def leaning(self) -> str:
        """The estimate in words: what of the two ends it speaks for, or neither."""
        if self.estimate is None:
            return ""
        if abs(self.estimate) < 0.1:
            return _("Between the two ends.")
        return self.dimension.high if self.estimate > 0 else self.dimension.low


def known_of(session: InterviewSession) -> list[Known]:
    """The session's dimensions in their order, without the quotes: no query."""
    return [_known(session, key) for key in session.plan.get("dimensions", ())]


def precision_of(session: InterviewSession) -> list[Known]:
    """The same without the estimates, for staff who may not see them yet."""
    return [replace(known, estimate=None) for known in known_of(session)]


def dimensions_of(session: InterviewSession) -> list[Known]:
    """The same with the quotes, for staff who ``may_see_estimates``: one query."""
    quotes: dict[str, list[DimensionEvidence]] = {}
    for piece in session.dimension_evidence.select_related("message"):
        quotes.setdefault(piece.dimension, []).append(piece)
    wanted = dict.fromkeys((*session.plan.get("dimensions", ()), *quotes))
    return [_known(session, key, tuple(quotes.get(key, ()))) for key in wanted]


def _known(session: InterviewSession, key: str, evidence: tuple[DimensionEvidence, ...] = ()) -> Known:
    precision = session.precision.get(key, BASELINE)
    return Known(dimension(key), precision, session.estimates.get(key), evidence)
