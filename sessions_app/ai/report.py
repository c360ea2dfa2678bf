"""The report in words, made by code from the judged criteria: what went well, what to try next, and why.

Plain sentences (``sentences``), each about something that a judgement holds. Nothing in here changes a score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sessions_app import scoring

from . import sentences as s
from .criteria import Said
from .judging import COVERAGE, LEFT_TO_HUMAN, NOT_ENOUGH, SCORED, Judgement, PointShown
from .sentences import Sentence
from .wording import listed

MOST = 8
WELL, OKAY = 75.0, 45.0  # a criterion's score from which it went well, from which it was okay
UNSURE = 0.5  # below this confidence a person is asked to look


@dataclass(frozen=True)
class Findings:
    overall_score: float | None
    confidence: float | None
    summary: str
    went_well: list[str]
    okay: list[str]
    to_improve: list[str]
    improvement_plan: list[str]
    knowledge_gaps: list[str]
    recommendations: list[str]
    needs_human: bool


def findings_of(
    judged: Sequence[Judgement], said: Sequence[Said], *, tells_anchors: bool, is_flagged: bool
) -> Findings:
    """``tells_anchors``: the plan says what a solid answer is like. That gives the rubric away, so only in practice."""
    needs_human = is_flagged or any(_asks(one) for one in judged)
    rated = [one for one in judged if one.criterion.is_judged]
    if judged and not rated:
        return Findings(None, None, _told(judged, said), [], [], [], [], [], [], needs_human)
    return _findings(rated, said, tells_anchors=tells_anchors, needs_human=needs_human)


def _findings(judged: Sequence[Judgement], said: Sequence[Said], *, tells_anchors: bool, needs_human: bool) -> Findings:
    weights = [one.criterion.weight for one in judged]
    score = scoring.overall(zip((one.score for one in judged), weights, strict=True))
    confidence = scoring.overall_confidence(zip((one.confidence for one in judged), weights, strict=True))
    missing = _missing(judged)
    return Findings(
        overall_score=score,
        confidence=confidence,
        summary=_summary(judged, said),
        went_well=[_with_quote(one) for one in _between(judged, WELL, 101)],
        okay=[_line(one) for one in _between(judged, OKAY, WELL)],
        to_improve=[_line(one) for one in _between(judged, 0, OKAY)],
        improvement_plan=[_step(point, tells_anchors=tells_anchors) for point in missing[:MOST]],
        knowledge_gaps=[
            s.GAP.said(title=one.criterion.title, point=point.rubric.point.statement) for one, point in _gaps(judged)
        ],
        recommendations=_recommendations(judged, said),
        needs_human=needs_human or (confidence or 0.0) < UNSURE,
    )


def _asks(one: Judgement) -> bool:
    """Whether this judgement wants a person: counted words are no verdict, and some replies were no good."""
    counts_words = one.method == COVERAGE and one.criterion.is_judged
    return counts_words or one.verdict == LEFT_TO_HUMAN or one.dropped > 0


def _between(judged: Sequence[Judgement], least: float, below: float) -> list[Judgement]:
    """Criteria with such a score, the best first."""
    found = [one for one in judged if one.score is not None and least <= one.score < below]
    return sorted(found, key=lambda one: -(one.score or 0.0))


def _line(one: Judgement, such_as: str = "") -> str:
    """``such_as`` is the point to name; else the first that was shown."""
    shown = [point.rubric.point.statement for point in one.points if point.is_shown]
    title, points = one.criterion.title, len(one.points)
    if not shown:
        return s.SHOWN.said(title=title, shown=0, count=points)
    return s.SUCH_AS.said(title=title, shown=len(shown), count=points, point=_small(such_as or shown[0]))


def _with_quote(one: Judgement) -> str:
    """With the candidate's words that speak for it, the shortest ones, and the point that these speak for."""
    said = min(one.evidence, key=lambda evidence: len(evidence.quote), default=None)
    return f"{_line(one, said.point)} {s.SAID.said(quote=_short(said.quote))}" if said else _line(one)


