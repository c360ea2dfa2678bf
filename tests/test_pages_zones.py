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


@pytest.mark.parametrize(
    ("seconds", "words"), [(599, "10 minutes"), (299, "5 minutes"), (119, "2 minutes"), (59, "1 minute")]
)
def test_the_warning_stays_true_until_the_next(seconds: int, words: str, anns: Client, ann: User) -> None:
    session = f.waiting(ann, time_limit_minutes=20)
    leave(session, seconds)
    assert f"Less than {words} left." in anns.get(f"/sessions/{session.pk}/").content.decode()


def test_a_short_interview_is_not_warned_from_its_beginning(anns: Client, ann: User) -> None:
    session = f.waiting(ann, time_limit_minutes=5)
    leave(session, 290)
    assert "time-warning" not in Page(anns.get(f"/sessions/{session.pk}/")).ids


def test_a_candidate_whom_others_judge_is_led_to_ask_for_more(anns: Client, ann: User) -> None:
    session = f.waiting(ann, time_limit_minutes=20)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=False)
    leave(session, 290)
    link = f"/sessions/{session.pk}/ask?kind=extra_time"
    assert link not in Page(anns.get(f"/sessions/{session.pk}/")).links
    leave(session, 110)
    assert link in Page(anns.get(f"/sessions/{session.pk}/")).links


def test_a_paused_interview_near_its_end_still_offers_five_minutes(anns: Client, ann: User) -> None:
    session = f.waiting(ann, time_limit_minutes=20)
    leave(session, 100)
    anns.post(f"/sessions/{session.pk}/pause")
    page = Page(anns.get(f"/sessions/{session.pk}/"))
    assert "time-warning" not in page.ids and page.form("/extend")


def leave(session: InterviewSession, seconds: int) -> None:
    """Let the clock have so many seconds left."""
    session = f.fresh(session)
    back = (session.deadline - session.now) - timedelta(seconds=seconds)
    InterviewSession.objects.filter(pk=session.pk).update(
        running_since=session.running_since - back, deadline=session.deadline - back
    )


def test_a_room_that_asks_for_itself_uses_up_no_message(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    anns.post(f"/sessions/{session.pk}/extend")
    refresh = anns.get(f"/sessions/{session.pk}/", headers={"X-Room": "refresh"}).content.decode()
    assert "You have 5 minutes more." not in refresh
    assert "You have 5 minutes more." in anns.get(f"/sessions/{session.pk}/").content.decode()


# -- after the end, and the account ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["done", "transcript", "export.md", "export.txt"])
def test_what_is_kept_is_told_in_the_interviews_zone(page: str, anns: Client, ann: User) -> None:
    session = f.ended(ann)
    at = f.utc(2026, 11, 21, 8, 30)
    InterviewSession.objects.filter(pk=session.pk).update(time_zone="Asia/Tokyo", started_at=at)
    session.messages.update(completed_at=at)
    text = anns.get(f"/sessions/{session.pk}/{page}").content.decode()
    assert "21 Nov 2026, 17:30" in text and "08:30" not in text


def test_an_expired_interview_names_its_end_in_the_interviews_zone(anns: Client, ann: User) -> None:
    session = f.expired(ann)
    InterviewSession.objects.filter(pk=session.pk).update(time_zone="Asia/Tokyo", ended_at=f.utc(2026, 11, 21, 8, 30))
    assert "Time ran out at 17:30 JST." in anns.get(f"/sessions/{session.pk}/done").content.decode()


def test_the_account_page_keeps_the_zone(anns: Client, ann: User) -> None:
    form = Page(anns.get("/account/")).form("/zone")
    answer = anns.post(form.action, {**form.fields, "zone": "Europe/Berlin"})
    assert (answer.status_code, answer.url) == (303, "/account/")
    ann.refresh_from_db()
    assert ann.time_zone == "Europe/Berlin"
    assert '<option value="Europe/Berlin" selected>' in anns.get("/account/").content.decode()


def test_the_account_page_says_that_no_zone_is_kept(anns: Client) -> None:
    anns.cookies["tz"] = "Europe/Berlin"
    page = anns.get("/account/").content.decode()
    assert "Times are in Europe/Berlin" in page and " selected>" not in page
