"""The guards are there for a reason: with any one of them taken out, named tests fail.

Each mutant is a copy of the product with one text replaced, in a folder of its own, tested by a process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions_app.ai.protocol import Outcome
from sessions_app.models import InterviewSession, Operation, User
from sessions_app.services import operations

from . import factories as f
from . import servers
from .clockwork import T0, after

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("sessions_app", "interviewer", "tests", "templates", "static", "manage.py", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "screenshots", "vendor")


@dataclass(frozen=True)
class Mutant:
    """``guard`` in ``file`` becomes ``instead``; ``killers`` are the tests that must notice."""

    file: str
    guard: str
    instead: str
    killers: tuple[str, ...]
    only_on: str = ""


OPERATIONS = "sessions_app/services/operations.py"
MESSAGE = "sessions_app/models/message.py"
FENCING = ("tests/test_operations.py",)
RACES = ("tests/test_races.py",)
CLOCK = ("tests/test_expiry.py", "tests/test_clock.py", "tests/test_model_machine.py")
BUDGET = ("tests/test_budget.py",)
HERE = ("tests/test_mutations.py", "-k", "seen or queued_again")
CONSTRAINTS = ("tests/test_constraints.py", "--no-migrations")

MUTANTS = {
    "write without its attempt": Mutant(
        OPERATIONS, "attempt=claimed.attempt, state=MessageState.STREAMING", "state=MessageState.STREAMING", FENCING
    ),
    "write without its state": Mutant(
        OPERATIONS, "attempt=claimed.attempt, state=MessageState.STREAMING", "attempt=claimed.attempt", FENCING
    ),
    "finish and heartbeat without their attempt": Mutant(
        OPERATIONS,
        "pk=claimed.operation_id, attempt=claimed.attempt, status=OperationStatus.RUNNING",
        "pk=claimed.operation_id, status=OperationStatus.RUNNING",
        FENCING,
    ),
    "finish and heartbeat of what does not run": Mutant(
        OPERATIONS,
        "pk=claimed.operation_id, attempt=claimed.attempt, status=OperationStatus.RUNNING",
        "pk=claimed.operation_id, attempt=claimed.attempt",
        FENCING,
    ),
    "fail without its attempt": Mutant(
        OPERATIONS,
        "if operation.attempt != claimed.attempt or operation.status != OperationStatus.RUNNING:",
        "if operation.status != OperationStatus.RUNNING:",
        FENCING,
    ),
    "claim of an attempt that nobody saw": Mutant(OPERATIONS, 'attempt=seen["attempt"], ', "", HERE),
    "claim of a status that nobody saw": Mutant(
        OPERATIONS, 'attempt=seen["attempt"], status=seen["status"]', 'attempt=seen["attempt"]', HERE
    ),
    "claim of what is not due": Mutant(OPERATIONS, "Operation.objects.claimable(change.now)", "Operation.objects.all()",
                                       FENCING),
    "a new attempt goes on with the old text": Mutant(
        MESSAGE, '        self.attempt = attempt\n        self.content = ""', "        self.attempt = attempt", FENCING
    ),
    "a session that is not locked": Mutant(
        "sessions_app/access.py",
        '.filter(pk=key).update(last_seq=F("last_seq"))',
        ".filter(pk=key).exists()",
        RACES,
        only_on="postgres",
    ),
    "a second answer to a question": Mutant(
        MESSAGE, 'Q(kind="answer"), name="message_one', 'Q(kind="x"), name="message_one', CONSTRAINTS
    ),
    "a client id used twice": Mutant(
        MESSAGE, 'condition=~Q(client_message_id="")', 'condition=Q(kind="x")', CONSTRAINTS
    ),
    "two live operations": Mutant(
        "sessions_app/models/operation.py", 'kind="question", status__in=LIVE', 'kind="x", status__in=LIVE', CONSTRAINTS
    ),
    "an answer sent again": Mutant(
        "sessions_app/services/answers.py",
        "    if not answer.client_message_id:\n",
        "    if answer:\n",
        ("tests/test_model_machine.py", "tests/test_races.py"),
    ),
    "an outage that is not credited": Mutant(
        "sessions_app/services/expiry.py",
        "    credited = credit_outage(change)\n",
        "    credited = False\n",
        CLOCK,
    ),
    "tokens held though they are held already": Mutant(
        "sessions_app/services/budget.py", ' + F("tokens_reserved") + tokens\n    )', ' + tokens\n    )', BUDGET
    ),
    "a takeover that charges nothing": Mutant(
        OPERATIONS, "        budget.settle(change, operation, attempt=operation.attempt - 1)\n", "", BUDGET
    ),
    "an expiry that forgets the draft": Mutant(
        "sessions_app/services/expiry.py", "    _submit_draft(change, at=end)\n", "", CLOCK
    ),
}  # fmt: skip


def copy_the_product(folder: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        shutil.copytree(source, folder / name, ignore=LEFT_OUT) if source.is_dir() else shutil.copy(source, folder)


def mutate(folder: Path, mutant: Mutant) -> None:
    file = folder / mutant.file
    text = file.read_text()
    assert text.count(mutant.guard) == 1, f"{mutant.file} has changed: say anew where this guard is."
    file.write_text(text.replace(mutant.guard, mutant.instead))


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The named tests in that copy, on the kind of database that this run is about, with a server of its own."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    chosen = {"DATA_DIR": str(folder / "data"), "TEST_DATABASE": "postgres" if servers.postgres_wanted() else "sqlite"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.servers", "-p", "no:cacheprovider", "-x", "-q", *arguments],
        cwd=folder,
        env=kept | chosen | {"PYTHONPATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
    )


def is_killed(folder: Path, mutant: Mutant) -> bool:
    copy_the_product(folder)
    mutate(folder, mutant)
    run = run_in(folder, *mutant.killers)
    assert run.returncode in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), run.stdout + run.stderr
    return run.returncode == pytest.ExitCode.TESTS_FAILED


def applies(mutant: Mutant) -> bool:
    return mutant.only_on in ("", "postgres" if servers.postgres_wanted() else "sqlite")


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", MUTANTS)
def test_without_a_guard_the_tests_fail(name: str, tmp_path: Path) -> None:
    if not applies(MUTANTS[name]):
        pytest.skip("SQLite has one writer at a time, whatever the code locks")
    assert is_killed(tmp_path, MUTANTS[name]), f"{name}: nobody noticed"


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.parametrize("killers", sorted({m.killers for m in MUTANTS.values()}), ids=lambda k: k[0])
def test_with_all_guards_the_same_tests_pass(killers: tuple[str, ...], tmp_path: Path) -> None:
    """The control: what fails above fails because of the guard, and it is the copy that is tested."""
    copy_the_product(tmp_path)
    assert run_in(tmp_path, *killers).returncode == pytest.ExitCode.OK


# -- guards that no other test needs -------------------------------------------------------------------------------


@pytest.fixture
def session(ann: User) -> InterviewSession:
    return f.generating(ann, now=T0)


def between(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Something happens after a claim has looked and before it has locked."""
    locking = operations.changing

    def changing(*arguments: Any, **fields: Any) -> Any:
        monkeypatch.setattr(operations, "changing", locking)
        act()
        return locking(*arguments, **fields)

    monkeypatch.setattr(operations, "changing", changing)


@pytest.mark.django_db
def test_a_claim_that_has_seen_an_older_attempt_takes_nothing(
    session: InterviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claim_and_release() -> None:
        other = operations.claim(session.turn_id, now=T0)
        assert other is not None
        operations.release(other, now=T0)

    between(monkeypatch, claim_and_release)
    assert operations.claim(session.turn_id, now=T0) is None
    row = Operation.objects.get(pk=session.turn_id)
    assert (row.status, row.attempt, row.lost_leases) == ("queued", 1, 0)


@pytest.mark.django_db
def test_what_was_seen_running_and_is_queued_again_is_no_lost_lease(
    session: InterviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = operations.claim(session.turn_id, now=T0)
    assert first is not None
    late = after(seconds=31)
    between(monkeypatch, lambda: operations.release(first, now=late))
    assert operations.claim(session.turn_id, now=late) is None
    row = Operation.objects.get(pk=session.turn_id)
    assert (row.status, row.attempt, row.lost_leases) == ("queued", 1, 0)
    second = operations.claim(session.turn_id, now=late + timedelta(seconds=1))
    assert second is not None
    operations.finish(second, "A question?", Outcome("technical"), now=late + timedelta(seconds=2))
