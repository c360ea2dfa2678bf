"""The verbs of a session. API, pages, admin and commands call these and nothing else.

Each takes an id and an actor (the system if none is named), owns its transaction, and returns the changed row.
``now`` replaces the database's clock in tests.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, as_uuid, session_for, sessions_of
from sessions_app.models import InterviewSession
from sessions_app.models.actions import Status
from sessions_app.models.operation import LIVE

from .change import changing
from .creation import create_session, update_session
from .erasure import erase_session
from .evaluation_queue import queue_evaluation
from .lifecycle import reopen_session, retake_session
from .time import extend_session
from .turns import SESSION_ENDED, discard_turn, queue_question, queue_what_is_missing

__all__ = [
    "cancel_session",
    "create_session",
    "end_session",
    "erase_session",
    "extend_session",
    "get_active_session",
    "get_remaining_time",
    "get_session",
    "is_session_expired",
    "is_unchanged",
    "list_sessions",
    "pause_session",
    "reopen_session",
    "resume_session",
    "retake_session",
    "start_session",
    "update_session",
    "validate_session_access",
]

SessionId = UUID | str

# Written out, since the ORM takes longer to build this statement than the database to answer it.
_STAMP = """
    SELECT s.candidate_id, s.erased_at, s.version, s.draft_revision, o.status
    FROM sessions_app_interviewsession s LEFT JOIN sessions_app_operation o ON o.id = s.turn_id WHERE s.id = %s"""


def start_session(
    session_id: SessionId, *, actor: Actor = SYSTEM, now: datetime | None = None, expect: int | None = None
) -> InterviewSession:
    """Begin the interview; the opening question is queued.

    Raises:
        SessionNotFound, SessionNotOpen, InvalidSessionState, PreconditionFailed (the version is not ``expect``).
    """
    with changing(session_id, actor, now=now) as change:
        change.expect_version(expect)
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
        change.expect_version(expect)
        change.require("pause")
        change.session.pause(change.now)
        change.note_activity()
        change.record("session.paused")
    return change.session


def resume_session(
    session_id: SessionId, *, actor: Actor = SYSTEM, now: datetime | None = None, expect: int | None = None
) -> InterviewSession:
    """Go on exactly where it stopped. If the newest question is answered and no other is coming, one is queued.

    In a session that was opened again, a question that the end had cut off is written anew.

    Raises:
        SessionNotFound, InvalidSessionState, SessionExpired, PreconditionFailed.
    """
    with changing(session_id, actor, now=now) as change:
        change.expect_version(expect)
        change.require("resume")
        change.session.resume_interview(change.now)
        change.note_activity()
        change.record("session.resumed")
        queue_what_is_missing(change)
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
        change.expect_version(expect)
        change.require("complete")
        change.require_reason("complete", reason)
        discard_turn(change, SESSION_ENDED, "The session has ended.")
        change.session.complete(change.now)
        change.note_activity()
        change.record("session.completed", reason=reason)
        queue_evaluation(change)
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
        change.expect_version(expect)
        change.require("cancel")
        change.require_reason("cancel", reason)
        discard_turn(change, SESSION_ENDED, "The session has ended.")
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
    if (key := as_uuid(session_id)) is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_STAMP, [InterviewSession._meta.pk.get_db_prep_value(key, connection)])
        row = cursor.fetchone()
    if row is None:
        return False
    candidate, erased_at, version, revision, turn_status = row
    owned = {"id": key, "candidate_id": candidate and as_uuid(candidate), "erased_at": erased_at}
    session = InterviewSession.from_db(connection.alias, [*owned], [*owned.values()])
    if not actor.sees(session) or turn_status in LIVE:
        return False
    stamp = f'"{version}-{revision}"'
    return stamp in [part.strip().removeprefix("W/") for part in etag.split(",")]


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
