"""The end of an interview: confirmation, thanks, transcript and downloads."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.services.answers import save_draft
from tests import factories as f
from tests.page_forms import Page
from tests.places import rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def test_it_asks_before_it_finishes_and_names_what_is_open(anns: Client, ann: User) -> None:
    session = f.waiting(ann, questions=2)
    save_draft(session.pk, "Not sent yet", 9, actor=Actor(ann))
    before = rows_of(session)
    page = anns.get(f"/sessions/{session.pk}/end").content.decode()
    assert "You answered 1 of 6 questions." in page
    assert "Question 2 has no answer yet, but a draft that you have not sent." in page
    assert "Not sent yet" in page
    assert rows_of(session) == before


def test_it_finishes_and_leads_to_the_thanks(anns: Client, ann: User) -> None:
    session = f.waiting(ann, questions=2)
    answer = anns.post(f"/sessions/{session.pk}/end", follow=True)
    assert answer.redirect_chain == [(f"/sessions/{session.pk}/", 303), (f"/sessions/{session.pk}/done", 302)]
    assert f.fresh(session).status == "completed"
    assert f.types(session)[-2:] == ["session.completed", "operation.queued"]
    assert "Finished. Thank you, <bdi>Ann Smith</bdi>." in answer.content.decode()
    assert "Answer 1" in answer.content.decode()


def test_it_shows_the_same_page_when_it_is_finished_twice(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    answer = anns.post(f"/sessions/{session.pk}/end", follow=True)
    assert "This interview is already finished." in answer.content.decode()
    assert f.types(session).count("session.completed") == 1


def test_it_sends_an_open_interview_from_the_last_page_back_to_the_room(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    assert anns.get(f"/sessions/{session.pk}/done").url == f"/sessions/{session.pk}/"


def test_it_suggests_an_account_to_a_guest_only(client: Client, ann: User) -> None:
    guest = User.objects.create_guest()
    session = f.ended(guest)
    client.force_login(guest)
    assert "Create an account" in client.get(f"/sessions/{session.pk}/done").content.decode()
    client.force_login(ann)
    assert "Create an account" not in client.get(f"/sessions/{f.ended(ann).pk}/done").content.decode()


def test_it_shows_the_transcript_for_printing(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    page = Page(anns.get(f"/sessions/{session.pk}/transcript"))
    assert "Answer 1" in page.html and str(session.pk) in page.html
    assert page.tags.count("article") == session.message_count


def test_it_says_that_there_is_nothing_yet(anns: Client, ann: User) -> None:
    assert "No messages yet." in anns.get(f"/sessions/{f.created(ann).pk}/transcript").content.decode()


@pytest.mark.parametrize(
    ("extension", "kind"), [("md", "text/markdown"), ("json", "application/json"), ("txt", "text/plain")]
)
def test_it_downloads_the_transcript(extension: str, kind: str, anns: Client, ann: User) -> None:
    session = f.ended(ann, template_id=f.TemplateFactory(title='Ünsafe "/../name').pk)
    answer = anns.get(f"/sessions/{session.pk}/export.{extension}")
    day = f"{session.created_at:%Y-%m-%d}"
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="unsafe-name-{day}.{extension}"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Answer 1" in answer.content.decode()


def test_it_exports_every_message_with_a_version_of_the_format(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    exported = json.loads(anns.get(f"/sessions/{session.pk}/export.json").content)
    assert exported["schema_version"] == 1
    assert exported["session"]["id"] == str(session.pk)
    assert [(m["seq"], m["kind"]) for m in exported["messages"]] == [(1, "question"), (2, "answer"), (3, "question")]
    assert exported["messages"][1]["content"] == "Answer 1"
    assert exported["messages"][1]["in_reply_to"] == exported["messages"][0]["id"]


def test_it_keeps_somebodys_marks_from_becoming_headings(anns: Client, ann: User) -> None:
    session = f.waiting(ann, enabled_modes=["text", "code"])
    f.answer(session, "# Not a heading\n\nsecond")
    f.write_question(session)
    f.answer(session, "```\nfenced\n```", mode="code")
    text = anns.get(f"/sessions/{session.pk}/export.md").content.decode()
    assert "> # Not a heading\n>\n> second" in text
    assert "````\n```\nfenced\n```\n````" in text


def test_it_exports_no_other_format(anns: Client, ann: User) -> None:
    assert anns.get(f"/sessions/{f.ended(ann).pk}/export.exe").status_code == 404


@pytest.mark.parametrize("page", ["", "ready", "end", "done", "transcript", "export.md", "export.json", "export.txt"])
def test_it_shows_none_of_it_to_strangers(page: str, client: Client, ann: User, ben: User) -> None:
    session: InterviewSession = f.ended(ann)
    assert client.get(f"/sessions/{session.pk}/{page}").url.startswith("/login?next=")
    client.force_login(ben)
    assert client.get(f"/sessions/{session.pk}/{page}").status_code == 404
