"""From answers to a judgement of one criterion, by the built-in evaluator or by a model; code has the last word.

Either way: a rubric point counts only with a passage of the candidate's own words that code has found in an answer
(``quotes``). The judge's claims without one are counted and dropped. The score is the sum that code makes of the points
(``scoring``); no number of a judge's is taken over. Passages that speak to the judge are blanked before anybody judges
(``injections``), and so are names and contact data (``masking``). The judge of a model sees one criterion at a time,
so that one bad reply leaves one criterion to a person and the rest of the report stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sessions_app import scoring

from . import coverage, injections
from . import sentences as s
from .criteria import Criterion, PlacedPoint, Said, answered_share, answers_for, asked_points
from .injections import Instruction
from .masking import masked
from .protocol import BUILT_IN, Usage
from .quotes import Span

COVERAGE, MODEL = "evidence_coverage", "model"
SCORED, NOT_ENOUGH, LEFT_TO_HUMAN = "scored", "not_enough_evidence", "left_to_human"


@dataclass(frozen=True)
class Quotation:
    """The candidate's words for a rubric point: ``quote`` is the answer's ``[start:end]``, in code points."""

    message_id: str
    start: int
    end: int
    quote: str
    point: str


@dataclass(frozen=True)
class PointShown:
    """What is known of one rubric point: ``level`` is empty where nothing shows it."""

    rubric: PlacedPoint
    level: str = ""
    evidence: tuple[Quotation, ...] = ()

    @property
    def is_shown(self) -> bool:
        return bool(self.evidence)


@dataclass(frozen=True)
class Judgement:
    """One criterion, judged apart from the others. ``score`` is None unless the verdict is ``scored``."""

    criterion: Criterion
    verdict: str
    method: str = COVERAGE
    score: float | None = None
    confidence: float | None = None
    rationale: str = ""
    points: tuple[PointShown, ...] = ()
    dropped: int = 0
    usage: Usage = field(default_factory=Usage)
    model_name: str = BUILT_IN
    prompt_version: str = ""
    is_misled: bool = False  # the judge found shown what nobody can show

    @property
    def level(self) -> str:
        return "" if self.score is None or not self.criterion.is_judged else scoring.level_of(self.score)

    @property
    def evidence(self) -> list[Quotation]:
        return [evidence for point in self.points for evidence in point.evidence]


@dataclass(frozen=True)
class Prepared:
    """An answer as a judge may see it: of the same length, without instructions, names and contact data."""

    said: Said
    text: str
    instructions: tuple[Instruction, ...] = ()

    def evidence(self, start: int, end: int, point: str) -> Quotation | None:
        """The candidate's words at that place; None where the passage holds instructions to the judge."""
        place = Span(start, end)
        if end <= start or any(place.overlaps(instruction.span) for instruction in self.instructions):
            return None
        return Quotation(self.said.message_id, start, end, self.said.answer[start:end], point)


def prepare(said: Iterable[Said], names: Iterable[str] = ()) -> list[Prepared]:
    """The answers as a judge may see them, flagged where they speak to the judge."""
    known = [name for name in names if name.strip()]
    prepared = []
    for exchange in said:
        found = injections.find(exchange.answer)
        text = masked(injections.cut(exchange.answer, found), known)
        prepared.append(Prepared(exchange, text, tuple(found)))
    return prepared


def answered(criterion: Criterion, prepared: Sequence[Prepared]) -> list[Prepared]:
    """The prepared answers that count for the criterion."""
    wanted = answers_for(criterion, [one.said for one in prepared])
    return [one for one in prepared if one.said in wanted]


def by_coverage(criterion: Criterion, prepared: Sequence[Prepared]) -> Judgement:
    """Evidence coverage: the share of rubric points that an answer speaks of, in percent. It does not tell quality.

    Nothing was answered, or no answer shows a point: *not enough evidence*. Nothing to look for: left to a person.
    """
    said = [one.said for one in prepared]
    asked = asked_points(criterion, said)
    mine = answered(criterion, prepared)
    judged = Judgement(criterion, NOT_ENOUGH)
    if not mine:
        why = s.NOT_ANSWERED if asked else s.NOT_ASKED
        return replace(judged, points=tuple(PointShown(rubric) for rubric in asked), rationale=why.said())
    if not asked:
        return replace(judged, verdict=LEFT_TO_HUMAN, rationale=s.NO_RUBRIC.said())
    points = tuple(_covered(rubric, mine) for rubric in asked)
    shown = sum(point.is_shown for point in points)
    told = s.COVERED.said(shown=shown, count=len(points))
    if touched := sum(_is_touched(point, mine) for point in points if not point.is_shown):
        told = f"{told} {s.TOUCHED.said(count=touched)}"
    judged = replace(judged, points=points, rationale=told)
    score = scoring.share_shown(shown, len(points))
    if score is None:
        return judged
    return replace(judged, verdict=SCORED, score=score, confidence=answered_share(criterion, said))


def _is_touched(point: PointShown, answers: Sequence[Prepared]) -> bool:
    """Whether an answer to its question has something of it. No score knows of that, only who reads why."""
    question = point.rubric.question
    mine = [one.text for one in answers if one.said.key == question.key]
    return any(point.rubric.index in coverage.touched(question, text) for text in mine)


def _covered(rubric: PlacedPoint, answers: Sequence[Prepared]) -> PointShown:
    """The point with its best passage among the answers to its question, follow-ups included."""
    best: tuple[float, Quotation] | None = None
    for one in answers:
        if one.said.key != rubric.question.key:
            continue
        for passage in coverage.shown(rubric.question, one.text):
            evidence = one.evidence(passage.start, passage.end, rubric.point.statement)
            if passage.point_index != rubric.index or evidence is None:
                continue
            if best is None or passage.strength > best[0]:
                best = (passage.strength, evidence)
    return PointShown(rubric, coverage.level_of(best[0]), (best[1],)) if best else PointShown(rubric)
