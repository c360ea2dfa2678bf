"""The servers under load: each in its own process, on a port of ours, stopped by its own id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT_PYTHON = str(ROOT / ".venv" / "bin" / "python")  # as ./run starts it
PORTS = range(8400, 8500)
WORKERS = 2  # of the same server for everybody: as many as the machine of the table has cores
WSGI_THREADS = 2
START_SECONDS = 30


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def resident_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def embedded(port: int) -> list[str]:
    """The product as it ships: one process."""
    return [PRODUCT_PYTHON, "manage.py", "serve", "--port", str(port)]


def clocked(port: int) -> list[str]:
    """The same process with its interviewer's words timed."""
    return [PRODUCT_PYTHON, "-m", "bench.clocked", str(port)]


def wsgi(port: int) -> list[str]:
    """The product's requests on WSGI workers."""
    threads = ("--blocking-threads", str(WSGI_THREADS))
    return [*_granian("wsgi", port), *threads, "interviewer.wsgi:application"]


def floor_on_granian(port: int) -> list[str]:
    return [*_granian("asgi", port), "bench.floor:app"]


def peer_on_granian(port: int) -> list[str]:
    return [*_granian("asgi", port), "bench.peer:app"]


def floor_on_uvicorn(port: int) -> list[str]:
    return [*_uvicorn(port), "bench.floor:app"]


def peer_on_uvicorn(port: int) -> list[str]:
    return [*_uvicorn(port), "bench.peer:app"]


def _granian(interface: str, port: int) -> list[str]:
    what = ("--interface", interface, "--workers", str(WORKERS), "--host", "127.0.0.1", "--port", str(port))
    return [sys.executable, "-m", "granian", *what, "--no-ws", "--log-level", "error"]


def _uvicorn(port: int) -> list[str]:
    """With uvloop, which FastAPI's own installation brings along and ours does not."""
    how = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error")
    return [sys.executable, "-m", "uvicorn", "--port", str(port), *how]


@contextmanager
def running(command: object, environment: dict[str, str]) -> Iterator[Server]:
    """The server that ``command(port)`` starts, once it answers; it has ended when the block ends."""
    port = next(port for port in PORTS if _is_free(port))
    log = Path(environment["DATA_DIR"]) / f"{port}.log"
    with log.open("wb") as output:
        arguments = command(port)  # type: ignore[operator]
        process = subprocess.Popen(arguments, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        _wait(process, port, log)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2)
        except urllib.error.HTTPError:  # an answer, if from a peer that has no such page
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args} did not start:\n{log.read_text()[-2000:]}")
