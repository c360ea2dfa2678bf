"""What the clock brings by itself: warnings, outages that are credited, and the end.

The deadline is the moment of the end, however late it is noticed.
"""

from __future__ import annotations

from datetime import datetime

from sessions_app.access import SYSTEM
from sessions_app.models import SessionMessage
from sessions_app.models.actions import Status
from sessions_app.models.clock import milliseconds

from .change import OUTAGE, Change
from .evaluation_queue import queue_evaluation
from .turns import SESSION_ENDED, add_answer, discard_turn


def settle(change: Change) -> bool:
    """Credit an outage, and expire a session whose time and grace are over. Returns whether anything has changed."""
    credited = credit_outage(change)
    session = change.session
    end = session.end_of_time
    if end is None or not session.is_overdue(change.now):
        return credited
    _submit_draft(change, at=end)
    expire(change, end)
    return True


def warn(change: Change) -> None:
    """Tell how little time is left, once for every threshold; of several passed at once only the smallest counts."""
    seconds = change.session.due_warning(change.now)
    if seconds is not None:
        change.session.warned_seconds = seconds
        change.record_as(SYSTEM, "time.warning", seconds=seconds)


def expire(change: Change, at: datetime) -> None:
    """End the session at its deadline. Whoever notices it first, the clock did it: the actor is the system."""
    change.actor = SYSTEM
    discard_turn(change, SESSION_ENDED, "The session has ended.")
    code = change.session.time_ended_by
    change.session.expire(at)
    change.record("session.expired", at=at, code=code)
    queue_evaluation(change)


def credit_outage(change: Change) -> bool:
    """Give back the time for which no server was alive (more than 15 s), so that nobody's clock ran down meanwhile.

    Nobody could give a sign of life either, so that time does not count as idle. Returns whether there was an outage.
    """
    session, now = change.session, change.now
    if session.status != Status.ACTIVE or session.running_since is None or session.alive_at is None:
        return False
    away_since = max(session.alive_at, session.running_since)
    if now - away_since <= OUTAGE:
        return False
    session.credit_outage(now - away_since)
    session.alive_at = session.last_seen_at = now
    change.record_as(SYSTEM, "time.extended", code="outage", milliseconds=milliseconds(away_since, now))
    return True


def _submit_draft(change: Change, at: datetime) -> None:
    """What was written when time ran out is the final answer; what is for an earlier question stays a draft."""
    session = change.session
    if session.open_question_id is None or not session.draft_text.strip() or session.draft_is_for_another_question:
        return
    question = SessionMessage.objects.get(pk=session.open_question_id)
    add_answer(change, question, text=session.draft_text, at=at, payload={"auto_submitted": True})
