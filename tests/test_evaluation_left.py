"""Leaving an evaluation that is at work: stopped, erased, or because the process ends, it sends nothing more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from sessions_app.access import Actor
from sessions_app.ai.protocol import Usage
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Phase
from sessions_app.services.embedded import EmbeddedPool
from sessions_app.services.erasure import erase_session
from sessions_app.services.operations import cancel_operation
from sessions_app.services.running import run_operation
from tests import factories as f
from tests.judges import Judge, connected, finished

TWO_CRITERIA = ("technical", "behavioral")


class Slow(Judge):
    """Answers once it is let go, or after twenty seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def structured(self, messages: Any, schema: Any, max_tokens: int) -> tuple[dict[str, Any], Usage]:
        reply = super().structured(messages, schema, max_tokens)
        self.let_go.wait(20)
        return reply


def once_asked(judge: Slow, act: Callable[[], Any]) -> Callable[[], bool]:
    """The process does not end, but while the judge is at its first reply something happens."""

    def stopping() -> bool:
        if judge.sent and not judge.let_go.is_set():
            act()
            judge.let_go.set()
        return False

    return stopping


def run(session: InterviewSession, stopping: Callable[[], bool]) -> None:
    assert run_operation(session.evaluation_operation_id, stopping=stopping)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_it_asks_about_every_criterion_where_nobody_stops_it(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = connected(monkeypatch, Judge())
    run(finished(ann, types=TWO_CRITERIA), lambda: False)
    assert len(judge.sent) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["stopped", "erased"])
def test_no_answer_is_sent_once_it_is_stopped_or_erased(way: str, ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Slow()
    connected(monkeypatch, judge)
    session = finished(ann, types=TWO_CRITERIA)

    def leave() -> None:
        if way == "stopped":
            cancel_operation(session.evaluation_operation_id, actor=Actor(ann))  # type: ignore[arg-type]
        else:
            erase_session(session.pk, actor=Actor(ann))

    run(session, once_asked(judge, leave))
    assert len(judge.sent) == 1
    assert not session.evaluations.exists()


@pytest.mark.django_db
def test_a_process_that_ends_does_not_wait_for_the_model(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Slow()
    connected(monkeypatch, judge)
    session = finished(ann)
    asked = iter([False])
    begun = time.monotonic()
    run(session, lambda: next(asked, True))
    judge.let_go.set()
    assert time.monotonic() - begun < 5
    session = f.fresh(session)
    assert (session.phase, session.evaluation_operation.status) == (Phase.EVALUATING, "queued")


def test_all_threads_together_are_waited_for_as_long_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = EmbeddedPool(3)
    over = threading.Event()
    busy = [threading.Thread(target=over.wait, args=(20,), daemon=True) for _ in range(6)]
    for thread in busy:
        thread.start()
    monkeypatch.setattr(EmbeddedPool, "_threads", busy)
    monkeypatch.setattr(pool, "_unlisten", lambda: None, raising=False)
    begun = time.monotonic()
    pool.stop(0.4)
    over.set()
    assert 0.3 < time.monotonic() - begun < 1.5
