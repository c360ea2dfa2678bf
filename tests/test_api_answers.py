"""Answering, skipping, drafts, asking for the next question, and the operations behind it, over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import InterviewSession, Operation, SessionMessage

from .factories import (
    closing,
    created,
    ended,
    expired,
    failed,
    fresh,
    generating,
    paused,
    ready_for_next,
    types,
    waiting,
    write_question,
)

pytestmark = pytest.mark.django_db


def url(session, verb):
    return f"/api/v1/sessions/{session.pk}/{verb}"


def code(response, status):
    assert response.status_code == status, response.content
    return response.json()["detail"]["code"]


def test_an_answer_is_stored_and_the_next_question_queued(ann, as_):
    session = waiting(ann)
    question = session.open_question_id
    response = as_(ann).post(url(session, "answers"), {"answer_text": "  Because of X.\n", "client_message_id": "a-1"})
    assert response.status_code == 201
    message, operation = response.json()["message"], response.json()["operation"]
    assert (message["content"], message["seq"], message["kind"]) == ("  Because of X.\n", 2, "answer")
    assert (message["in_reply_to"], message["client_message_id"]) == (str(question), "a-1")
    assert (operation["status"], operation["session_id"]) == ("queued", str(session.pk))
    stored = SessionMessage.objects.get(pk=message["id"])
    assert (stored.content, stored.state, stored.question_number) == ("  Because of X.\n", "complete", 1)
    after = fresh(session)
    assert (after.phase, after.running_since, after.message_count) == ("generating", None, 2)
    assert types(session)[-2:] == ["message.created", "operation.queued"]


def test_the_same_client_id_and_text_again_is_the_same_answer(ann, as_):
    session = waiting(ann)
    body = {"answer_text": "Once", "client_message_id": "a-1"}
    first = as_(ann).post(url(session, "answers"), body)
    write_question(session)
    again = as_(ann).post(url(session, "answers"), body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert SessionMessage.objects.filter(kind="answer").count() == 1
    assert Operation.objects.filter(kind="question").count() == 2


def test_the_same_client_id_with_another_text_is_a_conflict(ann, as_):
    session = waiting(ann)
    as_(ann).post(url(session, "answers"), {"answer_text": "One", "client_message_id": "a-1"})
    again = as_(ann).post(url(session, "answers"), {"answer_text": "Two", "client_message_id": "a-1"})
    assert code(again, 409) == "CLIENT_ID_CONFLICT"


def test_a_resend_is_recognised_whatever_the_state_by_then(ann, as_):
    session = waiting(ann)
    body = {"answer_text": "Once", "client_message_id": "a-1"}
    as_(ann).post(url(session, "answers"), body)
    as_(ann).post(url(session, "complete"))
    assert as_(ann).post(url(session, "answers"), body).status_code == 200


def test_an_answer_to_a_question_that_is_not_open_is_409(ann, as_):
    session = waiting(ann, questions=2)
    first = session.messages.get(seq=1)
    response = as_(ann).post(url(session, "answers"), {"answer_text": "Late", "in_reply_to": str(first.pk)})
    assert code(response, 409) == "ALREADY_ANSWERED"
    assert fresh(session).message_count == 3


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (created, (400, "SESSION_NOT_ACTIVE")),
        (paused, (400, "SESSION_NOT_ACTIVE")),
        (ended, (400, "SESSION_NOT_ACTIVE")),
        (generating, (400, "NOTHING_TO_ANSWER")),
        (failed, (400, "NOTHING_TO_ANSWER")),
        (ready_for_next, (400, "NOTHING_TO_ANSWER")),
        (closing, (400, "NOTHING_TO_ANSWER")),
    ],
)
def test_there_is_a_code_for_every_reason_not_to_take_an_answer(ann, as_, make, expected):
    session = make(ann)
    before = fresh(session).message_count
    response = as_(ann).post(url(session, "answers"), {"answer_text": "Hello"})
    assert (response.status_code, response.json()["detail"]["code"]) == expected
    assert fresh(session).message_count == before


def test_staff_do_not_answer_for_the_candidate(ann, sam, as_):
    session = waiting(ann)
    assert code(as_(sam).post(url(session, "answers"), {"answer_text": "Psst"}), 403) == "PERMISSION_DENIED"
    assert fresh(session).message_count == 1


def test_who_made_a_session_answers_it_until_it_is_claimed(ann, sam, as_):
    response = as_(sam).post("/api/v1/sessions", {"candidate_name": "Kim", "start": True})
    session = InterviewSession.objects.get(pk=response.json()["id"])
    write_question(session)
    assert as_(sam).post(url(session, "answers"), {"answer_text": "Kim says hello"}).status_code == 201
    write_question(session)
    InterviewSession.objects.filter(pk=session.pk).update(candidate=ann)
    assert code(as_(sam).post(url(session, "answers"), {"answer_text": "x"}), 403) == "PERMISSION_DENIED"


def test_a_skip_is_an_answer(ann, as_):
    session = waiting(ann)
    message = as_(ann).post(url(session, "answers"), {"skip": True}).json()["message"]
    assert (message["skipped"], message["content"]) == (True, "")
    assert fresh(session).phase == "generating"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "answer_text"),
        ({"answer_text": ""}, "answer_text"),
        ({"answer_text": " \n "}, "answer_text"),
        ({"answer_text": "x" * 20_001}, "answer_text"),
        ({"answer_text": "a\0b"}, "answer_text"),
        ({"answer_text": 5, "in_reply_to": "x"}, "in_reply_to"),
        ({"answer_text": "x", "mode": "code"}, "mode"),
        ({"answer_text": "x", "mode": "audio"}, "mode"),
        ({"answer_text": "x", "client_message_id": ""}, "client_message_id"),
        ({"answer_text": "x", "client_message_id": "y" * 101}, "client_message_id"),
        ({"answer_text": "x", "payload": [1]}, "payload"),
        ({"answer_text": "x", "payload": {"a": "\0"}}, "payload"),
        ({"answer": "x"}, "answer"),
    ],
)
def test_a_bad_answer_is_refused_and_names_the_field(ann, as_, body, field):
    session = waiting(ann)
    response = as_(ann).post(url(session, "answers"), body)
    assert code(response, 400) == "VALIDATION_ERROR"
    assert field in {error["field"] for error in response.json()["detail"]["errors"]}
    assert fresh(session).phase == "waiting_for_answer"


@pytest.mark.parametrize("text", ["x", "x" * 20_000, "🙂" * 20_000, "مرحبا", "e\u0301"])
def test_any_text_of_1_to_20000_characters_is_kept_as_it_is(ann, as_, text):
    session = waiting(ann)
    message = as_(ann).post(url(session, "answers"), {"answer_text": text}).json()["message"]
    assert message["content"] == text == SessionMessage.objects.get(pk=message["id"]).content


def test_the_last_planned_answer_closes(ann, as_):
    session = waiting(ann, planned_questions=1)
    response = as_(ann).post(url(session, "answers"), {"answer_text": "The end"})
    assert response.json()["operation"] is None
    context = as_(ann).get(f"/api/v1/sessions/{session.pk}").json()
    assert (context["phase"], context["clock"]["running"]) == ("closing", False)
    assert [message["kind"] for message in context["messages"]] == ["question", "answer", "notice"]
    assert code(as_(ann).post(url(session, "generate-question")), 400) == "INVALID_SESSION_STATE"


def test_an_answer_after_the_end_of_time_is_kept_as_a_note(ann, as_):
    session = expired(ann)
    before = as_(ann).get(url(session, "messages")).json()
    for _ in range(2):
        response = as_(ann).post(url(session, "answers"), {"answer_text": "Too late", "client_message_id": "late"})
        assert code(response, 400) == "SESSION_EXPIRED"
    assert as_(ann).get(url(session, "messages")).json() == before
    assert [note.content for note in session.messages.notes()] == ["Too late"]


def test_a_command_that_meets_the_deadline_expires_the_session_though_it_fails(ann, as_):
    session = waiting(ann, time_limit_minutes=5)
    as_(ann).put(url(session, "draft"), {"text": "Half an ans", "revision": 1})
    long_ago = timezone.now() - timedelta(minutes=10)
    InterviewSession.objects.filter(pk=session.pk).update(
        running_since=long_ago, deadline=long_ago + timedelta(minutes=5)
    )
    response = as_(ann).post(url(session, "answers"), {"answer_text": "Whole answer"})
    assert code(response, 400) == "SESSION_EXPIRED"
    after = fresh(session)
    assert (after.status, after.ended_at) == ("expired", long_ago + timedelta(minutes=5))
    last = after.messages.history().last()
    assert (last.content, last.payload) == ("Half an ans", {"auto_submitted": True})


# -- drafts ------------------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_and_an_older_one_never_wins(ann, as_):
    session = waiting(ann)
    client = as_(ann)
    assert client.put(url(session, "draft"), {"text": "a", "revision": 1}).json() == {"text": "a", "revision": 1}
    assert client.put(url(session, "draft"), {"text": "b", "revision": 5}).json() == {"text": "b", "revision": 5}
    assert client.put(url(session, "draft"), {"text": "old", "revision": 4}).json() == {"text": "b", "revision": 5}
    assert client.put(url(session, "draft"), {"text": "twin", "revision": 5}).json() == {"text": "b", "revision": 5}
    client.put(url(session, "pause"))
    assert client.get(f"/api/v1/sessions/{session.pk}").json()["draft"] == {"text": "b", "revision": 5}


def test_a_first_draft_may_be_numbered_zero(ann, as_):
    session = waiting(ann)
    assert as_(ann).put(url(session, "draft"), {"text": "a", "revision": 0}).json() == {"text": "a", "revision": 1}


def test_an_answer_spends_the_draft_and_a_late_save_does_not_bring_it_back(ann, as_):
    session = waiting(ann)
    client = as_(ann)
    client.put(url(session, "draft"), {"text": "a", "revision": 1})
    client.post(url(session, "answers"), {"answer_text": "abc"})
    assert client.put(url(session, "draft"), {"text": "ab", "revision": 2}).json()["text"] == ""


def test_a_draft_may_be_written_while_the_next_question_comes(ann, as_):
    assert as_(ann).put(url(generating(ann), "draft"), {"text": "x", "revision": 1}).status_code == 200


@pytest.mark.parametrize(
    ("make", "expected"), [(paused, "SESSION_NOT_ACTIVE"), (ended, "SESSION_NOT_ACTIVE"), (expired, "SESSION_EXPIRED")]
)
def test_a_draft_needs_an_active_session(ann, as_, make, expected):
    session = make(ann)
    assert code(as_(ann).put(url(session, "draft"), {"text": "x", "revision": 99}), 400) == expected
    assert fresh(session).draft_text == ""


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "x"},
        {"revision": 1},
        {"text": "x", "revision": -1},
        {"text": "x", "revision": 10**20},
        {"text": "x" * 20_001, "revision": 1},
    ],
)
def test_a_bad_draft_is_refused(ann, as_, body):
    assert code(as_(ann).put(url(waiting(ann), "draft"), body), 400) == "VALIDATION_ERROR"


# -- the next question, operations -------------------------------------------------------------------------------------


def test_generate_question_goes_on_by_hand(ann, as_):
    session = ready_for_next(ann)
    response = as_(ann).post(url(session, "generate-question"))
    assert response.status_code == 202
    operation = response.json()["operation"]
    assert (operation["status"], operation["kind"]) == ("queued", "question")
    again = as_(ann).post(url(session, "generate-question"))
    assert code(again, 409) == "GENERATION_IN_PROGRESS"
    assert again.json()["detail"]["operation_id"] == operation["id"]
    write_question(session)
    assert code(as_(ann).post(url(session, "generate-question")), 409) == "QUESTION_OPEN"
    assert fresh(session).current_question_number == 2


@pytest.mark.parametrize("make", [created, paused, ended])
def test_generate_question_needs_an_active_session(ann, as_, make):
    assert code(as_(ann).post(url(make(ann), "generate-question")), 400) == "SESSION_NOT_ACTIVE"


def test_generate_question_after_a_failure_tries_the_same_one_again(ann, as_):
    session = failed(ann)
    response = as_(ann).post(url(session, "generate-question"))
    assert (response.status_code, response.json()["operation"]["id"]) == (202, str(session.turn_id))


def test_a_failed_operation_is_retried_over_the_api(ann, as_):
    session = failed(ann)
    path = f"/api/v1/operations/{session.turn_id}"
    assert as_(ann).get(path).json()["error"]["code"] == "PROVIDER_ERROR"
    response = as_(ann).post(f"{path}/retry")
    assert (response.status_code, response.json()["status"], response.json()["error"]) == (202, "queued", None)
    assert code(as_(ann).post(f"{path}/retry"), 409) == "GENERATION_IN_PROGRESS"
    write_question(session)
    assert as_(ann).get(path).json()["status"] == "succeeded"
    assert code(as_(ann).post(f"{path}/retry"), 400) == "INVALID_SESSION_STATE"
    assert fresh(session).phase == "waiting_for_answer"


def test_a_question_in_the_making_is_stopped_and_tried_again(ann, as_):
    session = generating(ann)
    path = f"/api/v1/operations/{session.turn_id}"
    response = as_(ann).post(f"{path}/cancel")
    assert (response.status_code, response.json()["status"]) == (200, "cancelled")
    assert response.json()["error"]["code"] == "CANCELLED"
    context = as_(ann).get(f"/api/v1/sessions/{session.pk}").json()
    assert (context["phase"], context["operation"]["status"]) == ("generation_failed", "cancelled")
    assert code(as_(ann).post(f"{path}/cancel"), 400) == "INVALID_SESSION_STATE"
    assert as_(ann).post(f"{path}/retry").status_code == 202
    assert types(session)[-2:] == ["operation.cancelled", "operation.queued"]


def test_a_foreign_operation_is_a_missing_one(ann, ben, as_):
    session = generating(ann)
    for path in (f"/api/v1/operations/{session.turn_id}", f"/api/v1/operations/{ben.pk}", "/api/v1/operations/x"):
        response = as_(ben).get(path)
        assert code(response, 404) == "OPERATION_NOT_FOUND"
    assert code(as_(ben).post(f"/api/v1/operations/{session.turn_id}/cancel"), 404) == "OPERATION_NOT_FOUND"


def test_messages_are_an_array_after_a_number(ann, as_):
    session = waiting(ann, questions=3)
    client = as_(ann)
    everything = client.get(url(session, "messages")).json()
    assert [message["seq"] for message in everything] == [1, 2, 3, 4, 5]
    assert client.get(url(session, "messages"), {"after": 3}).json() == everything[3:]
    assert client.get(url(session, "messages"), {"after": 1, "limit": 2}).json() == everything[1:3]
    assert code(client.get(url(session, "messages"), {"after": "x"}), 400) == "VALIDATION_ERROR"


def test_nothing_of_the_rubric_is_told_to_candidates(ann, as_):
    session = waiting(ann, questions=2)
    point = session.plan["questions"][0]["points"][0]
    for path in ("", "/messages", "/events"):
        body = as_(ann).get(f"/api/v1/sessions/{session.pk}{path}").content.decode()
        assert point["statement"] not in body
        assert "aliases" not in body
