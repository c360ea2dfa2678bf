"""From the front page to the first question: two clicks, no account, no JavaScript."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.models import InterviewSession, InterviewTemplate, User
from sessions_app.pages import waiting
from sessions_app.services.guests import start_practice
from tests.factories import TemplateFactory, created, expired, fresh, paused, types, write_question
from tests.factories import waiting as waiting_session
from tests.page_forms import Page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SECONDS", 0)


def only_session() -> InterviewSession:
    return InterviewSession.objects.get()


def test_it_offers_every_active_practice_template_on_the_front_page(client: Client) -> None:
    TemplateFactory(slug="databases", title="Databases", time_limit_minutes=20, planned_questions=3)
    TemplateFactory(slug="hidden", title="Hidden", is_active=False)
    answer = client.get("/")
    page = Page(answer)
    assert answer.status_code == 200
    assert page.form("/practice/databases/start").method == "post"
    assert "Hidden" not in page.html
    assert "Practice engine — prepared questions, rule-based" in page.html


def test_it_says_so_when_there_are_no_practice_interviews(client: Client) -> None:
    assert "No practice interviews yet" in client.get("/").content.decode()


def test_it_makes_a_guest_and_a_session_with_one_click(client: Client) -> None:
    TemplateFactory(slug="databases")
    answer = client.post("/practice/databases/start")
    session = only_session()
    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.pk}/ready")
    assert session.candidate is not None and session.candidate.is_guest
    assert (session.status, session.is_practice, session.candidate_name) == ("created", True, "")
    assert types(session) == ["session.created"]
    assert client.get(answer.url).status_code == 200


def test_it_reaches_the_first_question_with_the_second_click(client: Client) -> None:
    TemplateFactory(slug="databases")
    ready = client.post("/practice/databases/start").url
    form = Page(client.get(ready)).form("/start")
    answer = client.post(form.action, form.fields)
    session = only_session()
    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.pk}/")
    assert session.status == "active"
    write_question(session)
    room = client.get(answer.url).content.decode()
    assert "Question 1 of about 3" in room and "Planned question" in room


def test_it_waits_a_moment_for_the_question(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool writes it meanwhile; here a step of the waiting does."""
    TemplateFactory(slug="databases")
    client.post("/practice/databases/start")
    monkeypatch.setattr(waiting, "SECONDS", 5)
    monkeypatch.setattr(waiting.time, "sleep", lambda _: write_question(only_session()))
    client.post(f"/sessions/{only_session().pk}/start")
    assert fresh(only_session()).phase == "waiting_for_answer"


def test_it_uses_the_account_of_somebody_signed_in(client: Client, ann: User) -> None:
    TemplateFactory(slug="databases")
    client.force_login(ann)
    client.post("/practice/databases/start")
    assert only_session().candidate == ann
    assert User.objects.count() == 1


@pytest.mark.parametrize("slug", ["nowhere", "switched-off"])
def test_it_starts_nothing_that_is_not_offered(client: Client, slug: str) -> None:
    TemplateFactory(slug="switched-off", is_active=False)
    assert client.post(f"/practice/{slug}/start").status_code == 404
    assert not InterviewSession.objects.exists() and not User.objects.exists()


def test_it_never_starts_by_a_link(client: Client) -> None:
    TemplateFactory(slug="databases")
    assert client.get("/practice/databases/start").status_code == 405


@pytest.mark.parametrize(("choice", "seconds"), [("template", 1200), ("1.5", 1800), ("2", 2400), ("none", None)])
def test_it_takes_the_time_that_the_candidate_chose(client: Client, choice: str, seconds: int | None) -> None:
    TemplateFactory(slug="databases", time_limit_minutes=20)
    client.post("/practice/databases/start")
    session = only_session()
    assert client.post(f"/sessions/{session.pk}/start", {"time": choice}).status_code == 303
    session = fresh(session)
    assert (session.status, session.time_limit_seconds) == ("active", seconds)


def test_it_refuses_a_time_that_is_not_offered(client: Client, ann: User) -> None:
    session = created(ann, template_id=TemplateFactory().pk)
    client.force_login(ann)
    answer = client.post(f"/sessions/{session.pk}/start", {"time": "99"})
    page = Page(answer)
    assert answer.status_code == 400
    assert "#time" in page.links and "time" in page.ids
    assert fresh(session).status == "created"


