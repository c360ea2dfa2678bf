"""Erasing a session: every word and name goes, the numbers and the chain of its log stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.access import SYSTEM, Actor
from sessions_app.models import EventReason, IdempotencyKey, InterviewSession, Operation, Resume
from sessions_app.models.actions import OPEN
from sessions_app.models.operation import LIVE, OperationStatus
from sessions_app.models.session import baseline_precision

from .change import Change, changing
from .turns import SESSION_ENDED, discard_turn

# What says something about a person, and what it is afterwards.
_EMPTIED: dict[str, Any] = {
    "candidate_name": "",
    "candidate_email": "",
    "title": "Erased session",
    "challenge_text": "",
    "draft_text": "",
    "time_zone": "",
    "candidate": None,
    "job_posting": None,
    "resume": None,
}


def erase_session(
    session_id: UUID | str,
    *,
    reason: str = "",
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    expect: int | None = None,
) -> InterviewSession:
    """Erase a session for good: the candidate's own practice in any state, or any session by staff with a reason.

    An open one is cancelled first. From then on it is not found, by anybody; its log still proves what was done.

    Raises:
        SessionNotFound, PermissionDenied, SessionExpired, ValidationFailed, PreconditionFailed.
    """
    with changing(session_id, actor, now=now) as change:
        change.expect_version(expect)
        change.require("delete")
        change.require_reason("delete", reason)
        _end(change)
        _forget_requests(change)
        _delete_words(change.session)
        change.record("session.erased", reason=reason)
        _empty(change)
    return change.session


def _end(change: Change) -> None:
    """A worker that is writing for it meanwhile finds its lease lost."""
    session = change.session
    if session.status in OPEN:
        discard_turn(change, SESSION_ENDED, "The session has ended.")
        session.cancel(change.now)
        change.record("session.cancelled", code="erased")
    live = Operation.objects.filter(session=session, status__in=LIVE)
    live.update(status=OperationStatus.CANCELLED, finished_at=change.now, lease_until=None)


def _delete_words(session: InterviewSession) -> None:
    """The rows that hold what people said, who they are, and how to reach them. Events hold none of it."""
    for judged in (session.dimension_evidence, session.reviews, session.evaluations):
        judged.all().delete()
    for rows in (session.messages, session.invitations, session.tokens, session.requests, session.letters):
        rows.all().delete()
    EventReason.objects.filter(event__session=session).delete()
    session.operations.update(error_message="")


def _empty(change: Change) -> None:
    session = change.session
    resume_id, candidate_id = session.resume_id, session.candidate_id
    for name, value in _EMPTIED.items():
        setattr(session, name, value)
    if session.created_by_id == candidate_id:
        session.created_by = None
    session.plan = {**session.plan, "questions": []}
    session.precision, session.estimates = baseline_precision(), {}
    session.erased_at = change.now
    change.configure(*_EMPTIED, "created_by", "plan")
    if candidate_id is not None:
        _delete_resume(resume_id, candidate_id, session)


def _delete_resume(resume_id: UUID | None, owner_id: UUID, session: InterviewSession) -> None:
    """The candidate's résumé goes along, unless another session uses it."""
    if resume_id is None:
        return
    others = InterviewSession.objects.filter(resume_id=resume_id).exclude(pk=session.pk)
    if not others.exists():
        Resume.objects.filter(pk=resume_id, owner_id=owner_id).delete()


def _forget_requests(change: Change) -> None:
    """Answers that are kept for repeated requests quote the transcript."""
    session = change.session
    said = [str(session.pk), *map(str, session.messages.values_list("pk", flat=True))]
    callers = {str(pk) for pk in (session.candidate_id, session.created_by_id) if pk is not None}
    kept = IdempotencyKey.objects.filter(caller__in=callers).values_list("pk", "body")
    quoting = [pk for pk, body in kept if any(one in (body or "") for one in said)]
    IdempotencyKey.objects.filter(pk__in=quoting).delete()
