"""Reminding people of an interview that waits for them, because staff ask for it. Nothing about the interview changes.

The sweep's own reminder, a day before the closing, is ``letters.write_due``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Invitation, OutgoingMessage
from sessions_app.models.actions import Status

from . import letters
from .change import changing

NOT_AGAIN_FOR = timedelta(hours=12)
_REMINDERS = ("reminder", "nudge")


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
