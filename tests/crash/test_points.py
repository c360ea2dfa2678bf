"""Killed at every named place in the code; a client that sends everything again until it is acknowledged loses nothing.

Each point has an interview of its own, so that what is wrong afterwards says where it went wrong.
"""

from __future__ import annotations

import json
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from tests import servers
from tests.distributed.cluster import Cluster, cluster

from .points import ANALYSES, EVALUATIONS, OPERATIONS_, REQUESTS, SWEEP, arm
from .server import PASSWORD, Server, own_database, until

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

WORD_MS = 6  # long enough for a write in the middle of a question
PORTS = range(8500, 8600)
SETTINGS = "tests.crash.points"
SOON = 20.0


@pytest.fixture(autouse=True)
def _own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.crash.server.PORTS", PORTS)


@dataclass
class Interview:
    """What one interview was told: everything that was acknowledged must be there afterwards."""

    point: str
    id: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    draft: str = ""


class Insistent:
    """A candidate whose every request has a stable key, and is sent again until somebody acknowledges it."""

    def __init__(self, address: Callable[[], str], revive: Callable[[], None], *, keys: bool = True) -> None:
        self.address, self.revive, self.keys, self.sent = address, revive, keys, 0
        self.token = ""
        self.account = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        self.call("POST", "/auth/register", {**self.account, "name": "Ann Smith"})
        self.sign_in()

    def sign_in(self) -> None:
        """Anew where the programme lasts longer than a token lives."""
        self.token = ""
        self.token = self.call("POST", "/auth/token", self.account)["access"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method != "GET" and self.keys:
            headers["Idempotency-Key"] = uuid4().hex
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.sent += 1
            try:
                answer = httpx.request(method, f"{self.address()}/api/v1{path}", json=body, headers=headers, timeout=30)
            except httpx.TransportError:
                self.revive()
                continue
            if answer.is_success:
                return answer.json()
            code = answer.json()["detail"]["code"]
            if code == "TOKEN_EXPIRED":
                self.sign_in()
                headers["Authorization"] = f"Bearer {self.token}"
                continue
            assert code == "IDEMPOTENCY_IN_PROGRESS", f"{method} {path}: {answer.text}"
            time.sleep(0.1)  # what the dead process had claimed is free again soon
        raise AssertionError(f"{method} {path} was never acknowledged.")

    def begin(self, point: str, planned: int = 30) -> Interview:
        told = Interview(point)
        body = {"planned_questions": planned, "start": True}
        told.id = self.call("POST", "/sessions", body)["id"]
        return told

    def question(self, told: Interview) -> dict[str, Any]:
        def asked() -> Any:
            context = self.call("GET", f"/sessions/{told.id}")
            return context["messages"][-1] if context["phase"] == "waiting_for_answer" else None

        question: dict[str, Any] = until(asked, SOON)
        return question

    def turn(self, told: Interview, number: int) -> None:
        """Everything that a candidate does with one question."""
        at, question = f"/sessions/{told.id}", self.question(told)
        name, text = f"{told.point}-{number}", f"Answer {number} of {told.point}: I found the root cause."
        draft = self.call("PUT", f"{at}/draft", {"text": text[:6], "revision": 10 * number})
        assert draft["revision"] == 10 * number
        for verb, status in (("pause", "paused"), ("resume", "active")):
            assert self.call("POST", f"{at}/{verb}")["status"] == status
        self.call(
            "POST", f"{at}/answers", {"answer_text": text, "client_message_id": name, "in_reply_to": question["id"]}
        )
        told.answers[name] = text

    def is_read(self, told: Interview) -> bool:
        """Whether every answer was read for what it tells about the candidate."""
        log = self.call("GET", f"/sessions/{told.id}/events?limit=100")["results"]
        return [entry["type"] for entry in log].count("precision.updated") == len(told.answers)

    def whole(self, point: str, turns: int = 1) -> Interview:
        """An interview from its beginning to its end."""
        told = self.begin(point)
        for number in range(1, turns + 1):
            self.turn(told, number)
        self.question(told)
        self.complete(told)
        return told

    def complete(self, told: Interview) -> None:
        """To the end, which is the report."""
        assert self.call("POST", f"/sessions/{told.id}/complete", {})["status"] == "completed"
        until(lambda: self.call("GET", f"/sessions/{told.id}")["phase"] == "evaluated", SOON)


def assert_whole(facts: dict[str, Any], interviews: list[Interview]) -> None:
    """What 3-durability calls the oracle, over every interview and with nothing else in the database."""
    assert len(facts) == len(interviews)
    for told in interviews:
        found, turns = facts[told.id], len(told.answers)
        count = 2 * turns + 1
        seen = (found["status"], found["broken_links"], found["seqs"], found["message_count"], found["kinds"])
        kinds = ["question", "answer"] * turns + ["question"]
        assert seen == ("completed", [], list(range(1, count + 1)), count, kinds), told.point
        assert found["answers"] == [list(pair) for pair in told.answers.items()], told.point
        assert found["question_numbers"] == list(range(1, turns + 2)), told.point
        assert found["not_what_was_said"] == found["in_the_making"] == [], told.point
        assert found["operations"] == ["succeeded"] * (turns + 1), told.point
        read = (found["analyses"], found["precision_updates"], found["evidence"].count("problem_solving"))
        assert read == (["succeeded"] * turns, turns, turns), told.point
        judged = (found["evaluations"], found["reports"], found["told_of_reports"])
        assert judged == (["succeeded"], 1, 1), told.point
        assert found["running_without_lease"] == 0, told.point
        assert_balanced(found, told)


AFTER_RESERVING = OPERATIONS_[
    OPERATIONS_.index("operation.after_reserve") : OPERATIONS_.index("operation.after_finish")
]


def assert_balanced(found: dict[str, Any], told: Interview) -> None:
    """Nothing is held any more, and what was used is in the ledger: every question once, and what was killed."""
    assert (found["tokens_reserved"], found["tokens_held_by_operations"]) == (0, 0), told.point
    assert found["tokens_used"] == found["tokens_charged"], told.point
    assert found["charges"].count("settled") == len(found["question_numbers"]), told.point
    if told.point in AFTER_RESERVING:
        assert "abandoned" in found["charges"], told.point


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    with own_database(tmp_path) as url:
        yield url


class Arena:
    """A server that dies where it is told to, and comes back as often as somebody misses it."""

    def __init__(self, folder: Path, database_url: str, word_ms: int = WORD_MS) -> None:
        self.server = Server(folder, database_url, word_ms=word_ms, settings=SETTINGS)
        self.armed = folder / "crash-at"
        self.server.environment["CRASH_AT"] = str(self.armed)
        self.deaths = 0

    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def revive(self) -> None:
        assert self.server.process.wait(10) == -signal.SIGKILL, "it was not the point that ended it"
        self.deaths += 1
        self.server.start()

    def crash_once(self, ann: Insistent, point: str, *, turns: int = 1, count: int = 1) -> Interview:
        before = self.deaths
        arm(self.armed, point, count)
        told = ann.whole(point, turns)
        if self.server.process.poll() is not None:
            self.revive()  # it died after the last acknowledgement
        assert (self.deaths - before, self.armed.exists()) == (1, False), f"{point} was not reached"
        return told


EMBEDDED = (*REQUESTS, *OPERATIONS_, *ANALYSES, *EVALUATIONS)
# One of each kind of work, around its commit or in the middle of it; the halves of the suite take different ones.
ON_SQLITE = (
    *("answer.before_commit", "idempotency.after_commit"),
    *("operation.after_first_write", "analysis.inside_finish", "evaluation.before_commit"),
)
ON_POSTGRES = (
    *("answer.after_commit", "idempotency.before_commit"),
    *("operation.inside_finish", "analysis.before_commit", "evaluation.after_commit"),
)
OF_THIS_HALF = ON_POSTGRES if servers.postgres_wanted() else ON_SQLITE


@pytest.mark.parametrize(
    "points", [OF_THIS_HALF, pytest.param(EMBEDDED, marks=pytest.mark.full)], ids=["of each kind", "all"]
)
def test_killed_at_every_point_it_loses_and_doubles_nothing(
    points: tuple[str, ...], tmp_path: Path, database_url: str
) -> None:
    arena = Arena(tmp_path, database_url)
    with arena.server:
        arena.server.start()
        ann = Insistent(arena.address, arena.revive)
        told = [arena.crash_once(ann, point) for point in points]
        assert arena.deaths == len(told)
        until(lambda: ann.is_read(told[-1]), SOON)
        arena.server.kill()
        assert_whole(arena.server.facts(), told)
        assert "Traceback" not in arena.server.log.read_text()


# What the sweep finds: two sessions whose time was over a minute ago, with a draft, while the server was there.
OVERDUE = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from sessions_app.models import InterviewSession
now = timezone.now()
InterviewSession.objects.filter(status="active").update(
    running_since=now - timedelta(hours=1), deadline=now - timedelta(minutes=1), alive_at=now + timedelta(seconds=30))
"""


def test_killed_in_the_middle_of_a_sweep_it_expires_every_session_once(tmp_path: Path, database_url: str) -> None:
    arena = Arena(tmp_path, database_url)
    with arena.server:
        arena.server.start()
        ann = Insistent(arena.address, arena.revive)
        told = [ann.begin(f"draft {number}") for number in range(3)]
        for one in told:
            ann.question(one)
            ann.call("PUT", f"/sessions/{one.id}/draft", {"text": one.point, "revision": 1})
        arm(arena.armed, SWEEP)
        arena.server.run("-c", OVERDUE)
        arena.server.process.wait(10)
        arena.revive()
        for one in told:
            until(lambda one=one: ann.call("GET", f"/sessions/{one.id}")["status"] == "expired", SOON)
        arena.server.kill()
        for one in told:
            found = arena.server.facts()[one.id]
            assert (found["status"], found["broken_links"], found["seqs"]) == ("expired", [], [1, 2])
            assert (found["answers"], found["operations"]) == ([["", one.point]], ["succeeded"])


# -- connections that end in mid-request ---------------------------------------------------------------------------

SIGNED_IN = """
import django; django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from sessions_app.models import User
user = User.objects.get()
store = SessionStore()
store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
store.save()
print(store.session_key)
"""


def hang_up_in(port: int, path: str, headers: dict[str, str], body: bytes) -> None:
    """Send all but the last words of a request, and be gone."""
    told = {"Host": f"127.0.0.1:{port}", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body[:-8])
        time.sleep(0.3)
    time.sleep(0.5)


def test_a_request_that_was_cut_is_no_request(tmp_path: Path, database_url: str) -> None:
    """Neither is half an answer taken for the answer, nor is the key of the request spent."""
    arena = Arena(tmp_path, database_url)
    with arena.server:
        arena.server.start()
        ann = Insistent(arena.address, arena.revive)
        told = ann.begin("cut")
        ann.question(told)
        port, token, text = arena.server.port, "x" * 32, "I would measure first, and only then add an index"
        cookies = f"sessionid={arena.server.run('-c', SIGNED_IN).strip()}; csrftoken={token}"
        form = {"csrfmiddlewaretoken": token, "client_message_id": "by form", "content": text}
        sent = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        hang_up_in(port, f"/sessions/{told.id}/answer", sent, urlencode(form).encode())
        assert ann.call("GET", f"/sessions/{told.id}")["message_count"] == 1

        path = f"/api/v1/sessions/{told.id}/answers"
        body = json.dumps({"answer_text": text, "client_message_id": "by JSON"}).encode()
        sent = {"Authorization": f"Bearer {ann.token}", "Content-Type": "application/json", "Idempotency-Key": "one"}
        hang_up_in(port, path, sent, body)
        answered = httpx.post(f"{arena.address()}{path}", content=body, headers=sent)
        assert answered.status_code == 201, answered.text
        assert "Traceback" not in arena.server.log.read_text()


# -- workers elsewhere ---------------------------------------------------------------------------------------------


class Workers:
    """A cluster whose workers die where they are told to; web and beat stay."""

    def __init__(self, running: Cluster) -> None:
        self.running, self.armed, self.deaths = running, running.folder / "crash-at", 0
        for worker in running.workers:
            worker.environment = running.environment | {
                "DJANGO_SETTINGS_MODULE": SETTINGS,
                "CRASH_AT": str(self.armed),
            }

    def crash_once(self, ann: Insistent, point: str) -> Interview:
        arm(self.armed, point)
        told = ann.whole(point)
        until(lambda: self._bury() or None, SOON)
        assert not self.armed.exists(), f"{point} was not reached"
        return told

    def _bury(self) -> int:
        """Start the dead ones again; how many there were."""
        dead = [worker for worker in self.running.workers if worker.running and worker.running.poll() is not None]
        for worker in dead:
            assert worker.running is not None
            assert worker.running.returncode == -signal.SIGKILL
            worker.start()
        self.deaths += len(dead)
        return len(dead)


OF_WORKERS = ("operation.after_reserve", "operation.before_finish")  # the server itself is killed at others


def no_revival() -> None:
    time.sleep(0.1)


@pytest.mark.skipif(not servers.postgres_wanted(), reason="the distributed product needs PostgreSQL")
@pytest.mark.parametrize("points", [OF_WORKERS, pytest.param(OPERATIONS_, marks=pytest.mark.full)], ids=["two", "all"])
def test_a_worker_killed_at_every_point_is_replaced_and_nothing_is_doubled(
    points: tuple[str, ...], tmp_path: Path
) -> None:
    with cluster(tmp_path, word_ms=WORD_MS) as running:
        workers = Workers(running)
        for worker in running.workers:
            worker.end()
            worker.start()
        ann = Insistent(lambda: f"http://127.0.0.1:{random.choice(running.ports)}", no_revival)
        told = [workers.crash_once(ann, point) for point in points]
        assert workers.deaths == len(told)
        for process in (*running.workers, running.beat):
            process.end()
        oracle = Server(tmp_path, running.environment["DATABASE_URL"], word_ms=WORD_MS)
        assert_whole(oracle.facts(), told)
