"""A session driven by given times, so that every millisecond of its clock is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sessions_app.access import Actor
from sessions_app.ai.protocol import Outcome
from sessions_app.models import InterviewSession, User
from sessions_app.services import operations, sessions
from sessions_app.services.config import SessionConfig
from sessions_app.services.operations import Claim

from . import factories as f

T0 = f.utc(2026, 11, 21, 9, 0, 0)


def after(**time: float) -> datetime:
    """A moment so long after T0: ``after(minutes=5)``."""
    return T0 + timedelta(**time)


def claim(session: InterviewSession, now: datetime) -> Claim:
    turn_id = InterviewSession.objects.values_list("turn_id", flat=True).get(pk=session.pk)
    claimed = operations.claim(turn_id, now=now)
    assert claimed is not None
    return claimed


def ask(session: InterviewSession, now: datetime, text: str = "What happened?") -> None:
    """The question that is waited for appears at that moment."""
    operations.finish(claim(session, now), text, Outcome("technical", text), now=now)


def waiting_at(user: User, now: datetime = T0, **config: Any) -> InterviewSession:
    """Started, and the first question appeared, at that moment: the clock runs from then."""
    session = sessions.create_session(SessionConfig(**config), actor=Actor(user), now=now)
    sessions.start_session(session.pk, actor=Actor(user), now=now)
    ask(session, now)
    return f.fresh(session)


def server_alive(now: datetime) -> None:
    """As if sweeps had come all the while."""
    InterviewSession.objects.with_running_clock().update(alive_at=now)
