"""Settings of a server or worker that ends (or freezes) at a named place in its own code.

``CRASH_AT`` names a file. A test arms a running process by writing "point count signal" into it; whoever reaches that
point the count-th time takes the file away, so that it happens once however many processes look, and signals itself.
Leases, heartbeats, sweeps and claims of idempotency keys are short here, so that a test need not wait for them.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from django.apps import AppConfig

from interviewer.settings import *  # noqa: F403
from interviewer.settings import INSTALLED_APPS as _INSTALLED_APPS

LEASE_SECONDS = 3.0

# Around the commit of a verb's own transaction, and what else has a name. The worker's points come last.
COMMITS = ("start", "draft", "pause", "resume", "answer", "complete")
REQUESTS = (
    *(f"{verb}.{moment}_commit" for verb in COMMITS for moment in ("before", "after")),
    *(f"idempotency.{moment}" for moment in ("after_claim", "before_commit", "after_commit")),
)
OPERATIONS_ = tuple(
    f"operation.{moment}"
    for moment in (
        *("before_claim_commit", "after_claim", "after_reserve", "after_first_write"),
        *("before_finish", "inside_finish", "after_finish"),
    )
)
ANALYSES = tuple(f"analysis.{moment}" for moment in ("after_read", "inside_finish", "before_commit", "after_commit"))
EVALUATIONS = tuple(f"evaluation.{moment}" for moment in ("after_judging", "before_commit", "after_commit"))
SWEEP = "sweep.in_the_middle"

_lock = threading.Lock()
_thread = threading.local()  # .names: the points before and after the commit that this thread is heading for


class CrashPoints(AppConfig):
    name = "tests.crash"
    label = "crash_points"

    def ready(self) -> None:
        if "CRASH_AT" in os.environ:
            _shorten()
            _meter()
            _wrap()


INSTALLED_APPS = ["tests.crash.points.CrashPoints", *_INSTALLED_APPS]  # first: it wraps what others import


def arm(file: Path, point: str, count: int = 1, number: signal.Signals = signal.SIGKILL) -> None:
    """Let whoever looks at that file end at the point."""
    assert point in (*REQUESTS, *OPERATIONS_, *ANALYSES, *EVALUATIONS, SWEEP), point
    (file.parent / "armed").write_text(f"{point} {count} {int(number)}")
    (file.parent / "armed").replace(file)


def reach(point: str) -> None:
    """End here, if this is the place and the time."""
    file = Path(os.environ["CRASH_AT"])
    with _lock:
        try:
            name, count, number = file.read_text().split()
            if name != point:
                return
            if int(count) > 1:
                file.write_text(f"{name} {int(count) - 1} {number}")
                return
            file.rename(file.with_suffix(".reached"))
        except FileNotFoundError:
            return
    os.kill(os.getpid(), int(number))
    time.sleep(0.5)  # another thread may be the one that the signal finds: this one goes no further meanwhile


def _shorten() -> None:
    from sessions_app.api import idempotency
    from sessions_app.services import embedded, heartbeat, operations

    operations.LEASE = timedelta(seconds=LEASE_SECONDS)
    heartbeat.HEARTBEAT_SECONDS = LEASE_SECONDS / 3
    embedded.SWEEP_SECONDS = 1.0
    idempotency.CLAIM = timedelta(seconds=1)


def _meter() -> None:
    """Here the built-in interviewer costs tokens, so that a killed attempt leaves some behind to be charged."""
    from sessions_app.ai.builtin import BuiltInInterviewer
    from sessions_app.ai.protocol import Estimate, Outcome

    def counting(original: Any) -> Any:
        def ask(self: Any, turn: Any) -> Any:
            for piece in original(self, turn):
                yield replace(piece, input_tokens=50, output_tokens=30) if isinstance(piece, Outcome) else piece

        return ask

    _replace(BuiltInInterviewer, "estimate", lambda original: lambda self, turn: Estimate(60, 40))
    _replace(BuiltInInterviewer, "ask", counting)


def _wrap() -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from sessions_app.api import idempotency
    from sessions_app.services import analysing, answers, evaluating, operations, sessions, sweep

    for verb, module, function in (
        ("start", sessions, "start_session"),
        ("draft", answers, "save_draft"),
        ("pause", sessions, "pause_session"),
        ("resume", sessions, "resume_session"),
        ("answer", answers, "submit_answer"),
        ("complete", sessions, "end_session"),
    ):
        _heading_for(module, function, f"{verb}.before_commit", f"{verb}.after_commit")
    _heading_for(operations, "_begin", "operation.before_claim_commit", "operation.after_claim")
    _heading_for(operations, "_record_question", "operation.inside_finish", "operation.after_finish")
    _around(operations, "reserve", after="operation.after_reserve")
    _around(operations, "write", after="operation.after_first_write")
    _around(operations, "finish", before="operation.before_finish")
    _around(idempotency, "_claim", after="idempotency.after_claim")
    _around(idempotency, "_store", after="idempotency.before_commit")
    _around(idempotency, "_carry_out", after="idempotency.after_commit")
    _around(analysing, "_read", after="analysis.after_read")
    _around(analysing, "_store", after="analysis.inside_finish")
    _heading_for(analysing, "add_up", "analysis.before_commit", "analysis.after_commit")
    _around(evaluating, "_judge", after="evaluation.after_judging")
    _heading_for(evaluating, "_store", "evaluation.before_commit", "evaluation.after_commit")
    _around(sweep, "_each", after=SWEEP)
    _around_commits(BaseDatabaseWrapper)


def _replace(module: Any, function: str, make: Callable[[Any], Any]) -> None:
    original = getattr(module, function)
    setattr(module, function, wraps(original)(make(original)))


def _around(module: Any, function: str, *, before: str = "", after: str = "") -> None:
    def make(original: Any) -> Any:
        def wrapper(*args: Any, **fields: Any) -> Any:
            reach(before)
            result = original(*args, **fields)
            reach(after)
            return result

        return wrapper

    _replace(module, function, make)


def _heading_for(module: Any, function: str, before: str, after: str) -> None:
    """The next commit of this thread is that of this function, even if a request's transaction is around it."""

    def make(original: Any) -> Any:
        def wrapper(*args: Any, **fields: Any) -> Any:
            _thread.names = (before, after)
            return original(*args, **fields)

        return wrapper

    _replace(module, function, make)


def _around_commits(wrapper: Any) -> None:
    def committing(original: Any) -> Any:
        def commit(self: Any) -> Any:
            before, after = getattr(_thread, "names", ("", ""))
            _thread.names = ("", "")
            reach(before)
            original(self)
            reach(after)

        return commit

    def rolling_back(original: Any) -> Any:
        def rollback(self: Any) -> Any:
            _thread.names = ("", "")
            return original(self)

        return rollback

    _replace(wrapper, "commit", committing)
    _replace(wrapper, "rollback", rolling_back)
