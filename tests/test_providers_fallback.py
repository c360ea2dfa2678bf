"""A model that is down: it is tried again, then others stand in, at last the built-in interviewer, marked as such."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sessions_app.ai.protocol import ProviderError
from sessions_app.models import InterviewSession, ModelConnection, Operation, SessionMessage, User
from sessions_app.pages import present
from sessions_app.services import connections, operations
from sessions_app.services.running import run_operation

from . import factories as f
from .faulty_model import FaultyModel, Hangs, Says, Status
from .metered import assert_balanced, charges

pytestmark = pytest.mark.django_db

DOWN = Status(503, {"message": "Overloaded"})
WRONG_KEY = Status(401, {"message": "Unauthorized"})


@pytest.fixture
def model() -> Iterator[FaultyModel]:
    with FaultyModel() as server:
        yield server


@pytest.fixture
def other() -> Iterator[FaultyModel]:
    with FaultyModel() as server:
        yield server


@pytest.fixture
def session(ann: User, model: FaultyModel) -> InterviewSession:
    connect("oracle-9", model)
    return f.generating(ann, model_name="oracle-9", planned_questions=3)


def connect(name: str, model: FaultyModel, **fields: Any) -> ModelConnection:
    return ModelConnection.objects.create(name=name, base_url=model.url, model_id=name, **fields)


def operation_of(session: InterviewSession) -> Operation:
    return f.fresh(session).turn  # type: ignore[return-value]


def run_until_done(session: InterviewSession, most: int = 9) -> Operation:
    """Run it as the sweep does, without waiting for the backoff."""
    for _ in range(most):
        operation = operation_of(session)
        if not operation.is_live:
            break
        Operation.objects.filter(pk=operation.pk).update(not_before=operation.created_at)
        run_operation(operation.pk)
    return operation_of(session)


def question(session: InterviewSession) -> SessionMessage:
    return session.messages.get(kind="question")


def test_the_model_writes_and_is_named(session: InterviewSession, model: FaultyModel) -> None:
    model.plan = [Says("Welcome, Ann. ", "What are you proud of?", usage=(300, 20))]
    assert run_until_done(session).status == "succeeded"
    message = question(session)
    assert message.content == "Welcome, Ann. What are you proud of?"
    assert (message.payload["by"], message.payload["prompt"]) == ("oracle-9", "ask.v1")
    assert charges(session) == [(1, "settled", 320)]
    assert_balanced(session)


def test_after_three_tries_the_built_in_interviewer_goes_on(session: InterviewSession, model: FaultyModel) -> None:
    model.plan = [DOWN]
    operation = run_until_done(session)
    assert (operation.status, operation.attempt, len(model.requests)) == ("succeeded", 4, 3)
    assert question(session).payload["by"] == "built-in"
    assert f.fresh(session).phase == "waiting_for_answer"
    assert [e.data.get("code") for e in session.events.filter(type="operation.queued").order_by("seq")][1:] == [
        "MODEL_OVERLOADED"
    ] * 3
    assert_balanced(session)


def test_the_session_keeps_its_model_and_asks_it_again_for_the_next_question(
    session: InterviewSession, model: FaultyModel
) -> None:
    model.plan = [WRONG_KEY, Says("And what came of it?")]
    run_until_done(session)
    f.answer(session)
    run_until_done(session)
    by = [row.payload["by"] for row in session.messages.filter(kind="question").order_by("seq")]
    assert by == ["built-in", "oracle-9"]
    assert f.fresh(session).model_name == "oracle-9"


def test_a_model_that_is_down_is_not_waited_for_again_and_again(session: InterviewSession, model: FaultyModel) -> None:
    model.plan = [DOWN]
    run_until_done(session)
    f.answer(session)
    run_until_done(session)
    assert len(model.requests) == 4  # three tries, then a single one
    model.plan = [Says("And what came of it?")]
    f.answer(session)
    run_until_done(session)
    assert not connections.is_resting("oracle-9")


@pytest.mark.parametrize("step", [WRONG_KEY, Status(429, {"message": "quota", "code": "insufficient_quota"})])
def test_what_no_retry_mends_is_not_retried(session: InterviewSession, model: FaultyModel, step: Any) -> None:
    model.plan = [step]
    assert run_until_done(session).status == "succeeded"
    assert len(model.requests) == 1
    assert connections.connected()[0].unavailable != ""


def test_other_models_stand_in_first_once_each(
    session: InterviewSession, model: FaultyModel, other: FaultyModel
) -> None:
    connect("oracle-8", other, position=50), connect("oracle-7", other, position=60)
    model.plan, other.plan = [WRONG_KEY], [DOWN, Says("What is an index for?")]
    operation = run_until_done(session)
    assert (operation.model_name, operation.status) == ("oracle-7", "succeeded")
    assert question(session).payload["by"] == "oracle-7"
    assert len(other.requests) == 2


def test_a_session_that_must_not_go_on_without_its_model_fails_visibly(
    session: InterviewSession, model: FaultyModel, other: FaultyModel
) -> None:
    connect("oracle-8", other)
    InterviewSession.objects.update(may_fall_back=False)
    model.plan = [DOWN]
    operation = run_until_done(session)
    assert (operation.status, operation.error_code) == ("failed", "MODEL_OVERLOADED")
    assert operation.error_message == "The model is overloaded."
    assert f.fresh(session).phase == "generation_failed"
    assert (len(model.requests), other.requests) == (3, [])


def test_try_again_goes_back_to_the_sessions_own_model(
    session: InterviewSession, model: FaultyModel, ann: User
) -> None:
    connections.note_failure("oracle-9", ProviderError("MODEL_ERROR", "It failed.", retryable=True))
    model.plan = [Status(500, {"message": "x"}), Says("What is an index for?")]
    operation = operation_of(session)
    run_operation(operation.pk)
    assert operation_of(session).model_name == "built-in"
    operations.cancel_operation(operation.pk, actor=f.as_actor(ann))
    operations.retry_operation(operation.pk, actor=f.as_actor(ann))
    run_until_done(session)
    assert question(session).payload["by"] == "oracle-9"


def test_a_cut_stream_is_written_anew_and_paid_for(session: InterviewSession, model: FaultyModel) -> None:
    model.plan = [Says("Welcome, Ann. What is the one thing", ends=None), Says("What do you like?", usage=(200, 9))]
    operation = run_until_done(session)
    assert (operation.attempt, question(session).content) == (2, "What do you like?")
    first, second = charges(session)
    assert (first[:2], second) == ((1, "abandoned"), (2, "settled", 209))
    assert_balanced(session)


def test_a_wait_that_the_model_asks_for_is_kept(session: InterviewSession, model: FaultyModel) -> None:
    model.plan = [Status(429, {"message": "Slow down", "code": "rate_limit_exceeded"}, {"retry-after": "15"})]
    before = f.fresh(session).now
    run_operation(operation_of(session).pk)
    assert 14 < (operation_of(session).not_before - before).total_seconds() < 20


@pytest.mark.parametrize("bad", ["Thank you for your time. Goodbye.", "I see.", "Do you have any questions for me?"])
def test_drafts_that_the_guard_refuses_end_with_the_prepared_question(
    session: InterviewSession, model: FaultyModel, other: FaultyModel, bad: str
) -> None:
    connect("oracle-8", other)
    model.plan = [Says(bad, usage=(100, 10))]
    operation = run_until_done(session)
    assert (operation.status, operation.attempt, len(model.requests)) == ("succeeded", 3, 2)
    assert question(session).payload["by"] == "built-in"
    assert (other.requests, charges(session)) == ([], [(1, "settled", 110), (2, "settled", 110)])
    assert connections.connected()[0].unavailable == ""
    assert not connections.is_resting("oracle-9")


def test_stopping_the_process_hangs_up_and_gives_the_question_back(
    session: InterviewSession, model: FaultyModel
) -> None:
    model.plan = [Hangs(30, ("Welcome, Ann. What is the most demanding piece of ",))]
    asked = iter([False, False])
    run_operation(operation_of(session).pk, stopping=lambda: next(asked, True))
    assert model.hung_up.wait(5)
    assert operation_of(session).status == "queued"
    assert_balanced(session)


def test_pages_and_api_say_who_asked(session: InterviewSession, model: FaultyModel, ann: User, as_: Any) -> None:
    model.plan = [WRONG_KEY, Says("And what came of it?")]
    run_until_done(session)
    f.answer(session)
    run_until_done(session)
    told = as_(ann).get(f"/api/v1/sessions/{session.pk}").json()["messages"]
    assert [message.get("asked_by") for message in told] == ["built-in", None, "oracle-9"]
    assert as_(ann).get(f"/api/v1/sessions/{session.pk}/messages").json() == told
    shown = [present.turn(row, f.fresh(session)).who for row in session.messages.order_by("seq")]
    assert shown == ["Practice engine", "You", "AI interviewer"]


def test_stopping_the_question_hangs_up_though_the_model_is_silent(
    session: InterviewSession, model: FaultyModel, ann: User
) -> None:
    model.plan = [Hangs(30)]
    operation = operation_of(session)
    looks: Iterator[Any] = iter([None, None, lambda: operations.cancel_operation(operation.pk, actor=f.as_actor(ann))])

    def stop_it() -> bool:
        if act := next(looks, None):
            act()
        return False

    run_operation(operation.pk, stopping=stop_it)
    assert model.hung_up.wait(5)
    assert operation_of(session).status == "cancelled"
    assert_balanced(session)


def test_a_mistake_of_our_own_does_not_stop_the_interview(
    session: InterviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.ai.asking.briefing", lambda *_: 1 / 0)
    assert run_until_done(session).status == "succeeded"
    assert question(session).payload["by"] == "built-in"
    assert_balanced(session)


def test_without_tokens_for_a_prompt_the_model_is_not_called(ann: User, model: FaultyModel) -> None:
    connect("oracle-9", model)
    session = f.generating(ann, model_name="oracle-9", token_budget=1_000)
    assert run_until_done(session).status == "succeeded"
    assert (model.requests, question(session).payload["by"]) == ([], "built-in")
    assert f.fresh(session).is_budget_spent
    assert_balanced(session)
