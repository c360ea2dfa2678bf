"""The long crash programme: `./run test --crash`. Kills, cut connections and a control, counted into RESULTS.md.

    python -m tests.crash.long_run --sqlite 500 --postgres 200 --submits 10000

``--sqlite`` and ``--postgres`` are kills, shared out among all named points and moments of
chance; ``--submits`` are answers sent on each, 50 at once, 30 % of whose connections are cut. Nothing else is assumed:
what was not run is not in the table.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests import servers
from tests.distributed.cluster import cluster

from . import server as crash_server
from .points import OPERATIONS_, REQUESTS
from .server import Candidate, Server, own_database, until
from .test_points import PORTS, SOON, WORD_MS, Arena, Insistent, Interview, Workers, assert_whole, no_revival

RESULTS = Path(__file__).with_name("RESULTS.md")
CROWD, SENDERS = 50, 5  # requests at once, and how many of them send the same answer
CUT = 0.3


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    database: str
    count: str
    goal: str
    outcome: str
    seconds: float


# -- kills at named points and at any time -------------------------------------------------------------------------


def kills_at_points(folder: Path, url: str, cycles: int) -> str:
    """Every point in turn, the first or second time that it is reached, in interviews of two turns."""
    arena, told = Arena(folder, url), []
    with arena.server:
        arena.server.start()
        ann = Insistent(arena.address, arena.revive)
        for number in range(cycles):
            point = (*REQUESTS, *OPERATIONS_)[number % len((*REQUESTS, *OPERATIONS_))]
            most = 1 if point.startswith(("start", "complete")) else 2
            told.append(arena.crash_once(ann, point, turns=2, count=random.randint(1, most)))
        arena.server.kill()
        assert arena.deaths == cycles
        assert_whole(arena.server.facts(), told)
    return f"{acknowledged(told)} acknowledged answers: 0 lost, 0 doubled"


def kills_at_any_time(folder: Path, url: str, cycles: int) -> str:
    """A thread kills the server again and again, half a second to two after it is up, while interviews go on."""
    arena, told = Arena(folder, url), []
    with arena.server:
        arena.server.start()
        ann = Insistent(arena.address, arena.revive)
        while arena.deaths < cycles:
            deaths = arena.deaths
            killer = threading.Timer(random.uniform(0.1, 2.0), arena.server.process.send_signal, [signal.SIGKILL])
            killer.start()
            told.append(ann.whole(f"chance-{len(told)}", turns=2))
            killer.join()
            if arena.deaths == deaths:
                arena.revive()
        arena.server.kill()
        assert_whole(arena.server.facts(), told)
    return f"{acknowledged(told)} acknowledged answers: 0 lost, 0 doubled"


def acknowledged(told: list[Interview]) -> int:
    return sum(len(one.answers) for one in told)


def kills_of_workers(cycles: int) -> str:
    with tempfile.TemporaryDirectory() as name, cluster(Path(name), word_ms=WORD_MS) as running:
        workers = Workers(running)
        for worker in running.workers:
            worker.end()
            worker.start()
        ann = Insistent(lambda: f"http://127.0.0.1:{random.choice(running.ports)}", no_revival)
        told = [workers.crash_once(ann, OPERATIONS_[number % len(OPERATIONS_)]) for number in range(cycles)]
        assert workers.deaths == cycles
        for process in (*running.workers, running.beat):
            process.end()
        oracle = Server(running.folder, running.environment["DATABASE_URL"], word_ms=WORD_MS)
        assert_whole(oracle.facts(), told)
    return f"{acknowledged(told)} acknowledged answers, every question once; 0 stuck"


# -- cut connections -----------------------------------------------------------------------------------------------


class Cutter:
    """Sends requests over plain sockets, and hangs up on some of them before or after the last byte is out."""

    def __init__(self, address: str, token: str, counts: Counter[str]) -> None:
        self.place, self.token, self.counts, self.lock = urlsplit(address), token, counts, threading.Lock()

    def insist(self, path: str, body: dict[str, Any], key: str) -> None:
        """Until one is acknowledged; every one of several senders of the same answer does this."""
        while (status := self.send(path, body, key)) != 201:
            assert status in (0, 200, 409), f"answered {status}"
            if status == 200:
                return
            time.sleep(random.uniform(0, 0.05))

    def send(self, path: str, body: dict[str, Any], key: str) -> int:
        """The status, or 0 when the connection was cut."""
        content = orjson.dumps(body)
        head = (
            f"POST /api/v1{path} HTTP/1.1\r\nHost: {self.place.netloc}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {len(content)}\r\n"
            "Connection: close\r\n\r\n"
        )
        whole, cut = head.encode() + content, random.random() < CUT
        half = cut and random.random() < 0.3
        with self.lock:
            self.counts["sent"] += 1
            self.counts["cut"] += cut
        with socket.create_connection((self.place.hostname, self.place.port), timeout=60) as connection:
            connection.sendall(whole[: random.randint(1, len(whole) - 1)] if half else whole)
            if cut:
                time.sleep(random.uniform(0, 0.02))
                return 0
            reply = b""
            while b"\r\n" not in reply and (part := connection.recv(4096)):
                reply += part
            while connection.recv(65536):
                pass
        status = int(reply.split()[1])
        with self.lock:
            self.counts[str(status)] += 1
        return status


def cut_connections(folder: Path, url: str, submits: int) -> str:
    arena, counts = Arena(folder, url, word_ms=0), Counter[str]()
    pool = ThreadPoolExecutor(CROWD)
    with arena.server:
        arena.server.start()
        people = [Insistent(arena.address, no_revival) for _ in range(CROWD // SENDERS)]
        told: list[Interview] = []
        while counts["sent"] < submits:
            interviews = [ann.begin(f"cut-{len(told)}-{n}") for n, ann in enumerate(people)]
            told += interviews
            for turn in range(6):
                work = []
                for ann, one in zip(people, interviews, strict=True):
                    question, name = ann.question(one), f"{one.point}-{turn}"
                    text = f"Answer {name}: I found the root cause."
                    body = {"answer_text": text, "client_message_id": name, "in_reply_to": question["id"]}
                    cutter = Cutter(arena.address(), ann.token, counts)
                    for sender in range(SENDERS):
                        key = f"{name}-{sender % 2}"  # some with the same key, some with another
                        work.append(pool.submit(cutter.insist, f"/sessions/{one.id}/answers", body, key))
                    one.answers[name] = text
                for done in work:
                    done.result()
            for ann, one in zip(people, interviews, strict=True):
                ann.question(one)
                ann.complete(one)
                until(partial(ann.is_read, one), SOON)
        arena.server.kill()
        assert_whole(arena.server.facts(), told)
        assert "Traceback" not in arena.server.log.read_text()
    share = round(100 * counts["cut"] / counts["sent"])
    return f"{counts['sent']} sent, {share} % cut, {acknowledged(told)} answers: 0 lost, 0 doubled"


# -- the control ---------------------------------------------------------------------------------------------------


def control(folder: Path, url: str, cycles: int) -> str:
    """A server that acknowledges before it writes must be found out every time."""
    lost = 0
    with Server(folder, url, word_ms=0, settings="tests.crash.forgetful") as server:
        for _ in range(cycles):
            server.start()
            ann = Candidate(server)
            ann.answer(ann.whole_question(20), "lost", "Acknowledged, and gone")
            server.kill()
            lost += server.facts()[ann.session_id]["answers"] == []
    assert lost == cycles, f"the control lost only {lost} of {cycles}: the harness proves nothing"
    return f"lost {lost} of {cycles}, as it must"


# -- the programme -------------------------------------------------------------------------------------------------


def carry_out(rows: list[Row], what: str, count: int, goal: str, run: Callable[[], str]) -> None:
    if not count:
        return
    database = "PostgreSQL" if servers.postgres_wanted() else "SQLite"
    print(f"{what}, {database}, {count} …", flush=True)
    began = time.monotonic()
    try:
        outcome = run()
    except AssertionError as error:
        outcome = f"FAILED: {str(error).splitlines()[0][:160]}"
    rows.append(Row(what, database, f"{count:,}", goal, outcome, time.monotonic() - began))
    write(rows[-1])
    print(f"  {outcome}", flush=True)


def in_new_place(run: Callable[[Path, str, int], str], count: int) -> Callable[[], str]:
    def in_place() -> str:
        with tempfile.TemporaryDirectory() as name, own_database(Path(name)) as url:
            return run(Path(name), url, count)

    return in_place


def programme(kills: int, submits: int, workers: int) -> list[Row]:
    rows: list[Row] = []
    half = kills // 2
    goal = "200" if servers.postgres_wanted() else "500"
    controls = min(3, kills)
    carry_out(
        rows, "kill -9 at named points", kills - half, f"{goal} together", in_new_place(kills_at_points, kills - half)
    )
    carry_out(rows, "kill -9 at any time", half, f"{goal} together", in_new_place(kills_at_any_time, half))
    carry_out(rows, "control: acknowledges first", controls, "loses", in_new_place(control, controls))
    carry_out(rows, "submits over cut connections", submits, "10,000", in_new_place(cut_connections, submits))
    if servers.postgres_wanted():
        carry_out(rows, "kill -9 of a Celery worker", workers, "200", lambda: kills_of_workers(workers))
    return rows


HEAD = "| what | database | count here | goal | outcome | minutes | on |\n|---|---|---|---|---|---|---|\n"
BEGIN, END = "<!-- table -->\n", "<!-- /table -->\n"


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"Machine: {os.cpu_count()} cores, {memory:.0f} GB of memory, Python {platform.python_version()}.\n\n"


def write(row: Row) -> None:
    """Put one line into the table in the place of the older one; the rest stays, so that no count is lost."""
    text = RESULTS.read_text()
    before, _, rest = text.partition(BEGIN)
    old, _, below = rest.partition(END)
    key = f"| {row.what} | {row.database} |"
    lines = [line for line in old.splitlines() if line.startswith("| ") and not line.startswith(("| what", key))]
    cells = (row.count, row.goal, row.outcome, f"{row.seconds / 60:.1f}", f"{datetime.now(UTC):%Y-%m-%d}")
    lines.append(f"{key} {' | '.join(cells)} |")
    RESULTS.write_text(before + BEGIN + machine() + HEAD + "\n".join(lines) + "\n" + END + below)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sqlite", type=int, default=500, help="kills on SQLite (500)")
    parser.add_argument("--postgres", type=int, default=200, help="kills on PostgreSQL (200)")
    parser.add_argument("--workers", type=int, default=200, help="kills of Celery workers (200)")
    parser.add_argument("--only", choices=["sqlite", "postgres"], help="leave the other database out")
    parser.add_argument("--submits", type=int, default=10_000, help="answers sent over cut connections (10,000)")
    chosen = parser.parse_args()
    crash_server.PORTS = PORTS
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rows: list[Row] = []
    for database, kills in (("sqlite", chosen.sqlite), ("postgres", chosen.postgres)):
        if chosen.only not in (None, database):
            continue
        os.environ["TEST_DATABASE"] = database
        rows += programme(kills, chosen.submits, chosen.workers)
    return any(row.outcome.startswith("FAILED") for row in rows)


if __name__ == "__main__":
    sys.exit(main())
