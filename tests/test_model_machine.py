"""Any sequence of acts against a model made of plain values: after every step the rows say what the model says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sessions_app.access import Actor
from sessions_app.live import read
from sessions_app.models import InterviewSession, User
from sessions_app.services import answers, guests, operations, sessions
from sessions_app.services.answers import NewAnswer
from sessions_app.services.config import SessionConfig
from sessions_app.services.sweep import sweep

from . import factories as f
from .interview_acts import VERBS, Acts
from .interview_model import LEASE, QUIET, T0, Model, assert_same

WORDS = st.sampled_from(["Yes", "An index", "I would measure first", "sure \U0001f600", " "])
WHICH = st.integers(min_value=0, max_value=7)


def in_phase(*phases: str) -> Callable[[Any], bool]:
    return lambda machine: machine.model.phase in phases


def has_sent(machine: Interview) -> bool:
    return any(machine.model.sent)


def has_claims(machine: Interview) -> bool:
    return bool(machine.claims)


class Interview(Acts):
    """When who does what."""

    @initialize(
        planned=st.sampled_from([2, 4, 9]),
        auto=st.sampled_from([True, True, False]),
        timed=st.sampled_from([True, True, False]),
        answered=WHICH,
    )
    def create(self, planned: int, auto: bool, timed: bool, answered: int) -> None:
        self.ann, self.sam = f.UserFactory(name="Ann Smith"), f.UserFactory(is_staff=True)
        self.user: User = User.objects.create_guest()
        config = SessionConfig(planned_questions=planned, auto_advance=auto, time_limit_minutes=5 if timed else None)
        self.id = sessions.create_session(config, actor=Actor(self.user), now=T0).pk
        self.model = Model(planned, auto, timedelta(minutes=5) if timed else None)
        self.verb("start")
        for _ in range(min(answered, planned - 1)):
            self.the_question_appears(0)
            self.send("Yes", "text")
            if not auto:
                self.generate_question()

    # -- the candidate ---------------------------------------------------------------------------------------------

    @rule(text=WORDS, kind=st.sampled_from(["text", "text", "unnamed", "skip", "stale"]))
    def send(self, text: str, kind: str) -> None:
        model, name = self.model, self.new_name()
        text = "" if kind == "skip" else text.strip() or "Words"
        stale, asked = kind == "stale" and len(self.questions) > 1, self.questions[-1:] or [None]
        reply = self.questions[0] if stale else None if kind == "unnamed" or not model.is_open else asked[0]
        sent = NewAnswer(text, name, in_reply_to=reply, skip=kind == "skip")
        result = self.expect(
            lambda: model.no_answer(stale=stale),
            lambda: answers.submit_answer(self.id, sent, actor=Actor(self.user), now=self.now),
        )
        if result is None:
            self._keep_note(name, text)
            return
        assert result.is_new
        self._take_answer(name, text)

    @precondition(has_sent)
    @rule(which=WHICH, changed=st.sampled_from([False, False, True]))
    def resend(self, which: int, changed: bool) -> None:
        names = [name for name in self.model.sent if name]
        name = names[which % len(names)]
        kind, text = self.model.sent[name]
        sent = NewAnswer(text + "!" * changed, name, skip=not text and not changed)

        def refusal() -> str | None:
            if changed:
                return "CLIENT_ID_CONFLICT"
            return self.model.no_answer() if kind == "note" else None

        result = self.expect(
            refusal, lambda: answers.submit_answer(self.id, sent, actor=Actor(self.user), now=self.now)
        )
        if result is None:
            return
        assert (result.is_new, result.message.client_message_id) == (kind == "note", name)
        if result.is_new:  # it came too late once, and the session was opened again
            self._take_answer(name, text)

    @rule(text=WORDS, newer=st.sampled_from([True, True, False]))
    def save_draft(self, text: str, newer: bool) -> None:
        model = self.model
        revision = model.draft[1] + (3 if newer else 0)
        act = lambda: answers.save_draft(self.id, text, revision, actor=Actor(self.user), now=self.now)  # noqa: E731
        if self.expect(model.no_draft, act) is None:
            return
        if newer or model.draft == ("", 0):
            model.draft = (text, max(1, revision))

    @precondition(in_phase("waiting_for_answer"))
    @rule(text=WORDS, kind=st.sampled_from(["text", "unnamed", "skip"]))
    def answer(self, text: str, kind: str) -> None:
        self.send(text, kind)

    @precondition(lambda self: self.model.status == "paused")
    @rule()
    def come_back(self) -> None:
        self.verb("resume")

    @rule(what=st.sampled_from(["pause", "pause", "resume", "start", "generate", "stop", "retry"]))
    def press(self, what: str) -> None:
        if what in VERBS:
            self.verb(what)
        elif what == "generate":
            self.generate_question()
        else:
            self.stop_or_retry(stop=what == "stop")

    @precondition(lambda self: self.steps > 28)
    @rule(verb=st.sampled_from(["complete", "cancel"]))
    def end(self, verb: str) -> None:
        self.verb(verb)

    # -- staff -----------------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 4]))
    def more_time(self, minutes: int) -> None:
        self.extend(minutes)

    @precondition(lambda self: self.model.status in ("completed", "expired"))
    @rule(minutes=st.sampled_from([0, 1, 5]))
    def open_again(self, minutes: int) -> None:
        self.reopen(minutes)

    @precondition(in_phase("generation_failed"))
    @rule()
    def try_again(self) -> None:
        self.stop_or_retry(stop=False)

    @precondition(lambda self: self.user.is_guest and self.steps > 5)
    @rule()
    def sign_up(self) -> None:
        assert guests.move_guest(self.user.pk, to=self.ann) == 1
        self.user = self.ann

    @precondition(in_phase("generating"))
    @rule(late=st.integers(min_value=0, max_value=3))
    def the_question_appears(self, late: int) -> None:
        """Claimed when it is due or abandoned, if nobody has it, and finished."""
        work = self.model.work
        assert work is not None
        if work.status == "queued":
            self.now = max(self.now, work.due)
        elif work.lease:
            self.now = max(self.now, work.lease + timedelta(milliseconds=1))
        self.now += timedelta(seconds=late)
        self.claim()
        self.finish(0)

    @precondition(has_claims)
    @rule(which=WHICH, act=st.sampled_from(["write", "write", "finish", "fail", "give up", "release", "heartbeat"]))
    def work(self, which: int, act: str) -> None:
        """Whoever claimed it last, or somebody who is far behind."""
        which = max(0, which - 4)
        if act == "write":
            self.write(which, "Well, ")
        elif act in ("fail", "give up"):
            self.fail(which, retryable=act == "fail")
        else:
            getattr(self, act)(which)

    @precondition(in_phase("generating", "generation_failed", "waiting_for_answer"))
    @rule()
    def claim(self) -> None:
        self.model.settle(self.now)
        work, due = self.model.work, self.model.may_be_claimed(self.now)
        claimed = operations.claim(self.turn_id(), now=self.now)
        assert (claimed is not None) == due
        if claimed and work:
            work.status, work.attempt, work.lease, work.text = "running", work.attempt + 1, self.now + LEASE, ""
            assert claimed.attempt == work.attempt
            self.claims.append((claimed, work.number))

    # -- time ------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 1, 4, 11, 31, 95, 290, 601]), alive=st.sampled_from([True, True, False]))
    def wait(self, seconds: int, alive: bool) -> None:
        self.now += timedelta(seconds=seconds)
        if alive and self.model.since:
            InterviewSession.objects.filter(pk=self.id).update(alive_at=self.now)
            self.model.alive = self.now

    @precondition(lambda self: self.model.deadline is not None)
    @rule(seconds=st.sampled_from([-1, 0, 9, 10, 60]), alive=st.booleans(), words=WORDS, swept=st.booleans())
    def time_is_over(self, seconds: int, alive: bool, words: str, swept: bool) -> None:
        self.save_draft(words, newer=True)
        if self.model.deadline is None:
            return
        left = self.model.deadline - self.now
        self.wait(max(1, left // timedelta(seconds=1) + seconds), alive)
        if swept:
            self.sweep()

    @rule()
    def sweep(self) -> None:
        model, now = self.model, self.now
        due = [key for key, _ in sweep(now=now) if key == self.turn_id()]
        model.settle(now)
        model.credit(now)
        model.alive = now if model.since else model.alive
        if (model.status, model.phase) == ("active", "closing") and now - model.touched >= QUIET:
            model.end("completed", now)
        assert due == ([self.turn_id()] if model.may_be_claimed(now) else [])

    # -- readers ---------------------------------------------------------------------------------------------------

    @rule(which=WHICH, twice=st.booleans())
    def follow(self, which: int, twice: bool) -> None:
        """From any cursor that was ever remembered, everything that has happened since."""
        old = self.readers[which % len(self.readers)]
        reader = replace(old, messages=dict(old.messages), partial=dict(old.partial))
        is_last = False
        while not is_last:
            batch = read(self.id, Actor(self.user), reader.cursor)
            for frame in [frame for frame in batch.frames for _ in range(1 + twice)]:
                reader.take(frame)
            reader.cursor, is_last = batch.cursor, batch.is_last
        history = self.session().messages.history()
        assert reader.messages == {message.seq: message.content for message in history}
        if self.model.work and self.model.work.status == "running" and self.model.work.text:
            assert reader.partial["text"] == self.model.work.text
        self.readers = [*self.readers, reader][-8:]

    @invariant()
    def the_rows_say_what_the_model_says(self) -> None:
        self.steps += 1
        assert_same(self.session(), self.model, self.now)


def play(examples: int, *, derandomize: bool) -> None:
    """Always the same examples are not made smaller when they fail: that takes minutes, and they can be run again."""
    run_state_machine_as_test(
        Interview,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            derandomize=derandomize,
            deadline=None,
            database=None,
            phases=[Phase.generate] if derandomize else [Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(autouse=True)
def _without_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR", logger="interviewer")


@pytest.mark.django_db
@pytest.mark.timeout(400)
def test_ten_interviews_go_as_the_model_says() -> None:
    play(10, derandomize=True)


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.timeout(3600)
def test_a_thousand_interviews_go_as_the_model_says() -> None:
    play(1000, derandomize=False)
