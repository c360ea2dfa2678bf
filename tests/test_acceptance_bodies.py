"""Error bodies to the byte: those of documents 0 and 3 as they stand there, every other one in the one form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sessions_app import errors
from sessions_app.models import InterviewSession, User

from . import factories as f

pytestmark = pytest.mark.django_db

MISSING = "00000000-0000-7000-8000-000000000000"
NOT_FOUND = (
    b'{"detail":{"code":"SESSION_NOT_FOUND","message":"Session not found or you don\'t have permission to access it"},'
    b'"request_id":"req-1"}'
)
NO_ACCESS = b'{"detail":"Access denied to conversation"}'


def state(verb: str, status: str, only: str) -> bytes:
    return (
        b'{"detail":{"code":"INVALID_SESSION_STATE","message":"Cannot %b %b session. Only %b sessions can be %bd."},'
        b'"request_id":"req-1"}' % (verb.encode(), status.encode(), only.encode(), verb.encode())
    )


def told(client: Any, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    response = getattr(client, method)(f"/api/v1{path}", body, format="json", headers={"X-Request-ID": "req-1"})
    return response.status_code, response.content


@pytest.mark.parametrize("method", ["put", "post"])
@pytest.mark.parametrize(
    ("make", "verb", "body"),
    [
        (f.paused, "pause", state("pause", "paused", "active")),
        (f.ended, "pause", state("pause", "completed", "active")),
        (f.waiting, "resume", state("resume", "active", "paused")),
        (f.ended, "resume", state("resume", "completed", "paused")),
    ],
)
def test_document_0(ann: User, as_: Any, make: Any, verb: str, body: bytes, method: str) -> None:
    session: InterviewSession = make(ann)
    assert told(as_(ann), method, f"/sessions/{session.pk}/{verb}") == (400, body)
    assert told(as_(ann), method, f"/sessions/{MISSING}/{verb}") == (404, NOT_FOUND)


def test_document_0_tells_strangers_what_it_tells_of_what_is_not_there(ann: User, ben: User, as_: Any) -> None:
    session = f.waiting(ann)
    for method, rest in (("put", "/pause"), ("put", "/resume"), ("get", ""), ("get", "/messages")):
        assert told(as_(ben), method, f"/sessions/{session.pk}{rest}") == (404, NOT_FOUND)


def test_document_3(ann: User, ben: User, as_: Any) -> None:
    session = f.created(ann)
    for what, words in (("active-session", b"No active session found"), ("task-status", b"No background task found")):
        body = b'{"error":"%b","conversationId":"%b"}' % (words, str(session.pk).encode())
        assert told(as_(ann), "get", f"/conversations/{session.pk}/{what}") == (404, body)
        assert told(as_(ben), "get", f"/conversations/{session.pk}/{what}") == (403, NO_ACCESS)
        assert told(as_(ben), "get", f"/conversations/{MISSING}/{what}") == (403, NO_ACCESS)


def test_every_other_refusal_has_the_one_form(ann: User, api: Any, as_: Any) -> None:
    """A code in capitals, a sentence, the request's id; wrong fields each with name, code and sentence."""
    session = f.waiting(ann)
    refused = [
        told(as_(ann), "post", f"/sessions/{session.pk}/answers", {"answer_text": "", "mode": "song"}),
        told(as_(ann), "post", "/sessions", {"time_limit_minutes": 1, "colour": "red"}),
        told(as_(ann), "post", f"/sessions/{session.pk}/generate-question", {}),
        told(as_(ann), "post", f"/sessions/{session.pk}/cancel", {}),
        told(as_(ann), "get", f"/operations/{MISSING}"),
        told(as_(ann), "delete", "/models"),
        told(api, "get", "/sessions"),
        told(api, "get", "/nowhere"),
    ]
    for status, content in refused:
        assert status >= 400
        assert_is_the_one_form(content)


def assert_is_the_one_form(content: bytes) -> None:
    body = json.loads(content)
    assert list(body) == ["detail", "request_id"] and body["request_id"] == "req-1", content
    assert list(body["detail"])[:2] == ["code", "message"] and set(body["detail"]) <= {
        "code",
        "message",
        "errors",
        *MORE,
    }
    assert body["detail"]["code"] == body["detail"]["code"].upper() and body["detail"]["message"].strip()
    for wrong in body["detail"].get("errors", ()):
        assert list(wrong) == ["field", "code", "message"] and all(wrong.values()), wrong


MORE = {"operation_id", "retry_after"}


def test_every_error_class_has_a_code_a_status_and_a_sentence() -> None:
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.DomainError)]
    assert len(classes) > 20
    for one in classes:
        assert one.code == one.code.upper() and 400 <= one.status < 600
