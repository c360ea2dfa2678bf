"""The nights when the clocks change: an interview lasts as long as any other, and every time that is shown is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from sessions_app.access import Actor
from sessions_app.errors import ValidationFailed
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Status
from sessions_app.services import answers, local_time, sessions
from sessions_app.services.answers import NewAnswer
from sessions_app.services.config import SessionConfig
from sessions_app.services.sweep import sweep

from . import factories as f
from .clockwork import ask, server_alive, waiting_at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _far_ahead(monkeypatch):
    """The changes of 2050, so that these windows do not come to be in the past; elsewhere five years are the most."""
    monkeypatch.setattr("sessions_app.services.moments._FAR", timedelta(days=36_525))


MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Night:
    """A change of the clocks: when, and an interview's window around it, as its clocks show it and in UTC."""

    zone: str
    change: datetime
    opens: str
    closes: str
    window: tuple[datetime, datetime]
    shown: tuple[str, str]
    impossible: tuple[str, str]  # a time that these clocks skip or show twice, and the code of the refusal


NIGHTS = [
    Night(
        zone="Europe/Berlin",
        change=f.utc(2050, 3, 27, 1, 0),
        opens="2050-03-27T01:30",
        closes="2050-03-27T04:30",
        window=(f.utc(2050, 3, 27, 0, 30), f.utc(2050, 3, 27, 2, 30)),
        shown=(
            "Sun 27 Mar, 01:30 your time (Europe/Berlin, UTC+1)",
            "Sun 27 Mar, 04:30 your time (Europe/Berlin, UTC+2)",
        ),
        impossible=("2050-03-27T02:30", "does_not_exist"),
    ),
    Night(
        zone="Europe/Berlin",
        change=f.utc(2050, 10, 30, 1, 0),
        opens="2050-10-30T01:30",
        closes="2050-10-30T03:30",
        window=(f.utc(2050, 10, 29, 23, 30), f.utc(2050, 10, 30, 2, 30)),
        shown=(
            "Sun 30 Oct, 01:30 your time (Europe/Berlin, UTC+2)",
            "Sun 30 Oct, 03:30 your time (Europe/Berlin, UTC+1)",
        ),
        impossible=("2050-10-30T02:30", "ambiguous"),
    ),
    Night(
        zone="Australia/Lord_Howe",
        change=f.utc(2050, 4, 2, 15, 0),
        opens="2050-04-03T01:00",
        closes="2050-04-03T03:00",
        window=(f.utc(2050, 4, 2, 14, 0), f.utc(2050, 4, 2, 16, 30)),
        shown=(
            "Sun 3 Apr, 01:00 your time (Australia/Lord_Howe, UTC+11)",
            "Sun 3 Apr, 03:00 your time (Australia/Lord_Howe, UTC+10:30)",
        ),
        impossible=("2050-04-03T01:45", "ambiguous"),
    ),
    Night(
        zone="Australia/Lord_Howe",
        change=f.utc(2050, 10, 1, 15, 30),
        opens="2050-10-02T01:30",
        closes="2050-10-02T03:00",
        window=(f.utc(2050, 10, 1, 15, 0), f.utc(2050, 10, 1, 16, 0)),
        shown=(
            "Sun 2 Oct, 01:30 your time (Australia/Lord_Howe, UTC+10:30)",
            "Sun 2 Oct, 03:00 your time (Australia/Lord_Howe, UTC+11)",
        ),
        impossible=("2050-10-02T02:15", "does_not_exist"),
    ),
]
EVERY_NIGHT = pytest.mark.parametrize("night", NIGHTS, ids=lambda night: f"{night.zone} {night.change:%b}")


def around(night: Night, ann: User) -> InterviewSession:
    """An interview whose window is given by the clocks of the candidate."""
    config = SessionConfig(opens_at=night.opens, closes_at=night.closes, time_zone=night.zone)  # type: ignore[arg-type]
    return sessions.create_session(config, actor=Actor(ann), now=night.change - timedelta(days=1))


