"""Setting up a session by the form: what it keeps and refuses, that it makes one, and the page about what it made."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sessions_app.models import InterviewSession, Invitation, User
from tests import factories as f
from tests.page_forms import Page

pytestmark = pytest.mark.django_db
NEW = "/sessions/new"


@pytest.fixture
def sams(client: Client, sam: User) -> Client:
    client.force_login(sam)
    return client


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def fields(client: Client, address: str = NEW, **changed: Any) -> dict[str, Any]:
    """What the form sends as it stands, with what was typed; selects as their defaults."""
    found = Page(client.get(address)).form(NEW).fields
    found.pop("resume_file")
    chosen = {"accommodation": "0", "model_name": "built-in", "time_zone": "UTC"}
    return {**found, **chosen, "candidate_name": "Kim Lee"} | changed


def test_staff_create_a_session_and_get_its_link(sams: Client, sam: User) -> None:
    answer = sams.post(NEW, fields(sams, accommodation="50", opens_at="2030-07-01T09:00", time_zone="Europe/Berlin"))
    session = InterviewSession.objects.get()
    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.pk}/created")
    assert (session.candidate_name, session.created_by, session.candidate) == ("Kim Lee", sam, None)
    assert (session.time_limit_seconds, session.extra_seconds) == (2700, 1350)
    assert f.types(session) == ["session.created", "invitation.created"]
    page = sams.get(answer.url).content.decode()
    assert str(session.pk) in page and "45 min + 50 % extra time = 67 min" in page
    assert "Mon 1 Jul 2030, 09:00 (Europe/Berlin, UTC+2)" in page
    link = page.split('value="http://testserver')[1].split('"')[0]
    assert link.startswith("/invite/") and Client().get(link).status_code == 200
    assert sams.get(answer.url).content.decode().count(link) == 1  # a reload shows it again


def test_another_browser_is_not_shown_the_link_and_may_make_a_new_one(sams: Client, sam: User) -> None:
    address = sams.post(NEW, fields(sams)).url
    other = Client()
    other.force_login(sam)
    assert "/invite/" not in other.get(address).content.decode()
    assert other.post(address).status_code == 303
    assert "/invite/" in other.get(address).content.decode()
    assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_a_form_sent_twice_makes_one_session_and_one_invitation(sams: Client) -> None:
    sent = fields(sams, job_posting_text="Backend engineer")
    assert sams.post(NEW, sent).url == sams.post(NEW, sent).url
    assert (InterviewSession.objects.count(), Invitation.objects.count()) == (1, 1)


def test_all_errors_are_shown_together_and_values_are_kept(sams: Client) -> None:
    answer = sams.post(
        NEW, fields(sams, candidate_name=" ", candidate_email="nope", token_budget="7", challenge_text="Build it")
    )
    page = Page(answer)
    assert answer.status_code == 400
    assert page.links.count("#candidate_name") == page.links.count("#token_budget") == 1
    assert {"candidate_name-error", "candidate_email-error", "token_budget-error"} <= set(page.ids)
    kept = page.form(NEW).fields
    assert (kept["candidate_email"], kept["token_budget"]) == ("nope", "7")
    assert kept["challenge_text"].strip() == "Build it"
    assert {link[1:] for link in page.links if link.startswith("#")} <= {*page.ids, "practice"}
    assert not InterviewSession.objects.exists()


def test_a_template_fills_the_form_without_creating(sams: Client) -> None:
    template = f.TemplateFactory(time_limit_minutes=25, token_budget=9000, enabled_modes=["text", "code"])
    answer = sams.post(NEW, fields(sams, template_id=str(template.pk), do="fill"))
    kept = Page(answer).form(NEW).fields
    assert (answer.status_code, kept["time_limit_minutes"], kept["token_budget"]) == (200, "25", "9000")
    assert kept["candidate_name"] == "Kim Lee" and "about 6 exchanges" in answer.content.decode()
    assert not InterviewSession.objects.exists()


def test_the_challenge_is_previewed_clean(sams: Client) -> None:
    text = "# Task\n\n**Sort** it <script>alert(1)</script> [x](javascript:alert(1))"
    page = sams.post(NEW, fields(sams, challenge_text=text, do="preview")).content.decode()
    shown = page.split("data-preview>")[1].split("</div>")[0]
    assert "<h3>Task</h3>" in shown and "<strong>Sort</strong>" in shown
    assert "<script" not in shown and 'href="javascript' not in shown


def test_another_with_the_same_settings_is_filled_in_for_somebody_else(sams: Client, sam: User) -> None:
    session = f.created(sam, candidate_name="Kim", time_limit_minutes=25, accommodation_percent=35, token_budget=9000)
    kept = Page(sams.get(f"{NEW}?like={session.pk}")).form(NEW).fields
    assert (kept["candidate_name"], kept["time_limit_minutes"], kept["token_budget"]) == ("", "25", "9000")
    assert kept["accommodation_percent"] == "35"


def test_a_resume_is_uploaded_and_an_unreadable_one_is_told(sams: Client) -> None:
    good = SimpleUploadedFile("cv.txt", b"Kim Lee\nBuilt the billing service")
    sams.post(NEW, fields(sams, resume_file=good))
    assert "billing service" in InterviewSession.objects.get().resume.content
    bad = SimpleUploadedFile("cv.pdf", b"\x00\x01\x02 no file of ours")
    assert "resume_file-error" in Page(sams.post(NEW, fields(sams, resume_file=bad))).ids
    assert InterviewSession.objects.count() == 1


def test_candidates_set_up_practice_for_themselves(anns: Client, ann: User) -> None:
    sent = fields(anns)
    assert "candidate_email" not in sent and "opens_at" not in sent
    answer = anns.post(NEW, sent | {"candidate_email": "x@example.com", "opens_at": "2030-01-01T00:00"})
    session = InterviewSession.objects.get()
    assert answer.url == f"/sessions/{session.pk}/ready"
    assert (session.candidate, session.is_practice, session.opens_at) == (ann, True, None)
    assert session.candidate_email == "ann@example.com"
    assert anns.get(f"/sessions/{session.pk}/created").url == f"/sessions/{session.pk}/ready"


def test_others_are_refused(anns: Client, ann: User, sam: User, settings: Any) -> None:
    assert anns.get(f"{NEW}?like={f.created(sam).pk}").status_code == 404
    settings.SELF_SERVICE = False
    assert anns.get(NEW).status_code == anns.post(NEW, {}).status_code == 403
    guest = Client()
    guest.force_login(User.objects.create_guest(), backend="django.contrib.auth.backends.ModelBackend")
    assert guest.get(NEW).url.startswith("/login")
    assert Client().get(NEW).url.startswith("/login")
