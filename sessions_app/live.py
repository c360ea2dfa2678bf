"""The stream of a session, over SSE and WebSocket: the same frames with the same cursors, out of one reader.

The log is the stream. A reader takes its place at the lookout, reads everything after its cursor, sends it, and waits
until the lookout sees the log grow, to read again. Where only the text in the making grew, what the lookout saw is sent
as it is. Reads run in a small pool of threads that give their connection back, so any number of open streams holds no
more database connections than the pool has threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sessions_app import errors, represent
from sessions_app.access import Actor, as_uuid, session_for, turn_for
from sessions_app.hints import hub
from sessions_app.lookout import Sight, in_pool, watching
from sessions_app.models import InterviewSession, Operation, SessionEvent, SessionMessage
from sessions_app.models.message import MessageState
from sessions_app.services.presence import note_presence
from sessions_app.services.scorecards import may_see_scores

BATCH = 200
PING_SECONDS = 15.0
OPEN_SECONDS = 600.0


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
    if is_last and (delta := _delta(_sight(session), cursor)):
        frames.append(delta[0])
        cursor = delta[1]
    return Batch(frames, cursor, is_last)


async def follow(session_id: Any, actor: Actor, cursor: Cursor | None) -> AsyncIterator[Frame | None]:
    """Frames after the cursor as they come; None is a sign of life after 15 s of silence. Ends after ten minutes.

    At least every 15 s the session is read as the actor may see it, so whoever may not see it any more is sent away.

    Raises:
        SessionNotFound
    """
    key = as_uuid(session_id)
    if key is None:
        raise errors.SessionNotFound
    now = asyncio.get_running_loop().time
    silent_since, end = now(), now() + OPEN_SECONDS
    with watching(key) as watch:
        while now() < end and not hub.is_closed:
            batch = await in_pool(read, key, actor, cursor)
            cursor = batch.cursor
            for frame in batch.frames:
                yield frame
            if batch.frames:
                silent_since = now()
            elif now() - silent_since >= PING_SECONDS:
                silent_since = now()
                yield None
            read_at = now()
            while batch.is_last:
                sight = await watch.next(min(read_at, silent_since) + PING_SECONDS - now())
                if sight is None or sight.last_seq > cursor.seq:
                    break
                if sight.last_seq == cursor.seq and (added := _delta(sight, cursor)):
                    (frame, cursor), silent_since = added, now()
                    yield frame


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
            yield _delta_frame(at, message.pk, message.content, offset)
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
    if delta := _delta(_sight(session), cursor):
        frames.append(delta[0])
        cursor = delta[1]
    return Batch(frames, cursor, is_last=True)


def _sight(session: InterviewSession) -> Sight:
    message = session.turn.message if session.turn is not None else None
    if message is None or message.state != MessageState.STREAMING:
        return Sight(session.last_seq)
    return Sight(session.last_seq, message.pk, message.attempt, message.content)


def _delta(sight: Sight, cursor: Cursor) -> tuple[Frame, Cursor] | None:
    """What was added to the text that is being written."""
    offset = cursor.offset if cursor.attempt == sight.attempt else 0
    if offset >= len(sight.text):
        return None
    at = Cursor(cursor.seq, sight.attempt, len(sight.text))
    return _delta_frame(at, sight.message_id, sight.text, offset), at


def _delta_frame(at: Cursor, message_id: Any, text: str, offset: int) -> Frame:
    told = {"message_id": message_id, "attempt": at.attempt, "offset": offset, "text": text[offset:]}
    return Frame(str(at), "message.delta", told)


def _messages_of(rows: list[SessionEvent]) -> dict[str, SessionMessage]:
    wanted = {row.data["message_id"] for row in rows if row.type.startswith("message.") and "message_id" in row.data}
    return {str(key): message for key, message in SessionMessage.objects.in_bulk(wanted).items()} if wanted else {}


def _operations_of(rows: list[SessionEvent]) -> dict[str, Operation]:
    wanted = {row.data["operation_id"] for row in rows if row.type in ("operation.started", "operation.failed")}
    return {str(key): operation for key, operation in Operation.objects.in_bulk(wanted).items()} if wanted else {}
