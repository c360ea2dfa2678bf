"""More time, once more, and deleting, from the candidate's pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.services.answers import save_draft

from . import factories as f
from .page_forms import Page, room

pytestmark = pytest.mark.django_db


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def test_five_minutes_more(anns: Client, ann: User) -> None:
    session = f.waiting(ann, time_limit_minutes=20)
    assert "extend" not in room(anns, session).offers(session.pk)  # there are twenty
    f.nearly_over(session)
    assert "extend" in room(anns, session).offers(session.pk)
    answer = anns.post(f"/sessions/{session.pk}/extend", follow=True)
    assert "5 minutes more" in answer.content.decode()
    assert f.fresh(session).extra_seconds == 300


def test_an_untimed_interview_offers_no_more_time(anns: Client, ann: User) -> None:
    session = f.waiting(ann, time_limit_minutes=None)
    assert "extend" not in room(anns, session).offers(session.pk)


@pytest.mark.parametrize("draft", ["", "Half an answer"])
def test_a_draft_is_only_said_to_be_sent_where_there_was_one(draft: str, anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    save_draft(session.pk, draft, 1, actor=Actor(ann))
    f.run_out(session)
    page = anns.get(f"/sessions/{session.pk}/done").content.decode()
    assert "Everything you sent is stored." in page
    assert ("became your last answer" in page) == bool(draft)


def test_it_can_be_taken_again(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    answer = anns.post(f"/sessions/{session.pk}/retake")
    again = InterviewSession.objects.exclude(pk=session.pk).get()
    assert (answer.status_code, answer.url) == (303, f"/sessions/{again.pk}/ready")
    assert (again.retake_of_id, again.status, again.plan) == (session.pk, "created", session.plan)


def test_it_is_deleted_after_being_asked_once(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    asked = Page(anns.get(f"/sessions/{session.pk}/delete"))
    assert asked.form("/delete").method == "post"
    assert InterviewSession.objects.get(pk=session.pk).erased_at is None
    answer = anns.post(f"/sessions/{session.pk}/delete")
    assert (answer.status_code, answer.url) == (303, "/sessions/")
    assert anns.get(f"/sessions/{session.pk}/").status_code == 404
    assert not session.messages.exists()


def test_an_interview_that_others_judge_is_not_the_candidates_to_delete(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=False)
    offered = room(anns, session).offers(session.pk)
    assert not offered & {"delete", "extend", "retake"}
    answer: Any = anns.post(f"/sessions/{session.pk}/delete")
    assert answer.status_code == 302
    assert f.fresh(session).erased_at is None
