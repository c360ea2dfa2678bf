"""Any sequence of claims, reservations, kills, takeovers and ends: the ledger is what was counted and what was held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sessions_app import errors
from sessions_app.ai.protocol import Estimate, Outcome, ProviderError, Usage
from sessions_app.models import InterviewSession
from sessions_app.services import answers, operations, sessions
from sessions_app.services.operations import Claim, LeaseLost

from . import factories as f
from .clockwork import T0
from .metered import assert_balanced, tokens, with_budget

BUDGET = 3_000
COUNTS = st.builds(Usage, st.integers(0, 90), st.integers(0, 90))
ESTIMATES = st.builds(Estimate, st.integers(90, 400), st.integers(90, 200))  # never less than what is counted
MAYBE = st.none() | COUNTS
WHICH = st.integers(0, 3)


@dataclass
class Attempt:
    """One claim, whether it still holds the lease, and what was held for it."""

    claimed: Claim
    is_ours: bool = True
    held: int = 0


class Ledger(RuleBasedStateMachine):
    """What should be charged, as a plain list, beside the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        self.now: datetime = T0
        self.attempts: list[Attempt] = []
        self.charged: list[int] = []
        self.budget = BUDGET

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    @initialize()
    def start(self) -> None:
        made = f.generating(f.UserFactory(), now=T0, planned_questions=30, time_limit_minutes=None)
        self.session: InterviewSession = with_budget(made, BUDGET)

    # -- the plain model -------------------------------------------------------------------------------------------

    @property
    def held(self) -> int:
        return sum(attempt.held for attempt in self.attempts if attempt.is_ours)

    def over(self, counted: Usage | None = None) -> None:
        """The live attempt has ended: charged as counted, else as held."""
        for attempt in self.attempts:
            if attempt.is_ours:
                total = attempt.held if counted is None else counted.total
                self.charged += [total] if total or attempt.held else []
                attempt.is_ours, attempt.held = False, 0

    def guarded(self, attempt: Attempt, act: Any) -> bool:
        """Whether the act was let through, which is for the lease to decide."""
        try:
            act()
        except LeaseLost:
            assert not attempt.is_ours
            return False
        assert attempt.is_ours
        return True

    def pick(self, which: int) -> Attempt | None:
        """The newest claims first."""
        return self.attempts[-1 - which % len(self.attempts)] if self.attempts else None

    # -- workers ---------------------------------------------------------------------------------------------------

    @rule(waits=st.booleans(), size=st.none() | ESTIMATES)
    def claim(self, waits: bool, size: Estimate | None) -> None:
        """At once, or when the lease of whoever had it is over: then that one is as good as killed."""
        self.now += timedelta(seconds=31 if waits else 0)
        claimed = operations.claim(f.fresh(self.session).turn_id, now=self.now)
        if waits:
            self.over()
        if claimed is not None:
            self.attempts.append(Attempt(claimed))
            if size is not None:
                self.reserve(0, size)

    @rule(which=WHICH, estimate=ESTIMATES)
    def reserve(self, which: int, estimate: Estimate) -> None:
        attempt, size = self.pick(which), estimate.as_usage.total
        if attempt is None or (attempt.is_ours and attempt.held):
            return
        fits = sum(self.charged) + self.held + size <= self.budget
        try:
            told = operations.reserve(attempt.claimed, estimate)
        except LeaseLost:
            assert not attempt.is_ours
            return
        assert told == fits
        assert attempt.is_ours or not fits
        attempt.held = size if fits else 0

    @rule(which=WHICH)
    def write(self, which: int) -> None:
        if attempt := self.pick(which):
            self.guarded(attempt, lambda: operations.write(attempt.claimed, "Half a quest"))

    @rule(which=WHICH, counted=COUNTS)
    def finish(self, which: int, counted: Usage) -> None:
        attempt = self.pick(which)
        if attempt is None:
            return
        counted = counted if attempt.held else Usage()
        outcome = Outcome("technical", **counted.as_json())
        if self.guarded(attempt, lambda: operations.finish(attempt.claimed, "What?", outcome, now=self.now)):
            self.over(counted)
            answers.submit_answer(self.session.pk, answers.NewAnswer("An answer"), now=self.now)

    @rule(which=WHICH, counted=MAYBE, retryable=st.sampled_from([True, True, False]))
    def fail(self, which: int, counted: Usage | None, retryable: bool) -> None:
        attempt = self.pick(which)
        if attempt is None:
            return
        counted = counted if attempt.held else None
        error = ProviderError("PROVIDER_ERROR", "Away.", retryable=retryable, usage=counted)
        if self.guarded(attempt, lambda: operations.fail(attempt.claimed, error, now=self.now)):
            self.over(counted)

    @rule(which=WHICH)
    def release(self, which: int) -> None:
        attempt = self.pick(which)
        if attempt is not None:
            operations.release(attempt.claimed, now=self.now)
            if attempt.is_ours:
                self.over()

    @rule()
    def restart(self) -> None:
        """The machine comes back and takes what its dead process held."""
        name = operations.worker_name().rsplit(":", 2)[0]
        self.session.operations.update(worker=f"{name}:{2**22 - 1}:12345")
        if operations.take_back_from_the_dead(now=self.now):
            self.over()

    # -- people ----------------------------------------------------------------------------------------------------

    @rule(again=st.booleans())
    def stop(self, again: bool) -> None:
        """Stopped, and usually tried again."""
        turn = f.fresh(self.session).turn_id
        try:
            operations.cancel_operation(turn, now=self.now)
        except errors.DomainError:
            again = True
        else:
            self.over()
        if again and f.fresh(self.session).phase == "generation_failed":
            operations.retry_operation(turn, now=self.now)

    @rule()
    def pause_and_resume(self) -> None:
        sessions.pause_session(self.session.pk, now=self.now)
        sessions.resume_session(self.session.pk, now=self.now)

    @rule(more=st.integers(1, 900))
    def extend(self, more: int) -> None:
        self.budget += more
        InterviewSession.objects.filter(pk=self.session.pk).update(token_budget=self.budget)

    # -- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def the_ledger_is_right(self) -> None:
        assert tokens(self.session) == (sum(self.charged), self.held)
        totals = sorted(self.session.charges.values_list("total_tokens", flat=True))
        assert totals == sorted(self.charged)
        assert sum(self.charged) + self.held <= self.budget
        assert_balanced(self.session)


def play(examples: int, *, derandomize: bool) -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            derandomize=derandomize,
            deadline=None,
            database=None,
            phases=[Phase.generate] if derandomize else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(autouse=True)
def _without_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR", logger="interviewer")


@pytest.mark.django_db
@pytest.mark.timeout(200)
def test_eight_sequences_are_charged_as_the_model_says() -> None:
    play(8, derandomize=True)


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.timeout(1800)
def test_a_thousand_sequences_are_charged_as_the_model_says() -> None:
    play(1000, derandomize=False)
