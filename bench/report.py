"""What was measured, as Markdown: the goals first, then the tables, then the plans."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

INTRODUCTION = """\
# Benchmarks

Written by `bench/run`. Every figure compares things that took turns in one run on one machine; medians of the rounds.
*Floor* is `bench/floor.py` (bare ASGI, one psycopg query per table, orjson), *peer* is `bench/peer.py` (FastAPI, async
SQLAlchemy, asyncpg, pydantic). All of them verify the token and read the user. Each runs behind the same server as what
it is compared with: granian with two workers (the product: two WSGI threads in each), or one process of uvicorn (floor
and peer with uvloop, which the product comes without). PostgreSQL runs with its defaults, on the same cores.
"""


def machine(postgres: str) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB RAM, Python {platform.python_version()}, PostgreSQL {postgres}."


@dataclass
class Report:
    machine: str
    goals: list[list[str]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)

    def goal(self, work: str, measured: str, goal: str, *, met: bool, why: str = "") -> None:
        """``why`` is why it is missed, if it is: a sentence that other figures of the same run bear out."""
        self.goals.append([work, measured, goal, "met" if met else "**missed**", "" if met else why])
        print(f"{work}: {measured} (goal {goal}): {'met' if met else 'MISSED'}", flush=True)

    def table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self.parts.append(f"## {title}\n\n{table(head, rows)}")

    def text(self, title: str, text: str) -> None:
        self.parts.append(f"## {title}\n\n{text}\n")

    def plans(self, title: str, plans: Iterable[tuple[str, str]]) -> None:
        blocks = [f"```\n{query}\n\n{plan}\n```\n" for query, plan in plans]
        self.explained.append(f"### {title}\n\n" + "\n".join(blocks))

    def markdown(self) -> str:
        goals = "## Goals\n\n" + table(["work", "measured", "goal", "", "why not"], self.goals)
        plans = ["## Plans\n", *self.explained] if self.explained else []
        return "\n".join([INTRODUCTION, self.machine, "", goals, *self.parts, *plans])

    def write(self, path: Path) -> None:
        path.write_text(self.markdown())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
