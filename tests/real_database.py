"""A database that threads share as they do in production: committed rows and real locks.

SQLite's test database lives in memory with one cache for all connections, whose locks are others than a file's: here it
is copied into a file first. PostgreSQL's test database is used as it is and emptied afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

Act = Callable[[], Any]


@pytest.fixture
def real_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    if connection.vendor != "sqlite":
        yield
        return
    with _copied_into(tmp_path / "test.sqlite3"):
        yield


@contextmanager
def _copied_into(path: Path) -> Iterator[None]:
    """Every thread opens what ``settings_dict`` names; the connection to the memory must stay open meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    memory, name = connection.connection, connection.settings_dict["NAME"]
    connection.connection = None
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        connection.connection = memory


class Crowd:
    """Some threads, each with a database connection of its own, that act at the same moment."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pool = ThreadPoolExecutor(size)

    def at_once(self, acts: Sequence[Act]) -> list[Any]:
        """What each act returned, or the exception it raised; all of them begin together."""
        gate = threading.Barrier(len(acts))
        return [future.result(timeout=60) for future in [self._pool.submit(_pass, gate, act) for act in acts]]

    def __enter__(self) -> Crowd:
        self.at_once([lambda: connection.ensure_connection()] * self._size)  # each thread's own: looked up there
        return self

    def __exit__(self, *_: object) -> None:
        self.at_once([lambda: connection.close()] * self._size)
        self._pool.shutdown()


def _pass(gate: threading.Barrier, act: Act) -> Any:
    gate.wait(timeout=30)
    try:
        return act()
    except Exception as error:
        return error
