"""Background work: taken once, fenced, tried again, and never in two hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from sessions_app import events
from sessions_app.ai.protocol import Outcome, ProviderError
from sessions_app.models import InterviewSession, Operation, User
from sessions_app.models.actions import Phase, Status
from sessions_app.services import dispatch, operations, sessions
from sessions_app.services.operations import LEASE, MAX_LOST_LEASES, Claim, LeaseLost
from sessions_app.services.running import run_operation

from . import factories as f
from .clockwork import T0, after, ask, claim
from .places import rows_of

pytestmark = pytest.mark.django_db

OUTCOME = Outcome("technical", "key-1")
AWAY = ProviderError("PROVIDER_ERROR", "The model is away.", retryable=True)


@pytest.fixture
def session(ann: User) -> InterviewSession:
    """Started at T0: question 1 is queued."""
    return f.generating(ann, now=T0)


def operation_of(session: InterviewSession) -> Operation:
    return session.operations.select_related("message").get()


# -- claiming ------------------------------------------------------------------------------------------------------


def test_it_is_taken_once(session: InterviewSession) -> None:
    claimed = operations.claim(session.turn_id, worker="host:1:1", now=T0)
    assert claimed is not None
    assert operations.claim(session.turn_id, now=T0) is None
    row = operation_of(session)
    assert (row.status, row.attempt, row.lease_until, row.started_at) == ("running", 1, T0 + LEASE, T0)
    assert (row.worker, row.lost_leases) == ("host:1:1", 0)
    assert (row.message.state, row.message.attempt, row.message.content) == ("streaming", 1, "")
    assert claimed == Claim(row.pk, session.pk, row.message_id, 1, "built-in")
    assert f.types(session)[-1] == "operation.started"
    assert session.events.last().data["attempt"] == 1


def test_it_is_not_taken_before_it_is_due(session: InterviewSession) -> None:
    assert operations.claim(session.turn_id, now=T0 - timedelta(milliseconds=1)) is None
    assert operation_of(session).attempt == 0


@pytest.mark.parametrize("place", [f.waiting, f.failed, f.ended])
def test_what_is_over_is_not_taken(place: Callable[[User], InterviewSession], ann: User) -> None:
    session = place(ann)
    before = rows_of(session)
    for operation in session.operations.filter(kind="question"):
        assert operations.claim(operation.pk) is None
        assert not run_operation(operation.pk)
    assert operations.claim(uuid4()) is None
    assert rows_of(session) == before


def test_an_abandoned_one_is_taken_by_another(session: InterviewSession) -> None:
    first = claim(session, T0)
    operations.write(first, "Half a quest")
    assert operations.claim(session.turn_id, now=T0 + LEASE) is None
    second = claim(session, after(seconds=30, milliseconds=1))
    assert second.attempt == 2
    row = operation_of(session)
    assert (row.lost_leases, row.provider_errors) == (1, 0)
    assert (row.message.attempt, row.message.content, row.message.state) == (2, "", "streaming")
    operations.finish(second, "A question?", OUTCOME, now=after(seconds=31))
    assert f.fresh(session).phase == Phase.WAITING_FOR_ANSWER
    assert [e.data.get("attempt") for e in session.events.filter(type="operation.started")] == [1, 2]


def test_it_is_announced_when_it_is_committed_and_not_before(
    ann: User, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Any] = []
    stop = dispatch.listen(lambda operation_id, queue: heard.append(operation_id))
    with django_capture_on_commit_callbacks(execute=True):
        session = f.generating(ann)
        assert heard == []
    stop()
    assert heard == [session.turn_id]
    with django_capture_on_commit_callbacks(execute=True):
        f.generating(ann)
    assert len(heard) == 1


# -- fencing -------------------------------------------------------------------------------------------------------

LATE_ACTS: dict[str, Callable[[Claim, datetime], Any]] = {
    "write": lambda old, now: operations.write(old, "Old words"),
    "heartbeat": operations.heartbeat,
    "finish": lambda old, now: operations.finish(old, "Old words?", OUTCOME, now=now),
    "fail": lambda old, now: operations.fail(old, AWAY, now=now),
    "fail for good": lambda old, now: operations.fail(old, ProviderError("X", "X", retryable=False), now=now),
}


def overtake(session: InterviewSession) -> None:
    operations.write(claim(session, after(seconds=31)), "New words")


def overtake_and_finish(session: InterviewSession) -> None:
    ask(session, after(seconds=31), "New words")


def overtake_and_fail(session: InterviewSession) -> None:
    operations.fail(claim(session, after(seconds=31)), AWAY, now=after(seconds=32))


def stop(session: InterviewSession) -> None:
    operations.cancel_operation(session.turn_id, now=after(seconds=5))


def stop_and_retry(session: InterviewSession) -> None:
    stop(session)
    operations.retry_operation(session.turn_id, now=after(seconds=6))


def complete(session: InterviewSession) -> None:
    sessions.end_session(session.pk, now=after(seconds=5))


def cancel(session: InterviewSession) -> None:
    sessions.cancel_session(session.pk, reason="A reason", now=after(seconds=5))


OVERTAKINGS = [overtake, overtake_and_finish, overtake_and_fail, stop, stop_and_retry, complete, cancel]


@pytest.mark.parametrize("act", LATE_ACTS)
@pytest.mark.parametrize("overtaken_by", OVERTAKINGS, ids=lambda act: act.__name__)
def test_who_lost_the_lease_writes_nothing_more(
    overtaken_by: Callable[[InterviewSession], None], act: str, session: InterviewSession
) -> None:
    old = claim(session, T0)
    operations.write(old, "Old")
    overtaken_by(session)
    before = rows_of(session)
    with pytest.raises(LeaseLost):
        LATE_ACTS[act](old, after(seconds=33))
    operations.release(old, now=after(seconds=33))
    assert rows_of(session) == before
    assert list(events.broken_links(f.fresh(session))) == []


def test_who_was_overtaken_in_the_middle_of_a_sentence_stops_there(
    session: InterviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped past its lease and goes on as if nothing had happened."""
    monkeypatch.setattr("sessions_app.services.running.FLUSH_SECONDS", 0)
    seen: list[str] = []

    class Sleeper(f.Words):
        def ask(self, turn: Any) -> Any:
            yield "Old "
            Operation.objects.update(lease_until=T0)
            new = operations.claim(session.turn_id)
            assert new is not None
            operations.write(new, "New words")
            seen.append("overtaken")
            yield "words"
            seen.append("went on")
            yield OUTCOME

    assert run_operation(session.turn_id, provider=Sleeper())
    row = operation_of(session)
    assert seen == ["overtaken"]
    assert (row.status, row.attempt, row.message.content) == ("running", 2, "New words")


