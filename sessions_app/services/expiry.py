"""When time is over: the deadline is the moment, however late it is noticed."""

from __future__ import annotations

from datetime import datetime

from sessions_app.access import SYSTEM
from sessions_app.models import SessionMessage
from sessions_app.models.actions import Status
from sessions_app.models.clock import milliseconds

from .change import OUTAGE, Change
from .turns import add_answer, discard_turn


def expire_if_over(change: Change) -> bool:
    """Expire a session whose time and grace are over. An outage is credited first. Returns whether it expired."""
    session = change.session
    if not session.is_overdue(change.now):
        return False
    credit_outage(change)
    end = session.end_of_time
    if not session.is_overdue(change.now) or end is None:
        change.save()
        return False
    _submit_draft(change, at=end)
    expire(change, end)
    return True


def expire(change: Change, at: datetime) -> None:
    """End the session at its deadline. Whoever notices it first, the clock did it: the actor is the system."""
    change.actor = SYSTEM
    discard_turn(change)
    change.session.expire(at)
    change.record("session.expired", at=at)


def credit_outage(change: Change) -> None:
    """Give back the time for which no server was alive (more than 15 s), so that nobody's clock ran down meanwhile."""
    session, now = change.session, change.now
    if session.status != Status.ACTIVE or session.running_since is None or session.alive_at is None:
        return
    away_since = max(session.alive_at, session.running_since)
    if now - away_since <= OUTAGE:
        return
    session.credit_outage(now - away_since)
    session.alive_at = now
    change.record("time.extended", code="outage", milliseconds=milliseconds(away_since, now))


def _submit_draft(change: Change, at: datetime) -> None:
    """What the candidate had written when time ran out is the final answer."""
    session = change.session
    if session.open_question_id is None or not session.draft_text.strip():
        return
    question = SessionMessage.objects.get(pk=session.open_question_id)
    add_answer(change, question, text=session.draft_text, at=at, payload={"auto_submitted": True})
