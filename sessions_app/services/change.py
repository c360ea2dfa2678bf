"""Every change of a session is one short transaction: lock, settle the clock, check, change, record, save."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from sessions_app import errors, events
from sessions_app.access import SYSTEM, Actor, lock_session
from sessions_app.hints import publish_on_commit
from sessions_app.logs import log
from sessions_app.models import InterviewSession
from sessions_app.models.actions import NEEDS_REASON, NOT_FOR, OPEN, Role, Status
from sessions_app.models.limits import MAX_REASON

from . import letters

OUTAGE = timedelta(seconds=15)

# Entries that tell about the clock, which is outside a session's version.
_OF_THE_CLOCK = frozenset({"time.warning"})

OFTEN_ENOUGH = gettext_lazy("You have added five minutes as often as you can. Only staff can add more time.")

# What a change may move; the configuration is written by create_session and update_session alone.
_MOVING = [
    "status",
    "turn",
    "evaluation_operation",
    "precision",
    "estimates",
    "current_question_number",
    "planned_questions",
    "extra_seconds",
    "extensions",
    "warned_seconds",
    "warned_percent",
    "is_budget_spent",
    "active_ms",
    "running_since",
    "deadline",
    "alive_at",
    "closes_at",
    "pause_ends_at",
    "paused_ms",
    "last_seen_at",
    "tokens_used",
    "tokens_reserved",
    "questions_left_out",
    "draft_text",
    "draft_revision",
    "draft_question",
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
    "erased_at",
    "time_zone",
]


@dataclass
class Change:
    """A session whose row is locked, who changes it, and the one moment at which all of it happens."""

    session: InterviewSession
    actor: Actor
    now: datetime
    recorded: int = 0
    is_news: bool = False
    configuration: list[str] = field(default_factory=list)

    def record(self, type: str, *, at: datetime | None = None, reason: str = "", **data: Any) -> None:
        """Append an event; the session gets a new version."""
        label = self.actor.label_in(self.session)
        events.append(self.session, type, actor=label, at=at or self.now, reason=reason, **data)
        self.recorded += 1
        self.is_news = self.is_news or type not in _OF_THE_CLOCK
        log.info(type, session_id=str(self.session.pk), seq=self.session.last_seq, component="sessions")
        letters.after_event(self, type, data.get("code"), data.get("milliseconds", 0))

    def record_as(self, actor: Actor, type: str, **data: Any) -> None:
        """Append what happened by itself during somebody's change."""
        whose, self.actor = self.actor, actor
        self.record(type, **data)
        self.actor = whose

    def require(self, action: str) -> None:
        """Raises what the API contract says when the table does not allow the action now."""
        if action not in self.session.allowed_actions(self.actor.roles_in(self.session), self.now):
            raise refusal(self.session, action, self.actor, self.now)

    def note_activity(self) -> None:
        if Role.CANDIDATE in self.actor.roles_in(self.session) and not self.actor.is_system:
            self.session.last_activity_at = self.session.last_seen_at = self.now

    def configure(self, *fields: str) -> None:
        """Have fields of the configuration saved, too."""
        self.configuration += fields

    def save(self, *configuration: str) -> None:
        if self.recorded:
            publish_on_commit(self.session.pk)
        if self.is_news:
            self.session.version += 1
            self.session.updated_at = self.now
        self.session.save(update_fields=[*_MOVING, *self.configuration, *configuration])

    def expect_version(self, expect: int | None) -> None:
        """Refuse when the caller acts on an older version than the stored one; compared before the state.

        Raises:
            PreconditionFailed
        """
        if expect is not None and expect != self.session.version:
            raise errors.PreconditionFailed

    def require_reason(self, action: str, reason: str) -> None:
        """Staff say why they do this to somebody else's session. Raises ValidationFailed."""
        if wrong := self.wrong_reason(action, reason):
            raise errors.ValidationFailed(wrong)

    def wrong_reason(self, action: str, reason: str) -> list[errors.FieldError]:
        is_own = Role.CANDIDATE in self.actor.roles_in(self.session)
        if action in NEEDS_REASON and not is_own and not reason.strip():
            return [errors.FieldError("reason", "required", "Say why; the reason is kept in the session's log.")]
        if len(reason) > MAX_REASON:
            return [errors.FieldError.too_long("reason", MAX_REASON)]
        return []


