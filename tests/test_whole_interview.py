"""A whole interview with the built-in interviewer, from its start to its report, as the API and the pages tell it."""

from __future__ import annotations

import html
from typing import Any

import pytest

from sessions_app.models import User
from sessions_app.services import erasure, sessions
from tests import factories as f
from tests.judges import SAID
from tests.whole_interview import (
    Client,
    assert_every_question_once,
    assert_nothing_is_left_over,
    assert_quotes_are_the_candidates,
    work_off,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def interview(ann: User, as_: Any) -> Client:
    """Two of three questions answered, the third is open."""
    client = Client(as_(ann))
    posting = f.JobPostingFactory(owner=ann)
    client.create(template_id=str(f.TemplateFactory().pk), job_posting_id=str(posting.pk), token_budget=5_000)
    client.answer("I rebuilt the billing of a shop, and decided to do it in small steps.", "a-1")
    client.answer(SAID, "a-2")
    return client


@pytest.fixture
def judged(interview: Client) -> Client:
    interview.answer("It depends on how often the table is written.", "a-3")
    interview.do("complete")
    work_off(interview.id)
    return interview


def report_page(client: Any, user: User, session_id: str) -> str:
    """What the page shows, as somebody reads it."""
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(f"/sessions/{session_id}/report")
    assert response.status_code == 200
    return html.unescape(" ".join(response.content.decode().split()))


def test_it_goes_on_after_a_pause_exactly_where_it_was(interview: Client) -> None:
    interview.call("put", f"/api/v1/sessions/{interview.id}/draft", {"text": "It dep", "revision": 1})
    before = interview.read()
    assert (before["phase"], before["current_question_number"]) == ("waiting_for_answer", 3)
    paused = interview.do("pause")
    assert (paused["status"], paused["clock"]["running"]) == ("paused", False)
    interview.do("resume")
    after = interview.read()
    for name in ("messages", "draft", "phase", "current_question_number", "planned_questions", "tokens_used"):
        assert after[name] == before[name]
    assert after["clock"]["running"] is True
    assert_every_question_once(after, {"built-in"})


def test_every_door_tells_the_same_report(judged: Client, ann: User, client: Any) -> None:
    context, report = judged.read(), judged.read("/evaluation")
    assert (context["status"], context["phase"]) == ("completed", "evaluated")
    assert_every_question_once(context, {"built-in"})
    assert assert_quotes_are_the_candidates(report, context) > 0
    assert (report["method"], report["needs_human"]) == ("evidence_coverage", True)
    assert judged.read("/export?format=json")["evaluation"] == report
    page = report_page(client, ann, judged.id)
    assert f"evidence for {report['overall_score']:.0f} %" in page
    for criterion in report["criteria"]:
        assert criterion["title"] in page
        assert all(f'<q dir="auto">{quote["quote"]}</q>' in page for quote in criterion["evidence"])
    assert judged.call("get", "/api/v1/sessions")["results"][0]["score"] == report["overall_score"]
    assert_nothing_is_left_over(judged.id)


def test_the_file_holds_what_was_said(judged: Client) -> None:
    said, filed = judged.read("/messages"), judged.read("/export?format=json")["messages"]
    names = ("id", "seq", "role", "kind", "question_number", "content", "in_reply_to", "created_at")
    assert [{name: one[name] for name in names} for one in filed] == [
        {name: one[name] for name in names} for one in said
    ]
    assert [one["kind"] for one in said] == ["question", "answer"] * 3 + ["notice"]


def test_an_answer_that_is_sent_again_is_neither_kept_nor_judged_twice(interview: Client) -> None:
    again = {"answer_text": SAID, "client_message_id": "a-2"}
    interview.do("answers", again)
    interview.do("complete")
    work_off(interview.id)
    context, report = interview.read(), interview.read("/evaluation")
    assert [one["content"] for one in context["messages"]].count(SAID) == 1
    quotes = [(q["message_id"], q["start"], q["point"]) for c in report["criteria"] for q in c["evidence"]]
    assert len(set(quotes)) == len(quotes)


# -- what becomes of the report ----------------------------------------------------------------------------------------


def not_found(client: Client, tail: str = "/evaluation") -> str:
    return str(client.call("get", f"/api/v1/sessions/{client.id}{tail}", expect=404)["detail"]["code"])


def test_opened_again_it_has_no_report_until_it_ends_again(judged: Client, ann: User, client: Any) -> None:
    first = judged.read("/evaluation")
    sessions.reopen_session(judged.id, minutes=5, reason="A phone call")
    assert not_found(judged) == "EVALUATION_NOT_FOUND"
    assert judged.read("/export?format=json")["evaluation"] is None
    assert judged.call("get", "/api/v1/sessions")["results"][0]["score"] is None
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/sessions/{judged.id}/report").status_code == 302
    judged.do("resume")
    work_off(judged.id)
    judged.answer(SAID.replace("An index", "Each index"), "a-4")
    judged.do("complete")
    assert not_found(judged) == "EVALUATION_NOT_FOUND"
    work_off(judged.id)
    second, context = judged.read("/evaluation"), judged.read()
    assert second["id"] != first["id"]
    assert_quotes_are_the_candidates(second, context)
    assert_every_question_once(context, {"built-in"})
    assert f"evidence for {second['overall_score']:.0f} %" in report_page(client, ann, judged.id)
    assert judged.read("/export?format=json")["evaluation"] == second


def test_erased_it_is_not_found_through_any_door(judged: Client, ann: User, client: Any) -> None:
    operation = str(f.fresh(sessions.get_session(judged.id)).evaluation_operation_id)
    erasure.erase_session(judged.id, actor=f.as_actor(ann))
    for tail in ("", "/evaluation", "/messages", "/export?format=json"):
        assert not_found(judged, tail) == "SESSION_NOT_FOUND"
    judged.call("get", f"/api/v1/operations/{operation}", expect=404)
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/sessions/{judged.id}/report").status_code == 404
    assert judged.call("get", "/api/v1/sessions")["count"] == 0


def test_erased_while_it_is_judged_there_is_nothing_to_judge(interview: Client, ann: User) -> None:
    interview.do("complete")
    erasure.erase_session(interview.id, actor=f.as_actor(ann))
    work_off(interview.id)
    assert_nothing_is_left_over(interview.id)
    assert not_found(interview) == "SESSION_NOT_FOUND"


def test_a_retake_has_a_report_of_its_own(judged: Client, ann: User, client: Any) -> None:
    first = judged.read("/evaluation")
    again = Client(judged.api, judged.do("retake", expect=201)["id"])
    assert not_found(again) == "EVALUATION_NOT_FOUND"
    again.do("start")
    work_off(again.id)
    again.answer("I would rather talk about gardens.", "b-1")
    again.do("complete")
    work_off(again.id)
    second = again.read("/evaluation")
    assert (second["session_id"], second["overall_score"]) == (again.id, None)
    assert judged.read("/evaluation") == first
    assert "Not enough evidence for a score" in report_page(client, ann, again.id)
    assert f"evidence for {first['overall_score']:.0f} %" in report_page(client, ann, judged.id)
