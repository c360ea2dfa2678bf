"""What must happen though nobody asks.

Outages are credited, warnings given, deadlines kept, interviews that were left alone paused, finished ones closed, and
work is found.
"""

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
from sessions_app.models.session_queries import Sessions

from . import inviting_lists, outbox, reminding
from .change import OUTAGE, Change, changing
from .dispatch import queue_of
from .evaluation_queue import queue_evaluation

KEEP_KEYS = timedelta(hours=24)
SECONDS_FOR_LISTS = 3.0  # of each round; nothing else is due to the second


def sweep(*, now: datetime | None = None) -> list[tuple[UUID, str]]:
    """One round. Returns the operations that are due and their queues, for the caller to run.

    Harmless on any number of machines.
    """
    moment = now or database_now()
    _credit_outages(moment, now)
    for rows in (InterviewSession.objects.overdue(moment), InterviewSession.objects.to_be_warned(moment)):
        for session_id in list(rows.values_list("pk", flat=True)[:500]):
            _each(session_id, _look, now)
    for session_id in _idle(moment):
        _each(session_id, _pause_if_idle, now)
    for session_id in list(_quiet(moment).values_list("pk", flat=True)[:500]):
        _each(session_id, _complete_if_quiet, now)
    IdempotencyKey.objects.filter(claimed_at__lt=moment - KEEP_KEYS).delete()
    _write_and_send_letters(moment)
    _invite_who_waits(now)
    due = Operation.objects.claimable(moment).order_by("not_before").values_list("pk", "kind")[:500]
    return [(operation_id, queue_of(kind)) for operation_id, kind in due]


def _write_and_send_letters(moment: datetime) -> None:
    """A letter's trouble must not keep the round from handing out its work."""
    try:
        reminding.write_due(moment)
        outbox.send_in_background()
    except Exception:
        log.exception("sweep.failed", component="letters")


def _invite_who_waits(now: datetime | None) -> None:
    try:
        inviting_lists.work_off_all(seconds=SECONDS_FOR_LISTS, now=now)
    except Exception:
        log.exception("sweep.failed", component="invitations")


def _credit_outages(moment: datetime, now: datetime | None) -> None:
    running = InterviewSession.objects.with_running_clock()
    for session_id in list(running.filter(alive_at__lt=moment - OUTAGE).values_list("pk", flat=True)):
        _each(session_id, _look, now)
    running.filter(alive_at__lt=moment).update(alive_at=moment)


def _look(change: Change) -> None:
    """Nothing more: ``changing`` itself credits an outage, warns, and expires what is over."""


def _idle(moment: datetime) -> list[UUID]:
    """Running sessions that may have been left alone for too long."""
    rows = InterviewSession.objects.with_running_clock().filter(idle_minutes__isnull=False)
    moments = ("running_since", "last_activity_at", "last_seen_at", "closes_at")
    names = ("pk", "status", "idle_minutes", "time_limit_seconds", *moments)
    return [session.pk for session in rows.only(*names) if session.is_idle(moment)][:500]


def _pause_if_idle(change: Change) -> None:
    """As of now: the idle time was the candidate's thinking time."""
    if change.session.is_idle(change.now):
        change.session.pause(change.now)
        change.record("session.paused", code="idle")


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
        queue_evaluation(change)


def _each(session_id: UUID, act: Callable[[Change], None], now: datetime | None) -> None:
    """One session's trouble is not another's."""
    try:
        with changing(session_id, SYSTEM, now=now) as change:
            act(change)
    except errors.SessionNotFound:
        return
    except Exception:
        log.exception("sweep.failed", session_id=str(session_id))
