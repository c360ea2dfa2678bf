"""What happens though nobody asks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sessions_app import events
from sessions_app.access import Actor
from sessions_app.models import IdempotencyKey, InterviewSession, Operation, SessionEvent, User
from sessions_app.models.actions import Phase, Status
from sessions_app.services import operations, sessions
from sessions_app.services.answers import NewAnswer, submit_answer
from sessions_app.services.operations import LEASE
from sessions_app.services.running import run_operation
from sessions_app.services.sweep import sweep

from . import factories as f
from .clockwork import T0, after, claim, server_alive, waiting_at

pytestmark = pytest.mark.django_db


def closing_at(user: User, now: datetime) -> InterviewSession:
    session = waiting_at(user, now, planned_questions=1)
    submit_answer(session.pk, NewAnswer("My last answer"), actor=Actor(user), now=now)
    return f.fresh(session)


def test_an_interview_past_its_last_answer_is_finished_after_ten_quiet_minutes(ann: User) -> None:
    session = closing_at(ann, T0)
    assert session.phase == Phase.CLOSING
    sweep(now=after(minutes=9, seconds=59, milliseconds=999))
    assert f.fresh(session).status == Status.ACTIVE
    sweep(now=after(minutes=10))
    stored = f.fresh(session)
    assert (stored.status, stored.ended_at) == (Status.COMPLETED, after(minutes=10))
    event = session.events.get(type="session.completed")
    assert (event.actor, event.data["code"], event.seq) == ("system", "quiet", stored.last_seq - 1)
    assert list(events.broken_links(stored)) == []


@pytest.mark.parametrize("minutes", [1, 30])
def test_the_template_says_how_many_quiet_minutes(minutes: int, ann: User) -> None:
    session = closing_at(ann, T0)
    InterviewSession.objects.filter(pk=session.pk).update(quiet_minutes=minutes)
    sweep(now=after(minutes=minutes, milliseconds=-1))
    assert f.fresh(session).status == Status.ACTIVE
    sweep(now=after(minutes=minutes))
    assert f.fresh(session).status == Status.COMPLETED


def test_coming_back_starts_the_quiet_minutes_again(ann: User) -> None:
    session = closing_at(ann, T0)
    sessions.pause_session(session.pk, actor=Actor(ann), now=after(minutes=8))
    sweep(now=after(minutes=30))
    assert f.fresh(session).status == Status.PAUSED
    sessions.resume_session(session.pk, actor=Actor(ann), now=after(minutes=40))
    sweep(now=after(minutes=49))
    assert f.fresh(session).status == Status.ACTIVE
    sweep(now=after(minutes=50))
    assert f.fresh(session).status == Status.COMPLETED


@pytest.mark.parametrize("place", [f.waiting, f.generating, f.failed, f.ready_for_next, f.paused, f.created])
def test_an_interview_that_is_not_over_is_not_finished_however_quiet(place: object, ann: User) -> None:
    session = place(ann, time_limit_minutes=None)
    before = f.fresh(session)
    server_alive(before.now + timedelta(days=3))
    sweep(now=before.now + timedelta(days=3))
    after_it = f.fresh(session)
    assert (after_it.status, after_it.last_seq) == (before.status, before.last_seq)


def test_one_broken_session_does_not_stop_the_others(ann: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR", logger="interviewer")
    quiet = [closing_at(ann, T0) for _ in range(3)]
    overdue = [waiting_at(ann, time_limit_minutes=5) for _ in range(3)]
    for session in (quiet[0], overdue[0]):  # its next event's number is taken: every change of it fails
        SessionEvent.objects.create(
            session=session, seq=f.fresh(session).last_seq + 1, type="session.updated", at=T0, actor="system", hash="x"
        )
    server_alive(after(minutes=20))
    due = sweep(now=after(minutes=20))
    assert [f.fresh(session).status for session in quiet] == [Status.ACTIVE, Status.COMPLETED, Status.COMPLETED]
    assert [f.fresh(session).status for session in overdue] == [Status.ACTIVE, Status.EXPIRED, Status.EXPIRED]
    assert {queue for _operation_id, queue in due} == {"evaluations"}  # of the four that ended
    assert str(quiet[0].pk) in caplog.text
    assert str(overdue[0].pk) in caplog.text


def test_it_hands_over_what_is_due_and_nothing_else(ann: User) -> None:
    due, waits, runs, abandoned, stopped = (f.generating(ann, now=T0) for _ in range(5))
    Operation.objects.filter(session=waits).update(not_before=after(minutes=2))
    claim(runs, after(seconds=50))
    claim(abandoned, T0)
    operations.cancel_operation(stopped.turn_id, now=T0)
    assert {pk for pk, _queue in sweep(now=after(minutes=1))} == {due.turn_id, abandoned.turn_id}
    assert due.turn_id not in {pk for pk, _queue in sweep(now=T0 - timedelta(seconds=1))}


def test_a_lease_is_kept_to_its_last_moment(ann: User) -> None:
    session = f.generating(ann, now=T0)
    claim(session, T0)
    assert sweep(now=T0 + LEASE) == []
    assert sweep(now=T0 + LEASE + timedelta(milliseconds=1)) == [(session.turn_id, "questions")]


def test_what_it_hands_over_can_be_run(ann: User) -> None:
    session = f.generating(ann)
    for operation_id, _queue in sweep():
        assert run_operation(operation_id)
    assert f.fresh(session).phase == Phase.WAITING_FOR_ANSWER
    assert sweep() == []


def test_two_machines_sweeping_do_everything_once(ann: User) -> None:
    quiet, overdue = closing_at(ann, T0), waiting_at(ann, time_limit_minutes=5)
    server_alive(after(minutes=11))
    for _ in range(2):
        sweep(now=after(minutes=11))
    assert f.types(quiet).count("session.completed") == 1
    assert f.types(overdue).count("session.expired") == 1


def test_answered_requests_are_forgotten_after_a_day(db: None) -> None:
    for key, age in (("old", 24.01), ("young", 23.99)):
        IdempotencyKey.objects.create(key=key, fingerprint="0", claimed_at=T0 - timedelta(hours=age))
    sweep(now=T0)
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]


def test_a_sweep_with_nothing_to_do_writes_nothing(ann: User) -> None:
    session = f.created(ann, now=T0)
    before = InterviewSession.objects.filter(pk=session.pk).values().get()
    assert sweep(now=after(minutes=1)) == []
    assert InterviewSession.objects.filter(pk=session.pk).values().get() == before
