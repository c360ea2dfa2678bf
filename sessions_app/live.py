"""The stream of a session, over SSE and WebSocket: the same frames with the same cursors, out of one reader.

The log is the stream. A reader subscribes to hints, reads everything after its cursor, sends it, waits for a hint or a
second, and reads again. Reads run in a small pool of threads that give their connection back, so any number of open
streams holds no more database connections than the pool has threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.conf import settings
from django.db import close_old_connections

from sessions_app import represent
from sessions_app.access import Actor, session_for, turn_for
from sessions_app.hints import hub
from sessions_app.models import InterviewSession, Operation, SessionEvent, SessionMessage
from sessions_app.models.message import MessageState
from sessions_app.services.presence import note_presence
from sessions_app.services.scorecards import may_see_scores

BATCH = 200
IDLE_SECONDS = 1.0
PING_SECONDS = 15.0
OPEN_SECONDS = 600.0

T = TypeVar("T")
_pool = ThreadPoolExecutor(settings.STREAM_READ_THREADS, thread_name_prefix="live")


@dataclass(frozen=True)
class Cursor:
    """How much of a stream somebody has: events up to ``seq``, and ``offset`` characters of that ``attempt``.

    Written ``41``, or ``41:2:120`` in the middle of a sentence.
    """

    seq: int
    attempt: int = 0
    offset: int = 0

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """None for anything that is no cursor."""
        parts = text.split(":")
        if len(parts) not in (1, 3) or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
            return None
        return cls(*map(int, parts))

    def __str__(self) -> str:
        return f"{self.seq}:{self.attempt}:{self.offset}" if self.offset else str(self.seq)


@dataclass(frozen=True)
class Frame:
    id: str
    event: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Batch:
    frames: list[Frame]
    cursor: Cursor
    is_last: bool


def read(session_id: Any, actor: Actor, cursor: Cursor | None) -> Batch:
    """What comes after a cursor, from one consistent moment; with none, or one from elsewhere, the whole state first.

    Raises:
        SessionNotFound: there is none that the actor may see (any more).
    """
    session = turn_for(session_id, actor)
    note_presence(session, actor)
    if cursor is None or cursor.seq > session.last_seq:
        return _whole(session_for(session_id, actor), actor)
    frames: list[Frame] = []
    if cursor.seq < session.last_seq:
        rows = list(session.events.filter(seq__gt=cursor.seq, seq__lte=session.last_seq).order_by("seq")[:BATCH])
        reader = _Reader(session, actor, cursor, _messages_of(rows), _operations_of(rows))
        frames = [frame for row in rows for frame in reader.frames_of(row)]
        cursor = reader.cursor
    is_last = cursor.seq == session.last_seq
    if is_last and (delta := _delta(session, cursor)):
        frames.append(delta[0])
        cursor = delta[1]
    return Batch(frames, cursor, is_last)


async def follow(session_id: Any, actor: Actor, cursor: Cursor | None) -> AsyncIterator[Frame | None]:
    """Frames after the cursor as they come; None is a sign of life after 15 s of silence. Ends after ten minutes.

    Raises:
        SessionNotFound
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + OPEN_SECONDS
    silent_since = loop.time()
    with hub.listening(session_id) as hint:
        while loop.time() < end and not hub.is_closed:
            hint.clear()
            batch = await in_pool(read, session_id, actor, cursor)
            cursor = batch.cursor
            for frame in batch.frames:
                yield frame
            if batch.frames:
                silent_since = loop.time()
            elif loop.time() - silent_since >= PING_SECONDS:
                silent_since = loop.time()
                yield None
            if batch.is_last:
                await _hint_or_a_second(hint)


async def in_pool(work: Callable[..., T], *args: Any) -> T:
    """Run a short read in the bounded pool, whose threads keep one healthy connection each."""

    def run() -> T:
        close_old_connections()
        try:
            return work(*args)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_pool, run)


