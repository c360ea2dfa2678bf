"""Questions one asks about sessions, in English."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Cast, Now

from .actions import OPEN, Status
from .timing import GRACE, WARNINGS

if TYPE_CHECKING:
    from .accounts import User


class Sessions(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Sessions:
        """Staff see all sessions, everybody else their own; nobody those that were erased."""
        return self.kept() if user.is_staff else self.kept().filter(candidate_id=user.pk)

    def kept(self) -> Sessions:
        """Without those that were erased, of which only the log and its numbers are left."""
        return self.filter(erased_at=None)

    def with_turn(self) -> Sessions:
        """With what ``phase`` and ``clock`` are derived from, and the database's time: one statement, one moment."""
        return self.select_related("turn__message", "evaluation_operation").annotate(now=Now())

    def matching(self, *, ordering: str = "-created_at", **query: Any) -> Sessions:
        """What a list asks for: equal fields, search, mode, created_after, created_before; the rest is ignored.

        To be ordered by score the sessions need their ``open_score`` (``services/scored_sessions.py``).
        """
        rows = self.order_by(*map(_order, ordering.split(",")), "-id")
        for name in ("status", "job_posting_id", "template_id"):
            if value := query.get(name):
                rows = rows.filter(**{name: value})
        if words := query.get("search", "").strip():
            rows = rows.filter(_about(words))
        if mode := query.get("mode"):
            rows = rows.with_mode(mode)
        if after := query.get("created_after"):
            rows = rows.filter(created_at__gte=after)
        if before := query.get("created_before"):
            rows = rows.filter(created_at__lt=before)
        return rows

    def with_mode(self, mode: str) -> Sessions:
        """Sessions in which a mode is enabled. SQLite cannot ask whether a JSON list holds something, so as text."""
        as_text = Cast("enabled_modes", models.TextField())
        return self.alias(modes_as_text=as_text).filter(modes_as_text__contains=f'"{mode}"')

    def unfinished(self) -> Sessions:
        return self.filter(status__in=OPEN)

    def with_running_clock(self) -> Sessions:
        return self.filter(status=Status.ACTIVE, running_since__isnull=False)

    def to_be_warned(self, now: datetime) -> Sessions:
        """Running clocks that have come to a warning that was not given yet (``Timed.due_warning``)."""
        due = models.Q()
        for seconds in WARNINGS:
            not_given = models.Q(warned_seconds=None) | models.Q(warned_seconds__gt=seconds)
            due |= not_given & models.Q(deadline__lte=now + timedelta(seconds=seconds), whole__gt=seconds)
        whole = models.F("time_limit_seconds") + models.F("extra_seconds")
        return self.with_running_clock().filter(deadline__gt=now).annotate(whole=whole).filter(due)

    def overdue(self, now: datetime) -> Sessions:
        """Sessions whose time is over for good: the clock's deadline and its grace, or the closing of the window."""
        clock_over = models.Q(status=Status.ACTIVE, deadline__lte=now - GRACE)
        window_over = models.Q(status__in=[Status.CREATED, Status.PAUSED], closes_at__lte=now)
        pause_over = models.Q(status=Status.PAUSED, pause_ends_at__lte=now)
        return self.filter(clock_over | window_over | pause_over)


def _order(name: str) -> str | models.OrderBy:
    """What has no score comes last in both directions."""
    if name.removeprefix("-") != "score":
        return name
    return models.OrderBy(models.F("open_score"), descending=name.startswith("-"), nulls_last=True)


def _about(words: str) -> models.Q:
    """Sessions whose candidate or title has these words, or the one that has this id."""
    found = models.Q()
    for name in ("candidate_name", "candidate_email", "title"):
        found |= models.Q(**{f"{name}__icontains": words})
    try:
        return found | models.Q(pk=uuid.UUID(words))
    except ValueError:
        return found
