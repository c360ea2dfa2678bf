"""Every test case of the pause-and-resume story (document 0), by its name, against the API."""

from __future__ import annotations

import pytest

from sessions_app.models import InterviewSession

from .factories import JobPostingFactory, ResumeFactory, answer, ended, fresh, paused, types, waiting, write_question

pytestmark = pytest.mark.django_db


def url(session, verb=""):
    return f"/api/v1/sessions/{session.pk}" + (f"/{verb}" if verb else "")


@pytest.mark.parametrize("method", ["put", "post"])
def test_pause_session_success(ann, as_, method):
    session = waiting(ann)
    response = getattr(as_(ann), method)(url(session, "pause"))
    assert response.status_code == 200
    assert response.json()["status"] == "paused"
    stored = InterviewSession.objects.get(pk=session.pk)
    assert (stored.status, stored.running_since, stored.deadline) == ("paused", None, None)
    assert stored.paused_at is not None
    assert types(session)[-1] == "session.paused"


@pytest.mark.parametrize("method", ["put", "post"])
def test_resume_session_success(ann, as_, method):
    session = paused(ann)
    response = getattr(as_(ann), method)(url(session, "resume"))
    assert response.status_code == 200
    assert response.json()["status"] == "active"
    stored = InterviewSession.objects.get(pk=session.pk)
    assert stored.status == "active"
    assert stored.running_since is not None
    assert types(session)[-1] == "session.resumed"


def test_pause_completed_session_fails(ann, as_):
    session = ended(ann)
    before = types(session)
    response = as_(ann).put(url(session, "pause"))
    assert response.status_code == 400
    assert response.json()["detail"] == {
        "code": "INVALID_SESSION_STATE",
        "message": "Cannot pause completed session. Only active sessions can be paused.",
    }
    assert fresh(session).status == "completed"
    assert types(session) == before


def test_pause_paused_session_fails(ann, as_):
    session = paused(ann)
    response = as_(ann).put(url(session, "pause"))
    assert response.status_code == 400
    assert response.json()["detail"]["message"] == "Cannot pause paused session. Only active sessions can be paused."


def test_resume_active_session_fails(ann, as_):
    session = waiting(ann)
    before = types(session)
    response = as_(ann).put(url(session, "resume"))
    assert response.status_code == 400
    assert response.json()["detail"] == {
        "code": "INVALID_SESSION_STATE",
        "message": "Cannot resume active session. Only paused sessions can be resumed.",
    }
    assert types(session) == before


def test_resume_completed_session_fails(ann, as_):
    response = as_(ann).put(url(ended(ann), "resume"))
    assert response.status_code == 400
    assert response.json()["detail"]["code"] == "INVALID_SESSION_STATE"


def test_session_resume_workflow(ann, as_):
    session = waiting(ann, job_posting_id=JobPostingFactory(owner=ann).pk, resume_id=ResumeFactory(owner=ann).pk)
    client = as_(ann)
    assert client.put(url(session, "pause")).json()["status"] == "paused"

    context = client.get(url(session)).json()
    assert context["status"] == "paused"
    assert context["current_question_number"] == 1
    assert context["job_posting"]["tech_stack"] == ["Python", "PostgreSQL"]
    assert "billing service" in context["resume"]["content"]
    assert [message["seq"] for message in context["messages"]] == [1]
    assert context["allowed_actions"] == ["resume", "complete", "extend", "delete"]

    resumed = client.put(url(session, "resume"))
    assert resumed.status_code == 200
    assert resumed.json()["status"] == "active"
    assert resumed.json()["phase"] == "waiting_for_answer"


def test_resume_preserves_messages(ann, as_):
    session = paused(ann, questions=3)
    client = as_(ann)
    before = client.get(url(session, "messages")).json()
    assert len(before) == 5
    client.put(url(session, "resume"))
    assert client.get(url(session, "messages")).json() == before


def test_session_detail_provides_full_context(ann, as_):
    session = waiting(ann, questions=2, job_posting_id=JobPostingFactory(owner=ann).pk)
    context = as_(ann).get(url(session)).json()
    assert context["id"] == str(session.pk)
    assert [(m["seq"], m["role"], m["kind"], m["question_number"]) for m in context["messages"]] == [
        (1, "assistant", "question", 1),
        (2, "user", "answer", 1),
        (3, "assistant", "question", 2),
    ]
    assert context["messages"][1]["content"] == "Answer 1"
    assert context["clock"]["running"] is True
    assert context["cursor"] == str(fresh(session).last_seq)


@pytest.mark.parametrize(("method", "verb"), [("put", "pause"), ("put", "resume"), ("get", "")])
def test_nonexistent_session_is_404(ann, as_, method, verb):
    path = f"/api/v1/sessions/00000000-0000-7000-8000-000000000000/{verb}".rstrip("/")
    response = getattr(as_(ann), method)(path)
    assert response.status_code == 404
    assert response.json()["detail"] == {
        "code": "SESSION_NOT_FOUND",
        "message": "Session not found or you don't have permission to access it",
    }


@pytest.mark.parametrize(("method", "verb"), [("put", "pause"), ("put", "resume"), ("get", "")])
def test_foreign_session_is_the_same_404(ann, ben, as_, method, verb):
    session = waiting(ann)
    missing = getattr(as_(ben), method)(f"/api/v1/sessions/{ben.pk}/{verb}".rstrip("/"))
    foreign = getattr(as_(ben), method)(url(session, verb))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert fresh(session).status == "active"


@pytest.mark.parametrize(("method", "verb"), [("put", "pause"), ("put", "resume"), ("get", ""), ("get", "messages")])
def test_unauthenticated_request_is_401(ann, api, method, verb):
    response = getattr(api, method)(url(waiting(ann), verb))
    assert response.status_code == 401
    assert response.json()["detail"]["code"] == "NOT_AUTHENTICATED"
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_question_in_the_making_is_found_after_a_refresh(ann, as_):
    """What document 0 leaves open: the pending question belongs to the context."""
    session = waiting(ann)
    caused = answer(session, "First answer").operation
    client = as_(ann)
    client.put(url(session, "pause"))
    context = client.get(url(session)).json()
    assert (context["phase"], context["operation"]["id"]) == ("generating", str(caused.pk))

    write_question(session)
    context = client.get(url(session)).json()
    assert (context["phase"], context["operation"], context["current_question_number"]) == (None, None, 2)
    assert context["clock"]["running"] is False

    assert client.put(url(session, "resume")).json()["phase"] == "waiting_for_answer"


def test_a_retried_pause_with_its_idempotency_key_is_replayed(ann, as_):
    session = waiting(ann)
    client = as_(ann)
    first = client.put(url(session, "pause"), headers={"Idempotency-Key": "pause-1"})
    again = client.put(url(session, "pause"), headers={"Idempotency-Key": "pause-1"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert types(session).count("session.paused") == 1
