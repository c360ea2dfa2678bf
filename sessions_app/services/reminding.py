"""Reminding people of an interview that waits for them: because staff ask for it, or because time has passed.

Nothing about the interview changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.logs import log
from sessions_app.models import InterviewSession, Invitation, OutgoingMessage
from sessions_app.models.actions import Status

from . import letters
from .change import changing

NOT_AGAIN_FOR = timedelta(hours=12)
REMIND_BEFORE = timedelta(hours=24)
PAUSED_FOR = timedelta(hours=1)
PAUSED_LONG_AGO = timedelta(days=2)
MOST_AT_ONCE = 200
_REMINDERS = ("reminder", "nudge")

Write = Callable[[InterviewSession, datetime], None]


def remind(session_id: Any, *, actor: Actor, origin: str = "", now: datetime | None = None) -> None:
    """Write a reminder to the candidate; the sweep sends it.

    Two who remind at once: the second is told, since the session is locked.

    Raises:
        SessionNotFound, PermissionDenied (not staff), InvalidSessionState (see ``why_not``).
    """
    if not (actor.is_staff or actor.is_system):
        raise errors.PermissionDenied("Only staff can remind people.")
    with changing(session_id, actor, now=now) as change:
        if why := why_not([change.session], change.now):
            raise errors.InvalidSessionState(why[change.session.pk])
        letters.write_nudge(change.session, origin=origin, now=change.now)


def why_not(sessions: Sequence[InterviewSession], now: datetime) -> dict[UUID, str]:
    """Who cannot be reminded, and why, by the session's id. Two queries, however many they are."""
    keys = [session.pk for session in sessions]
    links = Invitation.objects.filter(session__in=keys, revoked_at=None, expires_at__gt=now)
    linked = frozenset(links.values_list("session_id", flat=True))
    lately = OutgoingMessage.objects.filter(session__in=keys, kind__in=_REMINDERS, created_at__gt=now - NOT_AGAIN_FOR)
    reminded = frozenset(lately.values_list("session_id", flat=True))
    told = {session.pk: _why_not(session, session.pk in linked, session.pk in reminded) for session in sessions}
    return {key: sentence for key, sentence in told.items() if sentence}


def _why_not(session: InterviewSession, is_linked: bool, is_reminded: bool) -> str:
    if session.is_practice or session.is_demo:
        return "This is practice: nobody waits for it."
    if session.status not in (Status.CREATED, Status.PAUSED):
        return f"Cannot remind of {session.status} session. Only created and paused sessions wait for their candidate."
    if not letters.recipient(session):
        return "There is no address to write to."
    if session.candidate_id is None and not is_linked:
        return "Nobody has a link that works. Invite them first."
    if is_reminded:
        return "A reminder was written less than 12 hours ago."
    return "" if settings.SENDS_LETTERS else "No mail server is set up, so nothing can be sent."


# -- because time has passed -------------------------------------------------------------------------------------------


def write_due(moment: datetime) -> int:
    """Letters that only the passing of time causes: reminders, and the way back from a pause. Returns how many."""
    closing = _write_each(_closing_soon(moment), letters.write_reminder, moment)
    return closing + _write_each(_paused_for_long(moment), letters.write_way_back, moment)


def _write_each(rows: Any, write: Write, moment: datetime) -> int:
    """One session's trouble is not another's."""
    written = 0
    for session_id in list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE]):
        try:
            written += _write_if_still_due(session_id, rows, write, moment)
        except Exception:
            log.exception("letter.not_written", session_id=str(session_id), component="letters")
    return written


def _write_if_still_due(session_id: UUID, rows: Any, write: Write, moment: datetime) -> bool:
    """Under the session's lock, since it may have been erased, resumed or ended after the rows were read."""
    with changing(session_id) as change:
        is_due: bool = rows.filter(pk=session_id).exists()
        if is_due:
            write(change.session, moment)
    return is_due


def _closing_soon(now: datetime) -> Any:
    """Not finished, known to the candidate, closing within a day; made at least a day before the closing."""
    reminded = OutgoingMessage.objects.filter(session=OuterRef("pk"), kind="reminder")
    rows = _written_to().filter(
        Q(candidate__isnull=False) | Q(invitations__isnull=False),
        status__in=[Status.CREATED, Status.PAUSED],
        closes_at__gt=now,
        closes_at__lte=now + REMIND_BEFORE,
        created_at__lte=F("closes_at") - REMIND_BEFORE,
    )
    return rows.filter(~Exists(reminded)).distinct()


def _paused_for_long(now: datetime) -> Any:
    told = OutgoingMessage.objects.filter(session=OuterRef("pk"), kind="paused", created_at__gte=OuterRef("paused_at"))
    rows = _written_to().filter(
        status=Status.PAUSED, paused_at__lte=now - PAUSED_FOR, paused_at__gt=now - PAUSED_LONG_AGO
    )
    return rows.filter(~Exists(told))


def _written_to() -> Any:
    """Interviews that somebody waits for. Practice is the candidate's own business; demo data has no readers."""
    has_address = ~Q(candidate_email="") | Q(candidate__email__isnull=False)
    return InterviewSession.objects.kept().filter(has_address, is_practice=False, is_demo=False)
