"""An interview that no program has scored: once a person has, it has an evaluation in which every criterion is theirs.

So lists, reports, files and figures find what they look for, and none of it is passed off as a machine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sessions_app.ai.criteria import rubric_version
from sessions_app.models import CriterionScore, Evaluation
from sessions_app.models.evaluation import Method, Verdict

from .change import Change
from .scorecards import rated_criteria


def evaluation_by_people(change: Change) -> Evaluation:
    """Written with the first review that is submitted. The failed evaluation is history then, and can be tried again;
    one that is at work goes on, and takes this one's place.
    """
    session = change.session
    made = {"method": Method.PEOPLE, "model_name": "", "rubric_version": rubric_version(session.plan)}
    evaluation = Evaluation.objects.create(session=session, created_at=change.now, **made)
    CriterionScore.objects.bulk_create(_criteria(evaluation, **made))
    operation = session.evaluation_operation
    if operation is not None and not operation.is_live:
        session.evaluation_operation = None
    change.record(
        "evaluation.completed",
        evaluation_id=evaluation.pk,
        operation_id=None,
        overall_score=None,
        method=evaluation.method,
    )
    return evaluation


def _criteria(evaluation: Evaluation, **made: Any) -> Iterator[CriterionScore]:
    for position, criterion in enumerate(rated_criteria(evaluation.session)):
        named = {"key": criterion.key, "title": criterion.title, "weight": criterion.weight}
        yield CriterionScore(evaluation=evaluation, position=position, verdict=Verdict.LEFT_TO_HUMAN, **named, **made)
