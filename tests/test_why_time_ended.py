"""Why an interview is over: its clock, its window, or a pause that was too long. The log, the API and the pages say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from sessions_app.access import Actor
from sessions_app.events import broken_links
from sessions_app.models import InterviewSession
from sessions_app.services import sessions
from sessions_app.services.replay import contradictions
from sessions_app.services.sweep import sweep

from .factories import TemplateFactory, created, expired, fresh, overdue, paused, waiting

pytestmark = pytest.mark.django_db
BY_THE_CLOCK, CLOSED, PAUSED_TOO_LONG = "clock", "window_closed", "pause_too_long"
REMEDY = "Ask the people who invited you to open it again"


def by_the_clock(user):
    return expired(user)


def never_started(user):
    soon = created(user).created_at + timedelta(hours=1)
    session = created(user, closes_at=soon)
    sweep(now=soon + timedelta(minutes=1))
    return fresh(session)


def closed_in_a_pause(user):
    session = paused(user)
    session = fresh(session)
    InterviewSession.objects.filter(pk=session.pk).update(closes_at=session.now + timedelta(hours=1))
    sweep(now=session.now + timedelta(hours=2))
    return fresh(session)


def paused_too_long(user):
    session = paused(user, template_id=str(TemplateFactory(max_pause_minutes=5).pk))
    sweep(now=fresh(session).now + timedelta(minutes=6))
    return fresh(session)


ALL = [
    (by_the_clock, BY_THE_CLOCK, "Time ran out"),
    (never_started, CLOSED, "closed"),
    (closed_in_a_pause, CLOSED, "closed"),
    (paused_too_long, PAUSED_TOO_LONG, "pause"),
]


@pytest.mark.parametrize(("end", "code", "words"), ALL)
def test_the_event_says_why_and_the_log_stays_whole(ann, end, code, words):
    session = end(ann)
    assert session.status == "expired" and session.time_ended_by == code
    assert session.events.get(type="session.expired").data["code"] == code
    assert not list(broken_links(session)) and not list(contradictions(session))


@pytest.mark.parametrize(("end", "code", "words"), ALL)
def test_the_api_says_why_and_what_to_do(as_, ann, end, code, words):
    session = end(ann)
    told = []
    for is_practice in (False, True):
        InterviewSession.objects.filter(pk=session.pk).update(is_practice=is_practice)
        response = as_(ann).post(f"/api/v1/sessions/{session.pk}/answers", {"answer_text": "Late"}, format="json")
        told.append(response.json()["detail"])
    assert all(each["code"] == "SESSION_EXPIRED" and words.lower() in each["message"].lower() for each in told)
    assert REMEDY in told[0]["message"] and "begin this practice anew" in told[1]["message"]


@pytest.mark.parametrize(("end", "code", "words"), ALL)
@pytest.mark.parametrize("page", ["", "/done"])
def test_the_pages_say_why_and_what_to_do(client, ann, end, code, words, page):
    session = end(ann)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=False)
    client.force_login(ann)
    html = client.get(f"/sessions/{session.pk}{page}", follow=True).content.decode()
    assert words in html and REMEDY in html
    assert ("Time ran out at" in html) == (code == BY_THE_CLOCK)


def test_before_anybody_has_noticed_it_is_told_as_well(ann):
    assert fresh(overdue(waiting(ann))).time_ended_by == BY_THE_CLOCK


@pytest.mark.parametrize("minutes", [9223372036854775807, 10**12])
def test_a_stored_pause_beyond_the_calendar_breaks_nothing(ann, minutes):
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL's column holds no such number.")
    session = waiting(ann)
    InterviewSession.objects.filter(pk=session.pk).update(max_pause_minutes=minutes, idle_minutes=minutes)
    sweep()
    session = sessions.pause_session(session.pk, actor=Actor(ann))
    assert session.pause_ends_at == session.paused_at + timedelta(days=365)
