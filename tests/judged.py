"""Interviews that were scored, for tests of what people make of it. Rows by factories: no judge runs."""

from __future__ import annotations

from typing import Any

from sessions_app.models import Evaluation, InterviewSession, Operation, SessionMessage, User
from sessions_app.models.clock import database_now
from sessions_app.services import sessions
from sessions_app.services.reviewing import Given, Rated

from .factories import EvaluationFactory, EvidenceFactory, answer, fresh, waiting, write_question

FIRST = "I would add an index. It makes writes slower, and reads faster."
SECOND = "Then I would measure.\nNobody measures enough!"


def judged(candidate: User, *, overall: float | None = 71.0, scores: Any = None, **config: Any) -> InterviewSession:
    """A finished interview with two answers; its evaluation quotes the first answer for the first criterion."""
    evaluation_fields = {name: config.pop(name) for name in ("method", "superseded_at", "created_at") if name in config}
    judged_by_others = config.pop("assessed", True)
    session = waiting(candidate, planned_questions=3, **config)
    answer(session, FIRST)
    write_question(session)
    answer(session, SECOND)
    sessions.end_session(session.pk)
    set_evaluation_operation(session, "succeeded")
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=not judged_by_others)
    evaluation = EvaluationFactory(session=session, overall_score=overall, scores=scores, **evaluation_fields)
    first = evaluation.criteria.first()
    if first is not None and first.score is not None:
        EvidenceFactory(criterion=first, message=answers(session)[0])
    return fresh(session)


def set_evaluation_operation(session: InterviewSession, status: str) -> Operation:
    now = database_now()
    times = {"finished_at": now, "started_at": now} if status in ("succeeded", "failed") else {}
    made = Operation.objects.filter(session=session, kind="evaluation").first()
    operation = made or Operation(session=session, kind="evaluation", created_at=now, not_before=now)
    for name, value in {"status": status, **times}.items():
        setattr(operation, name, value)
    operation.save()
    InterviewSession.objects.filter(pk=session.pk).update(evaluation_operation=operation)
    return operation


def answers(session: InterviewSession) -> list[SessionMessage]:
    return list(session.messages.filter(kind="answer").order_by("seq"))


def evaluation_of(session: InterviewSession) -> Evaluation:
    return Evaluation.objects.current().get(session=session)


def filled(*words: str, **fields: Any) -> Given:
    """A complete scorecard with a word for each criterion."""
    ratings = {f"criterion-{number}": Rated(word) for number, word in enumerate(words or ("strong", "weak", "solid"))}
    return Given(**{"ratings": ratings, "takeaways": "Weighs costs.", "recommendation": "yes", **fields})
