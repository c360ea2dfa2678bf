"""Evaluation: an operation of its own after the end of a session, whose failure never touches the session.

Nothing of it decides about a candidate. A model that is away is waited for as with questions; then the built-in
evaluator counts evidence, marked as such, unless the template wants a model's score or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, session_for
from sessions_app.ai.criteria import Said, criteria_of, rubric_version
from sessions_app.ai.judging import COVERAGE, MODEL, Judgement, Prepared, by_coverage, prepare
from sessions_app.ai.model_judge import Judge, by_model
from sessions_app.ai.protocol import BUILT_IN, ProviderError, Usage
from sessions_app.ai.report import Findings, findings_of
from sessions_app.logs import log
from sessions_app.models import CriterionScore, Evaluation, Evidence, InterviewSession, Operation, SessionMessage
from sessions_app.models.clock import database_now

from . import operations
from .change import Change, changing
from .connections import chat_for, connected
from .evaluation_queue import ENDED, again
from .exchanges import exchanged, origin_of
from .heartbeat import Stopping, beating, leavable
from .operations import Claim, finishing
from .scorecards import may_see_scores

NO_MODEL = "These interviews are scored by a model only, and none is connected. Connect one, then try again."


def run_evaluation(claimed: Claim, stopping: Stopping) -> None:
    """Judge the session and store the report, all of it or nothing.

    Raises:
        ProviderError: no model could judge it now; LeaseLost; Stopped.
    """
    session = InterviewSession.objects.select_related("resume", "candidate").get(pk=claimed.session_id)
    prepared = prepare(said_in(session), names_of(session))
    with beating(claimed):
        found = _judge(claimed, session, prepared, stopping)
    judged = found.judgements
    with finishing(claimed, found.usage, by=found.by) as change:
        misled = [{"code": "JUDGE_MISLED", "criterion": one.criterion.key} for one in judged if one.is_misled]
        _store(change, claimed, prepared, judged, [*_flags_of(prepared), *found.flags, *misled])


def retry_evaluation(session_id: UUID | str, *, actor: Actor = SYSTEM, now: datetime | None = None) -> Operation:
    """Judge an ended session once more. Staff at any time, which supersedes what is there once the new one is done.

    Raises:
        SessionNotFound, SessionNotCompleted, InvalidSessionState, EvaluationInProgress.
        EvaluationNotFound: the candidate may not see the report, so there is nothing for them to try again.
    """
    with changing(session_id, actor, now=now) as change:
        return again(change)


def get_evaluation(session_id: UUID | str, *, actor: Actor = SYSTEM) -> Evaluation:
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
    """As ``get_evaluation``, of a session that was fetched for the actor; None where there is none to see."""
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
    rows = session.messages.history().filter(kind__in=["question", "answer"])
    return [_said(question, answer) for question, answer in exchanged(rows)]


def _said(question: SessionMessage, answer: SessionMessage | None) -> Said:
    key, is_follow_up = origin_of(question)
    asked = Said(key, question.content, is_follow_up=is_follow_up)
    if answer is None or answer.is_skip:
        return asked
    return replace(asked, answer=answer.content, message_id=str(answer.pk))


def names_of(session: InterviewSession) -> list[str]:
    """Who the candidate is, which no judge is told."""
    known = [session.candidate_name, session.candidate_email]
    if session.candidate is not None:
        known += [session.candidate.name, session.candidate.email or ""]
    return [name for name in known if name]


# -- by whom -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Judged:
    """Every criterion apart from the others, what a reviewer should know about how it came about, and what the model
    cost that was asked, whether it could judge or not.
    """

    judgements: list[Judgement]
    flags: list[dict[str, Any]] = field(default_factory=list)
    usage: Usage = Usage()
    by: str = ""


def _judge(claimed: Claim, session: InterviewSession, prepared: list[Prepared], stopping: Stopping) -> _Judged:
    """Raises ProviderError, Stopped."""
    model = _model_for(claimed, session)
    if model is None:
        return _Judged(*_without_model(session, prepared, claimed.model_name))
    try:
        judged = _by_model(model, claimed, session, prepared, stopping)
        return _Judged(judged, usage=_total(judged), by=model.name)
    except ProviderError as error:
        if session.needs_model_score or (error.retryable and not _is_last_try(claimed)):
            raise
        log.warning("evaluation.fell_back", operation_id=str(claimed.operation_id), code=error.code)
        flags = [{"code": "MODEL_AWAY", "reason": error.code}]
        return _Judged(_by_coverage(session, prepared), flags, error.usage or Usage(), model.name)


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
    is_missing = model_name != BUILT_IN
    return _by_coverage(session, prepared), [{"code": "MODEL_NOT_CONNECTED"}] if is_missing else []


def _by_model(
    model: Judge, claimed: Claim, session: InterviewSession, prepared: list[Prepared], stopping: Stopping
) -> list[Judgement]:
    """Answers go to the model only while the evaluation is ours: not after it was stopped, or the session erased.

    Raises:
        ProviderError: with what all calls have cost; Stopped; LeaseLost.
    """
    names, resume = names_of(session), session.resume.content if session.resume else ""
    judged: list[Judgement] = []
    for criterion in criteria_of(session.plan):
        operations.heartbeat(claimed, database_now())
        ask = partial(by_model, model, criterion, prepared, names=names, resume=resume)
        try:
            judged.append(leavable(ask, stopping))
        except ProviderError as error:
            error.usage = _total(judged) + (error.usage or Usage())
            raise
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
    told = findings_of(
        judged, [one.said for one in prepared], tells_anchors=session.is_practice, is_flagged=bool(flags)
    )
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
    change: Change, claimed: Claim, told: Findings, judged: Sequence[Judgement], flags: list[dict[str, Any]]
) -> Evaluation:
    usage = _total(judged)
    by_model = next((one for one in judged if one.method == MODEL), None)
    return Evaluation(
        session=change.session,
        operation_id=claimed.operation_id,
        method=MODEL if by_model else COVERAGE,
        model_name=by_model.model_name if by_model else BUILT_IN,
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
    return sum((one.usage for one in judged), Usage())
