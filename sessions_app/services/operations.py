"""Background work, one row at a time: claim, reserve, write, finish, fail, stop, try again.

The status of an operation changes only by conditional UPDATEs whose row count says who won, see ``models/operation``.
``attempt`` is the fencing token: whoever lost the lease holds an old one, and every guarded write of theirs changes
no row. Lock order: the session first, then the operation.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, operation_for
from sessions_app.ai.protocol import Estimate, Outcome, ProviderError, Usage
from sessions_app.hints import hub
from sessions_app.models import Operation, SessionMessage
from sessions_app.models.message import MessageState
from sessions_app.models.operation import OperationStatus

from . import budget, evaluation_queue
from .change import Change, changing
from .dispatch import dispatch
from .turns import discard_turn, requeue
from .workers import is_alive, machine, worker_name

LEASE = timedelta(seconds=30)
BACKOFF_SECONDS = (1.0, 2.0, 4.0)
MAX_PROVIDER_ERRORS = 3
MAX_LOST_LEASES = 20


class LeaseLost(Exception):
    """Somebody else has the operation now, or it was stopped: write nothing more."""


@dataclass(frozen=True)
class Claim:
    """The right to work on an operation until the lease is over or somebody takes a higher attempt.

    A question's ``message_id`` is the message that it fills, an analysis' the answer that it reads; an evaluation has
    none.
    """

    operation_id: UUID
    session_id: UUID
    message_id: UUID | None
    attempt: int
    model_name: str
    kind: str = "question"


def claim(operation_id: UUID, *, worker: str = "", now: datetime | None = None) -> Claim | None:
    """Take an operation that is due or abandoned; None when it is neither, or somebody was quicker."""
    seen = Operation.objects.filter(pk=operation_id).values("session_id", "attempt", "status").first()
    if seen is None:
        return None
    with changing(seen["session_id"], now=now) as change:
        won = (
            Operation.objects.claimable(change.now)
            .filter(pk=operation_id, attempt=seen["attempt"], status=seen["status"])
            .update(
                lost_leases=F("lost_leases") + int(seen["status"] == OperationStatus.RUNNING),
                status=OperationStatus.RUNNING,
                attempt=F("attempt") + 1,
                lease_until=change.now + LEASE,
                worker=worker or worker_name(),
                started_at=change.now,
            )
        )
        if not won:
            return None
        operation = Operation.objects.select_related("message").get(pk=operation_id)
        budget.settle(change, operation, attempt=operation.attempt - 1)
        if operation.lost_leases >= MAX_LOST_LEASES:
            _give_up(
                change,
                operation,
                ProviderError("WORKERS_LOST", "It was interrupted too often.", retryable=True),
            )
            return None
        return _begin(change, operation)


def _begin(change: Change, operation: Operation) -> Claim:
    if operation.kind == "question":
        message = _message_of(operation)
        message.begin(operation.attempt)
        message.save(update_fields=["state", "attempt", "content"])
    _stands_so(change, operation)
    _record(change, operation, "started", attempt=operation.attempt)
    key, message_id = operation.pk, operation.message_id
    return Claim(key, change.session.pk, message_id, operation.attempt, operation.model_name, operation.kind)


def reserve(claimed: Claim, estimate: Estimate) -> bool:
    """Hold what a call may cost, right before it is made. False when the budget has not so many tokens left.

    The session's row comes first, as everywhere; what it gave is taken back if the operation is not ours any more.

    Raises:
        LeaseLost
    """
    held = estimate.as_usage
    if not held.total:
        return True
    with transaction.atomic():
        if not budget.hold(claimed.session_id, held.total):
            return False
        if not _mine(claimed).filter(reserved_tokens=0).update(reserved_tokens=held.total, usage=held.as_json()):
            raise LeaseLost
    return True


def write(claimed: Claim, text: str) -> None:
    """Store what is written so far. Guarded on the message's own row, which carries the attempt.

    Raises:
        LeaseLost
    """
    mine = SessionMessage.objects.filter(
        pk=cast(UUID, claimed.message_id), attempt=claimed.attempt, state=MessageState.STREAMING
    )
    if not mine.update(content=text):
        raise LeaseLost
    hub.publish(claimed.session_id)


def heartbeat(claimed: Claim, now: datetime) -> None:
    """Say that somebody still works on it. Raises LeaseLost."""
    if not _mine(claimed).update(lease_until=now + LEASE):
        raise LeaseLost


def finish(claimed: Claim, text: str, outcome: Outcome, *, now: datetime | None = None) -> None:
    """Complete the question: message, number, usage and event in one transaction; the clock starts if active.

    Raises:
        LeaseLost: the turn does not wait for this attempt any more.
    """
    with changing(claimed.session_id, now=now) as change:
        session = change.session
        _succeed(claimed, outcome.usage, change.now)
        if session.turn_id != claimed.operation_id:
            raise LeaseLost
        budget.settle(change, cast(Operation, session.turn), outcome.usage)
        message = _complete(change, claimed, text, outcome)
        session.message_count += 1
        session.current_question_number += 1
        if outcome.is_last:
            budget.spend(change)
        session.turn = Operation.objects.select_related("message").get(pk=claimed.operation_id)
        if session.status == "active":
            session.run_clock(change.now)
        _record_question(change, claimed, message, is_last=outcome.is_last)


@contextmanager
def finishing(claimed: Claim, usage: Usage, *, by: str = "", now: datetime | None = None) -> Iterator[Change]:
    """The transaction that ends an analysis or an evaluation: what it found is stored in it, or nothing is.

    ``by`` names the model that was called where it is not the operation's own.

    Raises:
        LeaseLost
    """
    with changing(claimed.session_id, now=now) as change:
        _succeed(claimed, usage, change.now)
        operation = Operation.objects.get(pk=claimed.operation_id)
        budget.note(change, operation, usage, by=by)
        _stands_so(change, operation)
        yield change
        _record(change, operation, "succeeded", attempt=claimed.attempt)


def _succeed(claimed: Claim, usage: Usage, now: datetime) -> None:
    """Raises LeaseLost."""
    done = {"status": OperationStatus.SUCCEEDED, "lease_until": None, "finished_at": now, "usage": usage.as_json()}
    if not _mine(claimed).update(**done):
        raise LeaseLost


def _complete(change: Change, claimed: Claim, text: str, outcome: Outcome) -> SessionMessage:
    """The question as it is asked, with the next numbers of the session."""
    session = change.session
    message = SessionMessage.objects.get(pk=cast(UUID, claimed.message_id))
    message.content, message.question_type = text, outcome.question_type
    by = outcome.by or claimed.model_name
    message.payload = {"key": outcome.key, "is_follow_up": outcome.is_follow_up, "by": by, **outcome.notes}
    message.tokens = outcome.output_tokens
    message.complete(change.now, session.message_count + 1, session.current_question_number + 1)
    message.save()
    return message


def _record_question(change: Change, claimed: Claim, message: SessionMessage, *, is_last: bool) -> None:
    seq, number = message.seq, message.question_number
    change.record("message.completed", message_id=message.pk, attempt=claimed.attempt, message_seq=seq, question=number)
    code: dict[str, Any] = {"code": errors.TokenBudgetExhausted.code} if is_last else {}
    change.record("operation.succeeded", operation_id=claimed.operation_id, attempt=claimed.attempt, **code)


def fail(
    claimed: Claim,
    error: ProviderError,
    *,
    tries: int = MAX_PROVIDER_ERRORS,
    stand_in: str = "",
    now: datetime | None = None,
) -> bool:
    """Back into the queue with a backoff if it may get better (``tries`` in all), else to the model that stands in.

    Where nobody stands in, it failed, and is seen to have. Returns whether who wrote is given up.

    Raises:
        LeaseLost
    """
    with changing(claimed.session_id, now=now) as change:
        operation = Operation.objects.select_related("message").get(pk=claimed.operation_id)
        if operation.attempt != claimed.attempt or operation.status != OperationStatus.RUNNING:
            raise LeaseLost
        operation.provider_errors += 1
        if operation.kind == "question":
            budget.settle(change, operation, error.usage)
        else:
            budget.note(change, operation, error.usage or Usage())
        goes_on = error.retryable and operation.provider_errors < tries
        if goes_on:
            _put_back(change, operation, due=change.now + _backoff(operation, error), code=error.code)
        elif stand_in:
            _hand_over(change, operation, stand_in, error.code)
        else:
            _give_up(change, operation, error)
    return not goes_on


def _backoff(operation: Operation, error: ProviderError) -> timedelta:
    """Longer with every error, and never shorter than the provider asks for."""
    seconds = BACKOFF_SECONDS[operation.provider_errors - 1] * (1 + random.random() / 4)  # noqa: S311 (jitter)
    return timedelta(seconds=max(seconds, error.wait_seconds))


def _hand_over(change: Change, operation: Operation, model_name: str, code: str) -> None:
    """To another model, at once, for which no error counts yet."""
    operation.provider_errors = 0
    _guarded(operation).update(model_name=model_name)
    _put_back(change, operation, due=change.now, code=code)
    dispatch(operation.pk)


def release(claimed: Claim, *, now: datetime | None = None) -> None:
    """Give an operation back unharmed, because this process is about to stop."""
    with changing(claimed.session_id, now=now) as change:
        operation = Operation.objects.select_related("message").get(pk=claimed.operation_id)
        if operation.attempt == claimed.attempt and operation.status == OperationStatus.RUNNING:
            budget.settle(change, operation)
            _put_back(change, operation, due=change.now, code="RELEASED")


def take_back_from_the_dead(*, now: datetime | None = None) -> int:
    """At start-up: requeue what processes of this machine were running that are no more. Returns how many."""
    running = Operation.objects.filter(status=OperationStatus.RUNNING, worker__startswith=machine())
    taken = 0
    for operation_id, session_id, worker in running.values_list("pk", "session_id", "worker"):
        if is_alive(worker):
            continue
        with changing(session_id, now=now) as change:
            operation = Operation.objects.select_related("message").get(pk=operation_id)
            if operation.status == OperationStatus.RUNNING and operation.worker == worker:
                operation.lost_leases += 1
                budget.settle(change, operation)
                _put_back(change, operation, due=change.now, code="WORKER_LOST")
                taken += 1
    return taken


def retry_operation(operation_id: UUID | str, *, actor: Actor = SYSTEM, now: datetime | None = None) -> Operation:
    """Try a failed or stopped question or evaluation again.

    Raises:
        OperationNotFound, GenerationInProgress, EvaluationInProgress, InvalidSessionState, SessionNotCompleted.
    """
    operation = operation_for(operation_id, actor)
    with changing(operation.session_id, actor, now=now) as change:
        if operation.kind == "evaluation":
            return evaluation_queue.try_again(change, operation)
        if change.session.turn_is_live and change.session.turn_id == operation.pk:
            raise errors.GenerationInProgress(operation_id=str(operation.pk))
        if change.session.turn_id != operation.pk:
            raise errors.InvalidSessionState("This operation is over. Only the newest question can be tried again.")
        change.require("retry")
        change.note_activity()
        return requeue(change, operation)


def cancel_operation(operation_id: UUID | str, *, actor: Actor = SYSTEM, now: datetime | None = None) -> Operation:
    """Stop a question that is being written, or an evaluation. It can be tried again.

    Raises:
        OperationNotFound, InvalidSessionState, PermissionDenied (the evaluation of an interview that others judge).
    """
    operation = operation_for(operation_id, actor)
    with changing(operation.session_id, actor, now=now) as change:
        if operation.kind == "evaluation":
            return evaluation_queue.call_off(change, operation)
        if change.session.turn_id != operation.pk or not change.session.turn_is_live:
            raise errors.InvalidSessionState("This operation is over already. There is nothing to stop.")
        change.require("stop")
        discard_turn(change)
        change.note_activity()
    operation.refresh_from_db()
    return operation


def _mine(claimed: Claim) -> Any:
    return Operation.objects.filter(pk=claimed.operation_id, attempt=claimed.attempt, status=OperationStatus.RUNNING)


def _guarded(operation: Operation) -> Any:
    return Operation.objects.filter(pk=operation.pk, attempt=operation.attempt, status=OperationStatus.RUNNING)


def _message_of(operation: Operation) -> SessionMessage:
    if operation.message is None:
        raise LeaseLost
    return operation.message


def _put_back(change: Change, operation: Operation, *, due: datetime, code: str) -> None:
    moved = _guarded(operation).update(
        status=OperationStatus.QUEUED,
        lease_until=None,
        not_before=due,
        provider_errors=operation.provider_errors,
        lost_leases=operation.lost_leases,
    )
    if not moved:
        raise LeaseLost
    if operation.kind == "question":
        message = _message_of(operation)
        message.wait_again()
        message.save(update_fields=["state", "content"])
    _stands_so(change, Operation.objects.select_related("message").get(pk=operation.pk))
    _record(change, operation, "queued", code=code)


def _give_up(change: Change, operation: Operation, error: ProviderError) -> None:
    moved = _guarded(operation).update(
        status=OperationStatus.FAILED,
        lease_until=None,
        finished_at=change.now,
        provider_errors=operation.provider_errors,
        error_code=error.code,
        error_message=error.message,
        error_retryable=Value(error.retryable),
    )
    if not moved:
        raise LeaseLost
    if operation.kind == "question":
        message = _message_of(operation)
        message.fail()
        message.save(update_fields=["state", "content"])
        change.record("message.failed", message_id=message.pk, attempt=operation.attempt)
    _stands_so(change, Operation.objects.select_related("message").get(pk=operation.pk))
    _record(change, operation, "failed", attempt=operation.attempt, code=error.code)


def _stands_so(change: Change, operation: Operation) -> None:
    """Have the session point at the row as it is now, since its phase is derived from it."""
    if operation.kind == "question":
        change.session.turn = operation
    elif operation.kind == "evaluation":
        change.session.evaluation_operation = operation


def _record(change: Change, operation: Operation, what: str, **data: Any) -> None:
    """The entry of the log; an analysis leaves none but ``precision.updated``, for nobody waits for its progress."""
    if operation.kind != "analysis":
        told = {"kind": operation.kind} | data
        change.record(f"operation.{what}", operation_id=operation.pk, message_id=operation.message_id, **told)
