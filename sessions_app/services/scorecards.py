"""Reading scorecards: who may see which scores, what waits for a review, and what the final score is.

Blind-first: whoever may have to rate an interview is not told the machine's scores, or another person's, before their
own ratings are fixed. ``may_see_scores`` decides it for every surface.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from sessions_app import errors
from sessions_app.access import Actor, session_for_staff
from sessions_app.ai import criteria
from sessions_app.ai.protocol import Point, Question
from sessions_app.models import CandidateRequest, CriterionScore, Evaluation, InterviewSession, Review, ReviewRating
from sessions_app.models.actions import Role
from sessions_app.models.evaluation import Method

from .evaluation_queue import ENDED

UNFINISHED = ("draft", "sealed")
CAME_TO_NOTHING = ("failed", "cancelled")  # of an evaluation's operation: nothing scores the interview any more
SCORES_IN_EVENTS = frozenset({"overall_score"})  # what of an event's data is a score
SEES = ("sealed", "submitted", "skipped")


def may_see_scores(session: InterviewSession, actor: Actor, reviews: Iterable[Review] | None = None) -> bool:
    """Whether the actor may be told what the machine, or somebody else, scored in this session.

    A candidate may where the session's policy shows the report. Staff, superusers included, may once their own
    ratings of what was said are fixed, or they have skipped the review with a reason. The system may. ``reviews`` are
    those of what was said, where they are at hand.
    """
    return session.pk in open_scores([session], actor, reviews)


def may_see_estimates(session: InterviewSession, actor: Actor) -> bool:
    """Whether the actor may be told where somebody stands on a dimension, and by which of their words.

    That is a verdict: whoever may see scores sees it, candidates where the template does not hide it besides. How well
    a dimension is known (the precision) is none, so staff may always see that.
    """
    judges = actor.is_staff and not _is_own_candidate(session, actor)
    return (judges or session.shows_precision) and may_see_scores(session, actor)


def may_see_rubric(session: InterviewSession, *, for_staff: bool) -> bool:
    """Whether the rubric's points may be told beside the scores. Candidates of interviews that others judge are not
    told them: the same points are looked for in the next candidate's answers.
    """
    return for_staff or session.is_practice


def open_scores(
    sessions: Iterable[InterviewSession], actor: Actor, reviews: Iterable[Review] | None = None
) -> set[UUID]:
    """Ids of those whose scores the actor may see. One query at the most, however many there are."""
    rows = list(sessions)
    if actor.user is None:
        return {session.pk for session in rows}
    seen = {session.pk for session in rows if session.shows_report and _is_own(session, actor)}
    if actor.is_staff:
        if reviews is None:
            mine = Review.objects.since_the_end().filter(reviewer=actor.user, status__in=SEES)
            reviews = mine.filter(session__in=[row.pk for row in rows]).only("session", "reviewer", "status")
        seen |= {one.session_id for one in reviews if one.reviewer_id == actor.user.pk and one.status in SEES}
    return seen


def _is_own(session: InterviewSession, actor: Actor) -> bool:
    """Staff are their own candidates only: a session that they hold for somebody else is one they may have to rate."""
    if actor.is_staff:
        return _is_own_candidate(session, actor)
    return Role.CANDIDATE in actor.roles_in(session)


def _is_own_candidate(session: InterviewSession, actor: Actor) -> bool:
    return actor.user is not None and session.candidate_id == actor.user.pk


def current_evaluation(session: InterviewSession) -> Evaluation:
    """The evaluation that no reopening has superseded. Raises EvaluationNotFound."""
    found = Evaluation.objects.current().filter(session=session).first()
    if found is None:
        raise errors.EvaluationNotFound
    return found


def evaluation_to_rate(session: InterviewSession, begun: Review | None = None) -> Evaluation | None:
    """What a person's scorecard stands beside; None where no program has scored the interview, and none is about to,
    so that people alone do. Who has ``begun`` goes on, although it is tried once more meanwhile.

    Raises:
        EvaluationNotFound: nothing was answered, it has not ended, or it is being scored.
    """
    found = Evaluation.objects.current().filter(session=session).first()
    if found is None and begun is None and not is_left_to_people(session):
        raise errors.EvaluationNotFound
    return found


def is_left_to_people(session: InterviewSession) -> bool:
    """Whether there is something to rate and no program at work on it: its evaluation failed, or was stopped."""
    operation = session.evaluation_operation
    if session.status not in ENDED or (operation is not None and (operation.is_live or operation.has_succeeded)):
        return False
    return session.messages.history().filter(kind="answer").exclude(content="").exists()


# -- the final score ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """The score that counts, and whose it is: ``people`` (the mean of so many reviews), else ``ai`` or ``coverage``."""

    score: float | None
    by: str
    reviews: int = 0

    @property
    def word(self) -> str:
        return {"people": _("people"), "ai": _("AI"), "coverage": _("practice engine")}[self.by]


def standing(evaluation: Evaluation, reviews: Sequence[Review]) -> Standing:
    """A person's verdict comes first and never erases the machine's, which stays in the evaluation."""
    submitted = [review for review in reviews if review.status == "submitted"]
    scores = [review.final_score for review in submitted if review.final_score is not None]
    if scores or evaluation.method == Method.PEOPLE:
        return Standing(sum(scores) / len(scores) if scores else None, "people", len(submitted))
    return Standing(evaluation.overall_score, "ai" if evaluation.method == Method.MODEL else "coverage", len(submitted))


def standings(sessions: Iterable[InterviewSession]) -> dict[UUID, Standing]:
    """By session, for those that are scored: two queries, however many there are."""
    keys = [session.pk for session in sessions]
    by_session: dict[UUID, list[Review]] = defaultdict(list)
    for review in Review.objects.since_the_end().filter(session__in=keys, status="submitted"):
        by_session[review.session_id].append(review)
    rows = Evaluation.objects.current().filter(session__in=keys)
    return {row.session_id: standing(row, by_session[row.session_id]) for row in rows}


def scores_in_words(sessions: Sequence[InterviewSession], actor: Actor) -> dict[UUID, str]:
    """As a list shows them: the score and whose it is; a dash where there is none, or none for the candidate; "rate
    first" where staff are not told it yet.
    """
    seen, scored = open_scores(sessions, actor), standings(sessions)
    return {session.pk: _in_words(scored.get(session.pk), session, session.pk in seen, actor) for session in sessions}


def _in_words(found: Standing | None, session: InterviewSession, sees: bool, actor: Actor) -> str:
    if found is not None and not sees and actor.is_staff and actor.user and session.candidate_id != actor.user.pk:
        return _("rate first")
    if found is None or not sees or found.score is None:
        return "—"
    return _("%(score)s (%(whose)s)") % {"score": f"{found.score:.0f}", "whose": found.word}


# -- one scorecard -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RatedCriterion:
    """What is rated, as the rubric has it; nothing of what the machine made of it."""

    key: str
    title: str
    weight: float
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Scorecard:
    """What one reviewer has before them. ``scores`` and ``others`` are empty while they may not be seen.

    ``evaluation`` is None where no program has scored it, and nobody has submitted a review yet.
    """

    session: InterviewSession
    evaluation: Evaluation | None
    criteria: list[RatedCriterion]
    review: Review | None
    ratings: dict[str, ReviewRating]
    sees: bool
    scores: list[CriterionScore]
    others: list[Review]
    standing: Standing | None

    @property
    def is_open(self) -> bool:
        """Whether ratings can still be changed."""
        return self.review is None or self.review.status == "draft"

    @property
    def is_scored_by_a_program(self) -> bool:
        """Whether there is a machine's score to be seen."""
        return self.sees and self.evaluation is not None and self.evaluation.method != Method.PEOPLE


