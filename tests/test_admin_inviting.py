"""*Invite people* in the console: form, preview, confirmation, links."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from sessions_app.models import InterviewSession, Invitation, OutgoingMessage
from sessions_app.services import inviting
from sessions_app.services.sweep import sweep

from .factories import UserFactory
from .invited import by_template

pytestmark = pytest.mark.django_db

INVITE = "/admin/sessions_app/invitation/invite/"
LINKS = "/admin/sessions_app/invitation/links.csv"
LIST = """name,email,accommodation_percent
Kim Lee,kim@example.com,50
Bo,bo@nowhere,
Al,al@example.com,7
,di@example.com,
Ed,kim@example.com,
"""


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


def fields_of(template, **typed):
    return {"template": template.pk if template else "", "by": "link", "skip_invited": "on", **typed}


def preview(client, template, **typed):
    return client.post(INVITE, fields_of(template, do="preview", **typed))


def confirm(client, shown):
    """Press the button of a preview, with what its form holds."""
    form = shown.context["form"]
    held = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    return client.post(INVITE, {**held, "batch": shown.context["batch"], "do": "confirm"}, follow=True)


def text(response):
    return " ".join(response.content.decode().split())


def links_in(html):
    return re.findall(r'value="(http://testserver/invite/[^"]+)"', html)


def test_nothing_is_stored_before_the_confirmation(console, sam):
    template = by_template(sam)
    assert console.get(f"{INVITE}?template={template.pk}").context["form"]["template"].value() == str(template.pk)
    shown = preview(console, template, name="Kim Lee", email="kim@example.com")
    assert "Invite 1 person" in text(shown) and "Kim Lee" in text(shown)
    assert not InterviewSession.objects.exists() and not Invitation.objects.exists()


def test_one_person_gets_a_link_that_is_shown_once(console, client, sam):
    template = by_template(sam)
    shown = preview(console, template, name="Kim Lee", email="kim@example.com", accommodation_percent="50")
    html = text(confirm(console, shown))
    (link,) = links_in(html)
    assert "Done: 1 link made" in html
    session = InterviewSession.objects.get()
    assert (session.candidate_name, session.accommodation_percent, session.template) == ("Kim Lee", 50, template)
    assert session.is_practice is False and session.created_by == sam
    assert not OutgoingMessage.objects.exists()
    assert client.get(link.removeprefix("http://testserver")).status_code == 200


def test_by_letter(console, sam, settings):
    settings.SENDS_LETTERS = True
    shown = preview(console, by_template(sam), name="Kim Lee", email="kim@example.com", by="letter")
    assert "Letter" in text(shown)
    confirm(console, shown)
    assert OutgoingMessage.objects.get().to == "kim@example.com"


def test_every_wrong_row_is_told_by_line_field_and_sentence(console, sam):
    template = by_template(sam)
    shown = preview(console, template, people=LIST)
    html = text(shown)
    assert "1 of 5 can be invited" in html and "Invite 1 person" in html
    for line, words in ((3, "Enter an address"), (4, "in steps of 5"), (5, "Enter the candidate"), (6, "in row 2")):
        row = re.search(rf"<tr class=\"wrong\">\s*<td data-name=\"Line\">{line}</td>.*?</tr>", html)
        assert row and words in row.group(0), line
    html = text(confirm(console, shown))
    assert "Done: 1 link made" in html and "4 were not invited" in html
    assert list(Invitation.objects.values_list("email", flat=True)) == ["kim@example.com"]


def test_a_file_is_read_as_the_list_and_kept(console, sam):
    template = by_template(sam)
    upload = SimpleUploadedFile("people.csv", "\ufeffname;email\nJürgen;j@example.com\n".encode())
    shown = preview(console, template, file=upload)
    assert "Jürgen" in text(shown)
    assert "Done: 1 link made" in text(confirm(console, shown))
    upload = SimpleUploadedFile("people.csv", "Jürgen,j@example.com".encode("latin-1"))
    refused = text(preview(console, template, file=upload))
    assert "CSV UTF-8" in refused and "Nothing was sent" in refused


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({}, "name", "Enter a name, or a list of people."),
        ({"name": "Kim", "people": "name\nBo"}, "people", "not both"),
        ({"people": "name,phone\nKim,1"}, "people", "The first line names the columns"),
        ({"name": "Kim", "email": "kim"}, "email", "Enter an address"),
        ({"email": "kim@example.com"}, "name", "Enter the candidate"),
        ({"name": "Kim", "time_zone": "Mars/Base"}, "time_zone", "Choose a time zone"),
        ({"name": "Kim", "opens_at": "2030-01-02T09:00", "closes_at": "2030-01-01T09:00"}, "closes_at", "before"),
        ({"name": "Kim", "closes_at": "2001-01-01T09:00"}, "closes_at", "in the past"),
        ({"name": "Kim", "accommodation_percent": "7"}, "accommodation_percent", "steps of 5"),
        ({"name": "Kim", "language": "german"}, "language", "such as en or de"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_is_kept(console, sam, typed, field, words):
    response = console.post(INVITE, fields_of(by_template(sam), do="preview", **typed))
    assert any(words in sentence for sentence in response.context["form"].errors[field])
    for name, value in typed.items():
        assert response.context["form"][name].value() == value
    assert not Invitation.objects.exists()


def test_an_interview_must_be_chosen(console, sam):
    gone = by_template(sam, is_active=False)
    assert "Choose the interview." in text(preview(console, None, name="Kim"))
    assert "Choose an interview that is offered." in text(preview(console, gone, name="Kim"))


def test_change_something_leads_back_with_what_was_typed(console, sam):
    template = by_template(sam)
    typed = fields_of(template, people=LIST, language="de", do="edit") | {"by": "letter"}
    typed.pop("skip_invited")
    form = console.post(INVITE, typed).context["form"]
    assert not form.is_bound
    assert (form["people"].value(), form["language"].value(), form["by"].value()) == (LIST, "de", "letter")
    assert form["skip_invited"].value() is False


def test_confirming_twice_invites_once_and_shows_the_same_links(console, sam):
    shown = preview(console, by_template(sam), people="name\nKim\nBo")
    first, second = text(confirm(console, shown)), text(confirm(console, shown))
    assert len(links_in(first)) == 2 and links_in(second) == links_in(first)
    assert Invitation.objects.count() == InterviewSession.objects.count() == 2


def test_another_list_is_another_confirmation(console, sam):
    template = by_template(sam)
    for name in ("Kim", "Bo"):
        text(confirm(console, preview(console, template, people=f"name\n{name}")))
    assert set(InterviewSession.objects.values_list("candidate_name", flat=True)) == {"Kim", "Bo"}


def test_whoever_is_invited_already_is_skipped_unless_staff_say_otherwise(console, sam):
    template = by_template(sam)
    confirm(console, preview(console, template, name="Kim", email="kim@example.com"))
    again = preview(console, template, people="name,email\nKim,KIM@example.com\nBo,bo@example.com")
    assert "1 of 2 can be invited" in text(again) and "Has an open invitation" in text(again)
    anyway = preview(console, template, people="name,email\nKim,KIM@example.com", skip_invited="")
    assert "Invited again all the same." in text(anyway)
    assert links_in(text(confirm(console, anyway)))


def test_what_one_request_does_not_get_done_is_done_by_the_sweep(console, sam, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.inviting.AT_ONCE_SECONDS", 0)
    people = "name\n" + "\n".join(f"Person {n}" for n in range(12))
    page = confirm(console, preview(console, by_template(sam), people=people))
    assert "1 of 12 rows are worked off" in text(page) and 'data-progress="going"' in text(page)
    assert Invitation.objects.count() == 1
    sweep()
    again = text(console.get(page.request["PATH_INFO"]))
    assert "Done: 12 links made" in again and 'data-progress="done"' in again
    assert len(set(links_in(again))) == Invitation.objects.count() == 12
    assert f'<a href="{page.request["PATH_INFO"]}">' in text(console.get(INVITE))
    assert links_in(text(page))[0] in links_in(again)


def test_an_error_in_the_middle_keeps_no_other_row_and_is_tried_again(console, sam, monkeypatch):
    shown = preview(console, by_template(sam), people="name\nKim\nBo\nAl")
    make = inviting.create_session

    def once(config, **more):
        if config.candidate_name == "Bo":
            raise OSError("disk full")
        return make(config, **more)

    monkeypatch.setattr(inviting, "create_session", once)
    page = confirm(console, shown)
    assert "2 of 3 rows are worked off" in text(page) and len(links_in(text(page))) == 2
    monkeypatch.setattr(inviting, "create_session", make)
    sweep()
    assert len(links_in(text(console.get(page.request["PATH_INFO"])))) == Invitation.objects.count() == 3


def test_links_as_a_file_hold_no_formulas(console, sam):
    shown = preview(console, by_template(sam), people='name\n"=HYPERLINK(1)"\n')
    html = confirm(console, shown).content.decode()
    written = re.search(r"<textarea[^>]*>(.*?)</textarea>", html, re.DOTALL).group(1)
    held = written.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")
    response = console.post(LINKS, {"links": held})
    assert 'filename="links.csv"' in response.headers["Content-Disposition"]
    assert "no-store" in response.headers["Cache-Control"]
    (row,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert row["name"] == "'=HYPERLINK(1)" and row["link"] in links_in(html)
    risky = console.post(LINKS, {"links": "name,email,link\n=1+1,@x,+y"}).content.decode()
    assert '"\'=1+1","\'@x","\'+y"' in risky


def test_the_page_of_links_is_stored_nowhere_and_shown_to_nobody_else(console, client, sam):
    response = confirm(console, preview(console, by_template(sam), name="Kim"))
    assert "no-store" in response.headers["Cache-Control"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    html = text(response)
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    assert links_in(html) and not links_in(text(console.get("/admin/sessions_app/invitation/")))
    client.force_login(UserFactory(email="ines@example.com", is_staff=True, is_superuser=True))
    assert client.get(response.request["PATH_INFO"]).status_code == 404


def test_names_are_escaped_everywhere(console, sam):
    shown = preview(console, by_template(sam), name="<script>alert(1)</script>")
    assert "<script>alert" not in text(shown)
    assert "<script>alert" not in text(confirm(console, shown))


def test_only_who_may_invite_gets_there(client, sam, ann):
    template = by_template(sam)
    viewer = UserFactory(email="vera@example.com", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_invitation", "change_invitation"]))
    client.force_login(viewer)
    assert client.get(INVITE).status_code == 403
    assert preview(client, template, name="Kim").status_code == 403
    assert client.post(LINKS, {"links": ""}).status_code == 403
    assert "Invite people" not in client.get("/admin/sessions_app/invitation/").content.decode()
    client.force_login(ann)
    assert client.post(INVITE, fields_of(template, name="Kim", do="confirm")).status_code == 302
    assert not Invitation.objects.exists()


def test_it_is_reached_from_both_lists_and_from_the_template(console, sam):
    template = by_template(sam)
    for page in ("invitation/", "interviewsession/", f"interviewtemplate/{template.pk}/change/"):
        assert INVITE in console.get(f"/admin/sessions_app/{page}").content.decode(), page
