"""For whom a verb would do nothing now, and why: asked for many sessions at once, before anybody decides.

The verbs decide again, each under its session's lock; tests hold both against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sessions_app import errors
from sessions_app.models import Evaluation, InterviewSession, SessionMessage

from .evaluation_queue import ENDED

NOT_SCORED = "It is not scored, so there is nothing to review."
NOTHING_SAID = "Nothing was answered in it, so there is nothing to evaluate."


def why_not_review(sessions: Sequence[InterviewSession]) -> dict[UUID, str]:
    """By session, why nobody can be asked for a review (``reviewing.assign_reviewer``). One query."""
    keys = [session.pk for session in sessions]
    scored = set(Evaluation.objects.current().filter(session__in=keys).values_list("session_id", flat=True))
    return {key: NOT_SCORED for key in keys if key not in scored}


def why_not_judge_again(sessions: Sequence[InterviewSession]) -> dict[UUID, str]:
    """By session, why it cannot be judged once more (``evaluating.retry_evaluation``). One query.

    The sessions come with their ``evaluation_operation``.
    """
    keys = [session.pk for session in sessions if session.status in ENDED]
    said = SessionMessage.objects.history().filter(session__in=keys, kind="answer").exclude(content="")
    answered = set(said.order_by().values_list("session_id", flat=True).distinct())
    told = {session.pk: _why_not_judge(session, session.pk in answered) for session in sessions}
    return {key: sentence for key, sentence in told.items() if sentence}


def _why_not_judge(session: InterviewSession, is_answered: bool) -> str:
    operation = session.evaluation_operation
    if session.status not in ENDED:
        return str(errors.SessionNotCompleted.sentence)
    if operation is not None and operation.is_live:
        return str(errors.EvaluationInProgress.sentence)
    return "" if is_answered or operation is not None else NOTHING_SAID
