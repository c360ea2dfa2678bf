"""The clock is fair: only the candidate's own thinking time counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessions_app import events
from sessions_app.access import Actor
from sessions_app.ai.protocol import Outcome
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Phase, Status
from sessions_app.services import answers, operations, sessions
from sessions_app.services.answers import NewAnswer
from sessions_app.services.sweep import sweep

from . import factories as f
from .clockwork import T0, after, ask, claim, server_alive, waiting_at

pytestmark = pytest.mark.django_db


def outages(session: InterviewSession) -> list[int]:
    rows = session.events.filter(type="time.extended").order_by("seq")
    assert all(row.data["code"] == "outage" for row in rows)
    return [row.data["milliseconds"] for row in rows]


def test_remaining_is_the_limit_and_the_extra_minus_what_was_used_and_what_runs(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=45)
    assert session.remaining_ms(T0) == 45 * 60_000
    assert session.remaining_ms(after(milliseconds=1)) == 45 * 60_000 - 1
    assert session.remaining_ms(after(minutes=44, seconds=59, milliseconds=999)) == 1
    assert session.deadline == after(minutes=45)
    session.extra_seconds, session.active_ms = 90, 60_000
    assert session.remaining_ms(after(seconds=10)) == (45 * 60 + 90 - 60 - 10) * 1000
    assert sessions.get_remaining_time(session.pk, now=after(seconds=0.5)) == 45 * 60 - 1


def test_remaining_is_never_negative_and_used_never_above_the_limit(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=5)
    assert session.remaining_ms(after(days=1)) == 0
    assert session.used_ms(after(days=1)) == 5 * 60_000
    assert session.used_ms(T0 - timedelta(seconds=5)) == 0


def test_the_clock_does_not_run_before_the_first_question_is_there(ann: User) -> None:
    session = f.created(ann, now=T0)
    sessions.start_session(session.pk, now=after(hours=1))
    assert (f.fresh(session).running_since, f.fresh(session).deadline) == (None, None)
    claimed = claim(session, after(hours=1, seconds=5))
    assert f.fresh(session).remaining_ms(after(hours=1, seconds=9)) == 45 * 60_000
    assert claimed.attempt == 1


def test_the_writing_of_questions_is_not_counted(ann: User) -> None:
    session, now, thought = waiting_at(ann, planned_questions=6), T0, 0
    for number in range(1, 6):
        now += timedelta(seconds=10 * number)
        thought += 10_000 * number
        server_alive(now)
        answers.submit_answer(session.pk, NewAnswer("An answer"), actor=Actor(ann), now=now)
        assert f.fresh(session).active_ms == thought
        assert f.fresh(session).running_since is None
        now += timedelta(minutes=20)
        ask(session, now, f"Question {number + 1}")
        assert f.fresh(session).used_ms(now) == thought
        assert f.fresh(session).running_since == now
    assert outages(session) == []


def test_twenty_pauses_are_exact_to_the_millisecond(ann: User) -> None:
    session, now, thought = waiting_at(ann, time_limit_minutes=45), T0, 0
    for n in range(1, 21):
        now += timedelta(milliseconds=997 * n)
        thought += 997 * n
        server_alive(now)
        paused = sessions.pause_session(session.pk, actor=Actor(ann), now=now)
        assert (paused.active_ms, paused.running_since, paused.deadline) == (thought, None, None)
        assert paused.remaining_ms(now + timedelta(days=n)) == 45 * 60_000 - thought
        now += timedelta(hours=n, milliseconds=n)
        resumed = sessions.resume_session(session.pk, actor=Actor(ann), now=now)
        assert resumed.deadline == now + timedelta(milliseconds=45 * 60_000 - thought)
    assert f.fresh(session).used_ms(now) == thought == 209_370
    assert f.types(session).count("session.paused") == f.types(session).count("session.resumed") == 20
    assert outages(session) == []


def test_a_session_without_a_limit_counts_and_never_ends(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=None)
    assert (session.deadline, session.limit_ms, session.remaining_ms(after(days=30))) == (None, None, None)
    server_alive(after(days=30))
    sweep(now=after(days=30))
    assert f.fresh(session).status == Status.ACTIVE
    paused = sessions.pause_session(session.pk, now=after(days=30))
    assert paused.active_ms == 30 * 86_400_000
    assert sessions.get_remaining_time(session.pk) is None
    assert not sessions.is_session_expired(session.pk)


def test_pausing_while_a_question_is_written_stops_nothing_that_ran(ann: User) -> None:
    session = f.generating(ann, now=T0)
    sessions.pause_session(session.pk, now=after(seconds=1))
    ask(session, after(seconds=9))
    stored = f.fresh(session)
    assert (stored.status, stored.phase, stored.running_since, stored.active_ms) == (Status.PAUSED, None, None, 0)
    resumed = sessions.resume_session(session.pk, now=after(hours=3))
    assert (resumed.running_since, resumed.phase) == (after(hours=3), Phase.WAITING_FOR_ANSWER)
    assert f.fresh(session).remaining_ms(after(hours=3, seconds=2)) == 45 * 60_000 - 2000


def test_resuming_while_a_question_is_still_written_starts_the_clock_with_it(ann: User) -> None:
    session = f.generating(ann, now=T0)
    sessions.pause_session(session.pk, now=after(seconds=1))
    claimed = claim(session, after(seconds=2))
    resumed = sessions.resume_session(session.pk, now=after(seconds=3))
    assert (resumed.phase, resumed.running_since) == (Phase.GENERATING, None)
    operations.finish(claimed, "What happened?", Outcome("technical"), now=after(seconds=8))
    assert f.fresh(session).running_since == after(seconds=8)


@pytest.mark.parametrize("place", [f.ready_for_next, f.closing, f.failed], ids=lambda place: place.__name__)
def test_the_clock_stands_while_nothing_is_to_be_answered(place: Any, ann: User) -> None:
    session = f.fresh(place(ann))
    assert (session.running_since, session.deadline) == (None, None)
    sessions.pause_session(session.pk)
    assert sessions.resume_session(session.pk).running_since is None
    assert f.fresh(session).used_ms(session.now + timedelta(hours=1)) == session.active_ms


# -- outages -------------------------------------------------------------------------------------------------------


def test_an_outage_is_given_back_once(ann: User) -> None:
    session = waiting_at(ann)
    sweep(now=after(seconds=5))
    for again in (65, 65, 66, 70):
        sweep(now=after(seconds=again))
    stored = f.fresh(session)
    assert outages(session) == [60_000]
    assert stored.used_ms(after(seconds=70)) == 10_000
    assert stored.deadline == after(minutes=46)
    event = session.events.get(type="time.extended")
    assert (event.actor, event.at) == ("system", after(seconds=65))
    assert list(events.broken_links(stored)) == []


@pytest.mark.parametrize(("gap", "credited"), [(15.0, False), (15.001, True)])
def test_fifteen_seconds_are_no_outage(gap: float, credited: bool, ann: User) -> None:
    session = waiting_at(ann)
    sweep(now=after(seconds=gap))
    assert outages(session) == ([round(gap * 1000)] if credited else [])
    assert f.fresh(session).used_ms(after(seconds=gap)) == (0 if credited else 15_000)


def test_an_outage_counts_from_when_the_clock_began_to_run(ann: User) -> None:
    session = waiting_at(ann)
    sessions.pause_session(session.pk, now=after(seconds=2))
    sessions.resume_session(session.pk, now=after(minutes=10))
    sweep(now=after(minutes=10, seconds=14))
    assert outages(session) == []
    sweep(now=after(minutes=12))
    assert outages(session) == [106_000]
    assert f.fresh(session).used_ms(after(minutes=12)) == 16_000


def test_a_clock_that_stands_is_not_credited(ann: User) -> None:
    for session in (f.paused(ann), f.generating(ann), f.closing(ann)):
        before = f.fresh(session)
        sweep(now=before.now + timedelta(seconds=30))
        assert outages(session) == []
        assert f.fresh(session).active_ms == before.active_ms


def test_an_outage_over_the_deadline_does_not_end_the_interview(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=5)
    sweep(now=after(seconds=5))
    sweep(now=after(hours=2))
    stored = f.fresh(session)
    assert (stored.status, stored.used_ms(after(hours=2))) == (Status.ACTIVE, 5_000)
    assert stored.deadline == after(hours=2, minutes=4, seconds=55)
    answers.submit_answer(session.pk, NewAnswer("Still here"), actor=Actor(ann), now=after(hours=2, seconds=3))
    assert f.fresh(session).active_ms == 8_000


def test_the_command_that_comes_first_after_an_outage_gives_it_back_too(ann: User) -> None:
    """Before anything expires: nobody is thrown out because the server was away and no sweep has come yet."""
    session = waiting_at(ann, time_limit_minutes=5)
    answers.submit_answer(session.pk, NewAnswer("Still here"), actor=Actor(ann), now=after(hours=2))
    stored = f.fresh(session)
    assert (stored.status, stored.active_ms) == (Status.ACTIVE, 0)
    assert outages(session) == [2 * 3_600_000]
