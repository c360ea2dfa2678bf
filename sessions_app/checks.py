"""Start-up checks: what would lose acknowledged answers is refused, links that lead nowhere are warned of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import connections

_SAFE = {"sqlite": {"2", "3"}, "postgresql": {"on", "remote_apply", "remote_write", "local"}}


@register(Tags.database)
def durable_commits(databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """``synchronous`` of SQLite must be FULL or EXTRA, ``synchronous_commit`` and ``fsync`` of PostgreSQL on.

    "local" and above wait for the local disk; "off" acknowledges what a crash can still take back.
    """
    found = []
    for alias in databases or []:
        connection = connections[alias]
        if connection.vendor == "sqlite":
            found += _sqlite(connection)
        if connection.vendor == "postgresql":
            found += _postgresql(connection)
    return found


@register()
def address_in_letters(**_: Any) -> list[Warning]:
    """A letter that no request causes, such as a reminder, cannot guess the name under which the site is reached."""
    if not settings.SENDS_LETTERS or settings.SITE_URL:
        return []
    problem = "EMAIL_URL is set, but not SITE_URL: links in letters may lead to this machine only."
    hint = "Set SITE_URL to the address of this site, such as https://interviews.example.com."
    return [Warning(problem, hint=hint, id="interviewer.W001")]


def _sqlite(connection: Any) -> list[Error]:
    if _setting(connection, "PRAGMA synchronous") in _SAFE["sqlite"]:
        return []
    return [_unsafe("SQLite's synchronous is below FULL.", "Remove what lowers it from DATABASES.", "E001")]


def _postgresql(connection: Any) -> list[Error]:
    found = []
    if _setting(connection, "SHOW synchronous_commit") not in _SAFE["postgresql"]:
        found.append(_unsafe("PostgreSQL's synchronous_commit is off.", "Set it to on.", "E002"))
    if _setting(connection, "SHOW fsync") != "on":
        found.append(_unsafe("PostgreSQL's fsync is off.", "Set it to on.", "E003"))
    return found


def _setting(connection: Any, query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return str(cursor.fetchone()[0])


def _unsafe(problem: str, hint: str, number: str) -> Error:
    return Error(f"{problem} An acknowledged answer could be lost.", hint=hint, id=f"interviewer.{number}")
