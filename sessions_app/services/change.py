"""Every change of a session is one short transaction: lock, settle the clock, check, change, record, save."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from sessions_app import errors, events
from sessions_app.access import SYSTEM, Actor, lock_session
from sessions_app.hints import publish_on_commit
from sessions_app.logs import log
from sessions_app.models import InterviewSession
from sessions_app.models.actions import OPEN, Role, Status

OUTAGE = timedelta(seconds=15)

# What a change may move; the configuration is written by create_session and update_session alone.
_MOVING = [
    "status",
    "turn",
    "current_question_number",
    "extra_seconds",
    "active_ms",
    "running_since",
    "deadline",
    "alive_at",
    "tokens_used",
    "draft_text",
    "draft_revision",
    "message_count",
    "last_seq",
    "last_hash",
    "version",
    "updated_at",
    "started_at",
    "paused_at",
    "ended_at",
    "last_activity_at",
    "candidate",
    "candidate_name",
    "candidate_email",
    "is_practice",
]


@dataclass
class Change:
    """A session whose row is locked, who changes it, and the one moment at which all of it happens."""

    session: InterviewSession
    actor: Actor
    now: datetime
    recorded: int = 0

    def record(self, type: str, *, at: datetime | None = None, reason: str = "", **data: Any) -> None:
        """Append an event; the session gets a new version."""
        label = self.actor.label_in(self.session)
        events.append(self.session, type, actor=label, at=at or self.now, reason=reason, **data)
        self.recorded += 1
        log.info(type, session_id=str(self.session.pk), seq=self.session.last_seq, component="sessions")

    def require(self, action: str) -> None:
        """Raises what the API contract says when the table does not allow the action now."""
        if action not in self.session.allowed_actions(self.actor.roles_in(self.session), self.now):
            raise refusal(self.session, action, self.actor, self.now)

    def note_activity(self) -> None:
        if Role.CANDIDATE in self.actor.roles_in(self.session) and not self.actor.is_system:
            self.session.last_activity_at = self.now

    def save(self, *configuration: str) -> None:
        if self.recorded:
            publish_on_commit(self.session.pk)
            self.session.version += 1
            self.session.updated_at = self.now
        self.session.save(update_fields=[*_MOVING, *configuration])


@contextmanager
def changing(session_id: UUID | str, actor: Actor = SYSTEM, *, now: datetime | None = None) -> Iterator[Change]:
    """Lock a session for one change and save it afterwards.

    If its time is over it is expired first, in a transaction of its own: that commits even though the command that
    met it fails. ``now`` replaces the database's clock in tests.

    Raises:
        SessionNotFound: there is none that the actor may see.
    """
    from . import expiry

    while True:
        with transaction.atomic():
            session = lock_session(session_id, actor)
            change = Change(session, actor, now or session.now)
            if not expiry.expire_if_over(change):
                yield change
                change.save()
                return
            change.save()


def refusal(session: InterviewSession, action: str, actor: Actor, now: datetime) -> errors.DomainError:
    """Why an action is not allowed, as the error to raise."""
    if action in session.allowed_actions(frozenset(Role), now):
        who = "Only staff" if action == "cancel" else "Only the candidate"
        return errors.PermissionDenied(f"{who} can do this in this session.")
    if session.status in OPEN and session.is_over(now):
        return errors.SessionExpired()
    if action in ("answer", "skip", "save_draft", "generate_question"):
        return _not_answerable(session, action)
    return _wrong_state(session, action, now)


def _not_answerable(session: InterviewSession, action: str) -> errors.DomainError:
    if session.status == Status.EXPIRED:
        return errors.SessionExpired()
    if session.status != Status.ACTIVE:
        return errors.SessionNotActive(session.status)
    if action == "generate_question" and session.turn_is_live:
        return errors.GenerationInProgress(operation_id=str(session.turn_id))
    if action == "generate_question" and session.open_question_id:
        return errors.QuestionOpen()
    if action == "generate_question":
        return errors.InvalidSessionState("All planned questions have been asked. Complete the session.")
    return errors.NothingToAnswer()


def _wrong_state(session: InterviewSession, action: str, now: datetime) -> errors.DomainError:
    if action == "complete" and session.status == Status.COMPLETED:
        return errors.SessionAlreadyCompleted()
    if action == "start" and session.status == Status.CREATED and session.opens_at:
        return errors.SessionNotOpen(f"The session opens at {session.opens_at:%Y-%m-%d %H:%M} UTC. Start it then.")
    only = {
        "start": ("start", "created sessions can be started"),
        "edit": ("change", "created sessions can be changed"),
        "pause": ("pause", "active sessions can be paused"),
        "resume": ("resume", "paused sessions can be resumed"),
        "complete": ("complete", "active and paused sessions can be completed"),
        "cancel": ("cancel", "created, active and paused sessions can be cancelled"),
        "retry": ("retry a question in", "active sessions whose question failed can be retried"),
        "stop": ("stop a question in", "active sessions with a question in the making can be stopped"),
    }
    verb, rule = only[action]
    return errors.InvalidSessionState(f"Cannot {verb} {session.status} session. Only {rule}.")
