"""What the report of an interview shows: words first, the evidence beside them, and whose judgement each thing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from sessions_app import scoring
from sessions_app.access import Actor
from sessions_app.models import CandidateRequest, CriterionScore, Evaluation, InterviewSession, Review
from sessions_app.models.actions import Phase, Status
from sessions_app.models.evaluation import Method, Rating
from sessions_app.services.criterion_names import criterion_name
from sessions_app.services.report_words import judged_by, sections_of, told_in_a_word, told_keys
from sessions_app.services.retelling import retold
from sessions_app.services.scorecards import Standing, may_see_rubric, may_see_scores, reviews_of, standing

from .words import Moment, moment

_WORDS = {str(value): label for value, label in Rating.choices}
_NO_SCORE = {
    "not_enough_evidence": gettext_lazy("Not enough evidence"),
    "left_to_human": gettext_lazy("Left to a person"),
}
# By ``scoring.level_of``.
_LEVELS = {
    "strong": pgettext_lazy("how well a criterion was met", "Strong"),
    "solid": pgettext_lazy("how well a criterion was met", "Solid"),
    "developing": pgettext_lazy("how well a criterion was met", "Developing"),
}


def state_of(session: InterviewSession, actor: Actor) -> str:
    """``hidden`` by policy, ``blind`` (staff who have not rated yet), ``ready``, ``scoring``, ``failed`` or
    ``nothing`` to score.
    """
    if not may_see_scores(session, actor):
        return "blind" if actor.is_staff and session.candidate_id != _key(actor) else "hidden"
    if Evaluation.objects.current().filter(session=session).exists():
        return "ready"
    return {Phase.EVALUATING: "scoring", Phase.EVALUATION_FAILED: "failed"}.get(session.phase, "nothing")  # type: ignore[arg-type]


def _key(actor: Actor) -> Any:
    return actor.user.pk if actor.user else None


# -- on the way to it --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stepper:
    """Transcript saved, scoring, report ready; ``again`` is when it is tried once more."""

    state: str
    again: Moment | None = None

    @property
    def says(self) -> str:
        """For the status line, which screen readers hear."""
        return {
            "scoring": _("Scoring. This usually takes less than a minute."),
            "ready": _("Your report is ready."),
            "failed": _("Scoring didn't work. Your interview is safe."),
        }.get(self.state, "")


def stepper_of(session: InterviewSession, actor: Actor) -> Stepper | None:
    """None for an interview that was called off, and for staff, who are no step of it."""
    state = state_of(session, actor)
    if session.status == Status.CANCELLED or state == "blind":
        return None
    operation = session.evaluation_operation
    waits = state == "scoring" and operation is not None and operation.not_before > session.now
    return Stepper(state, moment(operation.not_before) if waits and operation else None)


# -- the report itself -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quote:
    """The candidate's words, and the turn of the transcript they come from."""

    words: str
    seq: int | None
    number: int | None


@dataclass(frozen=True)
class ScoreRow:
    """One criterion: the machine's word for it with its evidence, people's words, and what the candidate says to it."""

    key: str
    title: str
    weight: float
    word: str
    score: float | None
    number: str
    rationale: str
    quotes: list[Quote]
    points: list[dict[str, Any]]
    people: list[str]
    objection: CandidateRequest | None
    typed: str | None = None

    @property
    def is_typed(self) -> bool:
        """Whether a form came back that could not be taken."""
        return self.typed is not None


@dataclass(frozen=True)
class Report:
    evaluation: Evaluation
    standing: Standing
    rows: list[ScoreRow]
    summary: str
    sections: list[tuple[str, list[str]]]
    by: str
    word: str
    number: str
    people_word: str
    confidence: str
    at: Moment
    notes: list[str] = field(default_factory=list)
    is_partial: bool = False
    is_told: bool = False  # of what has no right answers

    @property
    def machine_words(self) -> str:
        if self.evaluation.method == Method.PEOPLE or self.is_told:
            return ""
        return f"{self.word}, {self.number}" if self.number else self.word

    @property
    def no_score(self) -> str:
        """What stands in the place of the overall score where there is none."""
        if self.is_told:
            return _("Not scored: there are no right answers")
        return _("Left to a person") if self.has_no_reply else _("Not enough evidence for a score")

    @property
    def has_no_reply(self) -> bool:
        """Whether there is no score because the model's replies were no good, and not for want of evidence."""
        return self.is_by_ai and self.evaluation.overall_score is None and self.is_partial

    @property
    def is_by_ai(self) -> bool:
        return self.evaluation.method == Method.MODEL


