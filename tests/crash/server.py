"""A real `manage.py serve` with a database of its own, to be killed; and a candidate who talks to it over HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests import migrated, servers

ROOT = Path(__file__).resolve().parents[2]
PORTS = range(8300, 8400)
START_SECONDS = 30
STOP_SECONDS = 10
PASSWORD = "quiet-harbour-94"


def until(what: Callable[[], Any], seconds: float, every: float = 0.03) -> Any:
    """The first true value of ``what``. Raises AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := what():
            return value
        time.sleep(every)
    raise AssertionError(f"Not within {seconds} s.")


class Server:
    """One process group: ``manage.py serve``. Whoever starts it ends it, by ``with``."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        word_ms: int,
        settings: str = "interviewer.settings",
        keeps_port: bool = False,
    ) -> None:
        self.log = folder / "serve.log"
        self.port = 0
        self._keeps_port = keeps_port
        self._process: subprocess.Popen[bytes] | None = None
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        self.environment = inherited | {
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "BUILTIN_WORD_MS": str(word_ms),
            "RATE_LIMITS": "off",
            "DJANGO_SETTINGS_MODULE": settings,
            "PYTHONUNBUFFERED": "1",
        }

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "start it first"
        return self._process

    def run(self, *arguments: str) -> str:
        """Another program with the same settings and database; what it wrote."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def facts(self) -> dict[str, Any]:
        """What the oracle reads from the database."""
        facts: dict[str, Any] = json.loads(self.run("-m", "tests.crash.oracle"))
        return facts

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        assert self._process is None or self._process.poll() is not None, "it is running already"
        self.port = self.port if self.port and self._keeps_port else free_port()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start it and wait until it can work. It is this very process that listens at the port."""
        self.launch()
        until(self._is_ready, START_SECONDS)
        assert self.listens(), f"somebody else listens at {self.port}"

    def listens(self) -> bool:
        """Whether the listening socket of the port belongs to this process; where the system does not tell, whether
        it lives and says that it serves there, which it does after binding the port for itself."""
        table = Path("/proc/net/tcp")
        if not table.exists():
            return self.process.poll() is None and f":{self.port} " in self.log.read_text()
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
        inodes = {row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == self.port}
        return bool(inodes) and inodes <= set(_sockets_of(self.process.pid))

    def kill(self) -> None:
        """No warning, no clean-up."""
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(STOP_SECONDS) == -signal.SIGKILL

    def end(self, number: signal.Signals, *, whole_group: bool = False) -> float:
        """Ask it to end; the seconds it took. A terminal's Ctrl-C reaches the whole group."""
        asked = time.monotonic()
        if whole_group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        self.process.wait(STOP_SECONDS + 10)
        return time.monotonic() - asked

    def has_left_nobody(self) -> bool:
        """Whether no process of its group is alive."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


class Candidate:
    """Speaks the API, and remembers every answer that was acknowledged."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.acknowledged: dict[str, str] = {}
        name = f"{uuid4().hex}@example.com"
        self.account = {"email": name, "password": PASSWORD}
        self._call("POST", "/auth/register", {**self.account, "name": "Ann Smith"})
        self._token = self._call("POST", "/auth/token", self.account)["access"]
        body = {"planned_questions": 30, "time_limit_minutes": None, "start": True}
        self.session_id = self._call("POST", "/sessions", body)["id"]

    def look(self) -> dict[str, Any]:
        context: dict[str, Any] = self._call("GET", f"/sessions/{self.session_id}")
        return context

    def partial_question(self) -> dict[str, Any]:
        """The operation, as soon as some of its text can be read."""

        def being_written() -> Any:
            operation = self.look()["operation"]
            return operation if operation and operation["text"] else None

        operation: dict[str, Any] = until(being_written, 20)
        return operation

    def whole_question(self, seconds: float) -> dict[str, Any]:
        """The open question, as soon as it is there."""

        def last_message() -> Any:
            context = self.look()
            return context["messages"][-1] if context["phase"] == "waiting_for_answer" else None

        message: dict[str, Any] = until(last_message, seconds)
        return message

    def operation(self, operation_id: str) -> dict[str, Any]:
        operation: dict[str, Any] = self._call("GET", f"/operations/{operation_id}")
        return operation

    def answer(self, question: dict[str, Any], name: str, text: str) -> None:
        """Send an answer; when this returns, it was acknowledged."""
        body = {"answer_text": text, "client_message_id": name, "in_reply_to": question["id"]}
        self._call("POST", f"/sessions/{self.session_id}/answers", body)
        self.acknowledged[name] = text

    def watch(self) -> None:
        """Read the live stream until the server goes away."""
        url = f"http://127.0.0.1:{self.server.port}/api/v1/sessions/{self.session_id}/stream"
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        with contextlib.suppress(httpx.TransportError), httpx.stream("GET", url, headers=headers, timeout=60) as stream:
            assert stream.status_code == 200
            for _ in stream.iter_lines():
                pass

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"} if hasattr(self, "_token") else {}
        url = f"http://127.0.0.1:{self.server.port}/api/v1{path}"
        response = httpx.request(method, url, json=body, headers=headers, timeout=30)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()


def free_port() -> int:
    """One that nobody listens at now; whether the server got it is checked when it has started.

    A worker of a parallel run chooses among ports of its own: two of them would else be given the same one, as long as
    nobody listens there yet.
    """
    own = PORTS[
        int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ]
    for port in random.sample(own, len(own)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError("No port is free.")


@contextlib.contextmanager
def own_database(folder: Path) -> Iterator[str]:
    """The URL of a database of the kind that this run is about, with tables that are empty."""
    if not servers.postgres_wanted():
        yield migrated.sqlite_copy(folder / "crash.sqlite3")
        return
    name = f"crash_{uuid4().hex[:12]}"
    yield migrated.postgres_copy(name)
    servers.drop_database(name)


def _sockets_of(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                yield target[len("socket:[") : -1]
