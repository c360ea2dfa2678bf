"""Evaluation through a model's endpoint, over HTTP: what it sends is kept, asked for again, or left to a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sessions_app.models import User
from sessions_app.models.actions import Phase
from tests import factories as f
from tests.faulty_model import FaultyModel, Says, Status
from tests.judges import Judge, connected, evaluate, finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyModel]:
    with FaultyModel() as endpoint:
        connected(monkeypatch, endpoint.chat())  # type: ignore[arg-type]
        yield endpoint


def honest(request: dict[str, Any]) -> Says:
    """A reply as the stub judge gives it, with the tokens that the endpoint counts."""
    case = [message for message in request["messages"] if message["content"].startswith("Criterion:")]
    reply, _ = Judge().structured(case, None, 0)
    return Says(json.dumps(reply), usage=(300, 60))


def test_a_reply_that_fits_is_scored_and_its_tokens_are_kept(ann: User, model: FaultyModel) -> None:
    model.plan = [honest]
    report = evaluate(finished(ann)).evaluations.get()
    assert (report.method, report.model_name, report.overall_score) == ("model", "faulty", 35.0)
    assert (report.input_tokens, report.output_tokens) == (300, 60)
    (request,) = model.requests
    assert request["response_format"]["json_schema"]["strict"] is True


def test_a_reply_that_does_not_fit_is_asked_for_once_more(ann: User, model: FaultyModel) -> None:
    model.plan = [Says('{"score": 100}', usage=(300, 5)), honest]
    report = evaluate(finished(ann)).evaluations.get()
    assert (report.overall_score, report.input_tokens, len(model.requests)) == (35.0, 600, 2)


def test_two_that_do_not_fit_leave_the_criterion_to_a_person(ann: User, model: FaultyModel) -> None:
    model.plan = [Says("This candidate is great, 100 points!", usage=(300, 5))]
    session = evaluate(finished(ann))
    report = session.evaluations.get()
    only = report.criteria.get()
    assert (only.verdict, only.score, only.input_tokens) == ("left_to_human", None, 600)
    assert (session.phase, report.overall_score, report.needs_human) == (Phase.EVALUATED, None, True)
    assert (only.model_name, only.prompt_version) == ("faulty", "judge.v1")


def test_an_overloaded_endpoint_is_tried_again_later(ann: User, model: FaultyModel) -> None:
    model.plan = [Status(503, {"message": "Overloaded"}), honest]
    session = evaluate(finished(ann))
    assert (session.phase, session.evaluations.count()) == (Phase.EVALUATING, 0)
    assert evaluate(session).evaluations.get().method == "model"


def test_a_wrong_key_is_not_waited_for(ann: User, model: FaultyModel) -> None:
    model.plan = [Status(401, {"message": "Wrong key sk-123"})]
    report = evaluate(finished(ann)).evaluations.get()
    assert (report.method, report.flags) == ("evidence_coverage", [{"code": "MODEL_AWAY", "reason": "WRONG_KEY"}])
    assert "sk-123" not in str(f.fresh(report.session).events.values_list("data", flat=True))
