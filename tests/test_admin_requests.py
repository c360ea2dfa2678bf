"""The console's queue of what candidates ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission

from sessions_app.access import Actor
from sessions_app.models import CandidateRequest
from sessions_app.services import candidate_requests

from .factories import UserFactory, fresh
from .invited import assessed
from .test_admin import _count_queries

pytestmark = pytest.mark.django_db
LIST = "/admin/sessions_app/candidaterequest/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


def asked(staff, kind="extra_time", text="I read slowly.", **config):
    return candidate_requests.ask(assessed(staff, **config).pk, kind, text)


def page(row):
    return f"{LIST}{row.pk}/change/"


def answer(client, row, do, follow=True, **form):
    return client.post(page(row), {"do": do, **form}, follow=follow)


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_open_ones_come_first_and_the_oldest_of_them(console, sam):
    done, old, new = asked(sam), asked(sam, "human"), asked(sam, "adjustment")
    candidate_requests.decline(done.pk, actor=Actor(sam), answer="No.")
    CandidateRequest.objects.filter(pk=old.pk).update(created_at=old.created_at - timedelta(days=1))
    response = console.get(LIST)
    assert list(response.context["cl"].result_list) == [old, new, done]
    html = response.content.decode()
    for words in ("A human interview", "chip--clock", "Open", "chip--cancelled", "Declined", "I read slowly."):
        assert words in html


def test_it_costs_as_many_queries_for_10_rows_as_for_1(console, sam, django_assert_num_queries):
    asked(sam)
    queries = _count_queries(console, LIST)
    for _ in range(9):
        asked(sam)
    with django_assert_num_queries(queries):
        console.get(LIST)


def test_home_and_sidebar_count_the_open_ones(console, sam):
    assert "Needs you" not in console.get("/admin/").content.decode()
    first, _ = asked(sam), asked(sam, "human")
    home = console.get("/admin/").content.decode()
    assert "Requests (2 open)" in home and "2 requests of candidates" in home
    candidate_requests.grant(first.pk, minutes=10, actor=Actor(sam))
    assert "Requests (1 open)" in console.get("/admin/sessions_app/invitation/").content.decode()
    assert "1 request of candidates" in console.get("/admin/").content.decode()


def test_granting_time_adds_it_and_tells_the_candidate(console, sam):
    row = asked(sam)
    html = console.get(page(row)).content.decode()
    assert "I read slowly." in html and 'name="minutes"' in html
    response = answer(console, row, "grant", minutes="9", answer="Take your time.")
    assert response.redirect_chain == [(LIST, 302)] and said(response) == ["More time: granted."]
    row.refresh_from_db()
    assert (row.status, row.answer, row.handled_by) == ("granted", "Take your time.", sam)
    assert fresh(row.session).accommodation_percent == 20
    assert "Take your time." in console.get(page(row)).content.decode()
    assert 'name="minutes"' not in console.get(page(row)).content.decode()


@pytest.mark.parametrize("minutes", ["", "0", "-5", "x", "²", "99999", "1441"])
def test_minutes_out_of_range_answer_nothing_and_keep_the_words(console, sam, minutes):
    row = asked(sam)
    response = answer(console, row, "grant", minutes=minutes, answer="Take your time.")
    html = response.content.decode()
    assert "Choose 1 to 1440 minutes." in html and "Take your time.</textarea>" in html
    row.refresh_from_db()
    assert row.status == "open" and fresh(row.session).accommodation_percent == 0


def test_declining_needs_words(console, sam):
    row = asked(sam, "human")
    assert 'name="minutes"' not in console.get(page(row)).content.decode()
    assert "Say why; the candidate reads it." in answer(console, row, "decline", answer=" ").content.decode()
    assert said(answer(console, row, "decline", answer="Nobody is free.")) == ["A human interview: declined."]
    row.refresh_from_db()
    assert (row.status, row.answer) == ("declined", "Nobody is free.")


def test_other_wishes_are_granted_without_minutes(console, sam):
    row = asked(sam, "adjustment")
    assert said(answer(console, row, "grant", minutes="5")) == ["An adjustment: granted."]


@pytest.mark.parametrize("do", ["grant", "decline"])
def test_the_second_click_is_told_that_it_is_answered(console, sam, do):
    row = asked(sam)
    answer(console, row, "grant", minutes="9")
    response = answer(console, row, do, minutes="9", answer="Again")
    assert said(response) == ["This request is answered already. Look at the answer."]
    assert response.redirect_chain == [(page(row), 302)]
    assert fresh(row.session).accommodation_percent == 20


def test_who_may_only_look_cannot_answer(client, sam):
    row = asked(sam)
    viewer = UserFactory(email="vera@example.com", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_candidaterequest"))
    client.force_login(viewer)
    html = client.get(page(row)).content.decode()
    assert "I read slowly." in html and "Grant" not in html
    assert answer(client, row, "decline", answer="No").status_code == 403
    row.refresh_from_db()
    assert row.status == "open"
    client.force_login(UserFactory(email="nobody@example.com", is_staff=True))
    assert client.get(page(row)).status_code == 403


def test_what_is_not_there_is_not_found(console, sam):
    assert console.get(f"{LIST}0193d000-0000-7000-8000-000000000000/change/").status_code == 404
    assert console.get(f"{LIST}nonsense/change/").status_code == 404


def test_words_are_escaped(console, sam):
    row = asked(sam, text="<script>alert(1)</script>")
    for address in (LIST, page(row)):
        assert "<script>alert" not in console.get(address).content.decode()
