"""``Idempotency-Key``: the same request does its work once, whatever happens in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sessions_app.api import idempotency
from sessions_app.models import IdempotencyKey, InterviewSession, Resume
from sessions_app.services import resumes, sessions

from .factories import types, waiting

pytestmark = pytest.mark.django_db
URL = "/api/v1/sessions"


def keyed(key="k-1"):
    return {"Idempotency-Key": key}


def test_the_first_answer_is_replayed(ann, as_):
    client = as_(ann)
    first = client.post(URL, {"planned_questions": 2}, headers=keyed())
    again = client.post(URL, {"planned_questions": 2}, headers=keyed())
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (again["Location"], again["Idempotent-Replayed"]) == (first["Location"], "true")
    assert "Idempotent-Replayed" not in first
    assert InterviewSession.objects.count() == 1


def test_another_body_or_path_under_the_key_is_422(ann, as_):
    client = as_(ann)
    client.post(URL, {"planned_questions": 2}, headers=keyed())
    for path, body in ((URL, {"planned_questions": 3}), ("/api/v1/resumes", {"content": "x"})):
        response = client.post(path, body, headers=keyed())
        assert (response.status_code, response.json()["detail"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_keys_are_the_callers_own(ann, ben, as_):
    assert as_(ann).post(URL, {}, headers=keyed()).status_code == 201
    assert as_(ben).post(URL, {}, headers=keyed()).status_code == 201
    assert InterviewSession.objects.count() == 2


def test_a_refusal_is_replayed_too(ann, as_):
    session = waiting(ann)
    client = as_(ann)
    first = client.put(f"{URL}/{session.pk}/resume", headers=keyed())
    client.put(f"{URL}/{session.pk}/pause")
    again = client.put(f"{URL}/{session.pk}/resume", headers=keyed())
    assert (first.status_code, again.status_code) == (400, 400)
    assert again.json() == first.json()
    assert InterviewSession.objects.get(pk=session.pk).status == "paused"


def test_while_the_first_is_running_it_is_409(ann, as_, monkeypatch):
    client = as_(ann)
    seen = []

    def second_at_the_same_time(*args, **kwargs):
        seen.append(client.post(URL, {}, headers=keyed()))
        return create(*args, **kwargs)

    create = sessions.create_session
    monkeypatch.setattr(sessions, "create_session", second_at_the_same_time)
    assert client.post(URL, {}, headers=keyed()).status_code == 201
    assert (seen[0].status_code, seen[0].json()["detail"]["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert InterviewSession.objects.count() == 1


def test_a_request_whose_process_died_can_be_sent_again(ann, as_):
    client = as_(ann)
    client.post(URL, {}, headers=keyed())
    # What a kill leaves behind: the claim, committed before; neither session nor answer.
    InterviewSession.objects.all().delete()
    IdempotencyKey.objects.update(status_code=None, body="")
    assert client.post(URL, {}, headers=keyed()).status_code == 409
    IdempotencyKey.objects.update(claimed_at=timezone.now() - idempotency.CLAIM - timedelta(seconds=1))
    assert client.post(URL, {}, headers=keyed()).status_code == 201
    assert InterviewSession.objects.count() == 1


def test_our_own_fault_is_not_remembered(ann, as_, monkeypatch):
    client = as_(ann)
    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "create_session", lambda *a, **k: 1 / 0)
        assert client.post(URL, {}, headers=keyed()).status_code == 500
    assert IdempotencyKey.objects.count() == 0
    assert client.post(URL, {}, headers=keyed()).status_code == 201


def test_an_expiry_met_under_a_key_is_kept(ann, as_):
    session = waiting(ann, time_limit_minutes=5)
    long_ago = timezone.now() - timedelta(minutes=10)
    InterviewSession.objects.filter(pk=session.pk).update(
        running_since=long_ago, deadline=long_ago + timedelta(minutes=5)
    )
    response = as_(ann).put(f"{URL}/{session.pk}/pause", headers=keyed())
    assert response.status_code == 400
    assert types(session)[-1] == "session.expired"


@pytest.mark.parametrize("key", ["", "x" * 201, "caf\xe9"])
def test_a_key_is_short_plain_text(ann, as_, key):
    response = as_(ann).post(URL, {}, headers=keyed(key))
    assert (response.status_code, response.json()["detail"]["code"]) == (400, "VALIDATION_ERROR")


def test_tokens_are_never_stored(ann, api):
    from .factories import PASSWORD

    body = {"email": ann.email, "password": PASSWORD}
    one = api.post("/api/v1/auth/token", body, headers=keyed())
    two = api.post("/api/v1/auth/token", body, headers=keyed())
    assert one.json() != two.json()
    assert IdempotencyKey.objects.count() == 0


def upload(content):
    """The same bytes each time: a key belongs to its body."""
    head = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="cv"\r\n\r\n'
    return {"data": head + content + b"\r\n--xyz--\r\n", "content_type": "multipart/form-data; boundary=xyz"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "cv"}])
def test_a_file_is_read_once_and_in_no_transaction(ann, as_, monkeypatch, headers):
    seen = []

    def read_resume(file, **_):
        seen.append(connection.in_atomic_block)
        return file.read().decode(), []

    monkeypatch.setattr(resumes, "read_resume", read_resume)
    for _ in range(2 if headers else 1):
        assert as_(ann).post("/api/v1/resumes", **upload(b"Ann"), headers=headers).status_code == 201
    assert seen == [False]
    assert Resume.objects.get().content == "Ann"


def test_a_file_that_cannot_be_read_is_refused_with_the_same_words_again(ann, as_):
    sent = upload(b"%PDF-1.4 damaged")
    first, again = (as_(ann).post("/api/v1/resumes", **sent, headers=keyed()) for _ in range(2))
    assert (first.status_code, again.status_code) == (400, 400)
    assert again["Idempotent-Replayed"] == "true" and again.json()["detail"] == first.json()["detail"]
