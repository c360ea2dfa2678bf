"""``run_operation`` is the only entry to background work, whoever calls it: a thread here, a worker elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from uuid import UUID

from sessions_app.ai import drafting
from sessions_app.ai.builtin import LastQuestion
from sessions_app.ai.protocol import BUILT_IN, Outcome, PastTurn, Provider, ProviderError, Question, Turn
from sessions_app.ai.trim import trimmed
from sessions_app.logs import log
from sessions_app.models import InterviewSession, SessionMessage

from . import connections, operations
from .analysing import run_analysis
from .creation import as_posting
from .evaluating import run_evaluation
from .exchanges import exchanged, origin_of
from .heartbeat import Stopped, Stopping, beating
from .operations import Claim, LeaseLost

FLUSH_SECONDS = 0.15
FLUSH_CHARACTERS = 400
MOST_DRAFTS = 2  # what a model writes and its guard refuses; then the prepared question is asked


def run_operation(operation_id: UUID, *, provider: Provider | None = None, stopping: Stopping = lambda: False) -> bool:
    """Claim and carry out one operation. Returns whether it was ours to run; harmless to call at any time."""
    claimed = operations.claim(operation_id)
    if claimed is None:
        return False
    try:
        _carry_out(claimed, provider, stopping)
    except LeaseLost:
        log.info("operation.lease_lost", operation_id=str(operation_id), attempt=claimed.attempt)
    except Stopped:
        operations.release(claimed)
    return True


def turn_of(session: InterviewSession, *, attempt: int = 1) -> Turn:
    """Everything the interviewer may use, read from the stored rows."""
    said = list(session.messages.history().filter(kind__in=["question", "answer"]))
    left = session.remaining_ms(session.last_activity_at)  # its clock stands still while a question is written
    return Turn(
        seed=str(session.pk),
        candidate_name=session.candidate_name,
        planned_questions=session.planned_questions,
        plan=tuple(Question.from_json(row) for row in session.plan.get("questions", ())),
        history=tuple(past_turns(said)),
        posting=as_posting(session.job_posting),
        resume=session.resume.content if session.resume else "",
        has_template=session.plan.get("template") is not None,
        language=session.language,
        asked=tuple(message.content for message in said if message.kind == "question"),
        seconds_left=None if left is None else left // 1000,
        tokens_left=max(0, session.token_budget - session.tokens_used - session.tokens_reserved),
        attempt=attempt,
    )


def past_turns(said: Iterable[SessionMessage]) -> Iterator[PastTurn]:
    """Question and answer in pairs, oldest first; an unanswered question makes none."""
    for question, answer in exchanged(said):
        if answer is not None:
            key, is_follow_up = origin_of(question)
            yield PastTurn(key, question.content, answer.content, is_follow_up, answer.is_skip)


def _carry_out(claimed: Claim, provider: Provider | None, stopping: Stopping) -> None:
    """Whatever goes wrong is the operation's failure, said in its row; nothing of it reaches who runs operations."""
    try:
        _do(claimed, provider, stopping)
    except ProviderError as error:
        log.warning("operation.provider_error", operation_id=str(claimed.operation_id), code=error.code)
        _fail(claimed, error)
    except (LeaseLost, Stopped):
        raise
    except Exception:
        log.exception("operation.crashed", operation_id=str(claimed.operation_id))
        broken = ProviderError("INTERNAL_ERROR", "The interviewer made a mistake. Try again.", retryable=True)
        _fail(claimed, broken)


def _do(claimed: Claim, provider: Provider | None, stopping: Stopping) -> None:
    match claimed.kind:
        case "analysis":
            run_analysis(claimed, stopping)
        case "evaluation":
            run_evaluation(claimed, stopping)
        case _:
            _write_question(claimed, provider, stopping)


def _fail(claimed: Claim, error: ProviderError) -> None:
    """Once more, or the next model, or the built-in interviewer, unless the session must not go on without its own."""
    session = InterviewSession.objects.only("model_name", "may_fall_back").get(pk=claimed.session_id)
    is_refused_draft = error.code in drafting.CODES
    tries, stand_in = operations.MAX_PROVIDER_ERRORS, ""
    if claimed.kind == "question" and session.may_fall_back:
        stand_in = connections.stand_in_for(claimed.model_name, session.model_name)
        is_own = claimed.model_name == session.model_name
        tries = tries if is_own and not connections.is_resting(claimed.model_name) else 1
    if is_refused_draft:
        tries, stand_in = MOST_DRAFTS, stand_in and BUILT_IN
    given_up = operations.fail(claimed, error, tries=tries, stand_in=stand_in)
    if given_up and not is_refused_draft and claimed.model_name != BUILT_IN:
        connections.note_failure(claimed.model_name, error)


def _write_question(claimed: Claim, provider: Provider | None, stopping: Stopping) -> None:
    session = InterviewSession.objects.select_related("job_posting", "resume").get(pk=claimed.session_id)
    asked = provider or connections.provider_for(claimed.model_name)
    with beating(claimed):
        writer, turn = _within_budget(claimed, asked, turn_of(session, attempt=claimed.attempt), stopping)
        text, outcome = _stream(claimed, writer, turn, stopping)
    operations.finish(claimed, text, outcome)
    if outcome.by == claimed.model_name != BUILT_IN:
        connections.note_success(claimed.model_name)


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
    """Store the text as it grows: its first words at once, then at most every 150 ms or 400 characters."""
    text, stored, stored_at, usage = "", 0, 0.0, None
    for piece in provider.ask(turn):
        if stopping():
            raise Stopped
        if isinstance(piece, Outcome):
            usage = piece.usage
            if not text.strip():
                break
            return text.strip(), piece
        text = (text + piece).lstrip()
        is_first = stored == 0 and bool(text)
        if is_first or len(text) - stored >= FLUSH_CHARACTERS or time.monotonic() - stored_at >= FLUSH_SECONDS:
            operations.write(claimed, text.rstrip())  # a final text has no blank end either: deltas join to it
            stored, stored_at = len(text), time.monotonic()
    sentence = "The interviewer sent an empty or cut-off question."
    raise ProviderError("EMPTY_REPLY", sentence, retryable=True, usage=usage)
