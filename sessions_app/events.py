"""Append to a session's log. Each entry carries the hash of the one before, so that no change goes unseen.

Called with the session's row locked; the caller saves the session, whose ``last_seq`` and ``last_hash`` move here.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .models import EventReason, InterviewSession, SessionEvent

TYPES = frozenset(
    {
        *(
            f"session.{what}"
            for what in (
                [
                    "created",
                    "updated",
                    "started",
                    "paused",
                    "resumed",
                    "completed",
                    "expired",
                    "cancelled",
                    "reopened",
                    "claimed",
                    "erased",
                ]
            )
        ),
        "time.extended",
        "time.warning",
        "tokens.extended",
        "tokens.charged",
        "tokens.warning",
        *(f"invitation.{what}" for what in ("created", "sent", "opened", "accepted", "revoked")),
        *(f"request.{what}" for what in ("opened", "answered")),
        *(f"message.{what}" for what in ("created", "completed", "failed")),
        *(f"operation.{what}" for what in ("queued", "started", "succeeded", "failed", "cancelled")),
        "precision.updated",
        "evaluation.completed",
        "evaluation.reviewed",
        *(f"review.{what}" for what in ("assigned", "sealed", "skipped")),
    }
)


def append(
    session: InterviewSession, type: str, *, actor: str, at: datetime, reason: str = "", **data: Any
) -> SessionEvent:
    """Write the next entry. ``data`` holds ids, numbers and codes; a person's words go in ``reason``, kept apart."""
    if type not in TYPES:
        raise ValueError(f"{type} is not a type of event; add it to events.TYPES and to the README's table.")
    salt = secrets.token_hex(16) if reason else ""
    if reason:
        data["reason_hash"] = _sha256(salt + reason)
    event = SessionEvent(
        session=session,
        seq=session.last_seq + 1,
        type=type,
        at=at,
        actor=actor,
        data={key: _plain(value) for key, value in data.items()},
        previous_hash=session.last_hash,
    )
    event.hash = hash_of(event)
    event.save(force_insert=True)
    if reason:
        EventReason.objects.create(event=event, text=reason, salt=salt)
    session.last_seq, session.last_hash = event.seq, event.hash
    return event


def hash_of(event: SessionEvent) -> str:
    """SHA-256 over the hash before and everything the entry says, as canonical JSON with the time in UTC."""
    said = [
        event.previous_hash,
        str(event.session_id),
        event.seq,
        event.type,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.actor,
        event.data,
    ]
    return _sha256(json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True))


def broken_links(session: InterviewSession) -> Iterator[str]:
    """What is wrong with a session's chain, as sentences; nothing when it is whole."""
    before, seq = "", 0
    for event in session.events.select_related("reason_row").order_by("seq"):
        seq += 1
        if event.seq != seq:
            yield f"event {seq} is missing"
            seq = event.seq
        if event.previous_hash != before:
            yield f"event {event.seq} does not follow the one before it"
        if event.hash != hash_of(event):
            yield f"event {event.seq} was changed"
        if (row := getattr(event, "reason_row", None)) and event.data.get("reason_hash") != _sha256(
            row.salt + row.text
        ):
            yield f"the reason of event {event.seq} was changed"
        before = event.hash
    if (session.last_seq, session.last_hash) != (seq, before):
        yield f"the log ends at event {seq}, the session says {session.last_seq}"


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | bool | type(None)) else str(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
