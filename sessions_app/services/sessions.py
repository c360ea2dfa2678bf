"""The verbs of a session. API, pages, admin and commands call these and nothing else.

Each takes an id and an actor (the system if none is named), owns its transaction, and returns the changed row.
``now`` replaces the database's clock in tests.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, as_uuid, session_for, sessions_of
from sessions_app.models import InterviewSession
from sessions_app.models.actions import NEEDS_REASON, Role, Status
from sessions_app.models.operation import LIVE

from .change import Change, changing
from .creation import create_session, update_session
from .turns import discard_turn, queue_question

__all__ = [
    "cancel_session",
    "create_session",
    "end_session",
    "get_active_session",
    "get_remaining_time",
    "get_session",
    "is_session_expired",
    "is_unchanged",
    "list_sessions",
    "pause_session",
    "resume_session",
    "start_session",
    "update_session",
    "validate_session_access",
]

SessionId = UUID | str


def start_session(
    session_id: SessionId, *, actor: Actor = SYSTEM, now: datetime | None = None, expect: int | None = None
) -> InterviewSession:
    """Begin the interview; the opening question is queued.

    Raises:
        SessionNotFound, SessionNotOpen, InvalidSessionState, PreconditionFailed (the version is not ``expect``).
    """
    with changing(session_id, actor, now=now) as change:
        expect_version(change, expect)
        change.require("start")
        change.session.start(change.now)
        change.note_activity()
        change.record("session.started")
        queue_question(change)
    return change.session


def pause_session(
    session_id: SessionId, *, actor: Actor = SYSTEM, now: datetime | None = None, expect: int | None = None
) -> InterviewSession:
    """Stop the clock. A question that is being written is finished, stored, and shown on resume.

    Raises:
        SessionNotFound, InvalidSessionState, SessionExpired, PreconditionFailed (the version is not ``expect``).
    """
    with changing(session_id, actor, now=now) as change:
        expect_version(change, expect)
        change.require("pause")
        change.session.pause(change.now)
        change.note_activity()
        change.record("session.paused")
    return change.session


def resume_session(
    session_id: SessionId, *, actor: Actor = SYSTEM, now: datetime | None = None, expect: int | None = None
) -> InterviewSession:
    """Go on exactly where it stopped. If the newest question is answered and no other is coming, one is queued.

    Raises:
        SessionNotFound, InvalidSessionState, SessionExpired, PreconditionFailed.
    """
    with changing(session_id, actor, now=now) as change:
        expect_version(change, expect)
        change.require("resume")
        change.session.resume_interview(change.now)
        change.note_activity()
        change.record("session.resumed")
        _queue_what_is_missing(change)
    return change.session


def end_session(
    session_id: SessionId,
    *,
    actor: Actor = SYSTEM,
    reason: str = "",
    now: datetime | None = None,
    expect: int | None = None,
) -> InterviewSession:
    """Complete the interview. A question that is being written is dropped.

    Raises:
        SessionNotFound, InvalidSessionState, SessionAlreadyCompleted, SessionExpired, PreconditionFailed,
        ValidationFailed (staff end somebody's interview without a reason).
    """
    with changing(session_id, actor, now=now) as change:
        expect_version(change, expect)
        change.require("complete")
        _require_reason(change, "complete", reason)
        discard_turn(change)
        change.session.complete(change.now)
        change.note_activity()
        change.record("session.completed", reason=reason)
    return change.session


def cancel_session(
    session_id: SessionId,
    *,
    actor: Actor = SYSTEM,
    reason: str = "",
    now: datetime | None = None,
    expect: int | None = None,
) -> InterviewSession:
    """Call the interview off. Staff only, with a reason.

    Raises:
        SessionNotFound, InvalidSessionState, PermissionDenied, ValidationFailed, PreconditionFailed.
    """
    with changing(session_id, actor, now=now) as change:
        expect_version(change, expect)
        change.require("cancel")
        _require_reason(change, "cancel", reason)
        discard_turn(change)
        change.session.cancel(change.now)
        change.record("session.cancelled", reason=reason)
    return change.session


def get_session(session_id: SessionId, *, actor: Actor = SYSTEM) -> InterviewSession:
    """The session with its turn, posting and résumé. Raises SessionNotFound."""
    return session_for(session_id, actor)


def is_unchanged(session_id: SessionId, etag: str, *, actor: Actor) -> bool:
    """Whether the session still is what that ETag named: one small query.

    Never while a question is being written, since its text grows without a new version.
    """
    row = sessions_of(actor).filter(pk=as_uuid(session_id)).values_list("version", "draft_revision", "turn__status")
    version, revision, turn = row.first() or (None, None, None)
    if version is None or turn in LIVE:
        return False
    return f'"{version}-{revision}"' in [part.strip().removeprefix("W/") for part in etag.split(",")]


def list_sessions(
    status: str | None = None, limit: int = 50, offset: int = 0, *, actor: Actor = SYSTEM
) -> list[InterviewSession]:
    """The sessions that the actor may see, newest first.

    Raises:
        InvalidStatusFilter: there is no such status.
    """
    rows = sessions_of(actor)
    if status is not None:
        check_status(status)
        rows = rows.filter(status=str(status))
    return list(rows.with_turn().select_related("job_posting")[offset : offset + limit])


def check_status(status: str) -> None:
    """Raises InvalidStatusFilter."""
    if str(status) not in list(Status):
        known = ", ".join(Status)
        raise errors.InvalidStatusFilter(f"There is no such status. Use one of {known}.")


def get_active_session(*, actor: Actor) -> InterviewSession | None:
    """The candidate's own active session with the newest activity, or None."""
    if actor.user is None:
        return None
    mine = InterviewSession.objects.filter(candidate_id=actor.user.pk, status=Status.ACTIVE)
    return mine.with_turn().order_by("-last_activity_at").first()


def get_remaining_time(session_id: SessionId, *, actor: Actor = SYSTEM, now: datetime | None = None) -> int | None:
    """Whole seconds of thinking time left, or None when there is no limit. Raises SessionNotFound."""
    session = session_for(session_id, actor)
    left = session.remaining_ms(now or session.now)
    return None if left is None else left // 1000


def is_session_expired(session_id: SessionId, *, actor: Actor = SYSTEM, now: datetime | None = None) -> bool:
    """Whether its time is over, be it recorded yet or not. Raises SessionNotFound."""
    session = session_for(session_id, actor)
    return session.status == Status.EXPIRED or session.is_over(now or session.now)


def validate_session_access(session_id: SessionId, *, actor: Actor) -> bool:
    """Whether the actor may see the session."""
    try:
        session_for(session_id, actor)
    except errors.SessionNotFound:
        return False
    return True


def expect_version(change: Change, expect: int | None) -> None:
    """Refuse when the caller acts on an older version than the stored one; compared before the state."""
    if expect is not None and expect != change.session.version:
        raise errors.PreconditionFailed


def _require_reason(change: Change, action: str, reason: str) -> None:
    roles = change.actor.roles_in(change.session)
    if action in NEEDS_REASON and Role.CANDIDATE not in roles and not reason.strip():
        wrong = errors.FieldError("reason", "required", "Say why; the reason is kept in the session's log.")
        raise errors.ValidationFailed([wrong])
    if len(reason) > 500:
        wrong = errors.FieldError("reason", "max_length", "Use at most 500 characters.")
        raise errors.ValidationFailed([wrong])


def _queue_what_is_missing(change: Change) -> None:
    session = change.session
    answered = session.turn is not None and session.turn.has_succeeded and session.open_question_id is None
    if answered and session.auto_advance and session.current_question_number < session.planned_questions:
        queue_question(change)
