"""``/sessions``: creating, reading, changing, listing."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sessions_app.models import InterviewSession
from sessions_app.models.limits import TRAITS

from .factories import (
    JobPostingFactory,
    ResumeFactory,
    TemplateFactory,
    closing,
    created,
    ended,
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
URL = "/api/v1/sessions"
ALWAYS = ("complete", "extend", "delete")


def detail(session, verb=""):
    return f"{URL}/{session.pk}" + (f"/{verb}" if verb else "")


def wrong_fields(response):
    assert response.status_code == 400, response.content
    assert response.json()["detail"]["code"] == "VALIDATION_ERROR"
    return sorted({error["field"] for error in response.json()["detail"]["errors"]})


# -- create ------------------------------------------------------------------------------------------------------------


def test_it_creates_own_practice_from_an_empty_body(ann, as_):
    response = as_(ann).post(URL, {})
    assert response.status_code == 201
    body = response.json()
    assert response["Location"] == f"{URL}/{body['id']}"
    assert (body["status"], body["phase"], body["messages"], body["operation"]) == ("created", None, [], None)
    assert body["candidate"] == {"name": "Ann Smith", "email": "ann@example.com"}
    assert (body["clock"]["time_limit_seconds"], body["token_budget"], body["planned_questions"]) == (2700, 50_000, 6)
    assert body["precision"] == dict.fromkeys(body["precision"], 0.5)
    assert set(body["precision"]) > set(TRAITS) and body["estimates"] == {}
    assert body["allowed_actions"] == ["start", "edit", "delete"]
    stored = InterviewSession.objects.get(pk=body["id"])
    assert (stored.candidate, stored.created_by, stored.is_practice) == (ann, ann, True)
    assert types(stored) == ["session.created"]


def test_it_creates_with_everything_given(ann, as_):
    posting, resume, template = JobPostingFactory(owner=ann), ResumeFactory(owner=ann), TemplateFactory()
    body = {
        "candidate_name": "A. Smith",
        "candidate_email": "a@example.com",
        "job_posting_id": str(posting.pk),
        "resume_id": str(resume.pk),
        "template_id": str(template.pk),
        "time_limit_minutes": 30,
        "token_budget": 1000,
        "model_name": "built-in",
        "enabled_modes": ["text", "code"],
        "challenge_text": "Design a shortener.",
        "planned_questions": 4,
        "auto_advance": False,
        "closes_at": "2030-01-01T00:00:00Z",
    }
    answered = as_(ann).post(URL, body).json()
    assert answered["candidate"] == {"name": "A. Smith", "email": "a@example.com"}
    assert answered["job_posting"]["title"] == posting.title
    assert answered["resume"]["id"] == str(resume.pk)
    assert answered["clock"]["time_limit_seconds"] == 1800
    assert (answered["enabled_modes"], answered["auto_advance"]) == (["text", "code"], False)
    assert answered["closes_at"] == "2030-01-01T00:00:00Z"
    plan = InterviewSession.objects.get(pk=answered["id"]).plan
    assert plan["template"]["slug"] == template.slug
    assert len(plan["questions"]) == 4


def test_it_starts_in_the_same_call(ann, as_):
    body = as_(ann).post(URL, {"start": True}).json()
    assert (body["status"], body["phase"]) == ("active", "generating")
    assert body["operation"]["status"] == "queued"


def test_it_names_every_wrong_field_at_once(ann, as_):
    body = {
        "candidate_name": "",
        "candidate_email": "nope",
        "job_posting_id": str(uuid.uuid4()),
        "time_limit_minutes": 4,
        "token_budget": 999,
        "model_name": "gpt-9",
        "enabled_modes": ["mime"],
        "planned_questions": 31,
        "surprise": 1,
    }
    named = sorted(set(body) - {"job_posting_id"})
    assert wrong_fields(as_(ann).post(URL, body)) == named
    del body["surprise"]  # rows are only looked up when the body itself can be read
    assert wrong_fields(as_(ann).post(URL, body)) == sorted(body)
    assert InterviewSession.objects.count() == 0


@pytest.mark.parametrize("minutes", [4, 181, 0, -1, 10**30, "x", 7.5])
def test_it_refuses_a_time_limit_out_of_range(ann, as_, minutes):
    assert wrong_fields(as_(ann).post(URL, {"time_limit_minutes": minutes})) == ["time_limit_minutes"]


def test_a_null_time_limit_is_no_limit(ann, as_):
    clock = as_(ann).post(URL, {"time_limit_minutes": None}).json()["clock"]
    assert (clock["time_limit_seconds"], clock["remaining_seconds"], clock["deadline"]) == (None, None, None)


def test_foreign_and_missing_rows_are_wrong_fields(ann, ben, as_):
    foreign = JobPostingFactory(owner=ben)
    body = {"job_posting_id": str(foreign.pk), "resume_id": str(uuid.uuid4()), "template_id": str(uuid.uuid4())}
    assert wrong_fields(as_(ann).post(URL, body)) == ["job_posting_id", "resume_id", "template_id"]


def test_closing_before_opening_is_refused(ann, as_):
    body = {"opens_at": "2030-01-02T00:00:00Z", "closes_at": "2030-01-01T00:00:00Z"}
    assert wrong_fields(as_(ann).post(URL, body)) == ["closes_at"]


def test_staff_create_for_somebody_else_by_naming_them(sam, as_):
    body = as_(sam).post(URL, {"candidate_name": "Kim Lee", "candidate_email": "kim@example.com"}).json()
    stored = InterviewSession.objects.get(pk=body["id"])
    assert (stored.candidate, stored.created_by, stored.is_practice) == (None, sam, False)


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"[[[[" * 50_000, b'{"challenge_text": "\\ud800"}', b"\xff"])
def test_a_broken_body_is_a_clear_error(ann, as_, body):
    response = as_(ann).post(URL, body, content_type="application/json")
    assert wrong_fields(response) == ["body"]


def test_null_characters_are_refused(ann, as_):
    assert wrong_fields(as_(ann).post(URL, {"challenge_text": "a\0b"})) == ["challenge_text"]


def test_a_body_that_is_too_large_is_413(ann, as_):
    response = as_(ann).post(URL, {"challenge_text": "x" * 1_100_000})
    assert response.status_code == 413
    assert response.json()["detail"]["code"] == "PAYLOAD_TOO_LARGE"


# -- read --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "status", "phase", "actions"),
    [
        (created, "created", None, ["start", "edit", "delete"]),
        (generating, "active", "generating", ["save_draft", "pause", "stop", *ALWAYS]),
        (waiting, "active", "waiting_for_answer", ["answer", "skip", "save_draft", "pause", *ALWAYS]),
        (failed, "active", "generation_failed", ["save_draft", "retry", "pause", *ALWAYS]),
        (ready_for_next, "active", "ready_for_next", ["save_draft", "generate_question", "pause", *ALWAYS]),
        (closing, "active", "closing", ["pause", *ALWAYS]),
        (paused, "paused", None, ["resume", *ALWAYS]),
        (ended, "completed", "evaluating", ["retake", "delete"]),
    ],
)
def test_the_context_says_what_is_awaited_and_allowed(ann, as_, make, status, phase, actions):
    body = as_(ann).get(detail(make(ann))).json()
    assert (body["status"], body["phase"], body["allowed_actions"]) == (status, phase, actions)


def test_the_clock_adds_up(ann, as_):
    session = waiting(ann, time_limit_minutes=45)
    InterviewSession.objects.filter(pk=session.pk).update(active_ms=1_330_400)
    clock = as_(ann).get(detail(session)).json()["clock"]
    assert clock["used_seconds"] + clock["remaining_seconds"] == 2700
    assert clock["used_seconds"] in (1330, 1331)
    assert clock["server_time"].endswith("Z")
    assert clock["deadline"].endswith("Z")


def test_the_text_so_far_is_in_the_context(ann, as_):
    from sessions_app.services import operations

    session = generating(ann)
    claimed = operations.claim(session.turn_id)
    operations.write(claimed, "What happ")
    operation = as_(ann).get(detail(session)).json()["operation"]
    assert (operation["status"], operation["attempt"]) == ("running", 1)
    assert (operation["text"], operation["offset"]) == ("What happ", 9)
    assert operation["started_at"] < operation["estimated_completion"]


def test_a_failed_operation_is_shown_with_its_error(ann, as_):
    operation = as_(ann).get(detail(failed(ann))).json()["operation"]
    assert operation["status"] == "failed"
    assert operation["error"] == {"code": "PROVIDER_ERROR", "message": "The model is away.", "retryable": False}


def test_precision_is_hidden_where_the_template_says_so(ann, sam, as_):
    session = created(ann, template_id=TemplateFactory(shows_precision=False).pk)
    assert as_(ann).get(detail(session)).json()["precision"] is None
    assert as_(sam).get(detail(session)).json()["precision"]["openness"] == 0.5


def test_an_unchanged_session_is_304_in_one_query(ann, as_, django_assert_num_queries):
    session = waiting(ann)
    client = as_(ann)
    first = client.get(detail(session))
    with django_assert_num_queries(1):
        again = client.get(detail(session), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    client.put(detail(session, "draft"), {"text": "x", "revision": 1})
    assert client.get(detail(session), headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_session_with_a_running_operation_is_never_304(ann, as_):
    session = generating(ann)
    client = as_(ann)
    etag = client.get(detail(session))["ETag"]
    assert client.get(detail(session), headers={"If-None-Match": etag}).status_code == 200


def test_a_stale_if_match_is_412_before_the_state_is_looked_at(ann, as_):
    session = ended(ann)
    stale = as_(ann).put(detail(session, "pause"), headers={"If-Match": '"1-0"'})
    assert (stale.status_code, stale.json()["detail"]["code"]) == (412, "PRECONDITION_FAILED")
    current = as_(ann).put(detail(session, "pause"), headers={"If-Match": f'"{session.version}-99"'})
    assert current.json()["detail"]["code"] == "INVALID_SESSION_STATE"
    assert as_(ann).put(detail(session, "pause"), headers={"If-Match": "junk"}).status_code == 412


@pytest.mark.parametrize("questions", [3, 250])
def test_the_context_costs_the_same_queries_at_5_and_500_messages(ann, as_, django_assert_num_queries, questions):
    session = paused(ann, questions=3, job_posting_id=JobPostingFactory(owner=ann).pk)
    _lengthen(session, questions - 3)
    # PostgreSQL: everything in one statement. SQLite: the session with turn, posting and résumé; its messages.
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 2):
        body = as_(ann).get(detail(session)).json()
    assert len(body["messages"]) == 2 * questions - 1


def _lengthen(session, pairs):
    """Put more questions and answers into a session's history."""
    from sessions_app.models import SessionMessage

    now = timezone.now()
    first = fresh(session).message_count + 1
    rows = [
        SessionMessage(
            session=session,
            seq=first + n,
            role="user" if n % 2 else "assistant",
            kind="notice",
            state="complete",
            content="x" * 200,
            created_at=now,
        )
        for n in range(2 * pairs)
    ]
    SessionMessage.objects.bulk_create(rows)
    InterviewSession.objects.filter(pk=session.pk).update(message_count=first - 1 + len(rows))


