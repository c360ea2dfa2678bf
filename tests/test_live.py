"""The stream: from any cursor the same state, no gap, nothing twice, and on in the middle of a sentence."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator

from sessions_app import errors, lookout
from sessions_app.access import SYSTEM, Actor
from sessions_app.live import Cursor, read
from sessions_app.models import SessionMessage
from sessions_app.services import operations, sessions
from sessions_app.services.accounts import sign_in

from .factories import Words, answer, broken, created, failed, fresh, generating, waiting, write_question


def everything(session, actor, cursor):
    """All frames after a cursor, and the cursor of the last."""
    frames = []
    while True:
        batch = read(session.pk, actor, cursor)
        frames += batch.frames
        cursor = batch.cursor
        if batch.is_last:
            return frames, cursor


def fold(frames, told=None):
    """What a client knows: the messages, and the text in the making. Frames may come twice."""
    messages, partial = dict(told or {}), {}
    for frame in frames:
        if frame.event == "session.sync":
            messages = {m["seq"]: m["content"] for m in frame.data["session"]["messages"]}
            partial = {}
        elif frame.event == "operation.started":
            partial = {"attempt": frame.data["attempt"], "text": ""}
        elif frame.event == "message.delta":
            if partial.get("attempt") != frame.data["attempt"]:
                partial = {"attempt": frame.data["attempt"], "text": ""}
            partial["text"] = partial["text"][: frame.data["offset"]] + frame.data["text"]
        elif frame.event in ("message.created", "message.completed"):
            messages[frame.data["message"]["seq"]] = frame.data["message"]["content"]
            if frame.event == "message.completed":
                assert partial.get("text", frame.data["message"]["content"]) == frame.data["message"]["content"]
                partial = {}
    return messages


def history(session):
    return {message.seq: message.content for message in session.messages.history()}


def prefix(session, seq):
    """What a client that had read up to an event knew."""
    events = session.events.filter(seq__lte=seq, type__in=["message.created", "message.completed"])
    ids = [event.data["message_id"] for event in events]
    return {m.seq: m.content for m in SessionMessage.objects.filter(pk__in=ids, seq__isnull=False)}


@pytest.fixture
def eventful(ann):
    """A session with answers, a failed and retried question, a pause, and a last question in two attempts."""
    session = waiting(ann, planned_questions=4)
    answer(session, "First")
    write_question(session, broken(retryable=False))
    operations.retry_operation(fresh(session).turn_id)
    write_question(session)
    sessions.pause_session(session.pk)
    sessions.resume_session(session.pk)
    answer(session, "Second")
    first = operations.claim(fresh(session).turn_id)
    operations.write(first, "This attempt is lo")
    operations.release(first)
    write_question(session, Words("The text ", "that ", "stays."))
    return fresh(session)


@pytest.mark.django_db
def test_from_every_cursor_it_folds_to_the_same_state(ann, eventful):
    for seq in range(eventful.last_seq + 1):
        frames, cursor = everything(eventful, Actor(ann), Cursor(seq))
        assert fold(frames, prefix(eventful, seq)) == history(eventful)
        doubled = [frame for frame in frames for _ in (1, 2)]
        assert fold(doubled, prefix(eventful, seq)) == history(eventful)
        assert cursor.seq == eventful.last_seq
        assert everything(eventful, Actor(ann), cursor)[0] == []


@pytest.mark.django_db
def test_the_ids_are_cursors_that_leave_nothing_out(ann, eventful):
    frames, _ = everything(eventful, Actor(ann), Cursor(0))
    for place, frame in enumerate(frames):
        rest, _ = everything(eventful, Actor(ann), Cursor.parse(frame.id))
        told = fold(frames[: place + 1])
        assert {**told, **fold(rest, told)} == history(eventful)


@pytest.mark.django_db
def test_it_goes_on_in_the_middle_of_a_sentence(ann):
    session = generating(ann)
    claimed = operations.claim(session.turn_id)
    operations.write(claimed, "What happ")
    frames, cursor = everything(session, Actor(ann), Cursor(0))
    assert (frames[-1].event, frames[-1].data["text"], str(cursor)) == ("message.delta", "What happ", "4:1:9")

    operations.write(claimed, "What happens next?")
    (delta,), cursor = everything(session, Actor(ann), Cursor.parse("4:1:9"))
    assert (delta.data["offset"], delta.data["text"], delta.id) == (9, "ens next?", "4:1:18")
    assert everything(session, Actor(ann), cursor)[0] == []


@pytest.mark.django_db
def test_a_new_attempt_starts_the_text_again(ann):
    session = generating(ann)
    first = operations.claim(session.turn_id)
    operations.write(first, "Lost te")
    _, cursor = everything(session, Actor(ann), Cursor(0))
    operations.release(first)
    second = operations.claim(session.turn_id)
    operations.write(second, "Kept")
    frames, _ = everything(session, Actor(ann), cursor)
    assert [frame.event for frame in frames] == ["operation.queued", "operation.started", "message.delta"]
    assert frames[1].data["attempt"] == 2
    assert (frames[2].data["offset"], frames[2].data["text"]) == (0, "Kept")


@pytest.mark.django_db
def test_the_deltas_of_the_last_attempt_join_to_the_final_text(ann):
    session = generating(ann)
    claimed = operations.claim(session.turn_id)
    texts, cursor = [], Cursor(0)
    for text in ("One", "One two", "One two three"):
        operations.write(claimed, text)
        frames, cursor = everything(session, Actor(ann), cursor)
        texts += [frame.data["text"] for frame in frames if frame.event == "message.delta"]
    from sessions_app.ai.protocol import Outcome

    operations.finish(claimed, "One two three four.", Outcome("technical"))
    frames, _ = everything(session, Actor(ann), cursor)
    texts += [frame.data["text"] for frame in frames if frame.event == "message.delta"]
    assert "".join(texts) == "One two three four."
    assert [frame.event for frame in frames] == ["message.delta", "message.completed"]


@pytest.mark.django_db
def test_a_failure_is_told_with_its_code(ann):
    frames, _ = everything(failed(ann), Actor(ann), Cursor(0))
    (told,) = [frame.data for frame in frames if frame.event == "operation.failed"]
    assert (told["code"], told["message"], told["retryable"]) == ("PROVIDER_ERROR", "The model is away.", False)


@pytest.mark.django_db
def test_changes_of_the_session_carry_their_type_and_what_is_allowed(ann):
    session = waiting(ann)
    at = Cursor(fresh(session).last_seq)
    sessions.pause_session(session.pk)
    (frame,), _ = everything(session, Actor(ann), at)
    assert (frame.event, frame.data["change"], frame.data["status"]) == ("session.updated", "session.paused", "paused")
    assert frame.data["allowed_actions"] == ["resume", "complete", "extend", "delete"]
    assert frame.data["clock"]["running"] is False


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", [None, Cursor(10_000)])
def test_without_a_cursor_or_with_one_from_elsewhere_the_whole_state_comes_first(ann, cursor):
    session = waiting(ann)
    (frame,), at = everything(session, Actor(ann), cursor)
    assert (frame.event, frame.id) == ("session.sync", str(fresh(session).last_seq))
    assert frame.data["session"]["messages"][0]["seq"] == 1
    assert everything(session, Actor(ann), at)[0] == []


@pytest.mark.django_db
def test_a_stranger_reads_nothing(ann, ben):
    session = waiting(ann)
    with pytest.raises(errors.SessionNotFound):
        read(session.pk, Actor(ben), Cursor(0))
    assert read(session.pk, SYSTEM, Cursor(0)).frames


@pytest.mark.parametrize("text", ["", "x", "-1", "1:2", "1:2:3:4", "1:x:2", "٣", "9" * 11, "1.5"])
def test_what_is_no_cursor_is_refused(text):
    assert Cursor.parse(text) is None


@pytest.mark.parametrize("text", ["0", "41", "41:2:120"])
def test_a_cursor_reads_as_it_writes(text):
    assert str(Cursor.parse(text)) == text


@pytest.mark.django_db
def test_an_idle_read_is_one_query(ann, django_assert_num_queries):
    session = waiting(ann)
    at = Cursor(fresh(session).last_seq)
    with django_assert_num_queries(1):
        assert read(session.pk, Actor(ann), at).frames == []


# -- the two doors -----------------------------------------------------------------------------------------------------


def scope(kind, path, query="", **headers):
    raw = [
        (name.replace("_", "-").encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()
    ]
    return {"type": kind, "method": "GET", "path": path, "query_string": query.encode(), "headers": raw}


def bearer(user):
    return f"Bearer {sign_in(user)['access']}"


async def sse(where, *, until):
    """Status and frames of an event stream, read until so many have come."""
    from interviewer.asgi import application

    stream = ApplicationCommunicator(application, where)
    await stream.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await stream.receive_output(5)
    body = b""
    while body.count(b"\nevent: ") < until:
        part = await stream.receive_output(5)
        body += part["body"]
        if not part.get("more_body"):
            break
    await stream.send_input({"type": "http.disconnect"})
    await stream.wait(5)
    return start, body


def run(coroutine):
    return asyncio.run(coroutine)


@pytest.mark.django_db(transaction=True)
def test_sse_sends_what_comes_after_the_last_event_id(ann):
    session = waiting(ann)
    where = scope(
        "http", f"/api/v1/sessions/{session.pk}/stream", "cursor=0", authorization=bearer(ann), last_event_id="4"
    )
    start, body = run(sse(where, until=2))
    assert start["status"] == 200
    assert dict(start["headers"])[b"content-type"].startswith(b"text/event-stream")
    lines = body.decode().split("\n\n")
    assert lines[0] == "retry: 1000"
    assert [part.split("\n")[1] for part in lines[1:3]] == ["event: message.delta", "event: message.completed"]
    assert lines[2].startswith("id: 5\n")
    assert json.loads(lines[2].split("data: ")[1])["message"]["seq"] == 1


@pytest.mark.django_db(transaction=True)
def test_sse_refuses_like_the_api(ann, ben):
    session = waiting(ann)
    path = f"/api/v1/sessions/{session.pk}/stream"

    def status(where):
        start, body = run(sse(where, until=1))
        return start["status"], json.loads(body)["detail"]["code"]

    assert status(scope("http", path)) == (401, "NOT_AUTHENTICATED")
    assert status(scope("http", path, authorization="Bearer x")) == (401, "NOT_AUTHENTICATED")
    assert status(scope("http", path, authorization=bearer(ben))) == (404, "SESSION_NOT_FOUND")
    assert status(scope("http", path, "cursor=x", authorization=bearer(ann))) == (400, "VALIDATION_ERROR")
    assert status(scope("http", path, authorization=bearer(ann), host="evil.example")) == (404, "NOT_FOUND")


@pytest.mark.django_db(transaction=True)
def test_the_browsers_cookie_opens_it(ann, client):
    session = waiting(ann)
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    start, body = run(sse(scope("http", f"/api/v1/sessions/{session.pk}/stream", cookie=cookie), until=1))
    assert start["status"] == 200
    assert b"event: session.sync" in body


async def websocket(where, *, frames, after=None):
    """The first frames of a WebSocket, or its close code."""
    from interviewer.asgi import application

    socket = ApplicationCommunicator(application, where)
    await socket.send_input({"type": "websocket.connect"})
    got = []
    while len(got) < frames:
        out = await socket.receive_output(5)
        if out["type"] == "websocket.close":
            return out["code"]
        if out["type"] == "websocket.send":
            got.append(json.loads(out["text"]))
        if after and len(got) == frames - 1:
            await asyncio.to_thread(after)
            after = None
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(5)
    return got


@pytest.mark.django_db(transaction=True)
def test_websocket_carries_the_same_frames(ann):
    session = waiting(ann)
    where = scope("websocket", f"/ws/sessions/{session.pk}/", "cursor=4", authorization=bearer(ann))
    got = run(websocket(where, frames=2))
    want, _ = everything(session, Actor(ann), Cursor(4))
    assert [(f["id"], f["event"]) for f in got] == [(f.id, f.event) for f in want]


@pytest.mark.django_db(transaction=True)
def test_a_change_wakes_the_reader(ann, monkeypatch):
    from django.db import connection

    monkeypatch.setattr(lookout, "EVERYWHERE_SECONDS", 60.0)
    session = waiting(ann)
    where = scope("websocket", f"/ws/sessions/{session.pk}/", "cursor=4", authorization=bearer(ann))

    def pause():
        try:
            sessions.pause_session(session.pk)
        finally:
            connection.close()

    got = run(websocket(where, frames=3, after=pause))
    assert got[2]["data"]["change"] == "session.paused"


@pytest.mark.django_db(transaction=True)
def test_websocket_says_why_it_closes(ann, ben):
    session = waiting(ann)
    path = f"/ws/sessions/{session.pk}/"
    assert run(websocket(scope("websocket", path), frames=1)) == 4401
    assert run(websocket(scope("websocket", path, authorization=bearer(ben)), frames=1)) == 4404
    foreign = scope("websocket", path, authorization=bearer(ann), origin="https://evil.example")
    assert run(websocket(foreign, frames=1)) == 4404
    assert run(websocket(scope("websocket", "/ws/other/"), frames=1)) == 4404


@pytest.mark.django_db(transaction=True)
def test_thirty_open_streams_hold_no_more_connections_than_the_pool(ann, settings):
    from sessions_app.hints import hub

    session = created(ann)
    token = bearer(ann)

    async def open_thirty():
        wheres = [scope("websocket", f"/ws/sessions/{session.pk}/", authorization=token) for _ in range(30)]
        return await asyncio.gather(*(websocket(where, frames=1) for where in wheres))

    assert all(frames[0]["event"] == "session.sync" for frames in run(open_thirty()))
    assert len(lookout._pool._threads) <= settings.STREAM_READ_THREADS
    assert hub.readers == 0
