"""How soon a written word is at the client, with 30 questions written at once; and what 200 idle streams cost."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psycopg
from django.conf import settings

from sessions_app.models import InterviewSession
from tests import factories

from . import processes
from .measure import load, percentile
from .processes import Server
from .report import Report
from .rows import Cast, ids_of_crowd

WRITERS = 30
WORD_MS = 90  # a question is done within four seconds, so all of them overlap
SPARE_CONNECTIONS = 3  # the sweep, a heartbeat, whatever is being opened
OnFrame = Callable[[str, dict[str, Any]], None]


def latency(report: Report, cast: Cast, environment: dict[str, str]) -> None:
    sessions = [factories.created(cast.candidate) for _ in range(WRITERS)]
    words = Path(environment["DATA_DIR"]) / "words"
    more = {"OPERATION_THREADS": str(WRITERS), "BUILTIN_WORD_MS": str(WORD_MS), "BENCH_WORDS": str(words)}
    with processes.running(processes.clocked, {**environment, **more}) as server:
        arrivals = asyncio.run(_watch_them_grow(server, cast.token, sessions))
    first, all_words = _waits(_written(words), arrivals)
    measured = f"p50 {percentile(first, 50) * 1000:.0f}, p95 {percentile(first, 95) * 1000:.0f} ms"
    met = percentile(first, 95) <= 0.25
    why = f"{WRITERS} interviews start in the same moment, and their Python takes turns in one process: all words below"
    report.goal(f"first word → client, {WRITERS} streams at once", measured, "≤ 250 ms p95", met=met, why=why)
    report.text(
        "From the interviewer to the client",
        f"{WRITERS} questions written at once (OPERATION_THREADS={WRITERS}, BUILTIN_WORD_MS={WORD_MS}), each with its "
        "own SSE client; from the moment the interviewer hands a word over to the arrival of the frame that holds it.\n\n"  # noqa: E501
        f"First word: {measured}. All {len(all_words):,} words: p50 {percentile(all_words, 50) * 1000:.0f}, "
        f"p95 {percentile(all_words, 95) * 1000:.0f} ms, at most {max(all_words) * 1000:.0f} ms; text is stored every "
        "150 ms, which is part of it.",
    )


async def _watch_them_grow(
    server: Server, token: str, sessions: list[InterviewSession]
) -> dict[str, list[tuple[int, float]]]:
    """For each session: up to which character it had arrived, and when."""
    arrivals: dict[str, list[tuple[int, float]]] = defaultdict(list)
    done = asyncio.Semaphore(0)

    def watcher(key: str) -> OnFrame:
        def on_frame(event: str, frame: dict[str, Any]) -> None:
            if event == "message.delta":
                arrivals[key].append((frame["offset"] + len(frame["text"]), time.monotonic()))
            elif event == "message.completed":
                done.release()

        return on_frame

    paths = {str(session.pk): f"/api/v1/sessions/{session.pk}" for session in sessions}
    async with asyncio.TaskGroup() as group:
        readers = [
            group.create_task(_read(server, f"{path}/stream", token, watcher(key))) for key, path in paths.items()
        ]
        await asyncio.sleep(2)
        for path in paths.values():
            group.create_task(_post(server, f"{path}/start", token))
        for _ in sessions:
            await asyncio.wait_for(done.acquire(), 60)
        for reader in readers:
            reader.cancel()
    return arrivals


def _written(words: Path) -> dict[str, list[tuple[int, float]]]:
    written: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for line in words.read_text().splitlines():
        session_id, characters, moment = line.split()
        written[session_id].append((int(characters), float(moment)))
    return written


def _waits(written: dict[str, list[tuple[int, float]]], arrivals: dict[str, list[tuple[int, float]]]) -> Any:
    """Seconds from a word to the frame that held its last character: of first words, and of all."""
    first, every = [], []
    for key, words in written.items():
        waits = []
        for characters, moment in words:
            held = characters - 1  # without the blank that may follow it
            waits.append(next(arrived for upto, arrived in arrivals[key] if upto >= held) - moment)
        first.append(waits[0])
        every += waits
    return first, every


def idle(report: Report, cast: Cast, environment: dict[str, str], *, number: int, seconds: float) -> None:
    ids = ids_of_crowd(environment["DATABASE_URL"], 2 * number)
    with processes.running(processes.embedded, environment) as server:
        used = asyncio.run(_open_and_wait(server, cast, ids, environment["DATABASE_URL"], seconds))
    threads = (settings.STREAM_READ_THREADS, settings.REQUEST_THREADS, settings.OPERATION_THREADS)
    most = sum(threads) + SPARE_CONNECTIONS
    sum_of = f"{' + '.join(map(str, threads))} + {SPARE_CONNECTIONS}"
    connections, idle_kb, cpu = used
    met = connections <= most
    report.goal(f"database connections with {number} idle streams", str(connections), f"≤ {sum_of}", met=met)
    report.text(
        f"{number} idle streams",
        f"Memory: {idle_kb / number:.0f} kB per stream (growth of the process's resident memory when {number} more are "
        f"opened, ÷ {number}). CPU: {cpu / seconds:.0%} of a core with {number} open; a statement a second "
        f"looks at all of them, and each is read every 15 s. Database connections: {connections}; the threads that "
        f"read streams, answer requests and run operations, and a few: {sum_of}.",
    )


async def _open_and_wait(
    server: Server, cast: Cast, ids: list[str], url: str, seconds: float
) -> tuple[int, int, float]:
    """Connections in use, kB that as many streams again take, CPU seconds used while nothing happens."""
    number = len(ids) // 2
    path = f"/api/v1/sessions/{cast.interviews[50]}"
    await asyncio.to_thread(load, server.url(path), cast.token, seconds=2, connections=32)
    opened = asyncio.ensure_future(_hold(server, cast.staff_token, ids[:number], seconds + 9))
    await asyncio.sleep(4)
    cpu, resident = server.cpu_seconds, server.resident_kb
    await asyncio.sleep(seconds)
    cpu = server.cpu_seconds - cpu
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        row: Any = connection.execute(query).fetchone()
    again = asyncio.ensure_future(_hold(server, cast.staff_token, ids[number:], 4))
    await asyncio.sleep(3)
    grown = server.resident_kb - resident
    assert await opened + await again == len(ids), "some streams did not stay open"
    return row[0], grown, cpu


async def _hold(server: Server, token: str, ids: list[str], seconds: float) -> int:
    """Open a stream for each session for a while; returns how many stayed open."""
    paths = [f"/api/v1/sessions/{session_id}/stream" for session_id in ids]
    readers = [asyncio.ensure_future(_read(server, path, token, lambda event, frame: None)) for path in paths]
    await asyncio.sleep(seconds)
    stayed = sum(not reader.done() for reader in readers)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return stayed


async def _read(server: Server, path: str, token: str, on_frame: OnFrame) -> None:
    """Frames as they come. A frame is one chunk of the response and its data one line, so lines are all there is."""
    reader, writer = await _send(server, "GET", path, token)
    try:
        status = await reader.readline()
        assert b" 200 " in status, status
        event = ""
        while line := await reader.readline():
            if line.startswith(b"event: "):
                event = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                on_frame(event, orjson.loads(line[6:]))
    finally:
        writer.close()


async def _post(server: Server, path: str, token: str) -> None:
    reader, writer = await _send(server, "POST", path, token)
    status = await reader.readline()
    assert b" 200 " in status, status
    writer.close()


async def _send(
    server: Server, method: str, path: str, token: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=2**20)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
    writer.write(head.encode())
    await writer.drain()
    return reader, writer
