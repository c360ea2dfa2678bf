"""The turns of a session: queueing a question, taking an answer, dropping what is no longer waited for.

Everything here works on a session that is locked already and leaves saving it to the caller.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sessions_app.ai import builtin
from sessions_app.models import InterviewSession, Operation, SessionMessage
from sessions_app.models.message import MessageState

from . import budget
from .change import Change
from .dispatch import dispatch

# Why a question was not finished: the session ended meanwhile. It is written again if that is opened again.
SESSION_ENDED = "SESSION_ENDED"


def queue_question(change: Change, after: SessionMessage | None = None) -> Operation:
    """Insert the next question's operation, and the message it will fill, in the transaction that causes them."""
    session, now = change.session, change.now
    message = SessionMessage.objects.create(
        session=session, role="assistant", kind="question", in_reply_to=after, created_at=now
    )
    operation = Operation.objects.create(
        session=session, message=message, model_name=session.model_name, not_before=now, created_at=now
    )
    session.turn = operation
    change.record("operation.queued", operation_id=operation.pk, message_id=message.pk, kind="question")
    dispatch(operation.pk)
    return operation


def queue_what_is_missing(change: Change) -> None:
    """Ask on where an active session waits for nothing: the first question, the next one, or one that was cut off."""
    session, turn = change.session, change.session.turn
    if turn is None:
        queue_question(change)
    elif turn.error_code == SESSION_ENDED and not turn.is_live and not turn.has_succeeded:
        requeue(change, turn)
    elif turn.has_succeeded and session.open_question_id is None and session.auto_advance and _has_more(session):
        queue_question(change)


def _has_more(session: InterviewSession) -> bool:
    return session.current_question_number < session.planned_questions


def requeue(change: Change, operation: Operation) -> Operation:
    """Try a failed or stopped question again, from nothing."""
    message = SessionMessage.objects.get(operation=operation)
    Operation.objects.filter(pk=operation.pk).queue_again(change.now, model_name=change.session.model_name)
    message.wait_again()
    message.save(update_fields=["state", "content"])
    operation.refresh_from_db()
    change.session.turn = operation
    change.record("operation.queued", operation_id=operation.pk, message_id=message.pk, kind="question")
    dispatch(operation.pk)
    return operation


def add_answer(
    change: Change,
    question: SessionMessage,
    *,
    text: str,
    at: datetime,
    client_message_id: str = "",
    mode: str = "text",
    payload: dict[str, Any] | None = None,
) -> SessionMessage:
    """Store an answer to the open question; the clock stops with it and the draft is spent."""
    answer = _add(
        change,
        role="user",
        kind="answer",
        at=at,
        content=text,
        question_number=question.question_number,
        question_type=question.question_type,
        in_reply_to=question,
        client_message_id=client_message_id,
        mode=mode,
        payload=payload or {},
    )
    change.session.stop_clock(at)
    change.session.draft_text = ""
    change.session.draft_revision += 1
    change.session.draft_question = None
    if text.strip() and change.session.plan.get("dimensions"):
        queue_analysis(change, answer)
    return answer


def queue_analysis(change: Change, answer: SessionMessage) -> None:
    """Have an answer read for what it tells about the session's dimensions; no event, since nobody sees it coming."""
    operation = Operation.objects.create(
        session=change.session,
        message=answer,
        kind="analysis",
        model_name=change.session.model_name,
        not_before=change.now,
        created_at=change.now,
    )
    dispatch(operation.pk, operation.kind)


def add_closing(change: Change) -> SessionMessage:
    """The interviewer's last words, stored together with the last planned answer."""
    words = builtin.closing(change.session.candidate_name, change.session.language)
    return _add(change, role="assistant", kind="notice", at=change.now, content=words)


def discard_turn(change: Change, code: str = "CANCELLED", message: str = "It was stopped.") -> bool:
    """Cancel the question that is being written, if one is; the partial text goes. Returns whether there was one."""
    turn = change.session.turn
    if turn is None:
        return False
    if not Operation.objects.filter(pk=turn.pk).cancel(change.now, code, message):
        return False
    budget.settle(change, turn)
    question = SessionMessage.objects.get(operation=turn)
    question.fail()
    question.save(update_fields=["state", "content"])
    turn.refresh_from_db()
    change.record("operation.cancelled", operation_id=turn.pk, message_id=turn.message_id)
    return True


def _add(change: Change, *, at: datetime, **fields: Any) -> SessionMessage:
    """A message that is born complete, with the next number of the session."""
    session = change.session
    message = SessionMessage(
        session=session,
        seq=session.message_count + 1,
        state=MessageState.COMPLETE,
        created_at=at,
        completed_at=at,
        **fields,
    )
    message.save(force_insert=True)
    session.message_count += 1
    change.record(
        "message.created",
        at=at,
        message_id=message.pk,
        message_seq=message.seq,
        kind=message.kind,
        question=message.question_number,
    )
    return message
