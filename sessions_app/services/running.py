"""``run_operation`` is the only entry to background work, whoever calls it: a thread here, a worker elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from sessions_app.ai.builtin import LastQuestion
from sessions_app.ai.protocol import Exchange, Outcome, Provider, ProviderError, Question, Turn, provider_for
from sessions_app.ai.trim import trimmed
from sessions_app.logs import log
from sessions_app.models import InterviewSession, SessionMessage
from sessions_app.models.clock import database_now

from . import operations
from .creation import as_posting
from .operations import Claim, LeaseLost

FLUSH_SECONDS = 0.15
FLUSH_CHARACTERS = 400
HEARTBEAT_SECONDS = 10.0

Stopping = Callable[[], bool]


class Stopped(Exception):
    """The process is about to end; the operation goes back into the queue."""


def run_operation(operation_id: UUID, *, provider: Provider | None = None, stopping: Stopping = lambda: False) -> bool:
    """Claim and carry out one operation. Returns whether it was ours to run; harmless to call at any time."""
    claimed = operations.claim(operation_id)
    if claimed is None:
        return False
    try:
        _write_question(claimed, provider, stopping)
    except LeaseLost:
        log.info("operation.lease_lost", operation_id=str(operation_id), attempt=claimed.attempt)
    except Stopped:
        operations.release(claimed)
    return True


def turn_of(session: InterviewSession) -> Turn:
    """Everything the interviewer may use, read from the stored rows."""
    return Turn(
        seed=str(session.pk),
        candidate_name=session.candidate_name,
        planned_questions=session.planned_questions,
        plan=tuple(Question.from_json(row) for row in session.plan.get("questions", ())),
        history=tuple(exchanges(session)),
        posting=as_posting(session.job_posting),
        resume=session.resume.content if session.resume else "",
        has_template=session.plan.get("template") is not None,
        language=session.language,
    )


def exchanges(session: InterviewSession) -> Iterator[Exchange]:
    """Question and answer in pairs, oldest first; an unanswered question makes none."""
    rows = session.messages.history().filter(kind__in=["question", "answer"])
    question: SessionMessage | None = None
    for message in rows:
        if message.kind == "question":
            question = message
        elif question is not None:
            key, is_follow_up = question.payload.get("key", ""), bool(question.payload.get("is_follow_up"))
            yield Exchange(key, question.content, message.content, is_follow_up, message.is_skip)


def _write_question(claimed: Claim, provider: Provider | None, stopping: Stopping) -> None:
    try:
        session = InterviewSession.objects.select_related("job_posting", "resume").get(pk=claimed.session_id)
        asked = provider or provider_for(claimed.model_name)
        with _beating(claimed):
            writer, turn = _within_budget(claimed, asked, turn_of(session), stopping)
            text, outcome = _stream(claimed, writer, turn, stopping)
    except ProviderError as error:
        log.warning("operation.provider_error", operation_id=str(claimed.operation_id), code=error.code)
        operations.fail(claimed, error)
    except (LeaseLost, Stopped):
        raise
    except Exception:
        log.exception("operation.crashed", operation_id=str(claimed.operation_id))
        broken = ProviderError("INTERNAL_ERROR", "The interviewer made a mistake. Try again.", retryable=True)
        operations.fail(claimed, broken)
    else:
        operations.finish(claimed, text, outcome)


def _within_budget(claimed: Claim, provider: Provider, turn: Turn, stopping: Stopping) -> tuple[Provider, Turn]:
    """Who writes, and from what: the whole turn, a smaller one, or the prepared last question, as the tokens allow."""
    if stopping():
        raise Stopped  # before anything is held that would be charged
    smaller = trimmed(turn)
    for prompt in [turn] if smaller == turn else [turn, smaller]:
        if operations.reserve(claimed, provider.estimate(prompt)):
            return provider, prompt
    log.info("operation.budget_spent", operation_id=str(claimed.operation_id), attempt=claimed.attempt)
    return LastQuestion.from_settings(), turn


def _stream(claimed: Claim, provider: Provider, turn: Turn, stopping: Stopping) -> tuple[str, Outcome]:
    """Store the text as it grows, at most every 150 ms or 400 characters."""
    text, stored, stored_at, usage = "", 0, time.monotonic(), None
    for piece in provider.ask(turn):
        if stopping():
            raise Stopped
        if isinstance(piece, Outcome):
            usage = piece.usage
            if not text.strip():
                break
            return text.strip(), piece
        text = (text + piece).lstrip()
        if len(text) - stored >= FLUSH_CHARACTERS or time.monotonic() - stored_at >= FLUSH_SECONDS:
            operations.write(claimed, text.rstrip())  # a final text has no blank end either: deltas join to it
            stored, stored_at = len(text), time.monotonic()
    sentence = "The interviewer sent an empty or cut-off question."
    raise ProviderError("EMPTY_REPLY", sentence, retryable=True, usage=usage)


@contextmanager
def _beating(claimed: Claim) -> Iterator[None]:
    """Keep the lease while a question is written, so that a slow first word is not taken for a dead worker."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            try:
                operations.heartbeat(claimed, database_now())
            except LeaseLost:
                return
            except Exception:
                log.exception("operation.heartbeat_failed", operation_id=str(claimed.operation_id))
            finally:
                connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{claimed.operation_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