def report_of(session: InterviewSession, typed: dict[str, str] | None = None) -> Report:
    """The current evaluation as the page shows it; only to be called where ``state_of`` is ``ready``.

    ``typed`` is what came back from an objection that could not be taken, by criterion.
    """
    evaluation = Evaluation.objects.current().get(session=session)
    scores = list(evaluation.criteria.prefetch_related("evidence__message"))
    reviews = reviews_of(session)
    sent = typed or {}
    objections = {row.subject: row for row in session.requests.filter(kind="score")}
    counted, told = standing(evaluation, reviews), told_keys(session)
    titles = {score.title: criterion_name(score.key, score.title) for score in scores}
    return Report(
        evaluation=evaluation,
        standing=counted,
        rows=[
            replace(_row(score, reviews, objections.get(score.key), session, told), typed=sent.get(score.key))
            for score in scores
        ],
        summary=retold(evaluation.summary, titles),
        sections=[(title, [retold(line, titles) for line in lines]) for title, lines in sections_of(evaluation)],
        by=judged_by(evaluation),
        word=_word(evaluation.overall_score, evaluation.method),
        number=_number(evaluation.overall_score, evaluation.method),
        people_word=_people_word(counted),
        confidence=_confidence(evaluation.confidence),
        at=moment(evaluation.created_at),
        notes=_notes(evaluation, session, scores, reviews),
        is_partial=_is_partial(evaluation, scores),
        is_told=evaluation.overall_score is None and bool(scores) and {one.key for one in scores} <= told,
    )


def _row(
    score: CriterionScore,
    reviews: Sequence[Review],
    objection: CandidateRequest | None,
    session: InterviewSession,
    told: set[str],
) -> ScoreRow:
    rated = [rating.rating for review in reviews for rating in review.ratings.all() if rating.key == score.key]
    word, number = _words_for(score, told)
    return ScoreRow(
        key=score.key,
        title=criterion_name(score.key, score.title),
        weight=score.weight,
        word=word,
        score=score.score,
        number=number,
        rationale=retold(score.rationale),
        quotes=[Quote(row.quote, row.message.seq, row.message.question_number) for row in score.evidence.all()],
        points=score.points if may_see_rubric(session, for_staff=False) else [],
        people=[str(_WORDS[word]) for word in rated if word],
        objection=objection,
    )


def _words_for(score: CriterionScore, told: set[str]) -> tuple[str, str]:
    """A criterion in a word and a number; in a word alone where there are no right answers."""
    if word := told_in_a_word(score, told):
        return word, ""
    judged = _NO_SCORE.get(score.verdict) or _word(score.score, score.method)
    return str(judged), _number(score.score, score.method)


def _word(score: float | None, method: str) -> str:
    """Counted evidence says how much was spoken of; only a judge says how good it was."""
    if score is None:
        return _("Not enough evidence")
    if method == Method.MODEL:
        return str(_LEVELS[scoring.level_of(score)])
    return _("Mostly shown") if score >= 75 else _("Partly shown") if score >= 40 else _("Little shown")


def _number(score: float | None, method: str) -> str:
    if score is None:
        return ""
    told = {"score": f"{score:.0f}"}
    return (_("%(score)s of 100") if method == Method.MODEL else _("evidence for %(score)s %%")) % told


def _people_word(counted: Standing) -> str:
    return str(_WORDS[scoring.word_of(counted.score)]) if counted.by == "people" and counted.score is not None else ""


def _confidence(value: float | None) -> str:
    if value is None:
        return ""
    return _("high") if value >= 0.75 else _("medium") if value >= 0.5 else _("low")


def _is_partial(evaluation: Evaluation, scores: Sequence[CriterionScore]) -> bool:
    """Whether the judge gave no valid answer about something."""
    return evaluation.method != Method.PEOPLE and any(score.verdict == "left_to_human" for score in scores)


def _notes(
    evaluation: Evaluation, session: InterviewSession, scores: Sequence[CriterionScore], reviews: Sequence[Review]
) -> list[str]:
    """What one has to know to read it rightly."""
    notes = []
    if session.phase == Phase.EVALUATING:
        notes.append(_("It is being scored once more. This is the report so far."))
    if session.status == Status.EXPIRED:
        told = {"why": session.why_over}
        notes.append(_("%(why)s, so the report covers what was said until then.") % told)
    if _is_partial(evaluation, scores):
        notes.append(_("This report is partial: what the judge gave no valid answer about is left to a person."))
    if evaluation.needs_human and not reviews:
        notes.append(_("No person has reviewed it yet. It asks for one."))
    return notes
