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

from sessions_app import errors
from sessions_app.access import Actor, session_for_staff
from sessions_app.ai import criteria
from sessions_app.ai.protocol import Point, Question
from sessions_app.models import CandidateRequest, CriterionScore, Evaluation, InterviewSession, Review, ReviewRating
from sessions_app.models.actions import Role
from sessions_app.models.evaluation import Method

UNFINISHED = ("draft", "sealed")
SCORES_IN_EVENTS = frozenset({"overall_score"})  # what of an event's data is a score
SEES = ("sealed", "submitted", "skipped")


def may_see_scores(session: InterviewSession, actor: Actor) -> bool:
    """Whether the actor may be told what the machine, or somebody else, scored in this session.

    A candidate may where the session's policy shows the report. Staff, superusers included, may once their own
    ratings of what was said are fixed, or they have skipped the review with a reason. The system may.
    """
    return session.pk in open_scores([session], actor)


def may_see_estimates(session: InterviewSession, actor: Actor) -> bool:
    """Whether the actor may be told where somebody stands on a dimension, and by which of their words.

    That is a verdict: staff see it when they see scores, candidates where the template does not hide it. How well a
    dimension is known (the precision) is none, so staff may always see that.
    """
    if actor.is_staff and not _is_own_candidate(session, actor):
        return may_see_scores(session, actor)
    return session.shows_precision


def may_see_rubric(session: InterviewSession, *, for_staff: bool) -> bool:
    """Whether the rubric's points may be told beside the scores. Candidates of interviews that others judge are not
    told them: the same points are looked for in the next candidate's answers.
    """
    return for_staff or session.is_practice


def open_scores(sessions: Iterable[InterviewSession], actor: Actor) -> set[UUID]:
    """Ids of those whose scores the actor may see. One query at the most, however many there are."""
    rows = list(sessions)
    if actor.user is None:
        return {session.pk for session in rows}
    seen = {session.pk for session in rows if session.shows_report and _is_own(session, actor)}
    if actor.is_staff:
        mine = Review.objects.since_the_end().filter(reviewer=actor.user, status__in=SEES)
        seen |= set(mine.filter(session__in=[row.pk for row in rows]).values_list("session_id", flat=True))
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


# -- the final score ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """The score that counts, and whose it is: ``people`` (the mean of so many reviews), else ``ai`` or ``coverage``."""

    score: float | None
    by: str
    reviews: int = 0

    @property
    def word(self) -> str:
        return {"people": "people", "ai": "AI", "coverage": "practice engine"}[self.by]


def standing(evaluation: Evaluation, reviews: Sequence[Review]) -> Standing:
    """A person's verdict comes first and never erases the machine's, which stays in the evaluation."""
    submitted = [review for review in reviews if review.status == "submitted"]
    scores = [review.final_score for review in submitted if review.final_score is not None]
    if scores:
        return Standing(sum(scores) / len(scores), "people", len(submitted))
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
        return "rate first"
    if found is None or not sees or found.score is None:
        return "—"
    return f"{found.score:.0f} ({found.word})"


# -- one scorecard -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Criterion:
    """What is rated, as the rubric has it; nothing of what the machine made of it."""

    key: str
    title: str
    weight: float
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Scorecard:
    """What one reviewer has before them. ``scores`` and ``others`` are empty while they may not be seen."""

    session: InterviewSession
    evaluation: Evaluation
    criteria: list[Criterion]
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


def open_review(session_id: Any, *, actor: Actor) -> Scorecard:
    """The actor's scorecard of a session, as far as they may see it. Nothing is written.

    Raises:
        SessionNotFound, PermissionDenied (not staff), EvaluationNotFound (not scored yet, or nothing to score).
    """
    session = session_for_staff(session_id, actor)
    evaluation = current_evaluation(session)
    review = own_review(session, actor)
    rows = list(evaluation.criteria.prefetch_related("evidence__message"))
    sees = may_see_scores(session, actor)
    submitted = reviews_of(session) if sees else []
    return Scorecard(
        session=session,
        evaluation=evaluation,
        criteria=criteria_of(session, rows),
        review=review,
        ratings={row.key: row for row in review.ratings.all()} if review else {},
        sees=sees,
        scores=rows if sees else [],
        others=[row for row in submitted if review is None or row.pk != review.pk],
        standing=standing(evaluation, submitted) if sees else None,
    )


def _submitted(session: InterviewSession) -> QuerySet[Review]:
    rows = Review.objects.since_the_end().filter(session=session, status="submitted").select_related("reviewer")
    return rows.prefetch_related("ratings").order_by("submitted_at")


def own_review(session: InterviewSession, actor: Actor) -> Review | None:
    """The actor's review of what was said, be it from before the session was judged once more."""
    if actor.user is None:
        return None
    rows = Review.objects.since_the_end().filter(session=session, reviewer=actor.user)
    return rows.select_related("evaluation").prefetch_related("ratings").last()


def criteria_of(session: InterviewSession, rows: Iterable[CriterionScore]) -> list[Criterion]:
    """With the rubric of the questions that belong to each, whose levels are the anchors of the words."""
    rubric = {criterion.key: criterion.questions for criterion in criteria.criteria_of(session.plan)}
    return [Criterion(row.key, row.title, row.weight, _points(rubric.get(row.key, ()))) for row in rows]


def _points(questions: Iterable[Question]) -> tuple[Point, ...]:
    points = [point for question in questions for point in question.points]
    return tuple({point.statement: point for point in points}.values())


def reviews_of(session: InterviewSession) -> list[Review]:
    """The submitted reviews of what was said, oldest first; for those who ``may_see_scores``."""
    return list(_submitted(session))


# -- what waits --------------------------------------------------------------------------------------------------------


def queue_of(actor: Actor) -> QuerySet[Evaluation]:
    """What this reviewer could rate now, oldest first: what is theirs already, and what nobody has.

    Interviews that somebody judges wait for a review each; practice waits only where its candidate disagrees with a
    score, or where somebody was asked to look.
    """
    of_this = Review.objects.filter(session=OuterRef("session"), created_at__gte=OuterRef("session__ended_at"))
    mine = of_this.filter(reviewer=actor.user)
    given = of_this.filter(status__in=UNFINISHED, assigned_by__isnull=False).exclude(reviewer=actor.user)
    disputed = CandidateRequest.objects.filter(session=OuterRef("session"), kind="score", status="open")
    free = ~Exists(mine) & ~Exists(of_this.filter(status="submitted")) & ~Exists(given)
    judged = Q(session__is_practice=False) | Exists(disputed)
    rows = Evaluation.objects.current().filter(session__erased_at=None).exclude(session__candidate=actor.user)
    waiting = rows.filter(Exists(mine.filter(status__in=UNFINISHED)) | (free & judged))
    return waiting.select_related("session").order_by("created_at", "pk")
