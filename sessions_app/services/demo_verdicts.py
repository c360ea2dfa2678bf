"""What people make of the demo's interviews once these are judged: a review, and a candidate who disagrees."""

from __future__ import annotations

from django.db.models import QuerySet

from sessions_app.access import Actor
from sessions_app.models import CriterionScore, InterviewSession, SessionMessage, User
from sessions_app.models.evaluation import Verdict

from . import disagreeing, reviewing
from .demo_sessions import STORY
from .reviewing import Given, Rated


def tell(ana: User, sam: User) -> None:
    """Ana reviews what Sam was invited to; Sam disagrees about his practice. Lee's interview waits for a review."""
    assessed = InterviewSession.objects.filter(is_demo=True, is_practice=False, candidate=sam, status="completed")
    for session in assessed:
        reviewing.submit_review(session.pk, _given(session), actor=Actor(ana))
    practised = InterviewSession.objects.filter(is_demo=True, is_practice=True, candidate=sam, status="completed")
    _disagree(practised.order_by("created_at")[0], sam)


def _given(session: InterviewSession) -> Given:
    """A word for every criterion, and for the first of them a quote of the first answer."""
    story = STORY["review"]
    keys = _criteria(session).values_list("key", flat=True)
    said = SessionMessage.objects.filter(session=session, kind="answer").order_by("seq")[0]
    quote = {"message_id": said.pk, "start": 0, "end": said.content.index(".") + 1}
    ratings = {
        key: Rated(story["ratings"][nth % len(story["ratings"])], quotes=[quote] if nth == 0 else [])
        for nth, key in enumerate(keys)
    }
    return Given(ratings, story["takeaways"], story["recommendation"], story["reason"])


def _disagree(session: InterviewSession, candidate: User) -> None:
    """About the lowest score that the report has."""
    scored = _criteria(session).filter(verdict=Verdict.SCORED).order_by("score", "position")
    disagreeing.disagree(session.pk, scored[0].key, STORY["objection"]["text"], actor=Actor(candidate))


def _criteria(session: InterviewSession) -> QuerySet[CriterionScore]:
    return CriterionScore.objects.filter(evaluation__session=session, evaluation__superseded_at=None)
