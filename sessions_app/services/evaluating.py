"""Evaluation: an operation of its own after the end of a session, whose failure never touches the session.

Nothing of it decides about a candidate. A model that is away is waited for as with questions; then the built-in
evaluator counts evidence, marked as such, unless the template wants a model's score or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, session_for
from sessions_app.ai.criteria import Said, criteria_of, rubric_version
from sessions_app.ai.judging import COVERAGE, MODEL, Judgement, Prepared, by_coverage, prepare
from sessions_app.ai.model_judge import Judge, by_model
from sessions_app.ai.protocol import ProviderError, Usage
from sessions_app.ai.report import Report, report_of
from sessions_app.logs import log
from sessions_app.models import CriterionScore, Evaluation, Evidence, InterviewSession, Operation, SessionMessage

from . import operations
from .change import Change, changing
from .connections import chat_for, connected
from .evaluation_queue import ENDED, again, queue_evaluation, supersede
from .heartbeat import Stopped, Stopping, beating
from .operations import Claim, finishing
from .scorecards import may_see_scores

__all__ = ["current_evaluation", "queue_evaluation", "retry_evaluation", "run_evaluation", "supersede"]

NO_MODEL = "These interviews are scored by a model only, and none is connected. Connect one, then try again."


def run_evaluation(claimed: Claim, stopping: Stopping) -> None:
    """Judge the session and store the report, all of it or nothing.

    Raises:
        ProviderError: no model could judge it now; LeaseLost; Stopped.
    """
    session = InterviewSession.objects.select_related("resume", "candidate").get(pk=claimed.session_id)
    prepared = prepare(said_in(session), names_of(session))
    with beating(claimed):
        judged, flags = _judge(claimed, session, prepared, stopping)
    with finishing(claimed, _total(judged)) as change:
        misled = [{"code": "JUDGE_MISLED", "criterion": one.criterion.key} for one in judged if one.is_misled]
        _store(change, claimed, prepared, judged, [*_flags_of(prepared), *flags, *misled])


def retry_evaluation(session_id: UUID | str, *, actor: Actor = SYSTEM, now: datetime | None = None) -> Operation:
    """Judge an ended session once more. Staff at any time, which supersedes what is there once the new one is done.

    Raises:
        SessionNotFound, SessionNotCompleted, InvalidSessionState, EvaluationInProgress.
        EvaluationNotFound: the candidate may not see the report, so there is nothing for them to try again.
    """
    with changing(session_id, actor, now=now) as change:
        operation = change.session.evaluation_operation
        if not _is_staff(actor) and not change.session.shows_report:
            raise errors.EvaluationNotFound
        if not _is_staff(actor) and operation is not None and operation.has_succeeded:
            raise errors.InvalidSessionState("This session is evaluated already. Staff can have it judged again.")
        return again(change)


def current_evaluation(session_id: UUID | str, *, actor: Actor = SYSTEM) -> Evaluation:
    """The evaluation that counts, with criteria and evidence, for whoever may see it.

    Raises:
        SessionNotFound.
        EvaluationNotFound: there is none (yet), or not for these eyes.
    """
    found = evaluation_for(session_for(session_id, actor), actor)
    if found is None:
        raise errors.EvaluationNotFound
    return found


def evaluation_for(session: InterviewSession, actor: Actor) -> Evaluation | None:
    """As ``current_evaluation``, of a session that was fetched for the actor; None where there is none to see."""
    if session.status not in ENDED or not may_see_scores(session, actor):
        return None
    rows = Evaluation.objects.current().filter(session=session)
    found = rows.prefetch_related("criteria__evidence__message").first()
    if found is not None:
        found.session = session  # read already
    return found


# -- what is judged ----------------------------------------------------------------------------------------------------


def said_in(session: InterviewSession) -> list[Said]:
    """Every question that was asked, with its answer, oldest first."""
    said: list[Said] = []
    for message in session.messages.history().filter(kind__in=["question", "answer"]):
        if message.kind == "question":
            said.append(_asked(message))
        elif said and not message.is_skip:
            asked = said.pop()
            said.append(Said(asked.key, asked.question, message.content, str(message.pk), asked.is_follow_up))
    return said


def _asked(message: SessionMessage) -> Said:
    key, is_follow_up = message.payload.get("key", ""), bool(message.payload.get("is_follow_up"))
    return Said(key, message.content, is_follow_up=is_follow_up)


def names_of(session: InterviewSession) -> list[str]:
    """Who the candidate is, which no judge is told."""
    known = [session.candidate_name, session.candidate_email]
    if session.candidate is not None:
        known += [session.candidate.name, session.candidate.email or ""]
    return [name for name in known if name]


# -- by whom -----------------------------------------------------------------------------------------------------------


def _judge(
    claimed: Claim, session: InterviewSession, prepared: list[Prepared], stopping: Stopping
) -> tuple[list[Judgement], list[dict[str, Any]]]:
    """Every criterion apart from the others, and what a reviewer should know about how it came about."""
    model = _model_for(claimed, session)
    if model is None:
        return _without_model(session, prepared, claimed.model_name)
    try:
        return _by_model(model, session, prepared, stopping), []
    except ProviderError as error:
        if session.needs_model_score or (error.retryable and not _is_last_try(claimed)):
            raise
        log.warning("evaluation.fell_back", operation_id=str(claimed.operation_id), code=error.code)
        return _by_coverage(session, prepared), [{"code": "MODEL_AWAY", "reason": error.code}]


def _model_for(claimed: Claim, session: InterviewSession) -> Judge | None:
    """The session's own model; where only a model may score, the first connected one stands in for a missing one."""
    own = chat_for(claimed.model_name)
    if own is not None or not session.needs_model_score:
        return own
    others = (chat_for(model.name) for model in connected() if not model.unavailable)
    return next(filter(None, others), None)


