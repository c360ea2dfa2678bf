"""One look for all streams of a process: what grew is told without reading, and nobody is told what is not theirs."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from sessions_app import errors, live, lookout
from sessions_app.access import Actor
from sessions_app.hints import hub
from sessions_app.models import InterviewSession
from sessions_app.services import operations, sessions

from .factories import created, fresh, generating, waiting
from .test_live import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reads(monkeypatch):
    """How often streams read a session."""
    return counted(monkeypatch, live, "read")


def counted(monkeypatch, module, name):
    calls, real = [], getattr(module, name)

    def count(*args):
        calls.append(args)
        return real(*args)

    monkeypatch.setattr(module, name, count)
    return calls


async def until_frame(stream, event):
    """The next frame of that type; the others are dropped."""
    async with asyncio.timeout(10):
        async for frame in stream:
            if frame is not None and frame.event == event:
                return frame
    raise AssertionError(f"the stream ended before {event}")


def test_text_that_grows_is_told_without_reading_the_session_again(ann, reads):
    session = generating(ann)
    claimed = operations.claim(session.turn_id)

    async def follow():
        stream = live.follow(session.pk, Actor(ann), None)
        assert (await until_frame(stream, "session.sync")).data["session"]["id"] == session.pk
        texts = []
        for text in ("What", "What did", "What did you build?"):
            await sync_to_async(operations.write)(claimed, text)
            frame = await until_frame(stream, "message.delta")
            assert frame.data["message_id"] == claimed.message_id
            texts.append((frame.data["offset"], frame.data["text"]))
        await stream.aclose()
        return texts

    assert run(follow()) == [(0, "What"), (4, " did"), (8, " you build?")]
    assert len(reads) == 1


def test_a_hint_that_is_lost_costs_no_more_than_a_look_everywhere(ann, monkeypatch):
    session = generating(ann)
    claimed = operations.claim(session.turn_id)
    monkeypatch.setattr(lookout, "EVERYWHERE_SECONDS", 0.2)
    monkeypatch.setattr(hub, "publish", lambda session_id: None)

    async def follow():
        stream = live.follow(session.pk, Actor(ann), None)
        await until_frame(stream, "session.sync")
        await sync_to_async(operations.write)(claimed, "What did you build?")
        frame = await until_frame(stream, "message.delta")
        await sync_to_async(sessions.pause_session)(session.pk)
        told = await until_frame(stream, "session.updated")
        await stream.aclose()
        return frame.data["text"], told.data["status"]

    assert run(follow()) == ("What did you build?", "paused")


def test_idle_streams_are_looked_at_together(ann, monkeypatch, reads):
    looks = counted(monkeypatch, lookout, "look")
    monkeypatch.setattr(lookout, "EVERYWHERE_SECONDS", 0.1)
    watched = [created(ann).pk for _ in range(20)]

    async def open_all():
        streams = [live.follow(key, Actor(ann), None) for key in watched]
        await asyncio.gather(*(until_frame(stream, "session.sync") for stream in streams))
        waiting_on = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await asyncio.sleep(1)
        assert not any(task.done() for task in waiting_on), "nothing happened, so nothing is told"
        for task in waiting_on:
            task.cancel()
        await asyncio.gather(*waiting_on, return_exceptions=True)

    run(open_all())
    assert len(reads) == len(watched)
    assert 1 <= len(looks) <= 12
    assert set(looks[-1][0]) == set(watched)
    assert hub.readers == 0


def test_silence_is_a_sign_of_life_and_one_read_each_time(ann, monkeypatch, reads):
    session = created(ann)
    monkeypatch.setattr(live, "PING_SECONDS", 0.3)

    async def follow():
        stream = live.follow(session.pk, Actor(ann), None)
        await until_frame(stream, "session.sync")
        assert [await anext(stream) for _ in range(3)] == [None] * 3
        await stream.aclose()

    run(follow())
    assert len(reads) == 4


def test_whoever_may_not_see_it_any_more_is_sent_away(ann, ben, monkeypatch):
    session = waiting(ann)
    monkeypatch.setattr(live, "PING_SECONDS", 0.3)

    async def follow():
        stream = live.follow(session.pk, Actor(ann), None)
        await until_frame(stream, "session.sync")
        await InterviewSession.objects.filter(pk=session.pk).aupdate(candidate=ben)
        await until_frame(stream, "session.updated")

    with pytest.raises(errors.SessionNotFound):
        run(follow())


def test_an_erased_session_ends_its_streams(ann, monkeypatch):
    session = created(ann)

    async def follow():
        stream = live.follow(session.pk, Actor(ann), None)
        await until_frame(stream, "session.sync")
        await sync_to_async(sessions.erase_session)(session.pk, reason="", actor=Actor(ann))
        await until_frame(stream, "message.delta")

    with pytest.raises(errors.SessionNotFound):
        run(follow())


def test_when_the_look_fails_everybody_reads_for_themselves(ann, monkeypatch, reads):
    session = fresh(waiting(ann))
    monkeypatch.setattr(lookout, "EVERYWHERE_SECONDS", 0.1)
    outage = iter([OperationalError("away")])
    real = lookout.look

    def look(session_ids):
        for error in outage:
            raise error
        return real(session_ids)

    monkeypatch.setattr(lookout, "look", look)

    async def follow():
        stream = live.follow(session.pk, Actor(ann), None)
        await until_frame(stream, "session.sync")
        going_on = asyncio.ensure_future(until_frame(stream, "session.updated"))
        await asyncio.sleep(0.5)
        read_again = len(reads)
        await sync_to_async(sessions.pause_session)(session.pk)
        frame = await going_on
        await stream.aclose()
        return read_again, frame.data["status"]

    assert run(follow()) == (2, "paused")
