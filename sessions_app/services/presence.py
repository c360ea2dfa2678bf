"""Signs of life: a candidate who has the interview open is there, even if nothing is typed."""

from __future__ import annotations

from datetime import timedelta

from sessions_app.access import Actor
from sessions_app.models import InterviewSession
from sessions_app.models.actions import Status

ONCE_IN = timedelta(minutes=1)


def note_presence(session: InterviewSession, actor: Actor) -> None:
    """Stamp the candidate's open stream, at most once a minute, where idle sessions are paused.

    One column, no event, no version. Whoever has the row locked for a change is not waited for: the next read tries
    again.
    """
    if session.idle_minutes is None or session.status != Status.ACTIVE:
        return
    if actor.user is None or actor.user.pk != session.candidate_id:
        return
    if session.last_seen_at is not None and session.now - session.last_seen_at < ONCE_IN:
        return
    free = InterviewSession.objects.select_for_update(skip_locked=True).filter(pk=session.pk)
    InterviewSession.objects.filter(pk__in=free.values("pk")).update(last_seen_at=session.now)