def _missing(judged: Sequence[Judgement]) -> list[PointShown]:
    """Points that were asked for and not shown, or only begun, of the weakest criteria first."""
    weakest = sorted(judged, key=lambda one: (one.score is None, one.score or 0.0))
    return [point for one in weakest for point in one.points if point.level in ("", "developing")]


def _gaps(judged: Sequence[Judgement]) -> list[tuple[Judgement, PointShown]]:
    gaps = [(one, point) for one in judged if one.verdict == SCORED for point in one.points if not point.is_shown]
    return gaps[:MOST]


def _step(point: PointShown, *, tells_anchors: bool) -> str:
    """One thing to practise: what to show, and how a solid answer to it sounds."""
    rubric = point.rubric.point
    steps = [(s.SAY_MORE if point.is_shown else s.SHOW).said(point=rubric.statement)]
    if rubric.follow_up and tells_anchors:
        steps.append(s.ASK.said(question=rubric.follow_up))
    if rubric.solid and tells_anchors:
        steps.append(s.SOLID.said(answer=rubric.solid))
    return " ".join(steps)


def _told(judged: Sequence[Judgement], said: Sequence[Said]) -> str:
    """How much was told, where there are no right answers."""
    return f"{_begun(judged, said, s.TOLD)} {s.UNJUDGED.said()}"


def _begun(judged: Sequence[Judgement], said: Sequence[Said], found: Sentence) -> str:
    """How much was answered and, in the sentence ``found``, what of it was found that was looked for."""
    points = [point for one in judged for point in one.points]
    return (found if points else s.GIVEN).said(
        answers=s.ANSWERS.said(count=sum(one.is_answered for one in said)),
        questions=s.QUESTIONS.said(count=len(said)),
        shown=sum(point.is_shown for point in points),
        points=s.POINTS.said(count=len(points)),
        things=s.THINGS.said(count=len(points)),
    )


def _summary(judged: Sequence[Judgement], said: Sequence[Said]) -> str:
    lines = [_begun(judged, said, s.FOUND)]
    scored = sorted((one for one in judged if one.score is not None), key=lambda one: one.score or 0.0)
    if scored and scored[-1].score != scored[0].score:
        lines.append(s.EXTREMES.said(most=scored[-1].criterion.title, least=scored[0].criterion.title))
    unknown = [one.criterion.title for one in judged if one.verdict == NOT_ENOUGH]
    if unknown:
        lines.append(s.UNKNOWN.said(titles=listed(unknown)))
    left = [one.criterion.title for one in judged if one.verdict == LEFT_TO_HUMAN]
    if left:
        lines.append(s.LEFT.said(titles=listed(left)))
    if any(one.method == COVERAGE for one in judged):
        lines.append(s.COUNTED.said())
    return " ".join(lines)


def _recommendations(judged: Sequence[Judgement], said: Sequence[Said]) -> list[str]:
    """What to do next, from what is there: more answers, more about one thing, or the next level."""
    told = []
    unanswered = sum(not one.is_answered for one in said)
    if unanswered:
        told.append(s.UNANSWERED.said(count=unanswered))
    unknown = [one.criterion.title for one in judged if one.verdict == NOT_ENOUGH and one.points]  # it was asked about
    if unknown:
        told.append(s.TALK.said(titles=listed(unknown)))
    weak = _between(judged, 0, WELL)
    if weak:
        told.append(s.PREPARE.said(title=weak[-1].criterion.title))
    if not told and any(one.score is not None for one in judged):
        told.append(s.NEXT_LEVEL.said())
    return told


def _small(statement: str) -> str:
    return statement[:1].lower() + statement[1:]


def _short(quote: str, longest: int = 160) -> str:
    plain = " ".join(quote.split())
    return plain if len(plain) <= longest else plain[: longest - 1].rsplit(" ", 1)[0] + "…"
