"""The same with a real model: llama.cpp and 135 million parameters ask, read and judge. The protocol, never the words.

It may be refused by the guards or leave a criterion to a person: that is no error. What counts is that everything ends,
once, and says who did it and what it cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sessions_app.ai.chat import ChatModel
from sessions_app.models import Evaluation, InterviewSession, ModelConnection, User
from tests import factories as f
from tests.judges import SAID
from tests.metered import assert_balanced
from tests.model_server import CONTEXT_TOKENS, MODEL_ID, running
from tests.whole_interview import (
    Client,
    assert_every_question_once,
    assert_nothing_is_left_over,
    assert_quotes_are_the_candidates,
    work_off,
)

LENGTH = 60  # tokens of a reply that is read by code

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture
def interview(url: str, ann: User, as_: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Two questions, an answer to the first, and the report: asked, read and judged by the small model."""
    whole = ChatModel.structured  # so small a model writes on until it is stopped, which is an error of its own
    monkeypatch.setattr(ChatModel, "structured", lambda self, asked, schema, limit: whole(self, asked, schema, LENGTH))
    ModelConnection.objects.create(
        name="small",
        base_url=url,
        model_id=MODEL_ID,
        context_tokens=CONTEXT_TOKENS,
        max_output_tokens=40,
        timeout_seconds=200,  # it has the machine to itself only where tests run one after the other
        input_price=Decimal(1),
        output_price=Decimal(2),
        currency="EUR",
    )
    template = f.TemplateFactory(questions=2, planned_questions=2, dimensions=["openness"])
    client = Client(as_(ann))
    client.create(template_id=str(template.pk), model_name="small")
    client.answer(SAID, "a-1")
    client.do("complete")
    work_off(client.id)
    return client


def test_everything_comes_to_its_end_once_with_its_author_and_its_price(interview: Client, sam: User, as_: Any) -> None:
    session = InterviewSession.objects.get(pk=interview.id)
    context, report = interview.read(), interview.read("/evaluation")
    assert (context["status"], context["phase"], context["current_question_number"]) == ("completed", "evaluated", 2)
    assert_every_question_once(context, {"small", "built-in"})
    assert_quotes_are_the_candidates(report, context)
    assert_nothing_is_left_over(interview.id)
    _questions_are_paid_for(session)
    _answers_were_read(session)
    _every_criterion_says_who_and_what(report)
    _usage_adds_up(session, as_(sam).get(f"/api/v1/sessions/{interview.id}/usage").json())


def _questions_are_paid_for(session: InterviewSession) -> None:
    """Whatever the small model wrote is in the ledger, also what its guard refused."""
    asked = session.charges.filter(operation__kind="question")
    assert session.tokens_used > 0 and asked.exists()
    assert set(asked.values_list("model_name", "kind")) == {("small", "settled")}
    for question in session.messages.filter(kind="question"):
        own = asked.filter(operation__message=question)
        assert own.exists()
        assert question.payload["by"] == "built-in" or question.payload["prompt"].startswith("ask.v")
    assert_balanced(session)


def _answers_were_read(session: InterviewSession) -> None:
    read = session.operations.filter(kind="analysis")
    assert set(read.values_list("status", flat=True)) == {"succeeded"} and read.count() == 1
    assert session.charges.filter(operation__kind="analysis", total_tokens__gt=0).count() == 1
    for piece in session.dimension_evidence.select_related("message"):
        assert piece.message.content[piece.start : piece.end] == piece.quote


def _every_criterion_says_who_and_what(report: Any) -> None:
    assert (report["method"], report["model_name"]) == ("model", "small")
    assert report["criteria"]
    for one in report["criteria"]:
        assert one["verdict"] in ("scored", "not_enough_evidence", "left_to_human")
        assert (one["score"] is None) == (one["verdict"] != "scored")
        assert one["verdict"] != "scored" or one["evidence"]
        assert (one["method"], one["model_name"]) == ("model", "small")
        assert one["prompt_version"].startswith("judge.v")
        assert one["input_tokens"] > 0 and one["output_tokens"] > 0
    assert report["input_tokens"] == sum(one["input_tokens"] for one in report["criteria"])


def _usage_adds_up(session: InterviewSession, told: Any) -> None:
    """What it has judged is what its report says it cost, and none of it was taken from the budget."""
    beyond, judged = told["beyond_budget"], Evaluation.objects.get(session=session)
    assert told["tokens_used"] == told["totals"]["total_tokens"] == session.tokens_used
    assert beyond["evaluation"]["total_tokens"] == judged.input_tokens + judged.output_tokens > 0
    assert beyond["analysis"]["total_tokens"] > 0
    rows = beyond["operations"]
    millionths = sum(one["input_tokens"] + 2 * one["output_tokens"] for one in rows)
    assert beyond["costs"] == [{"currency": "EUR", "cost": f"{Decimal(millionths) / 1_000_000:.6f}"}]
