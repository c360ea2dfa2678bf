"""The clock of a machine goes wrong by an hour: on PostgreSQL no interview notices, since the database's clock counts.

SQLite has no clock of its own: there the machine's is the only one, for everything at once. When that jumps forward,
nobody was alive in between, so the hour is given back as an outage. When it jumps back, a clock that runs stands until
the old time has come again: a candidate can gain as much as the jump, and never loses. Windows (``opens_at``,
``closes_at``) are moments of the machine's clock there, and are met when it says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from rest_framework.test import APIClient

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Status
from sessions_app.models.clock import database_now, milliseconds
from sessions_app.services import sessions
from sessions_app.services.sweep import sweep

from . import factories as f
from . import servers
from .clockwork import after, waiting_at
from .crash.server import Candidate, Server, own_database

HOUR = timedelta(hours=1)
SECOND_MS = 1_000

needs_a_clock_elsewhere = pytest.mark.skipif(not servers.postgres_wanted(), reason="SQLite has no clock of its own")
BOTH_WAYS = pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["an hour fast", "an hour slow"])


@pytest.fixture
def shifted() -> Iterator[Callable[[timedelta], None]]:
    """``shifted(HOUR)``: from here on this process believes that it is an hour later; its clock goes on."""
    travels: list[Any] = []

    def shift(by: timedelta) -> None:
        travels.append(time_machine.travel(by, tick=True))
        travels[-1].start()

    yield shift
    for travel in reversed(travels):
        travel.stop()


def move_back(session: InterviewSession, by: timedelta) -> None:
    """As if the question had come that much earlier, with a server alive until now."""
    InterviewSession.objects.filter(pk=session.pk).update(
        running_since=session.running_since - by, deadline=session.deadline - by, alive_at=database_now()
    )


def credited(session: InterviewSession) -> list[int]:
    return [event.data["milliseconds"] for event in session.events.filter(type="time.extended")]


# -- PostgreSQL ----------------------------------------------------------------------------------------------------


@needs_a_clock_elsewhere
@BOTH_WAYS
@pytest.mark.django_db
def test_deadline_and_remaining_time_stay(jump: timedelta, ann: User, as_: Any, shifted: Any) -> None:
    session = f.waiting(ann, time_limit_minutes=5)
    true = database_now()
    shifted(jump)
    context = as_(ann).get(f"/api/v1/sessions/{session.pk}").json()
    assert abs(milliseconds(true, datetime.fromisoformat(context["clock"]["server_time"]))) < SECOND_MS
    assert abs(300 - context["clock"]["remaining_seconds"]) <= 1
    for _ in range(3):
        paused = sessions.pause_session(session.pk, actor=Actor(ann))
        assert paused.active_ms < SECOND_MS
        resumed = sessions.resume_session(session.pk, actor=Actor(ann))
        assert abs(resumed.deadline - session.deadline) < timedelta(seconds=1)
    assert sweep() == []
    assert (f.fresh(session).status, credited(session)) == (Status.ACTIVE, [])


@needs_a_clock_elsewhere
@BOTH_WAYS
@pytest.mark.django_db
def test_it_expires_when_the_database_says_so(jump: timedelta, ann: User, shifted: Any) -> None:
    session = f.waiting(ann, time_limit_minutes=5)
    shifted(jump)
    move_back(session, session.deadline - session.now - timedelta(seconds=2))
    sweep()
    assert f.fresh(session).status == Status.ACTIVE
    session = f.fresh(session)
    move_back(session, timedelta(seconds=13))
    deadline = f.fresh(session).deadline
    sweep()
    stored = f.fresh(session)
    assert (stored.status, stored.ended_at, credited(session)) == (Status.EXPIRED, deadline, [])


@needs_a_clock_elsewhere
@BOTH_WAYS
@pytest.mark.django_db
def test_a_window_opens_and_closes_when_the_database_says_so(
    jump: timedelta, ann: User, as_: Callable[[User], APIClient], shifted: Any
) -> None:
    now = database_now()
    shifted(jump)
    half = timedelta(minutes=30)
    made = as_(ann).post("/api/v1/sessions", {"closes_at": (now + half).isoformat()}, format="json")
    assert made.status_code == 201, made.content  # by the fast clock this is over
    assert sessions.start_session(made.json()["id"], actor=Actor(ann)).status == Status.ACTIVE
    over = as_(ann).post("/api/v1/sessions", {"closes_at": (now - half).isoformat()}, format="json")
    assert over.json()["detail"]["errors"][0]["code"] == "in_the_past"  # by the slow clock it is not
    with pytest.raises(errors.SessionNotOpen):
        sessions.start_session(f.created(ann, opens_at=now + half).pk, actor=Actor(ann))
    opened = f.created(ann, opens_at=now - half)
    assert sessions.start_session(opened.pk, actor=Actor(ann)).status == Status.ACTIVE


@pytest.mark.full
@pytest.mark.crash
@pytest.mark.timeout(180)
@needs_a_clock_elsewhere
def test_two_machines_that_disagree_by_two_hours_run_one_interview(tmp_path: Path) -> None:
    """Both sweep, both take commands, in turns; the candidate is served now by the one, now by the other."""
    with own_database(tmp_path) as url:
        fast, slow = (machine(tmp_path, url, hours) for hours in (1, -1))
        with fast, slow:
            for server in (fast, slow):
                server.start()
            ann, began = Candidate(fast), time.monotonic()
            ann.whole_question(10)
            tokens = {server: token(ann, server) for server in (fast, slow)}
            for number in range(6):
                server = (slow, fast)[number % 2]
                for verb in ("pause", "resume"):
                    body = httpx.post(
                        f"http://127.0.0.1:{server.port}/api/v1/sessions/{ann.session_id}/{verb}",
                        headers={"Authorization": f"Bearer {tokens[server]}"},
                    ).json()
                    assert body["clock"]["used_seconds"] <= time.monotonic() - began + 1
            time.sleep(12)  # two rounds of each sweep
            fast.kill()
            slow.kill()
            assert slow.run("-c", CREDITED).strip() == "active 0"


CREDITED = """
import django; django.setup()
from sessions_app.models import InterviewSession
session = InterviewSession.objects.get()
print(session.status, session.events.filter(type="time.extended").count())
"""


def machine(folder: Path, url: str, hours: int) -> Server:
    """One whose clock is that much ahead."""
    own = folder / str(hours)
    own.mkdir()
    server = Server(own, url, word_ms=5, settings="tests.crash.shifted")
    server.environment |= {"DATA_DIR": str(folder), "SHIFT_HOURS": str(hours)}
    return server


def token(ann: Candidate, server: Server) -> str:
    """Each machine signs its tokens by its own clock."""
    answer = httpx.post(f"http://127.0.0.1:{server.port}/api/v1/auth/token", json=ann.account)
    return str(answer.json()["access"])


# -- SQLite: what a jump of the only clock costs, with the times that it would tell ---------------------------------


@pytest.mark.django_db
def test_a_jump_forward_of_the_only_clock_is_an_outage(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=5)
    sweep(now=after(hours=1, seconds=5))
    stored = f.fresh(session)
    assert (stored.status, credited(session)) == (Status.ACTIVE, [3_605_000])
    assert stored.remaining_ms(after(hours=1, seconds=5)) == 5 * 60_000


@pytest.mark.django_db
def test_a_jump_back_of_the_only_clock_takes_nothing_from_anybody(ann: User) -> None:
    session, back = waiting_at(ann, time_limit_minutes=5), after(hours=-1)
    sweep(now=back)
    stored = f.fresh(session)
    assert (stored.status, stored.deadline, credited(session)) == (Status.ACTIVE, session.deadline, [])
    assert stored.remaining_ms(back) == 5 * 60_000
    paused = sessions.pause_session(session.pk, actor=Actor(ann), now=back)
    resumed = sessions.resume_session(session.pk, actor=Actor(ann), now=back)
    assert (paused.active_ms, resumed.deadline) == (0, back + timedelta(minutes=5))
