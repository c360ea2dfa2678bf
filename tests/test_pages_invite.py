"""The page behind an invitation's link: the window in the reader's zone, and another zone without a script."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_app.models import CandidateRequest, InterviewSession, Invitation, User
from tests import factories as f
from tests.invited import invited
from tests.page_forms import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(sam: User) -> str:
    """To an interview that is open on a Monday in winter from 8 to 17 o'clock UTC."""
    invitation, token = invited(sam)
    rows = InterviewSession.objects.filter(pk=invitation.session_id)
    rows.update(opens_at=f.utc(2050, 1, 17, 8), closes_at=f.utc(2050, 1, 17, 17))
    return f"/invite/{token}/"


def choose(client: Client, link: str, zone: str) -> str:
    """What the page says after its own form was sent."""
    form = Page(client.get(link)).form("/zone")
    answer = client.post(form.action, {**form.fields, "zone": zone})
    assert (answer.status_code, answer.url) == (303, link)
    return client.get(link).content.decode()


def test_somebody_unknown_reads_the_window_in_the_zone_they_choose(client: Client, link: str) -> None:
    assert "Open Mon 17 Jan 2050, 08:00–17:00 (UTC)." in client.get(link).content.decode()
    assert "Open Mon 17 Jan 2050, 09:00–18:00 (Europe/Berlin, UTC+1)." in choose(client, link, "Europe/Berlin")
    assert client.cookies["zone"].value == "Europe/Berlin"
    assert not User.objects.filter(is_guest=True).exists()


def test_the_choice_goes_before_the_interviews_zone_and_can_be_taken_back(client: Client, link: str) -> None:
    InterviewSession.objects.update(time_zone="Asia/Tokyo")
    page = client.get(link).content.decode()
    assert "17:00 (Asia/Tokyo, UTC+9)" in page and '<option value="">The interview’s own</option>' in page
    assert "(America/St_Johns, UTC−3:30)" in choose(client, link, "America/St_Johns")
    assert "(Asia/Tokyo, UTC+9)" in choose(client, link, "")


def test_an_account_keeps_the_zone_chosen_there(client: Client, ann: User, link: str) -> None:
    client.force_login(ann)
    InterviewSession.objects.update(candidate=ann)
    assert "(Europe/Berlin, UTC+1)" in choose(client, link, "Europe/Berlin")
    ann.refresh_from_db()
    assert ann.time_zone == "Europe/Berlin"


def test_the_offset_is_that_of_the_day_and_not_of_today(client: Client, link: str) -> None:
    InterviewSession.objects.update(opens_at=f.utc(2050, 7, 18, 8), closes_at=f.utc(2050, 7, 18, 17))
    assert "Mon 18 Jul 2050, 10:00–19:00 (Europe/Berlin, UTC+2)" in choose(client, link, "Europe/Berlin")


def test_choosing_a_zone_neither_opens_nor_joins(client: Client, link: str) -> None:
    client.get(link)
    before = InterviewSession.objects.values().get()
    choose(client, link, "Europe/Berlin")
    assert InterviewSession.objects.values().get() == before


def test_the_link_leads_back_to_this_site_only(client: Client, link: str) -> None:
    client.get(link)
    assert client.post("/zone", {"zone": "UTC", "next": "https://example.org/"}).url == "/"
    assert client.post("/zone", {"zone": "Mars/Olympus"}).status_code == 400


# -- what was asked for ------------------------------------------------------------------------------------------------


@pytest.fixture
def answered(link: str) -> str:
    """A link behind which staff have answered a request."""
    session = InterviewSession.objects.get()
    CandidateRequest.objects.create(
        session=session, kind="human", status="declined", answer="Ring Mr Ek instead.", created_at=session.created_at
    )
    return link


@pytest.mark.parametrize("how", ["revoked_at", "expires_at"])
def test_a_dead_link_shows_neither_page(client: Client, answered: str, how: str) -> None:
    Invitation.objects.update(**{how: f.utc(2020, 1, 1)})
    for page in (client.get(answered), client.get(f"{answered}ask"), client.post(f"{answered}ask", {"kind": "human"})):
        assert page.status_code == 410 and b"Ring Mr Ek" not in page.content


def test_whoever_may_join_reads_the_answers(client: Client, answered: str) -> None:
    InterviewSession.objects.update(opens_at=None, closes_at=None)
    for page in (client.get(answered), client.get(f"{answered}ask")):
        assert "Ring Mr Ek instead." in page.content.decode()


def test_somebody_else_who_is_signed_in_reads_no_answers(client: Client, answered: str, ben: User) -> None:
    client.force_login(ben)
    for page in (client.get(answered), client.get(f"{answered}ask")):
        assert (page.status_code, b"Ring Mr Ek" in page.content) == (200, False)


def test_the_candidate_reads_them_after_the_end_too(client: Client, answered: str, ann: User) -> None:
    InterviewSession.objects.update(candidate=ann, status="completed")
    client.force_login(ann)
    assert "Ring Mr Ek instead." in client.get(answered).content.decode()


def test_company_and_role_are_told_with_a_posting_and_without(client: Client, sam: User, settings: Any) -> None:
    template = f.TemplateFactory(title="Databases", is_practice=False)
    posting = f.JobPostingFactory(owner=sam, title="Backend engineer", company="Acme")
    _, with_posting = invited(sam, template_id=template.pk, job_posting_id=posting.pk)
    _, without = invited(sam, template_id=template.pk)
    page = client.get(f"/invite/{with_posting}/").content.decode()
    assert "Databases" in page and "The role: <bdi>Backend engineer</bdi>" in page and "<bdi>Acme</bdi>" in page
    assert "The role:" not in client.get(f"/invite/{without}/").content.decode()
    settings.ORGANISATION = "Northwind"
    page = client.get(f"/invite/{without}/").content.decode()
    assert "· <bdi>Northwind</bdi>" in page and "<bdi>Northwind</bdi>’s hiring team" in page
    assert "<bdi>Acme</bdi>" in client.get(f"/invite/{with_posting}/").content.decode()
