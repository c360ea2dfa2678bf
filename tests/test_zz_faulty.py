"""What is erased is not in the database's file any more, nor in the log of writes beside it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from django.db import connection

from sessions_app.models import InterviewSession, User
from sessions_app.services import sessions
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

@pytest.fixture(autouse=True, params=["no secure_delete", "no checkpoint"])
def fault(request, monkeypatch):
    if request.param == "no secure_delete":
        o = connection.settings_dict["OPTIONS"]
        monkeypatch.setitem(o, "init_command", o["init_command"].replace("secure_delete=ON", "secure_delete=OFF"))
    else:
        monkeypatch.setattr("sessions_app.services.erasure.empty_write_ahead_log", lambda: None)
        monkeypatch.setattr("sessions_app.services.personal_data.empty_write_ahead_log", lambda: None)
