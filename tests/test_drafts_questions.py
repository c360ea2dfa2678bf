"""Whose answer a draft may become when time runs out: only that of the question it was written under."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Status
from sessions_app.services import answers, sessions
from sessions_app.services.answers import NewAnswer
from sessions_app.services.sweep import sweep

from . import factories as f
from .clockwork import after, ask, server_alive, waiting_at

pytestmark = pytest.mark.django_db


def end_of_time(session: InterviewSession) -> InterviewSession:
    """Five minutes of thinking are over, however long the interviewer wrote."""
    deadline = f.fresh(session).deadline
    assert deadline is not None
    server_alive(deadline)
    sweep(now=deadline + (after(seconds=10) - after()))
    return f.fresh(session)


def auto_submitted(session: InterviewSession) -> list[str]:
    rows = session.messages.history().filter(kind="answer")
    return [row.content for row in rows if row.payload.get("auto_submitted")]


@pytest.fixture
def first(ann: User) -> InterviewSession:
    """Question 1 is open, with five minutes on the clock."""
    return waiting_at(ann, time_limit_minutes=5)


@pytest.fixture
def second(first: InterviewSession, ann: User) -> InterviewSession:
    """Question 1 was answered at one device while another wrote to it, and question 2 is open."""
    answers.submit_answer(first.pk, NewAnswer("Sent from the telephone"), actor=Actor(ann), now=after(minutes=1))
    ask(first, after(minutes=2), "And the second?")
    return f.fresh(first)


def question(session: InterviewSession, number: int) -> str:
    return str(session.messages.get(kind="question", question_number=number).pk)


def keep(session: InterviewSession, ann: User, text: str, number: int | None = None, minute: int = 3) -> None:
    """Saved as the page does it, which names the question that the text was written under."""
    named = None if number is None else question(session, number)
    revision = f.fresh(session).draft_revision + 1
    answers.save_draft(session.pk, text, revision, actor=Actor(ann), now=after(minutes=minute), in_reply_to=named)


def test_a_draft_under_the_open_question_becomes_its_answer(second: InterviewSession, ann: User) -> None:
    keep(second, ann, "For the second", 2)
    ended = end_of_time(second)
    assert auto_submitted(second) == ["For the second"]
    assert (ended.status, ended.draft_text, ended.draft_question) == (Status.EXPIRED, "", None)


def test_whoever_names_no_question_means_the_open_one(second: InterviewSession, ann: User) -> None:
    keep(second, ann, "For whatever is open")
    end_of_time(second)
    assert auto_submitted(second) == ["For whatever is open"]


def test_a_draft_for_an_earlier_question_is_no_answer_to_the_open_one(second: InterviewSession, ann: User) -> None:
    keep(second, ann, "Half a thought about the first", 1)
    ended = end_of_time(second)
    assert auto_submitted(second) == []
    assert (ended.status, ended.draft_text) == (Status.EXPIRED, "Half a thought about the first")


def test_it_is_one_as_soon_as_it_is_saved_under_the_open_one(second: InterviewSession, ann: User) -> None:
    keep(second, ann, "It fits the second, too", 1)
    keep(second, ann, "It fits the second, too", 2, minute=4)
    end_of_time(second)
    assert auto_submitted(second) == ["It fits the second, too"]


def test_a_note_between_two_questions_is_for_the_next(first: InterviewSession, ann: User) -> None:
    answers.submit_answer(first.pk, NewAnswer("The first answer"), actor=Actor(ann), now=after(minutes=1))
    keep(first, ann, "What I would say next", minute=2)
    assert f.fresh(first).draft_question is None
    ask(first, after(minutes=3), "And the second?")
    end_of_time(first)
    assert auto_submitted(first) == ["What I would say next"]


def test_a_note_about_an_answered_question_is_not(first: InterviewSession, ann: User) -> None:
    answers.submit_answer(first.pk, NewAnswer("The first answer"), actor=Actor(ann), now=after(minutes=1))
    keep(first, ann, "Still about the first", 1, minute=2)
    ask(first, after(minutes=3), "And the second?")
    ended = end_of_time(first)
    assert (auto_submitted(first), ended.draft_text) == ([], "Still about the first")


def test_a_pause_changes_nothing_about_it(second: InterviewSession, ann: User) -> None:
    keep(second, ann, "About the first", 1)
    sessions.pause_session(second.pk, actor=Actor(ann), now=after(minutes=4))
    sessions.resume_session(second.pk, actor=Actor(ann), now=after(minutes=4, seconds=30))
    ended = end_of_time(second)
    assert (auto_submitted(second), ended.draft_text) == ([], "About the first")


def test_an_answer_takes_the_name_of_the_question_away_with_the_draft(second: InterviewSession, ann: User) -> None:
    keep(second, ann, "About the first", 1)
    answers.submit_answer(second.pk, NewAnswer("The second answer"), actor=Actor(ann), now=after(minutes=4))
    stored = f.fresh(second)
    assert (stored.draft_text, stored.draft_question) == ("", None)


# -- how the doors name it -----------------------------------------------------------------------------------------


@pytest.fixture
def live(ann: User) -> InterviewSession:
    """Question 2 is open, by the clock on the wall."""
    return f.waiting(ann, questions=2, planned_questions=4)


def test_a_page_names_the_question_it_shows(client: Client, live: InterviewSession, ann: User) -> None:
    client.force_login(ann)
    form = {"content": "By a page", "revision": "9", "in_reply_to": question(live, 1)}
    client.post(f"/sessions/{live.pk}/draft", form)
    stored = f.fresh(live)
    assert (stored.draft_text, str(stored.draft_question)) == ("By a page", question(live, 1))


@pytest.mark.parametrize("named", ["", "no such name", "\0"])
def test_a_page_that_names_nonsense_means_the_open_one(
    named: str, client: Client, live: InterviewSession, ann: User
) -> None:
    client.force_login(ann)
    client.post(f"/sessions/{live.pk}/draft", {"content": "By a page", "revision": "9", "in_reply_to": named})
    assert str(f.fresh(live).draft_question) == question(live, 2)


@pytest.mark.parametrize(("named", "kept"), [(1, 1), (2, 2), (None, 2)])
def test_so_does_the_api(named: int | None, kept: int, live: InterviewSession, as_: Any, ann: User) -> None:
    body = {"text": "Over the API", "revision": 9, "in_reply_to": named and question(live, named)}
    assert as_(ann).put(f"/api/v1/sessions/{live.pk}/draft", body).status_code == 200
    assert str(f.fresh(live).draft_question) == question(live, kept)


LINE = "You wrote this for an earlier question."


@pytest.mark.parametrize(("number", "is_said"), [(1, True), (2, False)])
def test_the_room_says_that_it_is_for_another_question(
    number: int, is_said: bool, client: Client, live: InterviewSession, ann: User
) -> None:
    keep_now(live, ann, number)
    client.force_login(ann)
    shown = client.get(f"/sessions/{live.pk}/").content.decode()
    [line] = re.findall(r"<p [^>]*data-for-another[^>]*>\s*([^<]*?)\s*</p>", shown)
    assert line.startswith(LINE)
    assert (re.search(r"data-for-another\s+hidden", shown) is None) == is_said
    assert (f'data-for="{question(live, 1)}"' in shown) == is_said


def test_it_is_shown_at_the_end_as_a_draft_that_was_not_sent(client: Client, live: InterviewSession, ann: User) -> None:
    keep_now(live, ann, 1)
    f.run_out(live)
    assert f.fresh(live).status == Status.EXPIRED
    client.force_login(ann)
    shown = client.get(f"/sessions/{live.pk}/done").content.decode()
    assert "Your draft, not sent" in shown
    assert "Half a thought" in shown
    assert "became your last answer" not in shown


def keep_now(session: InterviewSession, ann: User, number: int) -> None:
    revision = f.fresh(session).draft_revision + 1
    named = question(session, number)
    answers.save_draft(session.pk, "Half a thought", revision, actor=Actor(ann), in_reply_to=named)


def test_a_late_text_is_never_put_over_what_is_written_under_the_open_question(
    second: InterviewSession, ann: User
) -> None:
    keep(second, ann, "For the second", 2)
    keep(second, ann, "Half a thought about the first", 1)
    stored = f.fresh(second)
    assert (stored.draft_text, stored.draft_revision) == ("For the second", second.draft_revision + 1)
    end_of_time(second)
    assert auto_submitted(second) == ["For the second"]


def test_nor_over_a_note_for_the_next_question(first: InterviewSession, ann: User) -> None:
    answers.submit_answer(first.pk, NewAnswer("The first answer"), actor=Actor(ann), now=after(minutes=1))
    keep(first, ann, "What I would say next", minute=2)
    keep(first, ann, "Still about the first", 1, minute=2)
    assert f.fresh(first).draft_text == "What I would say next"


def test_it_goes_on_where_nothing_else_is_kept(second: InterviewSession, ann: User) -> None:
    keep(second, ann, "Half a thought", 1)
    keep(second, ann, "Half a thought about the first", 1)
    assert f.fresh(second).draft_text == "Half a thought about the first"
    keep(second, ann, "For the second", 2)
    assert f.fresh(second).draft_text == "For the second"


@pytest.mark.parametrize("named", ["01890000-0000-7000-8000-000000000000", "another session's", "an answer", 5])
def test_it_names_a_question_of_the_session(second: InterviewSession, ann: User, api: Any, named: Any) -> None:
    if named == "another session's":
        named = question(waiting_at(ann), 1)
    if named == "an answer":
        named = str(second.messages.get(kind="answer").pk)
    api.force_authenticate(ann)
    body = {"text": "Under what?", "revision": second.draft_revision + 1, "in_reply_to": named}
    answer = api.put(f"/api/v1/sessions/{second.pk}/draft", body, format="json")
    assert answer.status_code == 400
    assert [wrong["field"] for wrong in answer.json()["detail"]["errors"]] == ["in_reply_to"]
    assert f.fresh(second).draft_text == ""
