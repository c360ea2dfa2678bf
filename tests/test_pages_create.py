"""Setting up a session by the form: what it keeps and refuses, that it makes one, and the page about what it made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sessions_app.models import InterviewSession, Invitation, OutgoingMessage, User
from sessions_app.services import outbox
from tests import factories as f
from tests.page_forms import Page
from tests.test_resume_files import line, pdf

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
    found.pop("resume_file"), found.pop("job_posting_file")
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
    template, posting = f.TemplateFactory(), f.JobPostingFactory(owner=sam)
    settings = {
        "time_limit_minutes": 25,
        "accommodation_percent": 35,
        "token_budget": 9000,
        "planned_questions": 4,
        "template_id": template.pk,
        "job_posting_id": posting.pk,
        "language": "de",
        "auto_advance": False,
        "enabled_modes": ["text", "code"],
        "challenge_text": "Build it",
        "time_zone": "Europe/Berlin",
        "opens_at": "2030-07-01T09:00",
        "closes_at": "2030-07-02T09:00",
    }
    session = f.created(sam, candidate_name="Kim", candidate_email="kim@example.com", **settings)
    type(template).objects.update(is_active=False)  # what is not offered any more stays chosen
    page = Page(sams.get(f"{NEW}?like={session.pk}"))
    kept = page.form(NEW).fields
    assert (kept["candidate_name"], kept["candidate_email"], kept["accommodation_percent"]) == ("", "", "35")
    assert f'value="{template.pk}" selected' in " ".join(page.html.split())
    again = {name: kept[name] for name in kept if not name.endswith("_file")} | {
        "candidate_name": "Bo",
        "accommodation": "custom",
        "model_name": "built-in",
        "time_zone": "Europe/Berlin",
        "template_id": str(template.pk),
        "job_posting_id": str(posting.pk),
        "enabled_modes": ["text", "code"],
    }
    assert sams.post(NEW, again).status_code == 303
    other = InterviewSession.objects.exclude(pk=session.pk).get()
    own = {"id", "candidate_name", "candidate_email", "plan", "version", "created_at", "updated_at", "last_activity_at"}
    same = [
        field.attname for field in InterviewSession._meta.fields if field.name not in {*own, "last_seq", "last_hash"}
    ]
    assert {name: getattr(other, name) for name in same} == {name: getattr(f.fresh(session), name) for name in same}


@pytest.mark.parametrize(("field", "into"), [("resume_file", "resume"), ("job_posting_file", "job_posting")])
def test_a_file_is_uploaded_and_an_unreadable_one_is_told(sams: Client, field: str, into: str) -> None:
    good = SimpleUploadedFile("cv.txt", b"Kim Lee\nBuilt the billing service")
    sams.post(NEW, fields(sams, **{field: good}))
    row = getattr(InterviewSession.objects.get(), into)
    assert "billing service" in (row.content if into == "resume" else row.description) and row.flags == []
    assert into == "resume" or row.title == "Kim Lee"
    bad = SimpleUploadedFile("cv.pdf", b"\x00\x01\x02 no file of ours")
    answer = sams.post(NEW, fields(sams, **{field: bad}))
    assert f"{field}-error" in Page(answer).ids and "paste the text instead" in answer.content.decode()
    large = SimpleUploadedFile("cv.txt", b"x" * (5 * 1024 * 1024 + 1))
    assert "larger than 5 MB. Save a smaller one" in sams.post(NEW, fields(sams, **{field: large})).content.decode()
    assert InterviewSession.objects.count() == 1


def test_a_posting_must_fit_and_is_chosen_pasted_or_uploaded(sams: Client) -> None:
    long = SimpleUploadedFile("job.txt", b"x " * 15_000)
    assert "at most 20,000 fit" in sams.post(NEW, fields(sams, job_posting_file=long)).content.decode()
    both = {"job_posting_file": SimpleUploadedFile("job.txt", b"Backend"), "job_posting_text": "Frontend"}
    assert "not two of these" in sams.post(NEW, fields(sams, **both)).content.decode()
    assert not InterviewSession.objects.exists()


def test_what_hides_in_a_file_is_told_to_staff_in_the_form_after_an_error_and_on_the_page_after(sams: Client) -> None:
    job, cv = (pdf(line(words), line(before="3 Tr", y=600)) for words in ("Backend engineer", "Ann Smith"))
    files = {"resume_file": SimpleUploadedFile("cv.pdf", cv), "job_posting_file": SimpleUploadedFile("job.pdf", job)}
    shown = sams.post(NEW, fields(sams, candidate_name="", **files))
    assert shown.content.decode().count("Has text that people who look at the file cannot see") == 2
    kept = Page(shown).form(NEW).fields
    again = {name: kept[name] for name in kept if not name.endswith("_file")}
    defaults = {"accommodation": "0", "model_name": "built-in", "time_zone": "UTC", "candidate_name": "Kim"}
    page = sams.post(NEW, again | defaults, follow=True).content.decode()
    session = InterviewSession.objects.get()
    assert session.resume.flags == session.job_posting.flags == ["hidden_text"]
    assert session.resume.source_name == "cv.pdf"
    assert page.count("Has text that people who look at the file cannot see") == 2
    assert "(its file hides something)" in sams.get(NEW).content.decode()
    console = sams.get(f"/admin/sessions_app/interviewsession/{session.pk}/change/").content.decode()
    assert "The job posting: Has text" in console and "The résumé: Has text" in console


def test_candidates_are_not_told_what_staff_are_told_and_cannot_make_flags_up(anns: Client) -> None:
    shown = anns.post(NEW, fields(anns, candidate_name="", resume_data="Text", resume_flags="hidden_text,<b>"))
    assert "cannot see" not in shown.content.decode()
    anns.post(NEW, fields(anns, resume_data="Text", resume_flags="hidden_text,<b>"))
    assert InterviewSession.objects.get().resume.flags == ["hidden_text"]


# -- the page about what was made --------------------------------------------------------------------------------------


def send(client: Client, page: Any) -> Any:
    """Press *Send e-mail*, as often as it is clicked before the next page appears."""
    form = next(form for form in Page(page).forms if any(b.get("value") == "send" for b in form.buttons))
    return client.post(form.action, {"do": "send", "invitation": form.fields["invitation"]}, follow=True)


def test_send_e_mail_sends_the_link_that_is_shown_once(sams: Client, settings: Any, mailoutbox: Any) -> None:
    settings.SENDS_LETTERS = True
    page = sams.post(NEW, fields(sams, candidate_email="kim@example.com"), follow=True)
    assert "Nothing has been sent to <bdi>kim@example.com</bdi> yet." in " ".join(page.content.decode().split())
    assert not OutgoingMessage.objects.exists()
    for _click in range(2):
        told = send(sams, page).content.decode()
    assert "The invitation goes to <bdi>kim@example.com</bdi>" in " ".join(told.split()) and "Send e-mail" not in told
    assert OutgoingMessage.objects.count() == 1
    session = InterviewSession.objects.get()
    assert f.types(session) == ["session.created", "invitation.created", "invitation.sent"]
    outbox.send_due()
    link = told.split('value="http://testserver')[1].split('"')[0]
    assert link in mailoutbox[0].body and mailoutbox[0].to == ["kim@example.com"]
    assert "The invitation was sent to" in sams.get(f"/sessions/{session.pk}/created").content.decode()


def test_another_browser_sends_a_new_link_once(sams: Client, sam: User, settings: Any, mailoutbox: Any) -> None:
    settings.SENDS_LETTERS = True
    address = sams.post(NEW, fields(sams, candidate_email="kim@example.com")).url
    other = Client()
    other.force_login(sam)
    page = other.get(address)
    assert "The letter will have a new link" in page.content.decode()
    for _click in range(2):
        send(other, page)
    outbox.send_due()
    assert len(mailoutbox) == OutgoingMessage.objects.count() == 1
    assert Invitation.objects.filter(revoked_at=None).count() == 1
    assert "/invite/" not in sams.get(address).content.decode()  # the old link is dead, so it is not shown


def test_without_a_mail_server_the_letter_is_kept_and_that_is_said(sams: Client, settings: Any) -> None:
    settings.SENDS_LETTERS = False
    told = send(sams, sams.post(NEW, fields(sams, candidate_email="kim@example.com"), follow=True)).content.decode()
    assert "No mail server is set up, so nothing was sent" in told
    assert OutgoingMessage.objects.get().is_held


def test_without_an_address_the_button_is_off_and_says_why(sams: Client) -> None:
    page = sams.post(NEW, fields(sams), follow=True)
    html = " ".join(page.content.decode().split())
    assert "No address was given, so there is nobody to write to." in html
    button = html.split('value="send"')[1].split(">")[0]
    assert "disabled" in button and 'aria-describedby="send-help"' in button
    assert "There is no address to write to. Copy the link" in send(sams, page).content.decode()
    assert not OutgoingMessage.objects.exists()


def test_a_form_sent_twice_shows_its_link_though_the_first_answer_was_lost(sams: Client, sam: User) -> None:
    sent, other = fields(sams), Client()
    other.force_login(sam)
    first = sams.post(NEW, sent, follow=True).content.decode()
    second = other.post(NEW, sent, follow=True).content.decode()
    assert first.split("/invite/")[1][:40] == second.split("/invite/")[1][:40]


def test_the_estimate_has_every_plural_form_of_the_language(sams: Client) -> None:
    page = sams.get(NEW)
    assert page.context["estimate"] == "This budget pays for about 38 exchanges."
    forms = json.loads(page.context["estimates"])
    assert forms["one"] == "This budget pays for about {count} exchange."
    assert forms["other"] == "This budget pays for about {count} exchanges."


# -- candidates --------------------------------------------------------------------------------------------------------


def test_candidates_set_up_practice_for_themselves(anns: Client, ann: User) -> None:
    sent = fields(anns)
    assert "candidate_email" not in sent and "opens_at" not in sent
    assert "so it needs no opening and closing times" in anns.get(NEW).content.decode()
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
