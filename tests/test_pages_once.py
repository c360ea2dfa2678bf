"""A form that is sent twice, by a double click, the back button or a reload, does its work once and says so."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from sessions_app.models import InterviewSession, User
from sessions_app.pages import views_start, waiting
from tests import factories as f
from tests.page_forms import Page, room, without_reference

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SECONDS", 0)


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


# -- five minutes more -------------------------------------------------------------------------------------------------


def test_two_clicks_add_five_minutes_once(anns: Client, ann: User) -> None:
    session = f.nearly_over(f.waiting(ann))
    form = room(anns, session).form("/extend")
    pages = [anns.post(form.action, form.fields, follow=True).content.decode() for _ in range(2)]
    assert f.fresh(session).extra_seconds == 300 and f.fresh(session).extensions == 1
    assert f.types(session).count("time.extended") == 1
    assert all(page.count("You have 5 minutes more.") == 1 for page in pages)
    assert str(session.events.get(type="time.extended").data["once"]) == form.fields["key"]


def test_the_tenth_time_is_not_refused_to_the_second_click(anns: Client, ann: User) -> None:
    session = f.nearly_over(f.waiting(ann))
    InterviewSession.objects.filter(pk=session.pk).update(extensions=9)
    form = room(anns, session).form("/extend")
    pages = [anns.post(form.action, form.fields, follow=True).content.decode() for _ in range(2)]
    assert f.fresh(session).extensions == 10
    assert all("You have 5 minutes more." in page and "as often as you can" not in page for page in pages)


def test_the_next_page_adds_again(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    for times in (1, 2):
        f.nearly_over(session)
        form = room(anns, session).form("/extend")
        anns.post(form.action, form.fields)
        assert f.fresh(session).extensions == times


@pytest.mark.parametrize("key", ["", "x", "a" * 5000, "../"])
def test_what_is_no_key_stays_out_of_the_log(key: str, anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    assert anns.post(f"/sessions/{session.pk}/extend", {"key": key}).status_code == 303
    assert set(session.events.get(type="time.extended").data) == {"code", "milliseconds"}


# -- taken again -------------------------------------------------------------------------------------------------------


def test_two_clicks_or_the_back_button_make_one_retake(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    form = Page(anns.get(f"/sessions/{session.pk}/done")).form("/retake")
    answers = [anns.post(form.action, form.fields).url for _ in range(3)]
    again = InterviewSession.objects.get(retake_of=session)
    assert answers == [f"/sessions/{again.pk}/ready"] * 3
    assert f.types(again) == ["session.created"]


def test_a_retake_that_has_begun_is_not_in_the_way_of_another(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    first = anns.post(f"/sessions/{session.pk}/retake").url.split("/")[2]
    anns.post(f"/sessions/{first}/start")
    second = anns.post(f"/sessions/{session.pk}/retake").url.split("/")[2]
    assert first != second and session.retakes.count() == 2


# -- deleted -----------------------------------------------------------------------------------------------------------


def test_the_second_click_is_told_that_it_is_deleted(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    form = Page(anns.get(f"/sessions/{session.pk}/delete")).form("/delete")
    for _ in range(2):
        answer = anns.post(form.action, form.fields, follow=True)
        assert answer.redirect_chain == [("/sessions/", 303)]
        assert "were deleted." in answer.content.decode()
    assert f.types(session).count("session.erased") == 1


def test_nobody_else_is_told_anything(anns: Client, ann: User, ben: User) -> None:
    session = f.ended(ann)
    form = Page(anns.get(f"/sessions/{session.pk}/delete")).form("/delete")
    anns.post(form.action, form.fields)
    bens = Client()
    bens.force_login(ben)
    missing = bens.post(f"/sessions/{uuid.uuid4()}/delete", form.fields)
    assert without_reference(bens.post(form.action, form.fields)) == without_reference(missing)
    assert anns.post(form.action, {"key": ""}).status_code == 404
    assert anns.get(form.action).status_code == 404


def test_a_key_is_good_for_its_own_interview_only(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    form = Page(anns.get(f"/sessions/{session.pk}/delete")).form("/delete")
    assert anns.post(f"/sessions/{uuid.uuid4()}/delete", form.fields).status_code == 404


# -- begun -------------------------------------------------------------------------------------------------------------


def test_two_clicks_begin_once_and_neither_is_refused(anns: Client, ann: User) -> None:
    session = f.created(ann)
    form = Page(anns.get(f"/sessions/{session.pk}/ready")).form("/start")
    for _ in range(2):
        answer = anns.post(form.action, form.fields, follow=True)
        assert "notice--warning" not in answer.content.decode()
    assert f.types(session).count("session.started") == 1
    assert f.types(session).count("operation.queued") == 1


def test_two_clicks_at_the_same_moment_begin_once(anns: Client, ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one begins between our look at the session and our own beginning."""
    session = f.created(ann, template_id=f.TemplateFactory().pk)
    real = views_start.choice_named

    def meanwhile(*arguments: object) -> object:
        f.sessions.start_session(session.pk)
        monkeypatch.setattr(views_start, "choice_named", real)
        return real(*arguments)

    monkeypatch.setattr(views_start, "_wrong_fields", lambda *_: [])
    monkeypatch.setattr(views_start, "choice_named", meanwhile)
    answer = anns.post(f"/sessions/{session.pk}/start", {"time": "2"}, follow=True)
    assert "notice--warning" not in answer.content.decode()
    assert f.types(session).count("session.started") == 1
    assert f.fresh(session).time_limit_seconds == 1200


def test_the_start_page_of_a_begun_interview_leads_to_its_room(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    assert anns.get(f"/sessions/{session.pk}/ready").url == f"/sessions/{session.pk}/"