def open_review(session_id: Any, *, actor: Actor) -> Scorecard:
    """The actor's scorecard of a session, as far as they may see it. Nothing is written.

    Raises:
        SessionNotFound, PermissionDenied (not staff), EvaluationNotFound (not scored yet, or nothing to score).
    """
    session = session_for_staff(session_id, actor)
    reviews = list(_reviews().filter(session=session).select_related("evaluation"))
    review = next((one for one in reversed(reviews) if actor.user and one.reviewer_id == actor.user.pk), None)
    sees = may_see_scores(session, actor, reviews)
    rows = _judged(session, with_evidence=sees)
    evaluation = rows[0].evaluation if rows else evaluation_to_rate(session, review)
    submitted = _by_time([one for one in reviews if one.status == "submitted"]) if sees else []
    return Scorecard(
        session=session,
        evaluation=evaluation,
        criteria=rated_criteria(session, rows),
        review=review,
        ratings={row.key: row for row in review.ratings.all()} if review else {},
        sees=sees,
        scores=rows if sees else [],
        others=[row for row in submitted if review is None or row.pk != review.pk],
        standing=standing(evaluation, submitted) if sees and evaluation else None,
    )


def _judged(session: InterviewSession, *, with_evidence: bool) -> list[CriterionScore]:
    """The criteria of the current evaluation, which comes with them in one query."""
    rows = CriterionScore.objects.filter(evaluation__session=session, evaluation__superseded_at=None)
    rows = rows.select_related("evaluation")
    return list(rows.prefetch_related("evidence") if with_evidence else rows)


