"""Queueing an evaluation, and taking it back: in the transaction that ends a session, or opens it again."""

from __future__ import annotations

from sessions_app import errors
from sessions_app.models import Operation
from sessions_app.models.actions import Status

from .change import Change
from .dispatch import dispatch

ENDED = (Status.COMPLETED, Status.EXPIRED)


def queue_evaluation(change: Change) -> Operation | None:
    """Have the session that just ended judged; None where nobody has answered anything, so that there is nothing to."""
    if not has_answers(change):
        return None
    session, now = change.session, change.now
    operation = Operation.objects.create(
        session=session, kind="evaluation", model_name=session.model_name, not_before=now, created_at=now
    )
    return _queued(change, operation)


def requeue(change: Change, operation: Operation) -> Operation:
    """Try an evaluation that failed or was stopped once more, from the beginning."""
    Operation.objects.filter(pk=operation.pk).queue_again(change.now)
    operation.refresh_from_db()
    return _queued(change, operation)


def again(change: Change) -> Operation:
    """The evaluation of an ended session once more: the same operation if it came to nothing, else a new one.

    Raises:
        EvaluationInProgress, SessionNotCompleted, InvalidSessionState (there is nothing to judge).
        EvaluationNotFound: the candidate may not see the report, so there is nothing for them to try again.
    """
    session, operation = change.session, change.session.evaluation_operation
    by_candidate = not (change.actor.is_staff or change.actor.is_system)
    if by_candidate and not session.shows_report:
        raise errors.EvaluationNotFound
    if by_candidate and operation is not None and operation.has_succeeded:
        raise errors.InvalidSessionState("This session is evaluated already. Staff can have it judged again.")
    if session.status not in ENDED:
        raise errors.SessionNotCompleted
    if operation is not None and operation.is_live:
        raise errors.EvaluationInProgress(operation_id=str(operation.pk))
    if operation is not None and not operation.has_succeeded:
        return requeue(change, operation)
    queued = queue_evaluation(change)
    if queued is None:
        raise errors.InvalidSessionState("Nothing was answered in this session, so there is nothing to evaluate.")
    return queued


def supersede(change: Change) -> None:
    """The session goes on, so what was found about it is history: kept, marked, and not worked on any more."""
    stop(change, "SESSION_REOPENED", "The session was opened again.")
    change.session.evaluations.current().update(superseded_at=change.now)
    change.session.evaluation_operation = None


def stop(change: Change, code: str = "CANCELLED", message: str = "It was stopped.") -> bool:
    """Cancel the evaluation that is queued or worked on, if one is. Returns whether there was one."""
    operation = change.session.evaluation_operation
    if operation is None or not Operation.objects.filter(pk=operation.pk).cancel(change.now, code, message):
        return False
    operation.refresh_from_db()
    change.record("operation.cancelled", operation_id=operation.pk, message_id=None, kind="evaluation")
    return True


def try_again(change: Change, operation: Operation) -> Operation:
    """Try the session's newest evaluation again, after it failed or was stopped.

    Raises:
        InvalidSessionState (it is over, or another came after it), and as ``again``.
    """
    newest = change.session.evaluation_operation
    if newest is None or newest.pk != operation.pk or newest.has_succeeded:
        raise errors.InvalidSessionState("This operation is over. Only the newest evaluation can be tried again.")
    return again(change)


def call_off(change: Change, operation: Operation) -> Operation:
    """Stop an evaluation by its operation. The candidate of an interview that others judge may not.

    Raises:
        InvalidSessionState, PermissionDenied.
    """
    actor, session = change.actor, change.session
    if not (actor.is_system or actor.is_staff or session.is_practice):
        raise errors.PermissionDenied("Only staff can do this in this session.")
    if session.evaluation_operation_id != operation.pk or not stop(change):
        raise errors.InvalidSessionState("This operation is over already. There is nothing to stop.")
    operation.refresh_from_db()
    return operation


def has_answers(change: Change) -> bool:
    """Whether somebody has said anything that could be judged."""
    return bool(change.session.messages.history().filter(kind="answer").exclude(content="").exists())


def _queued(change: Change, operation: Operation) -> Operation:
    change.session.evaluation_operation = operation
    change.record("operation.queued", operation_id=operation.pk, message_id=None, kind="evaluation")
    dispatch(operation.pk, operation.kind)
    return operation