def test_it_does_not_offer_more_than_three_hours(client: Client, ann: User) -> None:
    session = created(ann, template_id=TemplateFactory(time_limit_minutes=120).pk)
    client.force_login(ann)
    page = client.get(f"/sessions/{session.pk}/ready").content.decode()
    assert "120 minutes" in page and "180 minutes" in page and "240 minutes" not in page


def test_it_asks_for_consent_where_it_is_not_practice(client: Client, ann: User) -> None:
    session = created(ann)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=False)
    client.force_login(ann)
    refused = client.post(f"/sessions/{session.pk}/start")
    assert refused.status_code == 400 and "#agree" in Page(refused).links
    assert fresh(session).status == "created"
    assert client.post(f"/sessions/{session.pk}/start", {"agree": "yes"}).status_code == 303
    assert fresh(session).status == "active"


def test_it_shows_when_an_interview_opens_and_no_way_to_begin(client: Client, ann: User) -> None:
    session = created(ann, opens_at=timezone.now() + timedelta(days=1))
    client.force_login(ann)
    answer = client.get(f"/sessions/{session.pk}/ready")
    assert "Opens " in answer.content.decode()
    assert "start" not in Page(answer).offers(session.pk)


def test_it_leads_away_from_the_start_page_once_it_is_started(client: Client, ann: User) -> None:
    session = waiting_session(ann)
    client.force_login(ann)
    answer = client.get(f"/sessions/{session.pk}/ready")
    assert (answer.status_code, answer.url) == (302, f"/sessions/{session.pk}/")


def test_it_offers_to_continue_what_is_unfinished(client: Client, ann: User) -> None:
    session = paused(ann, questions=2)
    client.force_login(ann)
    page = Page(client.get("/"))
    assert "question 2 of about 6" in page.html
    assert "resume" in page.offers(session.pk)


def test_it_shows_a_stranger_nothing_to_continue(client: Client, ann: User, ben: User) -> None:
    paused(ann)
    client.force_login(ben)
    assert "Continue" not in client.get("/").content.decode()


def test_it_makes_guest_and_session_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    TemplateFactory(slug="databases")

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("sessions_app.services.guests.create_session", fails)
    with pytest.raises(RuntimeError):
        start_practice("databases", user=None)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_one_address_cannot_fill_the_database_with_guests(client, monkeypatch):
    template = TemplateFactory()
    monkeypatch.setattr("sessions_app.pages.views_start.GUESTS_PER_HOUR", 2)
    start = f"/practice/{template.slug}/start"
    for _ in range(2):
        assert Client().post(start).status_code == 303
    response = Client().post(start)
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert User.objects.filter(is_guest=True).count() == 2


def test_the_front_page_shows_six_and_leads_to_all(client: Client) -> None:
    for number in range(8):
        TemplateFactory(title=f"Interview {number}", position=number, questions=0)
    page = Page(client.get("/"))
    assert len([form for form in page.forms if form.action.endswith("/start")]) == 6
    assert "/practice/" in page.links


def test_it_starts_over_with_a_new_interview_and_keeps_the_old_one(client: Client, ann: User) -> None:
    template = TemplateFactory(slug="databases")
    session = paused(ann, template_id=template.pk)
    client.force_login(ann)
    page = Page(client.get("/"))
    assert "Start over" in page.html
    assert client.post("/practice/databases/start").status_code == 303
    assert fresh(session).status == "paused" and InterviewSession.objects.count() == 2


def test_it_offers_no_start_over_of_what_is_not_offered_any_more(client: Client, ann: User) -> None:
    template = TemplateFactory()
    paused(ann, template_id=template.pk)
    InterviewTemplate.objects.update(is_active=False)
    client.force_login(ann)
    assert "Start over" not in client.get("/").content.decode()


def test_it_leads_to_the_report_of_what_just_ran_out_of_time(client: Client, ann: User) -> None:
    session = expired(ann)
    client.force_login(ann)
    link = f"/sessions/{session.pk}/report"
    page = Page(client.get("/"))
    assert link in page.links and "Time ran out" in page.html
    InterviewSession.objects.update(ended_at=timezone.now() - timedelta(days=30))
    assert link not in Page(client.get("/")).links
    paused(ann)
    InterviewSession.objects.update(ended_at=timezone.now())
    assert link not in Page(client.get("/")).links
