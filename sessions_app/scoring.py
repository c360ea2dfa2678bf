"""The numbers that are drawn from evidence: pure mathematics, nothing of Django, no clock, no chance.

Every sum is ``math.fsum``, which rounds the exact sum once. So the same pieces of evidence give the same bits in
whatever order they are read, on any machine, before a pause and after a restart.

Precision of dimensions
-----------------------
Each answer adds pieces of evidence about a dimension, a trait or a competency. A piece has a *polarity* from -1 (speaks
against) to 1 (speaks for) and a *strength* from 0 to 1; what one answer says about one dimension is worth at most 1
(``capped``), so that no single answer settles it. ``I``, the information, is the sum of the strengths.

    precision = (1 + I) / (2 + I)            0.5 without evidence; 0.667 at I = 1, 0.8 at 3, 0.917 at 10; never 1
    estimate  = sum(polarity * strength) / (1 + I)        from -1 to 1, drawn towards 0 while little is known

The first is the formula of Spearman and Brown for the reliability of a test of ``k = 1 + I`` parallel items of which
one alone has the reliability 0.5: what is known beforehand counts as one item. The second is the mean of the evidence
and one piece of evidence for "average" that is there from the beginning.

Precision says how much has been said about a dimension, never whether somebody is good or bad, and it only grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import fsum

BASELINE = 0.5
MOST_PER_ANSWER = 1.0


def precision(strengths: Iterable[float]) -> float:
    """How well a dimension is known, from 0.5 (nothing was said) up to, never reaching, 1."""
    information = fsum(strengths)
    return (1.0 + information) / (2.0 + information)


def estimate(evidence: Iterable[tuple[float, float]]) -> float:
    """Where somebody stands on a dimension, from -1 to 1, from pairs of polarity and strength; 0 without any."""
    pairs = list(evidence)
    return fsum(polarity * strength for polarity, strength in pairs) / (1.0 + fsum(strength for _, strength in pairs))


def capped(strengths: Sequence[float], most: float = MOST_PER_ANSWER) -> list[float]:
    """The strengths of one answer about one dimension, all lowered alike where they come to more than ``most``."""
    total = fsum(strengths)
    return list(strengths) if total <= most else [strength * (most / total) for strength in strengths]


# -- what people say, and how far it is from the machine --------------------------------------------------------------

# A person's words as points of 100. The middle ones are where the levels of a rubric lie; "not enough evidence" has no
# points and is left out of every sum.
WORD_POINTS: dict[str, float] = {"no": 0.0, "weak": 35.0, "solid": 70.0, "strong": 100.0}
WORDS = tuple(WORD_POINTS)
NO_EVIDENCE = "not_enough_evidence"
NEEDS_REASON_ABOVE = 10.0


def score_of_ratings(ratings: Iterable[tuple[str, float]]) -> float | None:
    """The weighted mean of a person's words, 0 to 100; each rating is a word and its criterion's weight.

    None where no criterion was rated by a word that has points.
    """
    counted = [(WORD_POINTS[word], weight) for word, weight in ratings if word in WORD_POINTS and weight > 0]
    whole = fsum(weight for _, weight in counted)
    return fsum(points * weight for points, weight in counted) / whole if whole else None


def word_of(score: float) -> str:
    """The word whose points are nearest to a score of 0 to 100; the better word where two are equally near."""
    return min(reversed(WORDS), key=lambda word: abs(WORD_POINTS[word] - score))


def differs(theirs: float | None, machines: float | None) -> bool:
    """Whether two overall scores are more than ten points apart, so that a person says why (4-pages, 7.4)."""
    return theirs is not None and machines is not None and abs(theirs - machines) > NEEDS_REASON_ABOVE


def mean_gap(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Mean absolute difference of pairs of scores, in points: Willmott and Matsuura (2005), Climate Research 30."""
    return fsum(abs(one - other) for one, other in pairs) / len(pairs) if pairs else None


def mean_lean(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Mean of (second - first), in points: above 0 where the second scores higher (Bland and Altman 1986, "bias")."""
    return fsum(other - one for one, other in pairs) / len(pairs) if pairs else None


def agreement(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Share of pairs with the same word, 0 to 1: the observed agreement of Cohen (1960), without a correction."""
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else None


def weighted_kappa(pairs: Sequence[tuple[str, str]], scale: Sequence[str] = WORDS) -> float | None:
    """Agreement beyond chance with quadratic weights, Cohen (1968), Psychological Bulletin 70: 1 is perfect, 0 is what
    chance gives, below 0 is worse. A miss by two words counts four times a miss by one.

    None without pairs, and where both used one and the same word throughout, which leaves nothing to compare.

    Raises:
        ValueError: a word is not on the scale.
    """
    if not pairs:
        return None
    ones, others = ([scale.index(pair[side]) for pair in pairs] for side in (0, 1))
    seen = sum((one - other) ** 2 for one, other in zip(ones, others, strict=True)) / len(pairs)
    all_ones, all_others = Counter(ones), Counter(others)
    apart = sum((one - other) ** 2 * all_ones[one] * all_others[other] for one in all_ones for other in all_others)
    by_chance = apart / len(pairs) ** 2
    return 1 - seen / by_chance if by_chance else None


# -- what evidence comes to -------------------------------------------------------------------------------------------

# The levels of a rubric point as points of 100, at the same places as a person's words for them.
LEVEL_POINTS: dict[str, float] = {"developing": 35.0, "solid": 70.0, "strong": 100.0}


def score_of_levels(levels: Sequence[str]) -> float | None:
    """The mean over all rubric points that were asked for, 0 to 100; a point with no level has no points.

    None where no point has a level: that nothing is known is not a zero. Because what has no evidence stays in the
    divisor, taking evidence away can never raise a score.
    """
    shown = [LEVEL_POINTS[level] for level in levels if level]
    return fsum(shown) / len(levels) if shown else None


def share_shown(shown: int, asked: int) -> float | None:
    """The share of rubric points with evidence, in percent; None where there is none, or nothing was asked."""
    return 100.0 * shown / asked if shown and asked else None


def level_of(score: float) -> str:
    """The level whose points are nearest to a score of 0 to 100; the better one where two are equally near."""
    return min(reversed(LEVEL_POINTS), key=lambda level: abs(LEVEL_POINTS[level] - score))


def overall(scores: Iterable[tuple[float | None, float]]) -> float | None:
    """The weighted mean of the criteria that have a score, from pairs of score and weight; None where none has."""
    counted = [(score, weight) for score, weight in scores if score is not None and weight > 0]
    whole = fsum(weight for _, weight in counted)
    return fsum(score * weight for score, weight in counted) / whole if whole else None


def overall_confidence(confidences: Iterable[tuple[float | None, float]]) -> float | None:
    """The weighted mean over all criteria, where one without a score counts as 0; None without criteria."""
    pairs = [(confidence or 0.0, weight) for confidence, weight in confidences if weight > 0]
    whole = fsum(weight for _, weight in pairs)
    return fsum(confidence * weight for confidence, weight in pairs) / whole if whole else None
