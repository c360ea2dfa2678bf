"""A process that stands still past its lease, is overtaken, and goes on as if nothing had happened: it writes nothing.

It is stopped by SIGSTOP at a named place (points.py), so that it is certain what the old attempt does next; its log
says that the fence stopped it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers

from .points import LEASE_SECONDS, arm
from .server import Server, own_database, until
from .test_points import PORTS, SETTINGS, SOON, Insistent, Interview, assert_whole, no_revival

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

WORD_MS = 40  # the old attempt has more to write when it goes on


@pytest.fixture(autouse=True)
def _own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.crash.server.PORTS", PORTS)


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    with own_database(tmp_path) as url:
        yield url


class Pair:
    """Two servers on one database; the first can be frozen at a point, the second is started when it is."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.armed = folder / "crash-at"
        self.first = Server(folder, database_url, word_ms=WORD_MS, settings=SETTINGS)
        self.first.environment["CRASH_AT"] = str(self.armed)
        (folder / "second").mkdir()
        self.second = Server(folder / "second", database_url, word_ms=WORD_MS, settings=SETTINGS)
        self.second.environment |= {"DATA_DIR": str(folder), "CRASH_AT": str(folder / "never")}  # one secret key
        self.facing = self.first

    def address(self) -> str:
        return f"http://127.0.0.1:{self.facing.port}"

    def freeze(self, point: str) -> None:
        arm(self.armed, point, number=signal.SIGSTOP)

    def wait_for_frost(self) -> None:
        state = Path(f"/proc/{self.first.process.pid}/stat")
        until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", SOON)
        assert not self.armed.exists()

    def thaw(self) -> None:
        self.first.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Pair:
        self.first.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.first.__exit__()
        self.second.__exit__()


# Every row of the four tables that a worker writes. The living server stamps alive_at all the while.
ROWS = """
import django; django.setup()
from sessions_app.models import InterviewSession, Operation, SessionEvent, SessionMessage
for model in (InterviewSession, Operation, SessionEvent, SessionMessage):
    for row in model.objects.order_by("pk").values():
        row.pop("alive_at", None)
        print(row)
"""


@contextmanager
def frozen_at(point: str, folder: Path, database_url: str) -> Iterator[tuple[Pair, Insistent, Interview]]:
    """Its first question is being written by a process that stands still there; a second process is up."""
    with Pair(folder, database_url) as pair:
        pair.first.start()
        ann = Insistent(pair.address, no_revival)
        pair.freeze(point)
        told = ann.begin(point)
        pair.wait_for_frost()
        pair.facing = pair.second
        pair.second.start()
        yield pair, ann, told


def finish_and_check(pair: Pair, ann: Insistent, told: Interview) -> None:
    ann.turn(told, 1)
    ann.question(told)
    ann.complete(told)
    for server in (pair.first, pair.second):
        server.end(signal.SIGTERM)
        assert "Traceback" not in server.log.read_text()
    assert_whole(pair.second.facts(), [told])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see that a process stands still")
@pytest.mark.parametrize(
    "point",
    [
        # SQLite, with one writer at a time, is the easier case: the fence itself is tested in test_operations.py
        pytest.param("operation.after_first_write", marks=() if servers.postgres_wanted() else pytest.mark.full),
        pytest.param("operation.after_claim", marks=pytest.mark.full),
        pytest.param("operation.before_finish", marks=pytest.mark.full),
    ],
)
def test_who_stood_still_past_the_lease_writes_nothing_more(point: str, tmp_path: Path, database_url: str) -> None:
    with frozen_at(point, tmp_path, database_url) as (pair, ann, told):
        ann.question(told)  # the other has overtaken it
        operation = pair.second.facts()[told.id]["last_operation"]
        assert (operation["status"], operation["attempt"], operation["lost_leases"]) == ("succeeded", 2, 1)
        assert "operation.lease_lost" not in pair.first.log.read_text()
        before = pair.second.run("-c", ROWS)
        pair.thaw()
        until(lambda: "operation.lease_lost" in pair.first.log.read_text(), SOON)
        time.sleep(LEASE_SECONDS / 3 + 0.5)  # its heart beats once more, if it still has one
        assert pair.second.run("-c", ROWS) == before
        finish_and_check(pair, ann, told)


@pytest.mark.skipif(not servers.postgres_wanted(), reason="on SQLite a writer that stands still stops every writer")
@pytest.mark.parametrize(
    "point", ["operation.inside_finish", pytest.param("operation.before_claim_commit", marks=pytest.mark.full)]
)
def test_who_stands_still_inside_a_transaction_does_not_hold_the_session_for_ever(
    point: str, tmp_path: Path, database_url: str
) -> None:
    """A machine that is gone without a word leaves its row locks behind: the database must end them."""
    with frozen_at(point, tmp_path, database_url) as (pair, ann, told):
        until(lambda: ann.call("GET", f"/sessions/{told.id}")["phase"] == "waiting_for_answer", 40)
        other = ann.begin("another")
        ann.question(other)
        pair.thaw()
        time.sleep(LEASE_SECONDS / 3 + 0.5)
        ann.turn(told, 1)
        ann.question(told)
        facts = pair.second.facts()[told.id]
        assert (facts["seqs"], facts["broken_links"], facts["not_what_was_said"]) == ([1, 2, 3], [], [])
        assert facts["question_numbers"] == [1, 2]
