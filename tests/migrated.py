"""Databases with the product's tables and nothing in them: migrated once in a run, then copied.

The migrations take seconds, every process of a run needs their result, and dozens of tests start a server with a
database of its own. What is copied lies in a folder that all processes of the run know from their environment.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests import servers

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = "TEST_ORIGINALS"


def folder() -> Path:
    """Of this run; the process that asks first makes it, and removes it at its end."""
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="interviewer-originals-", dir=servers.quick_place())
        atexit.register(shutil.rmtree, os.environ[VARIABLE], ignore_errors=True)
    known = Path(os.environ[VARIABLE])
    known.mkdir(parents=True, exist_ok=True)
    return known


def sqlite_copy(file: Path) -> str:
    """Makes the file; returns its URL."""
    shutil.copyfile(sqlite_original(), file)
    return f"sqlite:///{file}"


def sqlite_original() -> Path:
    file = folder() / "original.sqlite3"
    with _alone():
        if not file.exists():
            making = file.with_name("making.sqlite3")
            _migrate(f"sqlite:///{making}")
            assert not making.with_name("making.sqlite3-wal").exists(), "its last words are in another file"
            making.replace(file)
    return file


def fill(memory: sqlite3.Connection) -> None:
    """The tables into a database that is in memory."""
    with closing(sqlite3.connect(sqlite_original())) as original:
        original.backup(memory)


def postgres_copy(name: str) -> str:
    """Makes the database `test_<name>`, replacing an older one; returns its URL."""
    return servers.create_database(name, like=postgres_original())


def postgres_original() -> str:
    """Its name without `test_`. Nobody is connected to it, which PostgreSQL demands of what it copies."""
    with _alone():
        if not _is_on_postgres().exists():
            _migrate(servers.create_database(_name()))
            _is_on_postgres().touch()
    return _name()


def drop_postgres_original() -> None:
    """At the end of the run."""
    if VARIABLE in os.environ and _is_on_postgres().exists():
        _is_on_postgres().unlink()
        servers.drop_database(_name())


def _name() -> str:
    return folder().name.replace("-", "_").lower()


def _is_on_postgres() -> Path:
    return folder() / "postgres"


@contextmanager
def _alone() -> Iterator[None]:
    """One process of the run at a time."""
    with (folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(url: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        env=inherited | {"DATA_DIR": str(folder()), "DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