@EVERY_NIGHT
def test_a_window_is_what_the_clocks_there_show(night: Night, ann: User) -> None:
    session = around(night, ann)
    assert (session.opens_at, session.closes_at) == night.window
    opens, closes = night.window
    started = sessions.start_session(session.pk, actor=Actor(ann), now=opens)
    assert (started.status, started.started_at) == (Status.ACTIVE, opens)
    late = around(night, ann)
    sweep(now=closes - timedelta(milliseconds=1))
    assert f.fresh(late).status == Status.CREATED
    sweep(now=closes)
    assert (f.fresh(late).status, f.fresh(late).ended_at) == (Status.EXPIRED, closes)


@EVERY_NIGHT
def test_a_time_that_the_clocks_skip_or_show_twice_is_asked_for_again(night: Night, ann: User) -> None:
    at, code = night.impossible
    with pytest.raises(ValidationFailed) as refused:
        f.created(ann, closes_at=at, time_zone=night.zone)
    assert [(error.field, error.code) for error in refused.value.errors] == [("closes_at", code)]


@EVERY_NIGHT
def test_thinking_time_and_deadline_do_not_notice_the_change(night: Night, ann: User) -> None:
    start = night.change - 10 * MINUTE
    session = waiting_at(ann, start, time_limit_minutes=20, time_zone=night.zone)
    assert session.deadline == night.change + 10 * MINUTE
    server_alive(night.change + MINUTE)
    paused = sessions.pause_session(session.pk, actor=Actor(ann), now=night.change + MINUTE)
    assert paused.remaining_ms(paused.paused_at) == 9 * 60_000
    resumed = sessions.resume_session(session.pk, actor=Actor(ann), now=night.change + 61 * MINUTE)
    assert (resumed.deadline, resumed.paused_ms) == (night.change + 70 * MINUTE, 60 * 60_000)
    server_alive(night.change + 80 * MINUTE)
    sweep(now=night.change + 80 * MINUTE)
    assert (f.fresh(session).status, f.fresh(session).ended_at) == (Status.EXPIRED, night.change + 70 * MINUTE)
    assert f.fresh(session).active_ms == 20 * 60_000


@EVERY_NIGHT
def test_the_page_says_when_it_can_be_started_in_the_candidates_time(night: Night, client: Client, ann: User) -> None:
    client.force_login(ann)
    page = client.get(f"/sessions/{around(night, ann).pk}/ready").content.decode()
    for moment in night.shown:
        assert moment in page


@EVERY_NIGHT
def test_a_letter_says_the_distance_of_each_end_of_the_window(night: Night) -> None:
    zone = ZoneInfo(night.zone)
    opens, closes = night.window
    offsets = [words.rpartition(", ")[2].rstrip(")") for words in night.shown]
    said = local_time.window(opens, closes, zone)
    for moment, offset in zip(night.window, offsets, strict=True):
        assert f"{moment.astimezone(zone):%H:%M}" in said
        assert offset in said


@EVERY_NIGHT
def test_what_was_said_keeps_its_order_though_the_clocks_go_back(night: Night, client: Client, ann: User) -> None:
    session = waiting_at(ann, night.change - 5 * MINUTE, time_zone=night.zone)
    server_alive(night.change + 5 * MINUTE)
    given = answers.submit_answer(session.pk, NewAnswer("After"), actor=Actor(ann), now=night.change + 5 * MINUTE)
    ask(session, night.change + 6 * MINUTE)
    rows = list(f.fresh(session).messages.history())
    assert [row.seq for row in rows] == [1, 2, 3]
    assert [row.created_at for row in rows] == sorted(row.created_at for row in rows)
    client.force_login(ann)
    page = client.get(f"/sessions/{session.pk}/transcript").content.decode()
    assert f"{given.message.created_at.astimezone(ZoneInfo(night.zone)):%H:%M}" in page
