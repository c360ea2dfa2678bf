"""Pauses as the room tells them: when one can no longer be resumed, and why one came by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Status
from sessions_app.services import sessions
from sessions_app.services.sweep import sweep
from tests import factories as f
from tests.page_forms import post, room

pytestmark = pytest.mark.django_db


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def closing_at(ann: User, **distance: float) -> InterviewSession:
    session = f.waiting(ann)
    InterviewSession.objects.update(closes_at=timezone.now() + timedelta(**distance))
    return f.fresh(session)


def test_it_says_until_when_a_pause_can_be_resumed(anns: Client, ann: User) -> None:
    session = closing_at(ann, days=1)
    page = room(anns, session)
    assert "pause" in page.offers(session.pk)
    assert "Resume after a pause before then" in page.html
    assert "Closes" not in room(anns, f.waiting(ann)).html


def test_it_offers_no_pause_after_the_closing_and_says_why(anns: Client, ann: User) -> None:
    session = closing_at(ann, seconds=-5)
    page = room(anns, session)
    assert "pause" not in page.offers(session.pk)
    assert "a pause is not possible any more" in page.html
    assert "could not be resumed after a pause" in anns.get(post(anns, session, "pause").url).content.decode()
    assert f.fresh(session).status == Status.ACTIVE


def test_it_says_that_nothing_was_heard_where_that_was_the_reason(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    InterviewSession.objects.update(idle_minutes=5)
    before = timezone.now() - timedelta(minutes=6)
    InterviewSession.objects.update(running_since=before, last_activity_at=before, last_seen_at=before)
    sweep()
    assert "because nothing was heard from you for 5 minutes" in room(anns, session).html
    sessions.resume_session(session.pk)
    sessions.pause_session(session.pk)
    assert "nothing was heard" not in room(anns, session).html
