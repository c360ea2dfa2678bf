"""Scores where the database needs them: to order lists by score and to narrow them, of those that one may see.

The rules are those of ``scorecards.open_scores`` and ``scorecards.standing``, said as conditions; tests hold both
against each other. A score that somebody may not see does not move a row, and is in no count.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Case, Exists, FloatField, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce

from sessions_app.access import Actor
from sessions_app.models import CandidateRequest, Evaluation, InterviewSession, Review

from .scorecards import SEES, can_be_rated

HALF = 0.5  # scores are shown as whole numbers


def open_to(actor: Actor) -> QuerySet[Any, Any]:
    """Ids of all sessions whose scores the actor may see (``open_scores``)."""
    rows = InterviewSession.objects.order_by()
    if actor.user is None:
        return rows.values("pk")
    shown, user = rows.filter(shows_report=True), actor.user
    if not actor.is_staff:
        return shown.filter(Q(candidate=user) | Q(candidate=None, created_by=user)).values("pk")
    rated = Review.objects.since_the_end().filter(reviewer=user, status__in=SEES)
    return shown.filter(candidate=user).values("pk").union(rated.order_by().values("session_id"))


def with_open_score(rows: Any, actor: Actor) -> Any:
    """The sessions with ``open_score`` to order by: the score that counts, null where there is none to be seen.

    For staff it costs a look at every session that the list has: the order is of all of them.
    """
    seen = Case(When(pk__in=open_to(actor), then=_score()), default=Value(None), output_field=FloatField())
    return rows.alias(open_score=seen)


def scored_between(actor: Actor, lowest: int, highest: int) -> QuerySet[Any, Any]:
    """Ids of the sessions that show the actor a score from ``lowest`` to ``highest``, both included."""
    seen = InterviewSession.objects.order_by().filter(pk__in=open_to(actor)).alias(open_score=_score())
    return seen.filter(open_score__gte=lowest - HALF, open_score__lt=highest + HALF).values("pk")


def _score() -> Coalesce:
    """People's mean where there is one, else the machine's (``standing``)."""
    given = Review.objects.since_the_end().filter(session=OuterRef("pk"), status="submitted")
    mean = given.order_by().values("session").annotate(mean=Avg("final_score")).values("mean")
    machines = Evaluation.objects.current().filter(session=OuterRef("pk")).order_by().values("overall_score")
    return Coalesce(Subquery(mean), Subquery(machines), output_field=FloatField())


# -- conditions on sessions: who reviews them, and what a reviewer should look at --------------------------------------


def reviewed_by(user: Any) -> Exists:
    """Somebody has a scorecard of it, begun, asked for or submitted; who skipped it has none."""
    return Exists(_reviews().exclude(status="skipped").filter(reviewer=user))


def is_reviewed() -> Exists:
    return Exists(_reviews().filter(status="submitted"))


def has_no_reviewer() -> Q:
    """It can be rated, people judge it or its candidate disagrees, and nobody has begun, nor was asked."""
    return Q(can_be_rated(), ~Exists(_reviews().exclude(status="skipped")), Q(is_practice=False) | Q(disagrees()))


def disagrees() -> Exists:
    """The candidate disagrees with a score, and nobody has answered yet."""
    return Exists(CandidateRequest.objects.filter(session=OuterRef("pk"), kind="score", status="open"))


def speaks_to_the_judge() -> Exists:
    """Some answer holds instructions to whoever scores. SQLite cannot look into a JSON list, so as text."""
    rows = Evaluation.objects.current().filter(session=OuterRef("pk")).alias(told=Cast("flags", TextField()))
    return Exists(rows.filter(told__contains='"INSTRUCTIONS"'))


def _reviews() -> Any:
    return Review.objects.since_the_end().filter(session=OuterRef("pk"))
