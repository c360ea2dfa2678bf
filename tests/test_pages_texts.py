"""Nothing typed is lost: refused answers go back to the composer, drafts are kept, sign-in carries text along."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_app.access import Actor
from sessions_app.models import User
from sessions_app.models.actions import Status
from sessions_app.pages import waiting
from sessions_app.services.answers import save_draft
from sessions_app.services.sessions import pause_session
from tests import factories as f
from tests.page_forms import Page, post, room
from tests.places import PLACES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SECONDS", 0)


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


# -- a refused text goes back to whoever wrote it ----------------------------------------------------------------------


def returned(answer: Any) -> str:
    """The text that a page gives back, in whatever field it holds it."""
    page = Page(answer)
    texts = [text for form in page.forms for name, text in form.fields.items() if name == "content"]
    return texts[0] if texts else page.html


def test_it_gives_an_empty_answer_back_with_the_reason(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    answer = post(anns, session, "answer", content="   ")
    assert answer.status_code == 400
    assert "Write an answer, or skip the question." in answer.content.decode()
    assert "#content" in Page(answer).links


def test_it_gives_an_overlong_answer_back_whole(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    text = "a" * 20_001
    answer = post(anns, session, "answer", content=text)
    assert (answer.status_code, returned(answer)) == (400, text)
    assert not session.messages.filter(kind="answer").exists()


def test_it_gives_the_text_of_a_stale_tab_back_with_the_current_question(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    stale = room(anns, session).form("/answer")
    f.answer(session, "From another tab")
    f.write_question(session)
    answer = anns.post(stale.action, stale.fields | {"content": "From this tab"})
    page = Page(answer)
    assert answer.status_code == 409
    assert page.form("/answer").fields["content"] == "From this tab"
    assert page.form("/answer").fields["in_reply_to"] == str(f.fresh(session).open_question_id)
    assert "Question 2 of about 6" in page.html
    assert session.messages.filter(kind="answer").count() == 1


def test_it_gives_the_text_back_when_the_interview_was_paused_elsewhere(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    stale = room(anns, session).form("/answer")
    pause_session(session.pk, actor=Actor(ann))
    answer = anns.post(stale.action, stale.fields | {"content": "Sent too late"})
    page = Page(answer)
    assert answer.status_code == 400
    assert page.form("/resume").fields["content"] == "Sent too late"
    assert "This interview is paused." in page.html
    form = page.form("/resume")
    assert anns.post(form.action, form.fields).status_code == 303
    assert (f.fresh(session).status, f.fresh(session).draft_text) == ("active", "Sent too late")


def test_it_keeps_both_texts_when_there_was_a_draft_already(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    save_draft(session.pk, "The draft", 5, actor=Actor(ann))
    pause_session(session.pk, actor=Actor(ann))
    anns.post(f"/sessions/{session.pk}/resume", {"content": "The other text"})
    assert f.fresh(session).draft_text == "The draft\n\nThe other text"


@pytest.mark.parametrize("place", [(Status.COMPLETED, None), (Status.EXPIRED, None), (Status.CANCELLED, None)])
def test_it_gives_the_text_back_after_the_end(place: tuple[str, str | None], anns: Client, ann: User) -> None:
    session = PLACES[place](ann)
    answer = post(anns, session, "answer", content="Far too late")
    assert answer.status_code == 400
    assert "Far too late" in answer.content.decode()


def test_it_carries_a_text_through_the_sign_in(client: Client, ann: User) -> None:
    session = f.waiting(ann)
    answer = post(client, session, "answer", content="Typed for a long time")
    assert (answer.status_code, answer.url) == (302, f"/login?next=/sessions/{session.pk}/")
    signed_in = client.post("/login", {"login": ann.email, "password": f.PASSWORD, "next": f"/sessions/{session.pk}/"})
    assert signed_in.url == f"/sessions/{session.pk}/"
    form = room(client, session).form("/answer")
    assert form.fields["content"] == "Typed for a long time"
    client.post(form.action, form.fields)
    assert session.messages.get(kind="answer").content == "Typed for a long time"
    f.write_question(session)
    assert room(client, session).form("/answer").fields["content"] == ""


# -- drafts ------------------------------------------------------------------------------------------------------------


def test_it_saves_a_draft_with_the_same_form(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    form = room(anns, session).form("/answer")
    draft = next(button for button in form.buttons if "formaction" in button)
    answer = anns.post(draft["formaction"], form.fields | {"content": "Half a thought"})
    assert answer.status_code == 303
    assert f.fresh(session).draft_text == "Half a thought"
    assert room(anns, session).form("/answer").fields["content"] == "Half a thought"


def test_it_never_overwrites_a_newer_draft_and_never_loses_the_older_text(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    stale = room(anns, session).form("/answer")
    save_draft(session.pk, "Newer, from the phone", 7, actor=Actor(ann))
    answer = anns.post(f"/sessions/{session.pk}/draft", stale.fields | {"content": "Older, from this tab"})
    assert (answer.status_code, returned(answer)) == (409, "Older, from this tab")
    assert "Newer, from the phone" in answer.content.decode()
    assert f.fresh(session).draft_text == "Newer, from the phone"
    again = Page(answer).form("/answer").fields
    assert anns.post(f"/sessions/{session.pk}/draft", again).status_code == 303
    assert f.fresh(session).draft_text == "Older, from this tab"


@pytest.mark.parametrize("revision", ["", "-3", "later", "9" * 40])
def test_it_survives_a_nonsense_revision(revision: str, anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    answer = anns.post(f"/sessions/{session.pk}/draft", {"content": "Text", "revision": revision})
    assert answer.status_code in (303, 400, 409)
    assert "Text" in returned(answer) or f.fresh(session).draft_text == "Text"


def test_it_notes_thoughts_while_the_question_is_written(anns: Client, ann: User) -> None:
    session = f.generating(ann)
    form = room(anns, session).form("/draft")
    anns.post(form.action, form.fields | {"content": "A thought"})
    f.write_question(session)
    assert room(anns, session).form("/answer").fields["content"] == "A thought"