@contextmanager
def changing(session_id: UUID | str, actor: Actor = SYSTEM, *, now: datetime | None = None) -> Iterator[Change]:
    """Lock a session for one change and save it afterwards.

    What the clock has brought meanwhile comes first, in a transaction of its own: an outage is credited, and a
    session whose time is over is expired. That commits even though the command that met it fails. ``now`` replaces
    the database's clock in tests.

    Raises:
        SessionNotFound: there is none that the actor may see.
    """
    from . import expiry

    while True:
        with transaction.atomic():
            session = lock_session(session_id, actor)
            change = Change(session, actor, now or session.now)
            if not expiry.settle(change):
                expiry.warn(change)
                yield change
                change.save()
                return
            change.save()


def refusal(session: InterviewSession, action: str, actor: Actor, now: datetime) -> errors.DomainError:
    """Why an action is not allowed, as the error to raise."""
    if action in session.allowed_actions(frozenset(Role), now):
        return _not_yours(session, action)
    if session.status in OPEN and session.is_over(now):
        return over(session)
    if action in ("answer", "skip", "save_draft", "generate_question"):
        return _not_answerable(session, action)
    return _wrong_state(session, action, now)


def _not_yours(session: InterviewSession, action: str) -> errors.DomainError:
    if action == "extend" and session.is_practice:
        return no_limit() if session.time_limit_seconds is None else errors.PermissionDenied(OFTEN_ENOUGH)
    who = "Only the candidate" if action in NOT_FOR[Role.STAFF] else "Only staff"
    return errors.PermissionDenied(f"{who} can do this in this session.")


def over(session: InterviewSession) -> errors.DomainError:
    """That its time is over, and why."""
    return errors.SessionExpired(session.time_ended_by, is_practice=session.is_practice)


def no_limit() -> errors.DomainError:
    return errors.InvalidSessionState("This session has no time limit, so there is no time to extend.")


def _not_answerable(session: InterviewSession, action: str) -> errors.DomainError:
    if session.status == Status.EXPIRED:
        return over(session)
    if session.status != Status.ACTIVE:
        return errors.SessionNotActive(session.status)
    if action == "generate_question" and session.turn_is_live:
        return errors.GenerationInProgress(operation_id=str(session.turn_id))
    if action == "generate_question" and session.open_question_id:
        return errors.QuestionOpen()
    if action == "generate_question" and session.is_budget_spent:
        return errors.TokenBudgetExhausted()
    if action == "generate_question":
        return errors.InvalidSessionState("All planned questions have been asked. Complete the session.")
    return errors.NothingToAnswer()


def _wrong_state(session: InterviewSession, action: str, now: datetime) -> errors.DomainError:
    if action == "complete" and session.status == Status.COMPLETED:
        return errors.SessionAlreadyCompleted()
    if action == "pause" and session.status == Status.ACTIVE and session.has_closed(now):
        return errors.WindowClosed()
    if action == "start" and session.status == Status.CREATED and session.opens_at:
        return errors.SessionNotOpen(f"The session opens at {session.opens_at:%Y-%m-%d %H:%M} UTC. Start it then.")
    only = {
        "start": ("start", "created sessions can be started"),
        "edit": ("change", "created sessions can be changed"),
        "pause": ("pause", "active sessions can be paused"),
        "resume": ("resume", "paused sessions can be resumed"),
        "complete": ("complete", "active and paused sessions can be completed"),
        "cancel": ("cancel", "created, active and paused sessions can be cancelled"),
        "extend": ("extend", "active and paused sessions can be extended"),
        "reopen": ("reopen", "completed and expired sessions can be reopened"),
        "retake": ("retake", "completed, expired and cancelled sessions can be retaken"),
        "delete": ("delete", "sessions that exist can be deleted"),
        "retry": ("retry a question in", "active sessions whose question failed can be retried"),
        "stop": ("stop a question in", "active sessions with a question in the making can be stopped"),
    }
    verb, rule = only[action]
    return errors.InvalidSessionState(f"Cannot {verb} {session.status} session. Only {rule}.")