# -- change ------------------------------------------------------------------------------------------------------------


def test_it_changes_the_configuration_before_the_start(ann, as_):
    session = created(ann)
    response = as_(ann).patch(detail(session), {"time_limit_minutes": 60, "planned_questions": 2})
    assert response.status_code == 200
    assert (response.json()["clock"]["time_limit_seconds"], response.json()["planned_questions"]) == (3600, 2)
    assert response.json()["candidate"]["name"] == "Ann Smith"
    stored = InterviewSession.objects.get(pk=session.pk)
    assert (stored.time_limit_seconds, stored.version) == (3600, 2)
    assert len(stored.plan["questions"]) == 2
    assert types(session) == ["session.created", "session.updated"]


def test_it_changes_nothing_after_the_start(ann, as_):
    session = waiting(ann)
    response = as_(ann).patch(detail(session), {"planned_questions": 2})
    assert response.json()["detail"]["message"] == "Cannot change active session. Only created sessions can be changed."
    assert fresh(session).planned_questions == 6


def test_a_template_edited_later_does_not_change_a_session(ann):
    template = TemplateFactory()
    session = created(ann, template_id=template.pk)
    before = fresh(session).plan
    template.questions.all().update(text="Something else entirely?")
    template.questions.first().points.all().delete()
    assert InterviewSession.objects.get(pk=session.pk).plan == before