# -- failing and trying again --------------------------------------------------------------------------------------


def test_a_retryable_error_is_tried_three_times_with_growing_pauses(session: InterviewSession) -> None:
    now = T0
    for number, (least, most) in enumerate([(1.0, 1.25), (2.0, 2.5)], start=1):
        operations.fail(claim(session, now), AWAY, now=now)
        row = operation_of(session)
        assert (row.status, row.provider_errors, row.lease_until) == ("queued", number, None)
        assert (row.message.state, row.message.content) == ("pending", "")
        assert least <= (row.not_before - now).total_seconds() <= most
        assert operations.claim(row.pk, now=row.not_before - timedelta(milliseconds=1)) is None
        assert f.fresh(session).phase == Phase.GENERATING
        now = row.not_before
    operations.fail(claim(session, now), AWAY, now=now)
    row = operation_of(session)
    assert (row.status, row.attempt, row.provider_errors, row.finished_at) == ("failed", 3, 3, now)
    assert row.error == {"code": "PROVIDER_ERROR", "message": "The model is away.", "retryable": True}
    assert (row.message.state, row.message.content) == ("failed", "")
    stored = f.fresh(session)
    assert (stored.phase, stored.status, stored.running_since) == (Phase.GENERATION_FAILED, Status.ACTIVE, None)
    assert f.types(session)[-2:] == ["message.failed", "operation.failed"]


def test_what_cannot_get_better_fails_at_once(session: InterviewSession) -> None:
    f.write_question(session, f.broken(retryable=False))
    row = operation_of(session)
    assert (row.status, row.attempt, row.error_retryable) == ("failed", 1, False)
    assert f.fresh(session).phase == Phase.GENERATION_FAILED


def test_a_model_that_is_not_connected_says_so(session: InterviewSession) -> None:
    Operation.objects.update(model_name="oracle-9")
    InterviewSession.objects.update(may_fall_back=False)
    f.write_question(session)
    row = operation_of(session)
    assert (row.status, row.error_code, row.attempt) == ("failed", "MODEL_NOT_CONNECTED", 1)


class CutOff(f.Words):
    """Ends without an Outcome."""

    def ask(self, turn: Any) -> Any:
        yield "Half a quest"


@pytest.mark.parametrize("provider", [f.Words(""), f.Words("  ", "\n"), CutOff()], ids=["empty", "blank", "cut off"])
def test_an_empty_or_cut_off_reply_is_no_question(provider: Any, session: InterviewSession) -> None:
    f.write_question(session, provider)
    row = operation_of(session)
    assert (row.status, row.provider_errors, row.message.state, row.message.content) == ("queued", 1, "pending", "")
    assert session.events.last().data["code"] == "EMPTY_REPLY"
    assert f.fresh(session).message_count == 0


def test_a_crash_of_the_provider_is_tried_again_and_tells_nobody_its_secrets(session: InterviewSession) -> None:
    provider = f.Words("Half ", RuntimeError("api-key-4711"))
    for _ in range(3):
        Operation.objects.update(not_before=T0)
        f.write_question(session, provider)
    row = operation_of(session)
    assert (row.status, row.error_code, row.attempt) == ("failed", "INTERNAL_ERROR", 3)
    assert "4711" not in str(rows_of(session))
    assert len(provider.turns) == 3


def test_lost_leases_are_no_errors_of_the_provider(session: InterviewSession) -> None:
    now = T0
    for _ in range(5):
        claim(session, now)
        now += timedelta(seconds=31)
    operations.fail(claim(session, now), AWAY, now=now)
    row = operation_of(session)
    assert (row.status, row.provider_errors, row.lost_leases) == ("queued", 1, 5)


def test_twenty_lost_leases_are_enough(session: InterviewSession) -> None:
    now = T0
    for attempt in range(1, MAX_LOST_LEASES + 1):
        assert claim(session, now).attempt == attempt
        now += timedelta(seconds=31)
    assert operations.claim(session.turn_id, now=now) is None
    row = operation_of(session)
    assert (row.status, row.error_code, row.error_retryable) == ("failed", "WORKERS_LOST", True)
    assert (row.message.state, row.message.content) == ("failed", "")
    assert f.fresh(session).phase == Phase.GENERATION_FAILED
    operations.retry_operation(row.pk, now=now)
    ask(session, now)
    assert operation_of(session).lost_leases == 0
    assert f.fresh(session).phase == Phase.WAITING_FOR_ANSWER
