"""The acts of everybody who has to do with one session, each held against the model; when they come is the test's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.ai.protocol import Outcome, ProviderError
from sessions_app.live import Cursor
from sessions_app.models import InterviewSession, Operation, User
from sessions_app.services import answers, operations, sessions
from sessions_app.services.operations import Claim, LeaseLost

from .interview_model import LEASE, T0, Model, Reader

OUTCOME = Outcome("technical")
VERBS: dict[str, Callable[..., Any]] = {
    "start": sessions.start_session,
    "pause": sessions.pause_session,
    "resume": sessions.resume_session,
    "complete": sessions.end_session,
    "cancel": sessions.cancel_session,
}


def newest_question(session: InterviewSession) -> Any:
    return session.messages.history().filter(kind="question").values_list("pk", flat=True).last()


class Acts(RuleBasedStateMachine):
    """One session at given moments, and the model beside it."""

    ann: User
    sam: User
    user: User
    id: Any
    model: Model

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        self.now, self.count, self.steps = T0, 0, 0
        self.claims: list[tuple[Claim, int]] = []  # with the number of the question
        self.questions: list[Any] = []  # their ids, once they were asked
        self.readers = [Reader(None), Reader(Cursor(0))]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    # -- how an act is held against the model ----------------------------------------------------------------------

    def expect(self, refusal: Callable[[], str | None], act: Callable[[], Any]) -> Any:
        """The result of the act, or None when it was refused as the model says."""
        self.model.settle(self.now)
        code = refusal()
        try:
            result = act()
        except errors.DomainError as refused:
            assert refused.code == code
            return None
        assert code is None, f"{code} was expected"
        return result

    def new_name(self) -> str:
        self.count += 1
        return f"client-{self.count}"

    def verb(self, name: str) -> bool:
        user = self.sam if name == "cancel" else self.user
        reason = {"reason": "A reason"} if name == "cancel" else {}
        act = VERBS[name]
        done = self.expect(
            lambda: self.model.no_verb(name, self.now), lambda: act(self.id, actor=Actor(user), now=self.now, **reason)
        )
        if done is not None:
            getattr(self, f"_{name}")()
        return done is not None

    def _start(self) -> None:
        self.model.status = "active"
        self.model.queue(self.now)

    def _pause(self) -> None:
        self.model.halt(self.now)
        self.model.status, self.model.touched = "paused", self.now

    def _resume(self) -> None:
        model = self.model
        model.status, model.touched = "active", self.now
        if model.phase == "waiting_for_answer":
            model.run(self.now)
        elif model.work and model.work.status == "cancelled" and model.work.is_cut_off:
            model.again(self.now)
        elif model.phase == "ready_for_next" and model.auto:
            model.queue(self.now)

    def _complete(self) -> None:
        self.model.end("completed", self.now)

    def _cancel(self) -> None:
        self.model.end("cancelled", self.now)

    def extend(self, minutes: int) -> None:
        act = lambda: sessions.extend_session(  # noqa: E731
            self.id, minutes=minutes, reason="A reason", actor=Actor(self.sam), now=self.now
        )
        if self.expect(lambda: self.model.no_extension(self.now), act) is not None:
            self.model.add_time(minutes)
            self.model.touched = self.now

    def reopen(self, minutes: int) -> None:
        act = lambda: sessions.reopen_session(  # noqa: E731
            self.id, minutes=minutes, reason="A reason", actor=Actor(self.sam), now=self.now
        )
        if self.expect(lambda: self.model.no_reopening(minutes, self.now), act) is not None:
            self.model.open_again(minutes)

    def _keep_note(self, name: str, text: str) -> None:
        if self.model.status == "expired" and text and len(self.model.notes) < answers.MAX_NOTES:
            self.model.notes.append(text)
            self.model.sent[name] = ("note", text)

    def _take_answer(self, name: str, text: str) -> None:
        model = self.model
        late, at = model.is_over(self.now), model.deadline
        model.answer(name, text, self.now)
        model.touched = self.now
        if late and at is not None:
            model.end("expired", at)
        elif model.questions >= model.planned:
            model.history.append(("notice", ""))
        elif model.auto:
            model.queue(self.now)

    def generate_question(self) -> None:
        failed = self.model.phase == "generation_failed"
        act = lambda: answers.generate_question(self.id, actor=Actor(self.user), now=self.now)  # noqa: E731
        if self.expect(lambda: self.model.no_question(self.now), act) is not None:
            self.model.again(self.now) if failed else self.model.queue(self.now)

    def stop_or_retry(self, stop: bool) -> None:
        verb = operations.cancel_operation if stop else operations.retry_operation
        act = lambda: verb(self.turn_id(), actor=Actor(self.user), now=self.now)  # noqa: E731
        code = (lambda: self.model.no_stop()) if stop else (lambda: self.model.no_retry(self.now))
        if self.expect(code, act) is not None:
            self.model.drop() if stop else self.model.again(self.now)

    # -- workers ---------------------------------------------------------------------------------------------------

    def turn_id(self) -> Any:
        return InterviewSession.objects.values_list("turn_id", flat=True).get(pk=self.id)

    def hold(self, which: int, act: Callable[[Claim], Any], *, settles: bool = False) -> bool:
        """Whether the claim still counts; the act must say the same. The newest claims come first."""
        claimed, number = self.claims[-1 - which % len(self.claims)]
        holds = self.model.holds(number, claimed.attempt)
        if settles:
            self.model.settle(self.now)
        try:
            act(claimed)
        except LeaseLost:
            assert not holds, "the lease was ours"
            return False
        assert holds, "the lease was lost"
        return True

    def write(self, which: int, words: str) -> None:
        work = self.model.work
        assert work is not None
        text = (work.text + words).strip()
        if self.hold(which, lambda claimed: operations.write(claimed, text)):
            work.text = text

    def finish(self, which: int) -> None:
        work = self.model.work
        assert work is not None
        text = f"{work.text} What {len(self.model.history)}?".strip()
        if self.hold(which, lambda c: operations.finish(c, text, OUTCOME, now=self.now), settles=True):
            model = self.model
            work.status, work.text = "succeeded", text
            model.history.append(("question", text))
            model.questions += 1
            self.questions.append(newest_question(self.session()))
            if model.status == "active":
                model.run(self.now)

    def fail(self, which: int, retryable: bool) -> None:
        work, error = self.model.work, ProviderError("PROVIDER_ERROR", "Away.", retryable=retryable)
        assert work is not None
        if not self.hold(which, lambda c: operations.fail(c, error, now=self.now), settles=True):
            return
        work.text, work.errors = "", work.errors + 1
        if not retryable or work.errors == 3:
            work.status = "failed"
            return
        least = 2 ** (work.errors - 1)
        work.status, work.due = "queued", Operation.objects.get(pk=self.turn_id()).not_before
        assert least <= (work.due - self.now).total_seconds() <= least * 1.25

    def release(self, which: int) -> None:
        claimed, number = self.claims[-1 - which % len(self.claims)]
        operations.release(claimed, now=self.now)
        self.model.settle(self.now)
        if self.model.holds(number, claimed.attempt) and self.model.work:
            work = self.model.work
            work.status, work.due, work.text = "queued", self.now, ""

    def heartbeat(self, which: int) -> None:
        if self.hold(which, lambda claimed: operations.heartbeat(claimed, self.now)) and self.model.work:
            self.model.work.lease = self.now + LEASE

    # -- after every step ------------------------------------------------------------------------------------------

    def session(self) -> InterviewSession:
        return sessions.get_session(self.id)