async def _hint_or_a_second(hint: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(hint.wait(), IDLE_SECONDS)
    except TimeoutError:
        return


class _Reader:
    """Turns log entries into frames, one after the other, and moves the cursor along."""

    def __init__(
        self,
        session: InterviewSession,
        actor: Actor,
        cursor: Cursor,
        messages: dict[str, SessionMessage],
        operations: dict[str, Operation],
    ) -> None:
        self.session, self.actor, self.cursor = session, actor, cursor
        self.messages, self.operations = messages, operations

    def frames_of(self, row: SessionEvent) -> Iterator[Frame]:
        message = self.messages.get(row.data.get("message_id", ""))
        if row.type == "message.completed" and message is not None:
            yield from self._rest_of(message, row.data.get("attempt", 0))
        had, self.cursor = self.cursor, Cursor(row.seq)
        if row.type not in ("operation.started", "message.completed"):
            self.cursor = replace(had, seq=row.seq)  # the text that is being read goes on
        payload = self._payload(row, message)
        if payload is not None:
            yield Frame(str(self.cursor), *payload)

    def _payload(self, row: SessionEvent, message: SessionMessage | None) -> tuple[str, dict[str, Any]] | None:
        """Type and data of the frame for an entry; None for entries that readers need not see."""
        if row.type.startswith(("session.", "time.", "tokens.")):
            return "session.updated", {"change": row.type, "at": row.at, **state(self.session, self.actor)}
        if row.type in ("message.created", "message.completed") and message is not None and message.seq is not None:
            return row.type, {"message": represent.message(message)}
        if row.type in ("operation.queued", "operation.cancelled"):
            return row.type, {name: row.data[name] for name in ("operation_id", "message_id")} | _kind(row)
        if row.type == "operation.started":
            return row.type, self._started(row)
        if row.type == "operation.failed":
            return row.type, self._failed(row)
        if row.type == "precision.updated" and represent.sees_precision(self.session, self.actor):
            return row.type, self._precision()
        if row.type == "evaluation.completed":
            return row.type, self._evaluated(row)
        return None

    def _evaluated(self, row: SessionEvent) -> dict[str, Any]:
        """The score only for whoever may see it; that it is there is no secret."""
        sees = may_see_scores(self.session, self.actor)
        told = {name: row.data.get(name) for name in ("evaluation_id", "overall_score", "method")}
        return told if sees else {**told, "overall_score": None}

    def _precision(self) -> dict[str, Any]:
        """As it is now, whichever entry tells of it: evidence only ever comes on top."""
        shown = {name: getattr(represent, name)(self.session, self.actor) for name in ("precision", "estimates")}
        return {"session_id": self.session.pk, **shown}

    def _started(self, row: SessionEvent) -> dict[str, Any]:
        operation = self.operations.get(row.data["operation_id"])
        question = {"id": row.data["message_id"], "role": "assistant", "kind": "question", "state": "streaming"}
        shown = represent.operation(operation) if operation else {"id": row.data["operation_id"]}
        message = question if row.data["message_id"] else None  # an evaluation writes none
        return {"operation": shown, "message": message, "attempt": row.data["attempt"]}

    def _failed(self, row: SessionEvent) -> dict[str, Any]:
        operation = self.operations.get(row.data["operation_id"])
        error = (operation.error if operation else None) or {}
        return {
            "operation_id": row.data["operation_id"],
            "code": row.data.get("code"),
            "message": error.get("message", "It could not be done."),
            "retryable": error.get("retryable", True),
            **_kind(row),
        }

    def _rest_of(self, message: SessionMessage, attempt: int) -> Iterator[Frame]:
        """What of a finished text was not sent yet, so that the deltas of its attempt join to the whole."""
        offset = self.cursor.offset if self.cursor.attempt == attempt else 0
        if offset < len(message.content):
            at = Cursor(self.cursor.seq, attempt, len(message.content))
            yield _delta_frame(at, message, offset)
            self.cursor = at


def _kind(row: SessionEvent) -> dict[str, Any]:
    return {"kind": row.data.get("kind", "question")}


def state(session: InterviewSession, actor: Actor) -> dict[str, Any]:
    """What a page needs to know besides the messages."""
    return {
        "id": session.pk,
        "status": session.status,
        "phase": session.phase,
        "version": session.version,
        "current_question_number": session.current_question_number,
        "planned_questions": session.planned_questions,
        "message_count": session.message_count,
        "clock": represent.clock(session, session.now),
        "allowed_actions": session.allowed_actions(actor.roles_in(session), session.now),
    }


def _whole(session: InterviewSession, actor: Actor) -> Batch:
    """The state as a first load has it; deltas of a text in the making follow from its beginning."""
    frame = Frame(str(session.last_seq), "session.sync", {"session": represent.context(session, actor)})
    frames, cursor = [frame], Cursor(session.last_seq)
    if delta := _delta(session, cursor):
        frames.append(delta[0])
        cursor = delta[1]
    return Batch(frames, cursor, is_last=True)


def _delta(session: InterviewSession, cursor: Cursor) -> tuple[Frame, Cursor] | None:
    """What was added to the text that is being written."""
    message = session.turn.message if session.turn is not None else None
    if message is None or message.state != MessageState.STREAMING:
        return None
    offset = cursor.offset if cursor.attempt == message.attempt else 0
    if offset >= len(message.content):
        return None
    at = Cursor(cursor.seq, message.attempt, len(message.content))
    return _delta_frame(at, message, offset), at


def _delta_frame(at: Cursor, message: SessionMessage, offset: int) -> Frame:
    told = {"message_id": message.pk, "attempt": at.attempt, "offset": offset, "text": message.content[offset:]}
    return Frame(str(at), "message.delta", told)


def _messages_of(rows: list[SessionEvent]) -> dict[str, SessionMessage]:
    wanted = {row.data["message_id"] for row in rows if row.type.startswith("message.") and "message_id" in row.data}
    return {str(key): message for key, message in SessionMessage.objects.in_bulk(wanted).items()} if wanted else {}


def _operations_of(rows: list[SessionEvent]) -> dict[str, Operation]:
    wanted = {row.data["operation_id"] for row in rows if row.type in ("operation.started", "operation.failed")}
    return {str(key): operation for key, operation in Operation.objects.in_bulk(wanted).items()} if wanted else {}
