"""What is erased is not in the database's file any more, nor in the log of writes beside it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from django.db import connection

from sessions_app.models import InterviewSession, User
from sessions_app.services import erasure, sessions
from sessions_app.services.answers import save_draft
from sessions_app.services.personal_data import erase_account
from tests import factories as f
from tests.real_database import real_database  # noqa: F401 (a fixture)

pytestmark = [
    pytest.mark.usefixtures("real_database"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's files"),
]

CANARY = "Zanquaril"
LONG = f"{CANARY} said so. " * 1000  # over several pages of the file


def stored() -> bytes:
    """The file and what lies beside it, while connections are open."""
    path = Path(str(connection.settings_dict["NAME"]))
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def written(ann: User) -> InterviewSession:
    session = f.waiting(ann, challenge_text=f"Ask {CANARY}.")
    save_draft(session.pk, LONG, 1, actor=f.as_actor(ann))
    assert CANARY.encode() in stored()
    return session


def test_no_word_of_an_erased_session_stays(ann: User) -> None:
    sessions.erase_session(written(ann).pk, actor=f.as_actor(ann))
    assert CANARY.encode() not in stored()


def test_no_word_of_an_erased_account_stays(ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(name=CANARY)
    ann.refresh_from_db()
    written(ann)
    erase_account(actor=f.as_actor(ann))
    assert CANARY.encode() not in stored()


def test_the_log_of_writes_is_emptied_once_for_a_whole_account(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    emptied: list[bool] = []
    monkeypatch.setattr(erasure, "empty_write_ahead_log", lambda: emptied.append(connection.in_atomic_block))
    for session in (written(ann), f.waiting(ann)):
        assert session.erased_at is None
    erase_account(actor=f.as_actor(ann))
    assert emptied == [False]


def test_a_reader_does_not_hold_an_erasure_up(ann: User) -> None:
    session = written(ann)
    reader = sqlite3.connect(str(connection.settings_dict["NAME"]))
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM sessions_app_interviewsession").fetchall()
    sessions.erase_session(session.pk, actor=f.as_actor(ann))
    assert InterviewSession.objects.get(pk=session.pk).erased_at is not None
    reader.close()
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] == 20_000
