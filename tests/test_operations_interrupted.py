"""A question that is stopped, tried again, or overtaken by a pause or an end; and processes that stop or die."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.ai.protocol import Outcome
from sessions_app.models import InterviewSession, Operation, SessionMessage, User
from sessions_app.models.actions import Phase, Status
from sessions_app.services import answers, operations, sessions, workers
from sessions_app.services.running import run_operation

from . import factories as f
from .clockwork import T0, after, ask, claim
from .places import rows_of

pytestmark = pytest.mark.django_db

OUTCOME = Outcome("technical", "key-1")


@pytest.fixture
def session(ann: User) -> InterviewSession:
    """Started at T0: question 1 is queued."""
    return f.generating(ann, now=T0)


def operation_of(session: InterviewSession) -> Operation:
    return session.operations.select_related("message").get()


def complete(session: InterviewSession) -> None:
    sessions.end_session(session.pk, now=after(seconds=5))


def cancel(session: InterviewSession) -> None:
    sessions.cancel_session(session.pk, reason="A reason", now=after(seconds=5))


# -- the candidate stops it and tries again ------------------------------------------------------------------------


def test_stopping_and_trying_again_leaves_no_gap_and_no_old_word(session: InterviewSession, ann: User) -> None:
    old = claim(session, T0)
    operations.write(old, "Half a quest")
    stopped = operations.cancel_operation(session.turn_id, actor=Actor(ann), now=after(seconds=1))
    assert (stopped.status, stopped.error_code, stopped.finished_at) == ("cancelled", "CANCELLED", after(seconds=1))
    assert f.fresh(session).phase == Phase.GENERATION_FAILED
    assert session.messages.get().content == ""
    again = operations.retry_operation(session.turn_id, actor=Actor(ann), now=after(seconds=2))
    assert (again.pk, again.status, again.error, again.finished_at) == (session.turn_id, "queued", None, None)
    ask(session, after(seconds=3), "A whole question?")
    row = operation_of(session)
    assert (row.status, row.attempt) == ("succeeded", 2)
    assert (row.message.seq, row.message.question_number, row.message.content) == (1, 1, "A whole question?")
    types = [t for t in f.types(session) if t.startswith("operation.")]
    assert types == [f"operation.{t}" for t in ("queued", "started", "cancelled", "queued", "started", "succeeded")]


def test_asking_for_the_question_again_is_the_same_as_trying_again(session: InterviewSession, ann: User) -> None:
    f.write_question(session, f.broken(retryable=False))
    again = answers.generate_question(session.pk, actor=Actor(ann))
    assert (again.pk, again.status) == (session.turn_id, "queued")
    assert session.operations.count() == session.messages.count() == 1


def test_the_errors_start_at_nought_when_it_is_tried_again(session: InterviewSession) -> None:
    for _ in range(2):
        Operation.objects.update(not_before=T0)
        f.write_question(session, f.broken())
    operations.cancel_operation(session.turn_id)
    operations.retry_operation(session.turn_id)
    f.write_question(session, f.broken())
    row = operation_of(session)
    assert (row.status, row.provider_errors, row.attempt) == ("queued", 1, 3)


def test_what_is_over_is_neither_stopped_nor_tried_again(ann: User) -> None:
    session = f.waiting(ann, questions=2)
    before = rows_of(session)
    for operation in session.operations.all():
        for verb in (operations.cancel_operation, operations.retry_operation):
            with pytest.raises(errors.InvalidSessionState):
                verb(operation.pk, actor=Actor(ann))
    assert rows_of(session) == before


def test_somebody_elses_operation_does_not_exist(session: InterviewSession, ben: User) -> None:
    for verb in (operations.cancel_operation, operations.retry_operation):
        for name in (session.turn_id, uuid4(), "nonsense"):
            with pytest.raises(errors.OperationNotFound):
                verb(name, actor=Actor(ben))


# -- processes that stop, and processes that die -------------------------------------------------------------------


def test_a_process_that_stops_gives_its_work_back_unharmed(session: InterviewSession) -> None:
    assert run_operation(session.turn_id, stopping=lambda: True)
    row = operation_of(session)
    assert (row.status, row.attempt, row.lease_until) == ("queued", 1, None)
    assert (row.provider_errors, row.lost_leases) == (0, 0)
    assert (row.message.state, row.message.content) == ("pending", "")
    assert run_operation(session.turn_id)
    assert operation_of(session).attempt == 2
    assert f.fresh(session).current_question_number == 1


def worker(machine: str = "", pid: int | None = None, started: str | None = None) -> str:
    name, own, since = operations.worker_name().rsplit(":", 2)
    return f"{machine or name}:{pid or own}:{since if started is None else started}"


DEAD_PID = 2**22 - 1


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        (worker(), False),
        (worker(pid=os.getppid(), started=workers.since(os.getppid())), False),
        (worker(machine="another-machine", pid=DEAD_PID), False),
        (worker(machine=socket.gethostname()[:60] + "-2", pid=DEAD_PID), False),
        (worker(pid=DEAD_PID, started="12345"), True),
        (worker(pid=DEAD_PID, started=""), True),
        (worker(started="12345"), True),
    ],
    ids=["me", "my parent", "elsewhere", "a longer name", "dead", "dead, start unknown", "an id used again"],
)
def test_at_its_start_a_machine_takes_back_what_its_own_dead_processes_held(
    name: str, is_taken: bool, session: InterviewSession
) -> None:
    operations.claim(session.turn_id, worker=name, now=T0)
    before = rows_of(session)
    assert operations.take_back_from_the_dead(now=after(seconds=1)) == is_taken
    if not is_taken:
        assert rows_of(session) == before
        return
    row = operation_of(session)
    assert (row.status, row.attempt, row.lost_leases, row.not_before) == ("queued", 1, 1, after(seconds=1))
    assert (row.message.state, row.message.content) == ("pending", "")
    assert session.events.last().data["code"] == "WORKER_LOST"
    assert operations.take_back_from_the_dead() == 0
    assert claim(session, after(seconds=1)).attempt == 2


# -- commands while a question is written --------------------------------------------------------------------------


def test_pausing_lets_the_question_be_finished_and_keeps_the_clock_still(session: InterviewSession) -> None:
    claimed = claim(session, T0)
    operations.write(claimed, "Half a quest")
    assert sessions.pause_session(session.pk, now=after(seconds=1)).phase == Phase.GENERATING
    operations.write(claimed, "Half a question")
    operations.finish(claimed, "A whole question?", OUTCOME, now=after(seconds=2))
    stored = f.fresh(session)
    assert (stored.status, stored.phase, stored.running_since) == (Status.PAUSED, None, None)
    assert (stored.message_count, stored.current_question_number) == (1, 1)
    resumed = sessions.resume_session(session.pk, now=after(hours=1))
    assert (resumed.phase, resumed.running_since) == (Phase.WAITING_FOR_ANSWER, after(hours=1))
    assert session.operations.count() == 1


def test_a_question_that_fails_during_a_pause_can_be_tried_again_after_it(session: InterviewSession) -> None:
    sessions.pause_session(session.pk)
    f.write_question(session, f.broken(retryable=False))
    assert f.fresh(session).phase == Phase.GENERATION_FAILED
    assert sessions.resume_session(session.pk).phase == Phase.GENERATION_FAILED
    operations.retry_operation(session.turn_id)
    f.write_question(session)
    assert f.fresh(session).phase == Phase.WAITING_FOR_ANSWER


@pytest.mark.parametrize("claimed_first", [True, False], ids=["running", "queued"])
@pytest.mark.parametrize("end", [complete, cancel], ids=lambda act: act.__name__)
def test_ending_drops_the_question_and_its_worker_changes_nothing(
    end: Callable[[InterviewSession], None], claimed_first: bool, session: InterviewSession
) -> None:
    if claimed_first:
        operations.write(claim(session, T0), "Half a quest")
    end(session)
    row = operation_of(session)
    assert (row.status, row.finished_at, row.lease_until) == ("cancelled", after(seconds=5), None)
    assert (row.message.state, row.message.content, row.message.seq) == ("failed", "", None)
    stored = f.fresh(session)
    assert (stored.message_count, stored.current_question_number) == (0, 0)
    assert f.types(session)[-2] == "operation.cancelled"
    before = rows_of(session)
    assert not run_operation(session.turn_id)
    assert rows_of(session) == before


def test_ending_while_a_provider_is_talking(session: InterviewSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.services.running.FLUSH_SECONDS", 1000)

    class Interrupted(f.Words):
        def ask(self, turn: Any) -> Any:
            yield "What "
            sessions.end_session(session.pk)
            yield "now?"
            yield OUTCOME

    assert run_operation(session.turn_id, provider=Interrupted())
    stored = f.fresh(session)
    assert (stored.status, stored.message_count, stored.current_question_number) == (Status.COMPLETED, 0, 0)
    assert operation_of(session).status == "cancelled"
    assert f.types(session)[-1] == "session.completed"
    assert SessionMessage.objects.get().content == ""


def test_the_turn_holds_the_whole_interview_so_far(ann: User) -> None:
    session = f.waiting(ann, questions=2)
    f.answer(session, "", skip=True)
    provider = f.Words("A question?")
    f.write_question(session, provider)
    (turn,) = provider.turns
    questions = session.messages.history().filter(kind="question")
    assert [e.question for e in turn.history] == [q.content for q in questions[:2]]
    assert [(e.answer, e.skipped) for e in turn.history] == [("Answer 1", False), ("", True)]
    assert (turn.candidate_name, turn.planned_questions, turn.seed) == ("Ann Smith", 6, str(session.pk))
