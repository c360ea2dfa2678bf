"""Before the start: what the questions are made from, folded, and how long it may take."""

from __future__ import annotations

import pytest
from django.test import Client

from sessions_app.models import InterviewSession, User
from tests import factories as f
from tests.page_forms import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def ready(client: Client, session: InterviewSession) -> Page:
    return Page(client.get(f"/sessions/{session.pk}/ready"))


def test_task_posting_and_resume_can_be_read_and_are_folded(anns: Client, ann: User) -> None:
    posting = f.JobPostingFactory(owner=ann, title="Backend engineer", company="Acme <b>")
    resume = f.ResumeFactory(owner=ann)
    task = "# Shorten URLs\n\n- for **100 M** links <script>alert(1)</script>"
    session = f.created(ann, job_posting_id=posting.pk, resume_id=resume.pk, challenge_text=task)
    page = ready(anns, session)
    assert page.html.count('<details class="source">') == 3
    assert "<h3>Shorten URLs</h3>" in page.html and "<strong>100 M</strong>" in page.html
    assert "Acme &lt;b&gt;" in page.html and "behind our shop" in page.html and "Python, PostgreSQL" in page.html
    assert "billing service" in page.html
    assert "<script>alert" not in page.html


def test_the_room_shows_the_task_as_the_ready_page_does(anns: Client, ann: User) -> None:
    session = f.waiting(ann, challenge_text="# Shorten URLs")
    assert "<h3>Shorten URLs</h3>" in anns.get(f"/sessions/{session.pk}/").content.decode()


def test_what_is_not_there_is_not_mentioned(anns: Client, ann: User) -> None:
    page = ready(anns, f.created(ann))
    assert 'class="source"' not in page.html and "What it is about" not in page.html


def test_an_accommodation_is_added_up(anns: Client, ann: User, sam: User) -> None:
    session = f.created(sam, candidate_name="Ann", time_limit_minutes=30, accommodation_percent=50)
    InterviewSession.objects.filter(pk=session.pk).update(candidate=ann)
    assert "30 min + 50 % extra time = 45 min of thinking time" in ready(anns, session).html


def test_an_accommodation_is_added_up_for_every_time_to_choose_from(anns: Client, ann: User) -> None:
    session = f.created(ann, template_id=f.TemplateFactory(time_limit_minutes=20).pk)
    InterviewSession.objects.filter(pk=session.pk).update(accommodation_percent=25, extra_seconds=300)
    page = ready(anns, session).html
    for sum_ in (
        "20 min + 25 % extra time = 25 min",
        "30 min + 25 % extra time = 37 min",
        "40 min + 25 % extra time = 50 min",
    ):
        assert sum_ in page
    anns.post(f"/sessions/{session.pk}/start", {"time": "1.5"})
    stored = f.fresh(session)
    assert (stored.time_limit_seconds, stored.extra_seconds) == (1800, 450)


def test_the_page_has_one_heading_and_no_id_twice(anns: Client, ann: User) -> None:
    session = f.created(ann, challenge_text="Build it", resume_id=f.ResumeFactory(owner=ann).pk)
    page = ready(anns, session)
    assert page.tags.count("h1") == 1 and len(page.ids) == len(set(page.ids))


def test_the_interviews_language_is_marked_where_it_is_not_the_pages(anns: Client, ann: User) -> None:
    session = f.waiting(ann, questions=2, language="de", challenge_text="Aufgabe")
    page = anns.get(f"/sessions/{session.pk}/").content.decode()
    assert '<html lang="en"' in page and 'dir="ltr"' in page
    assert page.count('lang="de"') == session.message_count + 1
    plain = f.waiting(ann, challenge_text="Task")
    assert anns.get(f"/sessions/{plain.pk}/").content.decode().count(' lang="') == 1
