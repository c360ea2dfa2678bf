"""Accounts: sign-up, sign-in, passwords; and the interviews of a guest come along."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from sessions_app.events import broken_links
from sessions_app.models import InterviewSession, JobPosting, Resume, User
from sessions_app.pages import waiting
from sessions_app.services.guests import move_guest
from tests import factories as f

pytestmark = pytest.mark.django_db

NEW = {"email": "New@Example.com", "password1": "quiet-harbour-94", "name": "Nia New"}


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SECONDS", 0)


@pytest.fixture
def guest_session(client: Client) -> InterviewSession:
    """What the browser of ``client`` has started as a guest."""
    f.TemplateFactory(slug="databases")
    client.post("/practice/databases/start")
    return InterviewSession.objects.get()


def test_it_signs_up_with_e_mail_and_password(client: Client) -> None:
    answer = client.post("/signup", NEW)
    user = User.objects.get()
    assert (answer.status_code, answer.url) == (302, "/sessions/")
    assert (user.email, user.name, user.is_guest) == ("new@example.com", "Nia New", False)
    assert client.get("/sessions/").status_code == 200


def test_it_needs_no_name(client: Client) -> None:
    client.post("/signup", NEW | {"name": ""})
    assert User.objects.get().display_name == "new"


def test_it_keeps_the_interviews_of_a_guest_who_signs_up(client: Client, guest_session: InterviewSession) -> None:
    guest_id = guest_session.candidate_id
    answer = client.post("/signup", NEW, follow=True)
    moved = f.fresh(guest_session)
    assert moved.candidate.email == "new@example.com"
    assert (moved.candidate_name, moved.candidate_email) == ("Nia New", "new@example.com")
    assert moved.created_by == moved.candidate
    assert f.types(moved)[-1] == "session.claimed"
    assert moved.events.last().actor == f"candidate:{moved.candidate_id}"
    assert not User.objects.filter(pk=guest_id).exists()
    assert "come along" not in answer.content.decode() and "in your account now" in answer.content.decode()
    assert client.get(f"/sessions/{moved.pk}/ready").status_code == 200


def test_it_keeps_the_interviews_of_a_guest_who_signs_in(
    client: Client, ann: User, guest_session: InterviewSession
) -> None:
    client.post("/login", {"login": "ANN@example.com", "password": f.PASSWORD})
    assert f.fresh(guest_session).candidate == ann


def test_it_moves_a_running_interview_and_what_was_made_for_it() -> None:
    guest, ann = User.objects.create_guest(), f.UserFactory()
    posting, resume = f.JobPostingFactory(owner=guest), f.ResumeFactory(owner=guest)
    session = f.waiting(guest, job_posting_id=posting.pk, resume_id=resume.pk)
    before = f.fresh(session)
    assert move_guest(guest.pk, to=ann) == 1
    after = f.fresh(session)
    assert after.candidate == ann and after.status == "active"
    assert (after.deadline, after.open_question_id) == (before.deadline, before.open_question_id)
    assert JobPosting.objects.get().owner == ann and Resume.objects.get().owner == ann
    assert list(broken_links(after)) == []


def test_it_moves_nothing_of_a_registered_person() -> None:
    ann, ben = f.UserFactory(), f.UserFactory()
    session = f.created(ann)
    assert move_guest(ann.pk, to=ben) == 0
    assert f.fresh(session).candidate == ann and User.objects.filter(pk=ann.pk).exists()


def test_it_moves_everything_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    guest, ann = User.objects.create_guest(), f.UserFactory()
    first, second = f.created(guest), f.created(guest)
    from sessions_app.services import guests

    real, calls = guests._claim, []

    def fails_later(change: Any, to: User) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError
        real(change, to)

    monkeypatch.setattr(guests, "_claim", fails_later)
    with pytest.raises(RuntimeError):
        move_guest(guest.pk, to=ann)
    assert {f.fresh(first).candidate, f.fresh(second).candidate} == {guest}


def test_it_remembers_a_guest_through_a_password_link(
    client: Client, ann: User, guest_session: InterviewSession
) -> None:
    client.post("/password/reset", {"email": ann.email})
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True)
    done = client.post(form.redirect_chain[-1][0], {"password1": "other-harbour-17", "password2": "other-harbour-17"})
    assert done.url == "/password/reset/finished"
    assert client.get(done.url).status_code == 200
    client.post("/login", {"login": ann.email, "password": "other-harbour-17"})
    assert f.fresh(guest_session).candidate == ann


def test_it_forgets_a_guest_who_signs_out(client: Client, ann: User, guest_session: InterviewSession) -> None:
    assert "nobody can open" in client.get("/logout").content.decode()
    client.post("/logout")
    client.post("/login", {"login": ann.email, "password": f.PASSWORD})
    assert f.fresh(guest_session).candidate != ann


def test_it_signs_out_only_by_a_form(client: Client, ann: User) -> None:
    client.force_login(ann)
    client.get("/logout")
    assert client.get("/sessions/").status_code == 200
    assert client.post("/logout").url == "/"
    assert client.get("/sessions/").status_code == 302


def test_it_says_that_address_and_password_do_not_belong_together(client: Client, ann: User) -> None:
    answer = client.post("/login", {"login": ann.email, "password": "wrong"})
    assert "do not belong together" in answer.content.decode()
    assert client.get("/sessions/").status_code == 302


def test_it_says_that_an_address_is_taken(client: Client, ann: User) -> None:
    answer = client.post("/signup", NEW | {"email": ann.email.upper()})
    assert answer.status_code == 200 and "Sign in with it." in answer.content.decode()
    assert User.objects.count() == 1


def test_it_refuses_a_weak_password(client: Client) -> None:
    answer = client.post("/signup", NEW | {"password1": "12345"})
    assert "too short" in answer.content.decode() and not User.objects.exists()


def test_it_says_the_same_for_an_address_without_an_account(client: Client) -> None:
    assert client.post("/password/reset", {"email": "nobody@example.com"}).url == "/password/reset/done"


def test_it_explains_a_used_password_link(client: Client) -> None:
    assert "This link is used up" in client.get("/password/reset/key/1-nonsense").content.decode()


def test_it_tells_a_locked_account(client: Client, ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert client.post("/login", {"login": ann.email, "password": f.PASSWORD}).status_code in (200, 302)
    assert client.get("/account/inactive").status_code == 200
    assert client.get("/sessions/").status_code == 302


@pytest.mark.parametrize(
    "path", ["/login", "/signup", "/password/reset", "/password/reset/done", "/password/reset/finished", "/logout"]
)
def test_it_shows_every_account_page_to_a_guest_in_our_frame(path: str, client: Client, guest_session: object) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "css/app.css" in answer.content.decode()


def test_it_changes_the_password_of_somebody_signed_in(client: Client, ann: User) -> None:
    client.force_login(ann)
    fields = {"oldpassword": f.PASSWORD, "password1": "other-harbour-17", "password2": "other-harbour-17"}
    assert client.get("/password/change").status_code == 200
    assert client.post("/password/change", fields).status_code == 302
    ann.refresh_from_db()
    assert ann.check_password("other-harbour-17")


def test_it_has_no_password_to_change_for_a_guest(client: Client, guest_session: object) -> None:
    assert client.get("/password/change", follow=True).status_code == 200


@pytest.mark.parametrize("target", ["//elsewhere.example", "https://elsewhere.example/"])
def test_it_never_leads_to_another_site(target: str, client: Client, ann: User) -> None:
    answer = client.post("/login", {"login": ann.email, "password": f.PASSWORD, "next": target})
    assert answer.url == "/sessions/"