# -- start -------------------------------------------------------------------------------------------------------------


def test_start_queues_the_opening_question(ann, as_):
    session = created(ann)
    body = as_(ann).post(detail(session, "start")).json()
    assert (body["status"], body["phase"], body["clock"]["running"]) == ("active", "generating", False)
    write_question(session)
    body = as_(ann).get(detail(session)).json()
    assert (body["phase"], body["clock"]["running"], body["messages"][0]["question_number"]) == (
        "waiting_for_answer",
        True,
        1,
    )
    assert types(session) == [
        "session.created",
        "session.started",
        "operation.queued",
        "operation.started",
        "message.completed",
        "operation.succeeded",
    ]


def test_a_session_that_is_not_open_yet_refuses_to_start(ann, as_):
    session = created(ann, opens_at=timezone.now() + timedelta(days=1))
    response = as_(ann).post(detail(session, "start"))
    assert (response.status_code, response.json()["detail"]["code"]) == (400, "SESSION_NOT_OPEN")
    assert as_(ann).get(detail(session)).json()["allowed_actions"] == ["edit", "delete"]


# -- complete and cancel -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [waiting, generating, paused, failed, closing, ready_for_next])
def test_complete_from_active_and_paused(ann, as_, make):
    session = make(ann)
    response = as_(ann).post(detail(session, "complete"))
    assert (response.status_code, response.json()["status"]) == (200, "completed")
    assert response.json()["operation"] is None
    assert fresh(session).ended_at is not None
    assert "session.completed" in types(session)[-2:]  # what was answered is judged afterwards


def test_complete_twice_has_its_own_code(ann, as_):
    response = as_(ann).post(detail(ended(ann), "complete"))
    assert (response.status_code, response.json()["detail"]["code"]) == (400, "SESSION_ALREADY_COMPLETED")


def test_staff_end_somebodys_interview_only_with_a_reason(ann, sam, as_):
    session = waiting(ann)
    assert wrong_fields(as_(sam).post(detail(session, "complete"))) == ["reason"]
    assert as_(sam).post(detail(session, "complete"), {"reason": "Fire alarm"}).status_code == 200
    assert session.events.last().reason_row.text == "Fire alarm"


def test_only_staff_cancel_and_with_a_reason(ann, sam, as_):
    session = waiting(ann)
    refused = as_(ann).post(detail(session, "cancel"), {"reason": "x"})
    assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "PERMISSION_DENIED")
    assert wrong_fields(as_(sam).post(detail(session, "cancel"))) == ["reason"]
    assert as_(sam).post(detail(session, "cancel"), {"reason": "Position filled"}).json()["status"] == "cancelled"
