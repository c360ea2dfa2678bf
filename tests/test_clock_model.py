"""The clock against plain arithmetic: whatever happens in an interview, only the thinking time is added up."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sessions_app import events
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Status
from sessions_app.services import answers, sessions
from sessions_app.services.answers import NewAnswer
from sessions_app.services.sweep import sweep

from . import factories as f
from .clockwork import T0, ask, server_alive, waiting_at

pytestmark = pytest.mark.django_db

GRACE_MS, OUTAGE_MS = 10_000, 15_000
LIMIT_MINUTES = 15


@dataclass
class Model:
    """The clock as one would explain it: what was thought, what is allowed, and whether it runs."""

    now: datetime = T0
    thought: int = 0
    limit: int = LIMIT_MINUTES * 60_000
    runs: bool = True
    outages: int = 0
    ended_at: datetime | None = None

    @property
    def left(self) -> int:
        return self.limit - self.thought

    def passes(self, ms: int) -> None:
        """Time in which nobody thinks."""
        self.now += timedelta(milliseconds=ms)

    def thinks(self, ms: int) -> None:
        """Time that counts, if the clock runs; at the deadline the interview ends, noticed when the grace is over."""
        if self.runs and ms >= self.left:
            self.ended_at = self.now + timedelta(milliseconds=self.left)
            self.thought, self.runs, ms = self.limit, False, ms + GRACE_MS
        elif self.runs:
            self.thought += ms
        self.now += timedelta(milliseconds=ms)


class Interview:
    """A session that goes through what the model goes through; ``ann`` is its candidate."""

    def __init__(self, ann: User) -> None:
        self.id = waiting_at(ann, time_limit_minutes=LIMIT_MINUTES, planned_questions=30).pk
        self.ann, self.model = Actor(ann), Model()

    @property
    def session(self) -> InterviewSession:
        return sessions.get_session(self.id)

    def think(self, ms: int) -> None:
        """A server is there all the while."""
        self.model.thinks(ms)
        server_alive(self.model.now)
        sweep(now=self.model.now)

    def outage(self, ms: int) -> None:
        """Nobody is there for that time; up to 15 s nobody notices, and it counts."""
        server_alive(self.model.now)
        if ms > OUTAGE_MS:
            self.model.outages += self.model.runs
            self.model.passes(ms)
            sweep(now=self.model.now)
            return
        self.model.thinks(ms)
        if self.model.ended_at:  # a living server noticed it
            server_alive(self.model.now)
        sweep(now=self.model.now)

    def write(self, ms: int) -> None:
        """An answer, and so long until the next question is there."""
        if not self.model.runs:
            return
        answers.submit_answer(self.id, NewAnswer("Words"), actor=self.ann, now=self.model.now)
        self.model.passes(ms)
        ask(self.session, self.model.now, f"At {self.model.now}")

    def write_while_paused(self, ms: int) -> None:
        """Paused while the next question is being written: it is there when the candidate comes back."""
        if not self.model.runs:
            return
        answers.submit_answer(self.id, NewAnswer("Words"), actor=self.ann, now=self.model.now)
        sessions.pause_session(self.id, actor=self.ann, now=self.model.now)
        self.model.passes(ms)
        ask(self.session, self.model.now, f"At {self.model.now}")
        self.model.runs = False

    def pause(self, ms: int) -> None:
        if self.model.runs:
            sessions.pause_session(self.id, actor=self.ann, now=self.model.now)
            self.model.runs = False
        self.model.passes(ms)

    def resume(self, ms: int) -> None:
        if not self.model.runs:
            sessions.resume_session(self.id, actor=self.ann, now=self.model.now)
            self.model.runs = True
        self.think(ms)

    def extend(self, ms: int) -> None:
        """Whole minutes are added, to a clock that runs or stands."""
        minutes = 1 + ms // 60_000
        sessions.extend_session(self.id, minutes=minutes, reason="Fire alarm", now=self.model.now)
        self.model.limit += minutes * 60_000

    def run_out(self) -> None:
        """To the last millisecond, and over it."""
        self.resume(0)
        self.think(self.model.left - 1)
        self.assert_same()
        assert self.session.remaining_ms(self.model.now) == 1
        self.think(1)

    def assert_same(self) -> None:
        session, model = self.session, self.model
        assert session.used_ms(model.now) == model.thought
        assert session.remaining_ms(model.now) == model.left
        assert sessions.get_remaining_time(self.id, now=model.now) == model.left // 1000
        assert (session.running_since is not None) == model.runs
        assert session.deadline == (model.now + timedelta(milliseconds=model.left) if model.runs else None)
        assert (session.status == Status.EXPIRED) == (model.ended_at is not None)
        assert session.ended_at == model.ended_at


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("think"), st.integers(0, 200_000)),
        st.tuples(st.just("outage"), st.one_of(st.integers(1, 15_002), st.integers(15_000, 9_000_000))),
        st.tuples(st.sampled_from(["write", "write_while_paused"]), st.integers(0, 600_000)),
        st.tuples(st.just("pause"), st.integers(0, 90_000_000)),
        st.tuples(st.just("resume"), st.integers(0, 60_000)),
        st.tuples(st.just("extend"), st.integers(0, 600_000)),
    ),
    max_size=20,
)


def live_through(ann: User, steps: list[tuple[str, int]]) -> None:
    interview = Interview(ann)
    for step, ms in steps:
        getattr(interview, step)(ms)
        interview.assert_same()
        if interview.model.ended_at:
            break
    else:
        interview.run_out()
        interview.assert_same()
    session = interview.session
    given_back = session.events.filter(type="time.extended", data__code="outage")
    assert (given_back.count(), session.ended_at) == (interview.model.outages, interview.model.ended_at)
    assert list(events.broken_links(session)) == []


WITH_ANN = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@given(steps=STEPS)
@hypothesis_settings(max_examples=20, derandomize=True, **WITH_ANN)
def test_only_the_thinking_time_is_counted_to_the_millisecond(ann: User, steps: list[tuple[str, int]]) -> None:
    live_through(ann, steps)


@pytest.mark.full
@pytest.mark.timeout(900)
@given(steps=STEPS)
@hypothesis_settings(max_examples=300, **WITH_ANN)
def test_only_the_thinking_time_is_counted_for_long(ann: User, steps: list[tuple[str, int]]) -> None:
    live_through(ann, steps)


def test_by_the_databases_own_clock_twenty_pauses_are_right_within_a_second(ann: User) -> None:
    """No time is passed in here: what counts is measured beside it, and includes the requests themselves."""
    session, thought, chance = f.waiting(ann, time_limit_minutes=5), 0.0, random.Random(4)
    began = time.monotonic()
    for _ in range(20):
        time.sleep(chance.uniform(0, 0.03))
        paused = sessions.pause_session(session.pk, actor=Actor(ann))
        thought += time.monotonic() - began
        time.sleep(chance.uniform(0, 0.03))
        began = time.monotonic()
        resumed = sessions.resume_session(session.pk, actor=Actor(ann))
        assert abs(paused.active_ms / 1000 - thought) < 1
    left = resumed.deadline - resumed.running_since
    assert abs(left.total_seconds() - (300 - thought)) < 1