def _reviews() -> QuerySet[Review]:
    """Of what was said, be it from before the session was judged once more."""
    return Review.objects.since_the_end().select_related("reviewer").prefetch_related("ratings")


def _by_time(submitted: list[Review]) -> list[Review]:
    return sorted(submitted, key=lambda review: review.submitted_at or review.created_at)


def rated_criteria(session: InterviewSession, rows: Iterable[CriterionScore] = ()) -> list[RatedCriterion]:
    """Those that the machine judged, ``rows``, else the plan's; each with the rubric of the questions that belong to
    it, whose levels are the anchors of the words.
    """
    planned = {criterion.key: criterion for criterion in criteria.criteria_of(session.plan)}
    rubric = {key: _points(criterion.questions) for key, criterion in planned.items()}
    rated = list(rows) or planned.values()
    return [RatedCriterion(row.key, row.title, row.weight, rubric.get(row.key, ())) for row in rated]


def _points(questions: Iterable[Question]) -> tuple[Point, ...]:
    points = [point for question in questions for point in question.points]
    return tuple({point.statement: point for point in points}.values())


def reviews_of(session: InterviewSession) -> list[Review]:
    """The submitted reviews of what was said, oldest first; for those who ``may_see_scores``."""
    return _by_time(list(_reviews().filter(session=session, status="submitted")))


# -- what waits --------------------------------------------------------------------------------------------------------


def review_queue(actor: Actor) -> QuerySet[InterviewSession]:
    """What this reviewer could rate now, the one that ended first at the top: what is theirs already, and what nobody
    has; scored by a program, or left to people because its evaluation came to nothing.

    Interviews that somebody judges wait for a review each; practice waits only where its candidate disagrees with a
    score, or where somebody was asked to look.
    """
    of_this = Review.objects.filter(session=OuterRef("pk"), created_at__gte=OuterRef("ended_at"))
    mine = of_this.filter(reviewer=actor.user)
    given = of_this.filter(status__in=UNFINISHED, assigned_by__isnull=False).exclude(reviewer=actor.user)
    disputed = CandidateRequest.objects.filter(session=OuterRef("pk"), kind="score", status="open")
    free = ~Exists(mine) & ~Exists(of_this.filter(status="submitted")) & ~Exists(given)
    judged = Q(is_practice=False) | Exists(disputed)
    rows = InterviewSession.objects.filter(can_be_rated(), erased_at=None).exclude(candidate=actor.user)
    waiting = rows.filter(Exists(mine.filter(status__in=UNFINISHED)) | (free & judged))
    return waiting.select_related("evaluation_operation").order_by("ended_at", "pk")


def can_be_rated() -> Q:
    """As a condition on sessions: a program has scored it, or tried in vain (``evaluation_to_rate``)."""
    scored = Exists(Evaluation.objects.current().filter(session=OuterRef("pk")))
    return Q(scored) | Q(status__in=ENDED, evaluation_operation__status__in=CAME_TO_NOTHING)
