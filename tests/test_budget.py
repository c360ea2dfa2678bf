"""Tokens are held before a model is called, charged once when the attempt is over, and never by the built-in one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sessions_app.access import Actor
from sessions_app.ai.protocol import Estimate, Outcome, ProviderError, Usage
from sessions_app.models import InterviewSession, Operation, TokenCharge, User
from sessions_app.services import operations, sessions
from sessions_app.services.change import changing
from sessions_app.services.expiry import expire
from sessions_app.services.operations import LeaseLost
from sessions_app.services.running import run_operation

from . import factories as f
from .clockwork import T0, after, claim
from .metered import COUNTED, ESTIMATE, Metered, assert_balanced, charges, tokens, with_budget

pytestmark = pytest.mark.django_db

OUTCOME = Outcome("technical", "key-1", **COUNTED.as_json())


@pytest.fixture
def session(ann: User) -> InterviewSession:
    """Started at T0 with 10,000 tokens: question 1 is queued."""
    return with_budget(f.generating(ann, now=T0), 10_000)


def reserved(session: InterviewSession, now: Any = T0) -> operations.Claim:
    claimed = claim(session, now)
    assert operations.reserve(claimed, ESTIMATE)
    return claimed


# -- holding -------------------------------------------------------------------------------------------------------


def test_tokens_are_held_while_the_model_is_called_and_charged_as_counted(session: InterviewSession) -> None:
    seen: list[Any] = []

    class Watched(Metered):
        def ask(self, turn: Any) -> Any:
            seen.append((tokens(session), Operation.objects.get().reserved_tokens))
            yield from super().ask(turn)

    f.write_question(session, Watched())
    assert seen == [((0, 800), 800)]
    assert tokens(session) == (600, 0)
    assert charges(session) == [(1, "settled", 600)]
    operation, event = session.operations.get(), session.events.get(type="tokens.charged")
    assert (operation.reserved_tokens, operation.usage) == (0, {"input_tokens": 500, "output_tokens": 100})
    assert event.data == {
        "operation_id": str(operation.pk),
        "attempt": 1,
        "code": "settled",
        "input_tokens": 500,
        "output_tokens": 100,
    }
    assert_balanced(session)


def test_a_call_that_does_not_fit_is_not_made(session: InterviewSession) -> None:
    with_budget(session, 799)
    claimed = claim(session, T0)
    assert not operations.reserve(claimed, ESTIMATE)
    assert tokens(session) == (0, 0)
    with_budget(session, 800)
    assert operations.reserve(claimed, ESTIMATE)
    assert tokens(session) == (0, 800)


def test_what_another_call_holds_is_not_there_to_be_held_again(session: InterviewSession) -> None:
    InterviewSession.objects.update(tokens_reserved=9_000, tokens_used=201)
    assert not operations.reserve(claim(session, T0), ESTIMATE)
    InterviewSession.objects.update(tokens_used=200)
    assert operations.reserve(operations.Claim(*claimed_values(session)), ESTIMATE)


def claimed_values(session: InterviewSession) -> tuple[Any, ...]:
    row = session.operations.get()
    return row.pk, session.pk, row.message_id, row.attempt, row.model_name


def test_who_lost_the_lease_holds_nothing(session: InterviewSession) -> None:
    old = claim(session, T0)
    claim(session, after(seconds=31))
    with pytest.raises(LeaseLost):
        operations.reserve(old, ESTIMATE)
    assert tokens(session) == (0, 0)
    assert_balanced(session)


def test_one_attempt_holds_tokens_once(session: InterviewSession) -> None:
    claimed = reserved(session)
    with pytest.raises(LeaseLost):
        operations.reserve(claimed, ESTIMATE)
    assert tokens(session) == (0, 800)


def test_the_built_in_interviewer_costs_nothing_and_is_never_refused(ann: User) -> None:
    session = f.generating(ann, planned_questions=3)
    InterviewSession.objects.update(tokens_used=50_000)
    for _ in range(3):
        f.write_question(session)
        f.answer(session)
    assert f.fresh(session).phase == "closing"
    assert tokens(session) == (50_000, 0)
    assert not TokenCharge.objects.exists()
    assert not f.fresh(session).is_budget_spent


# -- settling ------------------------------------------------------------------------------------------------------


def test_a_provider_that_counts_more_than_it_said_is_charged_with_what_it_counted(session: InterviewSession) -> None:
    f.write_question(session, Metered(counted=Usage(700, 200)))
    assert tokens(session) == (900, 0)
    assert_balanced(session)


def test_what_is_counted_is_charged_though_nothing_was_held(session: InterviewSession) -> None:
    f.write_question(session, Metered(estimate=Estimate(), counted=Usage(3, 4)))
    assert tokens(session) == (7, 0)
    assert charges(session) == [(1, "settled", 7)]


@pytest.mark.parametrize(
    ("error", "charged"),
    [
        (ProviderError("PROVIDER_ERROR", "Away.", retryable=True), (1, "abandoned", 800)),
        (ProviderError("PROVIDER_ERROR", "Away.", retryable=True, usage=Usage()), (1, "settled", 0)),
        (ProviderError("PROVIDER_ERROR", "Away.", retryable=True, usage=Usage(30, 1)), (1, "settled", 31)),
        (ProviderError("PROVIDER_ERROR", "No.", retryable=False, usage=Usage(30, 1)), (1, "settled", 31)),
        (RuntimeError("broken"), (1, "abandoned", 800)),
    ],
    ids=["no count", "nothing sent", "counted", "for good", "a crash"],
)
def test_a_failed_attempt_is_charged_as_counted_or_as_held(
    error: Exception, charged: tuple[int, str, int], session: InterviewSession
) -> None:
    f.write_question(session, Metered("Half ", error))
    assert charges(session) == [charged]
    assert tokens(session) == (charged[2], 0)
    assert_balanced(session)


def test_an_empty_reply_is_charged_as_counted_and_a_cut_off_one_as_held(session: InterviewSession) -> None:
    class CutOff(Metered):
        def ask(self, turn: Any) -> Any:
            yield "Half a quest"

    for provider in (Metered(" "), CutOff()):
        Operation.objects.update(not_before=T0)
        f.write_question(session, provider)
    assert charges(session) == [(1, "settled", 600), (2, "abandoned", 800)]
    assert_balanced(session)


def test_every_attempt_is_charged_once(session: InterviewSession) -> None:
    for provider in (f_broken := Metered(ProviderError("X", "X", retryable=True)), f_broken, Metered()):
        Operation.objects.update(not_before=T0)
        f.write_question(session, provider)
    assert charges(session) == [(1, "abandoned", 800), (2, "abandoned", 800), (3, "settled", 600)]
    assert tokens(session) == (2200, 0)
    assert_balanced(session)


def test_a_model_that_is_not_connected_costs_nothing(session: InterviewSession) -> None:
    f.write_question(session)
    assert session.operations.get().model_name == "built-in"  # which stands in
    assert (charges(session), tokens(session)) == ([], (0, 0))


# -- attempts that were abandoned ----------------------------------------------------------------------------------


def take_over(session: InterviewSession) -> None:
    claim(session, after(seconds=31))


def stop(session: InterviewSession) -> None:
    operations.cancel_operation(session.turn_id)


def complete(session: InterviewSession) -> None:
    sessions.end_session(session.pk)


def cancel(session: InterviewSession) -> None:
    sessions.cancel_session(session.pk, reason="A reason")


def let_expire(session: InterviewSession) -> None:
    with changing(session.pk) as change:
        expire(change, change.now)


def restart(session: InterviewSession) -> None:
    name = operations.worker_name().rsplit(":", 2)[0]
    Operation.objects.update(worker=f"{name}:{2**22 - 1}:12345")
    assert operations.take_back_from_the_dead() == 1


ENDS = [take_over, stop, complete, cancel, let_expire, restart]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_whoever_ends_an_attempt_charges_it_with_what_was_held(
    end: Callable[[InterviewSession], None], session: InterviewSession
) -> None:
    old = reserved(session)
    operations.write(old, "Half a quest")
    end(session)
    assert charges(session) == [(1, "abandoned", 800)]
    assert tokens(session) == (800, 0)
    assert session.charges.get().output_tokens == ESTIMATE.max_output_tokens
    assert_balanced(session)
    with pytest.raises(LeaseLost):
        operations.finish(old, "Too late?", OUTCOME)
    with pytest.raises(LeaseLost):
        operations.fail(old, ProviderError("X", "X", retryable=True, usage=Usage(1, 1)))
    operations.release(old)
    assert tokens(session) == (800, 0)
    assert_balanced(session)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_an_attempt_that_held_nothing_yet_costs_nothing(
    end: Callable[[InterviewSession], None], session: InterviewSession
) -> None:
    claim(session, T0)
    end(session)
    assert (charges(session), tokens(session)) == ([], (0, 0))


def test_killed_between_the_reservation_and_the_end_it_is_charged_once_after_the_takeover(
    session: InterviewSession,
) -> None:
    reserved(session)
    new = claim(session, after(seconds=31))
    assert operations.reserve(new, ESTIMATE)
    assert tokens(session) == (800, 800)
    operations.finish(new, "A question?", OUTCOME, now=after(seconds=32))
    assert charges(session) == [(1, "abandoned", 800), (2, "settled", 600)]
    assert tokens(session) == (1400, 0)
    types = [t for t in f.types(session) if t.startswith(("operation.", "tokens."))]
    started, charged = "operation.started", "tokens.charged"
    assert types == ["operation.queued", started, charged, started, charged, "operation.succeeded"]
    assert_balanced(session)


def test_a_process_that_stops_before_the_call_costs_nothing_and_in_the_middle_all_it_held(
    session: InterviewSession,
) -> None:
    assert run_operation(session.turn_id, provider=Metered(), stopping=lambda: True)
    assert tokens(session) == (0, 0)
    answers = iter([False, False, True])
    assert run_operation(session.turn_id, provider=Metered(), stopping=lambda: next(answers))
    assert charges(session) == [(2, "abandoned", 800)]
    assert_balanced(session)


def test_twenty_lost_attempts_are_all_paid_for(session: InterviewSession) -> None:
    now = T0
    for _ in range(operations.MAX_LOST_LEASES):
        assert operations.reserve(claim(session, now), Estimate(60, 40))
        now = now + (after(seconds=31) - T0)
    assert operations.claim(session.turn_id, now=now) is None
    assert session.operations.get().error_code == "WORKERS_LOST"
    assert tokens(session) == (2000, 0)
    assert [attempt for attempt, *_ in charges(session)] == list(range(1, operations.MAX_LOST_LEASES + 1))
    assert_balanced(session)


def test_a_change_of_the_session_keeps_what_is_held(session: InterviewSession, ann: User) -> None:
    reserved(session)
    sessions.pause_session(session.pk, actor=Actor(ann))
    sessions.resume_session(session.pk, actor=Actor(ann))
    assert tokens(session) == (0, 800)
