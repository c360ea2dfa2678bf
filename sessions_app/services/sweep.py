"""What must happen though nobody asks: outages credited, deadlines kept, finished interviews closed, work found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from sessions_app import errors
from sessions_app.access import SYSTEM
from sessions_app.logs import log
from sessions_app.models import IdempotencyKey, InterviewSession, Operation
from sessions_app.models.actions import Phase, Status
from sessions_app.models.clock import database_now
from sessions_app.models.session import Sessions

from .change import OUTAGE, Change, changing
from .expiry import credit_outage

KEEP_KEYS = timedelta(hours=24)


def sweep(*, now: datetime | None = None) -> list[UUID]:
    """One round. Returns the operations that are due, for the caller to run. Harmless on any number of machines."""
    moment = now or database_now()
    _credit_outages(moment, now)
    for session_id in list(InterviewSession.objects.overdue(moment).values_list("pk", flat=True)[:500]):
        _each(session_id, lambda change: None, now)  # changing() itself expires what is over
    for session_id in list(_quiet(moment).values_list("pk", flat=True)[:500]):
        _each(session_id, _complete_if_quiet, now)
    IdempotencyKey.objects.filter(claimed_at__lt=moment - KEEP_KEYS).delete()
    return list(Operation.objects.claimable(moment).order_by("not_before").values_list("pk", flat=True)[:500])


def _credit_outages(moment: datetime, now: datetime | None) -> None:
    running = InterviewSession.objects.with_running_clock()
    for session_id in list(running.filter(alive_at__lt=moment - OUTAGE).values_list("pk", flat=True)):
        _each(session_id, credit_outage, now)
    running.filter(alive_at__lt=moment).update(alive_at=moment)


def _quiet(moment: datetime) -> Sessions:
    """Active sessions past their last planned answer that nobody touched for a minute."""
    rows = InterviewSession.objects.filter(status=Status.ACTIVE, running_since__isnull=True)
    return rows.filter(
        current_question_number__gte=F("planned_questions"),
        last_activity_at__lte=moment - timedelta(minutes=1),
    )


def _complete_if_quiet(change: Change) -> None:
    session = change.session
    quiet_since = max(session.last_activity_at, session.updated_at)
    if session.phase == Phase.CLOSING and change.now - quiet_since >= timedelta(minutes=session.quiet_minutes):
        session.complete(change.now)
        change.record("session.completed", code="quiet")


def _each(session_id: UUID, act: Callable[[Change], None], now: datetime | None) -> None:
    """One session's trouble is not another's."""
    try:
        with changing(session_id, SYSTEM, now=now) as change:
            act(change)
    except errors.SessionNotFound:
        return
    except Exception:
        log.exception("sweep.failed", session_id=str(session_id))