def _without_model(
    session: InterviewSession, prepared: list[Prepared], model_name: str
) -> tuple[list[Judgement], list[dict[str, Any]]]:
    """Raises ProviderError where only a model may score."""
    if session.needs_model_score:
        raise ProviderError("MODEL_NOT_CONNECTED", NO_MODEL, retryable=False)
    is_missing = model_name != "built-in"
    return _by_coverage(session, prepared), [{"code": "MODEL_NOT_CONNECTED"}] if is_missing else []


def _by_model(model: Judge, session: InterviewSession, prepared: list[Prepared], stopping: Stopping) -> list[Judgement]:
    names, resume = names_of(session), session.resume.content if session.resume else ""
    judged = []
    for criterion in criteria_of(session.plan):
        if stopping():
            raise Stopped
        judged.append(by_model(model, criterion, prepared, names=names, resume=resume))
    return judged


def _by_coverage(session: InterviewSession, prepared: list[Prepared]) -> list[Judgement]:
    return [by_coverage(criterion, prepared) for criterion in criteria_of(session.plan)]


def _is_last_try(claimed: Claim) -> bool:
    """Whether one error more would be the operation's end."""
    errors_so_far = Operation.objects.values_list("provider_errors", flat=True).get(pk=claimed.operation_id)
    return errors_so_far + 1 >= operations.MAX_PROVIDER_ERRORS


def _flags_of(prepared: Sequence[Prepared]) -> list[dict[str, Any]]:
    """Where answers speak to the judge: for the reviewer, with the place."""
    return [
        {"code": "INSTRUCTIONS", "message_id": one.said.message_id, "start": found.start, "end": found.end}
        for one in prepared
        for found in one.instructions
    ]


def _is_staff(actor: Actor) -> bool:
    return actor.is_system or actor.is_staff


# -- what is kept ------------------------------------------------------------------------------------------------------


def _store(
    change: Change,
    claimed: Claim,
    prepared: Sequence[Prepared],
    judged: Sequence[Judgement],
    flags: list[dict[str, Any]],
) -> None:
    """The report takes the place of an earlier one, which is kept."""
    session = change.session
    told = report_of(judged, [one.said for one in prepared], tells_anchors=session.is_practice, is_flagged=bool(flags))
    session.evaluations.current().update(superseded_at=change.now)
    evaluation = _evaluation(change, claimed, told, judged, flags)
    evaluation.save(force_insert=True)
    for position, one in enumerate(judged):
        _store_criterion(evaluation, position, one)
    change.record(
        "evaluation.completed",
        evaluation_id=evaluation.pk,
        operation_id=claimed.operation_id,
        overall_score=evaluation.overall_score,
        method=evaluation.method,
    )


def _evaluation(
    change: Change, claimed: Claim, told: Report, judged: Sequence[Judgement], flags: list[dict[str, Any]]
) -> Evaluation:
    usage = _total(judged)
    by_model = next((one for one in judged if one.method == MODEL), None)
    return Evaluation(
        session=change.session,
        operation_id=claimed.operation_id,
        method=MODEL if by_model else COVERAGE,
        model_name=by_model.model_name if by_model else "built-in",
        prompt_version=by_model.prompt_version if by_model else "",
        rubric_version=rubric_version(change.session.plan),
        quotes_dropped=sum(one.dropped for one in judged),
        flags=flags,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        created_at=change.now,
        **vars(told),
    )


def _store_criterion(evaluation: Evaluation, position: int, one: Judgement) -> None:
    row = CriterionScore.objects.create(
        evaluation=evaluation,
        position=position,
        key=one.criterion.key,
        title=one.criterion.title,
        weight=one.criterion.weight,
        verdict=one.verdict,
        score=one.score,
        level=one.level,
        confidence=one.confidence,
        rationale=one.rationale,
        points=[
            {"statement": point.rubric.point.statement, "shown": point.is_shown, "level": point.level}
            for point in one.points
        ],
        method=one.method,
        model_name=one.model_name,
        prompt_version=one.prompt_version,
        rubric_version=evaluation.rubric_version,
        input_tokens=one.usage.input_tokens,
        output_tokens=one.usage.output_tokens,
    )
    Evidence.objects.bulk_create(Evidence(criterion=row, **vars(evidence)) for evidence in one.evidence)


def _total(judged: Sequence[Judgement]) -> Usage:
    return Usage(sum(one.usage.input_tokens for one in judged), sum(one.usage.output_tokens for one in judged))
