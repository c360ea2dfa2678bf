"""Times are told in the reader's zone: the account's, the one chosen, the interview's, the browser's, the site's."""

from __future__ import annotations

from datetime import timedelta

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


def opening_session(ann: User, **fields: object) -> InterviewSession:
    session = f.created(ann)
    InterviewSession.objects.filter(pk=session.pk).update(opens_at=f.utc(2050, 1, 17, 8), **fields)
    return session


def ready(client: Client, session: InterviewSession) -> str:
    return client.get(f"/sessions/{session.pk}/ready").content.decode()


def test_it_says_when_an_interview_opens_in_the_browsers_zone(anns: Client, ann: User) -> None:
    session = opening_session(ann)
    assert "Mon 17 Jan, 08:00 your time (UTC)" in ready(anns, session)
    anns.cookies["tz"] = "Europe%2FBerlin"
    assert "Mon 17 Jan, 09:00 your time (Europe/Berlin, UTC+1)" in ready(anns, session)


def test_the_interviews_zone_goes_before_the_browsers_and_the_accounts_before_both(anns: Client, ann: User) -> None:
    session = opening_session(ann, time_zone="Asia/Tokyo")
    anns.cookies["tz"] = "Europe/Berlin"
    assert "17:00 your time (Asia/Tokyo, UTC+9)" in ready(anns, session)
    User.objects.filter(pk=ann.pk).update(time_zone="America/St_Johns")
    assert "04:30 your time (America/St_Johns, UTC−3:30)" in ready(anns, session)


def test_a_cookie_that_names_no_zone_is_no_zone(anns: Client, ann: User) -> None:
    anns.cookies["tz"] = "../etc/passwd"
    assert "08:00 your time (UTC)" in ready(anns, opening_session(ann))


def test_an_account_keeps_the_zone_that_was_chosen(anns: Client, ann: User) -> None:
    session = opening_session(ann)
    form = Page(anns.get(f"/sessions/{session.pk}/ready")).form("/zone")
    answer = anns.post(form.action, {**form.fields, "zone": "Europe/Berlin"})
    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.pk}/ready")
    ann.refresh_from_db()
    assert ann.time_zone == "Europe/Berlin"
    assert anns.post("/zone", {"zone": ""}).status_code == 303
    ann.refresh_from_db()
    assert ann.time_zone == ""


def test_a_guests_browser_keeps_it(client: Client) -> None:
    f.TemplateFactory(slug="databases")
    client.post("/practice/databases/start")
    client.post("/zone", {"zone": "Europe/Berlin"})
    assert client.cookies["zone"].value == "Europe/Berlin"
    assert "Times are in Europe/Berlin" in client.get("/sessions/").content.decode()
    client.post("/zone", {"zone": ""})
    assert client.cookies["zone"].value == ""


def test_it_refuses_what_is_no_zone_and_leads_nowhere_else(anns: Client) -> None:
    assert anns.post("/zone", {"zone": "Mars/Olympus"}).status_code == 400
    assert anns.post("/zone", {"zone": "UTC", "next": "https://example.org/"}).url == "/"


def test_the_zone_of_one_request_is_not_that_of_the_next(client: Client, ann: User, ben: User) -> None:
    User.objects.filter(pk=ann.pk).update(time_zone="Asia/Tokyo")
    client.force_login(ann)
    assert "Times are in Asia/Tokyo" in client.get("/sessions/").content.decode()
    client.force_login(ben)
    session = opening_session(ben)
    assert "08:00 your time (UTC)" in ready(client, session)


# -- the time to think -------------------------------------------------------------------------------------------------


def test_it_shows_a_fixed_time_with_what_makes_it_longer_and_why(anns: Client, ann: User) -> None:
    template = f.TemplateFactory(allows_time_choice=False, limit_reason="Everybody has the same time.")
    session = f.created(ann, template_id=template.pk)
    InterviewSession.objects.filter(pk=session.pk).update(accommodation_percent=50, extra_seconds=600)
    page = ready(anns, session)
    assert "20 min + 50 % extra time = 30 min" in page and "Everybody has the same time." in page
    assert 'name="time"' not in page


@pytest.mark.parametrize(("left", "warned", "offered"), [(900, False, False), (290, True, False), (100, True, True)])
def test_the_room_warns_near_the_end_and_offers_more_time(
    left: int, warned: bool, offered: bool, anns: Client, ann: User
) -> None:
    session = f.waiting(ann, time_limit_minutes=20)
    back = timedelta(seconds=1200 - left)
    InterviewSession.objects.filter(pk=session.pk).update(
        running_since=session.running_since - back, deadline=session.deadline - back
    )
    page = Page(anns.get(f"/sessions/{session.pk}/"))
    assert ("time-warning" in page.ids) == warned
    assert ("/extend" in page.html.partition('id="time-warning"')[2].partition("</div>")[0]) == offered
