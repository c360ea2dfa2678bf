"""How a session is told in a few words: status, phase, progress, time. Shape and word first, colour last."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from sessions_app.models import InterviewSession
from sessions_app.models.actions import Phase, Status
from sessions_app.models.session import STATUS_CHOICES

_WORDS = {str(status): word for status, word in STATUS_CHOICES}
_PHASES = {
    Phase.WAITING_FOR_ANSWER: "waiting for the answer",
    Phase.GENERATING: "the question is being written",
    Phase.GENERATION_FAILED: "the question failed",
    Phase.READY_FOR_NEXT: "ready for the next question",
    Phase.CLOSING: "all questions are asked",
}


def chip(session: InterviewSession) -> SafeString:
    """The chip of all pages."""
    kind, word = session.status, _WORDS[session.status]
    if opens := _opens(session):
        kind, word = "opens", f"Opens {opens:%-d %b}"
    return render_to_string("_chip.html", {"chip": {"kind": kind, "word": word}})


def phase(session: InterviewSession) -> str:
    """What it waits for, in words."""
    if opens := _opens(session):
        return f"at {opens:%H:%M} UTC"
    return _PHASES[session.phase] if session.phase else ""


def _opens(session: InterviewSession) -> datetime | None:
    """When it opens, if that is still to come."""
    waits = session.status == Status.CREATED and session.opens_at is not None and session.now < session.opens_at
    return session.opens_at if waits else None


def progress(session: InterviewSession) -> str:
    return f"{session.current_question_number}/{session.planned_questions}"


def time_used(session: InterviewSession, now: datetime) -> str:
    limit = " · no limit" if session.limit_ms is None else f" of {_minutes(session.limit_ms)}"
    return _minutes(session.used_ms(now)) + limit


def _minutes(milliseconds: int) -> str:
    minutes = milliseconds // 60_000
    return f"{minutes} min" if minutes or not milliseconds else "under 1 min"
