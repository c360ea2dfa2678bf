"""A database that could lose what was acknowledged is refused at the start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from sessions_app.checks import durable_commits

from . import servers

ROOT = Path(__file__).resolve().parents[1]
sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")
postgres_only = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL")


def manage(
    folder: Path, *arguments: str, database_url: str = "", settings: str = ""
) -> subprocess.CompletedProcess[str]:
    """``manage.py`` in a process of its own, with these lines added to its settings."""
    (folder / "own_settings.py").write_text(f"from interviewer.settings import *\n{settings}\n")
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")} | {
        "PYTHONPATH": str(folder),
        "DJANGO_SETTINGS_MODULE": "own_settings",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url or f"sqlite:///{folder / 'check.sqlite3'}",
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.django_db
def test_the_settings_as_they_are_pass() -> None:
    assert durable_commits(databases=["default"]) == []
    assert durable_commits(databases=None) == []


@sqlite_only
@pytest.mark.parametrize(("level", "accepted"), [("OFF", False), ("NORMAL", False), ("FULL", True), ("EXTRA", True)])
def test_sqlite_must_wait_for_the_disk(level: str, accepted: bool, tmp_path: Path) -> None:
    lowered = f"DATABASES['default']['OPTIONS']['init_command'] += 'PRAGMA synchronous={level};'"
    checked = manage(tmp_path, "check", "--database", "default", settings=lowered)
    assert (checked.returncode == 0) == accepted, checked.stderr
    assert ("interviewer.E001" in checked.stderr) == (not accepted)


@sqlite_only
def test_serve_refuses_such_a_database(tmp_path: Path) -> None:
    lowered = "DATABASES['default']['OPTIONS']['init_command'] += 'PRAGMA synchronous=NORMAL;'"
    assert manage(tmp_path, "migrate", "--verbosity", "0", settings=lowered, database_url="").returncode in (0, 1)
    refused = manage(tmp_path, "serve", "--port", "8399", settings=lowered)
    assert refused.returncode == 1
    assert "An acknowledged answer could be lost." in refused.stderr
    assert "Serving on" not in refused.stdout


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_the_connections_of_the_product_are_immediate_and_full(tmp_path: Path) -> None:
    asked = "PRAGMA synchronous", "PRAGMA journal_mode", "PRAGMA foreign_keys"
    lines = "; ".join(f"c.execute({query!r}); print(c.fetchone()[0])" for query in asked)
    code = f"from django.db import connection; c = connection.cursor(); {lines}; print(connection.transaction_mode)"
    told = manage(tmp_path, "shell", "--no-imports", "-c", code)
    assert told.stdout.split() == ["2", "wal", "1", "IMMEDIATE"], told.stderr


@postgres_only
@pytest.mark.parametrize(("level", "accepted"), [("off", False), ("local", True), ("on", True)])
def test_postgresql_must_wait_for_the_disk(level: str, accepted: bool, tmp_path: Path) -> None:
    option = quote(f"-c synchronous_commit={level}")
    url = f"{servers.start_postgres()}?options={option}"
    checked = manage(tmp_path, "check", "--database", "default", database_url=url)
    assert (checked.returncode == 0) == accepted, checked.stderr
    assert ("interviewer.E002" in checked.stderr) == (not accepted)


@postgres_only
@pytest.mark.django_db
def test_a_lowered_transaction_is_seen() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    assert [error.id for error in durable_commits(databases=["default"])] == ["interviewer.E002"]


@postgres_only
@pytest.mark.django_db
def test_fsync_must_be_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can only be set for a whole server, so the answer is replaced and the server left alone."""
    answers: dict[str, str] = {"SHOW synchronous_commit": "on", "SHOW fsync": "off"}

    def setting(_: Any, query: str) -> str:
        return answers[query]

    monkeypatch.setattr("sessions_app.checks._setting", setting)
    assert [error.id for error in durable_commits(databases=["default"])] == ["interviewer.E003"]
