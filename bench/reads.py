"""The hot reads: the resume context against its peers, 304 against 200, and reads among very many sessions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median
from time import process_time
from typing import Any

import orjson
import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app.authentication import BearerAuthentication

from . import processes
from .measure import Load, fetch, load, ratio, taking_turns
from .processes import Server
from .report import Report
from .rows import Cast

SHOWN = 50  # messages of the interview that the goals are about
SERVERS = {
    "product, WSGI": processes.wsgi,
    "floor, granian": processes.floor_on_granian,
    "peer, granian": processes.peer_on_granian,
    "product, one process": processes.embedded,
    "floor, uvicorn": processes.floor_on_uvicorn,
    "peer, uvicorn": processes.peer_on_uvicorn,
}


def resume_context(report: Report, cast: Cast, environment: dict[str, str], *, rounds: int, seconds: float) -> None:
    with _all_running(SERVERS, environment) as servers:
        rows, rates = [], {}
        for size, session_id in cast.interviews.items():
            path = f"/api/v1/sessions/{session_id}"
            reads = {
                name: partial(load, server.url(path), cast.token, seconds=seconds) for name, server in servers.items()
            }
            for server in servers.values():
                load(server.url(path), cast.token, seconds=1)  # warm
            loads = taking_turns(reads, rounds if size == SHOWN else max(1, rounds // 2))
            rates[size] = {name: [each.rate for each in some] for name, some in loads.items()}
            rows.append([str(size), *(f"{median(each):.0f}" for each in rates[size].values())])
        report.table("Resume context, requests/s", ["messages", *servers], rows)
        _sizes(report, cast, servers)
        _not_modified(report, cast, servers, rounds=rounds, seconds=seconds)
    _where_it_goes(report, cast)
    _against_the_others(report, rates[SHOWN])


def _against_the_others(report: Report, rates: dict[str, list[float]]) -> None:
    floor = ratio(rates["floor, granian"], rates["peer, granian"])
    alone = ratio(rates["floor, uvicorn"], rates["peer, uvicorn"])
    chain = "Django's and DRF's own work is more than all that the floor does: see what a request costs"
    of = [
        ("product, WSGI", "floor, granian", "resume context on WSGI workers ÷ floor", 0.7, chain),
        ("product, WSGI", "peer, granian", "resume context on WSGI workers ÷ peer", 4, f"the floor is {floor:.1f} ×"),
        (
            "product, one process",
            "peer, uvicorn",
            "resume context in one process ÷ peer",
            2,
            f"the floor is {alone:.1f} ×",
        ),
    ]
    for ours, theirs, work, goal, why in of:
        times = ratio(rates[ours], rates[theirs])
        report.goal(f"{work}, {SHOWN} messages", f"{times:.2f} ×", f"≥ {goal} ×", met=times >= goal, why=why)


def _sizes(report: Report, cast: Cast, servers: Mapping[str, Server]) -> None:
    rows, queries = [], set()
    for size, session_id in cast.interviews.items():
        path = f"/api/v1/sessions/{session_id}"
        bodies = {name: fetch(server.url(path), cast.token)[0] for name, server in servers.items()}
        for name, body in bodies.items():
            assert len(orjson.loads(body)["messages"]) == size, name
        counted = len(statements(path, cast.token))
        queries.add(counted)
        sizes = [
            f"{len(bodies[f'{who}, {server}']):,}"
            for who, server in (("product", "WSGI"), ("floor", "granian"), ("peer", "granian"))
        ]
        rows.append([str(size), str(counted), *sizes])
    report.table("Resume context, its queries and its bytes", ["messages", "queries", "product", "floor", "peer"], rows)
    same = len(queries) == 1
    report.goal("queries at every length", ", ".join(map(str, sorted(queries))), "the same number", met=same)


def _not_modified(report: Report, cast: Cast, servers: Mapping[str, Server], *, rounds: int, seconds: float) -> None:
    path = f"/api/v1/sessions/{cast.interviews[SHOWN]}"
    for name in ("product, WSGI", "product, one process"):
        url = servers[name].url(path)
        etag = fetch(url, cast.token)[1]["ETag"]
        hit = partial(load, url, cast.token, seconds=seconds, headers={"If-None-Match": etag})
        loads = taking_turns({"304": hit, "200": partial(load, url, cast.token, seconds=seconds)}, rounds)
        times = ratio(*([each.rate for each in loads[status]] for status in ("304", "200")))
        why = "most of a 304 is what every request costs: see what a request costs"
        work = f"If-None-Match: 304 ÷ 200, {name.partition(', ')[2]}"
        report.goal(work, f"{times:.2f} ×", "≥ 3 ×", met=times >= 3, why=why)


def _where_it_goes(report: Report, cast: Cast) -> None:
    """Why a 304 is not far cheaper than a 200: what every request costs, in CPU of this process, without a server."""
    path, token = f"/api/v1/sessions/{cast.interviews[SHOWN]}", cast.token
    client = Client(headers={"authorization": f"Bearer {token}", "host": "localhost"})
    etag = client.get(path)["ETag"]
    costs = {
        f"the resume context of {SHOWN} messages": partial(client.get, path),
        "the same, answered 304": partial(client.get, path, headers={"if-none-match": etag}),
        "an address that does not exist: middleware and routing only": partial(client.get, "/api/v1/nothing"),
        "token and account alone": partial(BearerAuthentication().bearer, token.encode()),
    }
    report.table(
        "What a request costs: CPU in this process, ms (django.test.Client included, the database not)",
        ["work", "ms"],
        [[work, f"{_cpu_ms(call):.2f}"] for work, call in costs.items()],
    )


def _cpu_ms(call: Callable[[], Any], times: int = 100, rounds: int = 7) -> float:
    call()
    spent = []
    for _ in range(rounds):
        start = process_time()
        for _ in range(times):
            call()
        spent.append((process_time() - start) / times * 1000)
    return median(spent)


def crowded(
    report: Report, cast: Cast, databases: Mapping[int, dict[str, str]], *, rounds: int, seconds: float
) -> None:
    """The same requests in a small and in a large database, in turns."""
    own = cast.interviews[SHOWN]
    asked = {
        "list of 100, the candidate's": ("/api/v1/sessions?limit=100", cast.token),
        "list of 100, everybody's (staff)": ("/api/v1/sessions?limit=100", cast.staff_token),
        "active-session": (f"/api/v1/conversations/{own}/active-session", cast.token),
        "task-status": (f"/api/v1/conversations/{own}/task-status", cast.token),
    }
    small, large = databases
    with ExitStack() as stack:
        servers = {n: stack.enter_context(processes.running(processes.wsgi, env)) for n, env in databases.items()}
        for name, (path, token) in asked.items():
            reads: dict[str, Callable[[], Load]] = {
                str(number): partial(load, server.url(path), token, seconds=seconds, connections=2)
                for number, server in servers.items()
            }
            loads = taking_turns(reads, rounds)
            p50 = {number: median(each.p50_ms for each in loads[str(number)]) for number in databases}
            p99 = median(each.p99_ms for each in loads[str(large)])
            slower = ratio([each.p50_ms for each in loads[str(large)]], [each.p50_ms for each in loads[str(small)]])
            measured = f"{p50[small]:.1f} → {p50[large]:.1f} ms ({slower:.2f} ×), p99 {p99:.0f} ms"
            why = "the exact count of a list passes every entry of its index"
            work = f"{name}: {small:,} → {large:,} sessions"
            report.goal(work, measured, "flat (≤ 1.3 ×)", met=slower <= 1.3, why=why)
    for name, (path, token) in asked.items():
        plans = explained(databases[large]["DATABASE_URL"], statements(path, token))
        report.plans(f"{name}, {large:,} sessions", plans)


def statements(path: str, token: str) -> list[str]:
    """The SQL that a request causes, values filled in."""
    with CaptureQueriesContext(connection) as captured:
        response = Client(headers={"authorization": f"Bearer {token}"}).get(path, headers={"host": "localhost"})
    assert response.status_code == 200, response.content
    return [query["sql"] for query in captured]


def explained(url: str, queries: list[str]) -> Iterator[tuple[str, str]]:
    """Each statement, shortened, with the plan that PostgreSQL made and ran."""
    with psycopg.connect(url) as database:
        for query in queries:
            plan: list[Any] = database.execute(
                f"EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF, SUMMARY OFF) {query}"
            ).fetchall()
            lines = [line for (line,) in plan if "->" in line or "Scan" in line or "Cond" in line or line == plan[0][0]]
            yield _short(query), "\n".join(lines)


def _short(query: str) -> str:
    head, _, tail = query.partition(" FROM ")
    tail = re.sub(r"IN \(('[^']+'::uuid)(?:, '[^']+'::uuid)+\)", r"IN (\1, …)", tail)
    return f"{head if len(head) < 60 else 'SELECT …'} FROM {tail}".replace('"', "").replace("sessions_app_", "")


@contextmanager
def _all_running(commands: Mapping[str, Any], environment: dict[str, str]) -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(processes.running(command, environment)) for name, command in commands.items()}
