"""How a session is told in a few words: status, phase, progress, time, tokens. Shape and word first, colour last."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app.models import CandidateRequest, InterviewSession, Invitation
from sessions_app.models.actions import Phase, Status
from sessions_app.models.session import STATUS_CHOICES

_WORDS = {str(status): word for status, word in STATUS_CHOICES}
PHASES = {
    Phase.WAITING_FOR_ANSWER: "waiting for the answer",
    Phase.GENERATING: "the question is being written",
    Phase.GENERATION_FAILED: "the question failed",
    Phase.READY_FOR_NEXT: "ready for the next question",
    Phase.CLOSING: "all questions are asked",
    Phase.EVALUATING: "being evaluated",
    Phase.EVALUATED: "evaluated",
    Phase.EVALUATION_FAILED: "the evaluation failed",
}


def chip(session: InterviewSession) -> SafeString:
    """The chip of all pages."""
    kind, word = session.status, str(_WORDS[session.status])
    if opens := _opens(session):
        kind, word = "opens", f"Opens {opens:%-d %b}"
    return render_to_string("_chip.html", {"chip": {"kind": kind, "word": word}})


# The shapes of ``_chip.html`` that other things than sessions borrow.
INVITATIONS = {
    "open": ("created", "Open"),
    "accepted": ("completed", "Joined"),
    "expired": ("expired", "Expired"),
    "revoked": ("cancelled", "Revoked"),
}
_REQUESTS = {"open": "clock", "granted": "completed", "declined": "cancelled"}


def of_invitation(invitation: Invitation, now: datetime) -> SafeString:
    kind, word = INVITATIONS[invitation.state(now)]
    return render_to_string("_chip.html", {"chip": {"kind": kind, "word": word}})


def of_request(asked: CandidateRequest) -> SafeString:
    kind = _REQUESTS.get(asked.status, "clock")
    return render_to_string("_chip.html", {"chip": {"kind": kind, "word": asked.get_status_display()}})


def phase(session: InterviewSession) -> str:
    """What it waits for, in words."""
    if opens := _opens(session):
        return f"at {opens:%H:%M} UTC"
    return PHASES[session.phase] if session.phase else ""


def _opens(session: InterviewSession) -> datetime | None:
    """When it opens, if that is still to come."""
    waits = session.status == Status.CREATED and session.opens_at is not None and session.now < session.opens_at
    return session.opens_at if waits else None


def progress(session: InterviewSession) -> str:
    return f"{session.current_question_number}/{session.planned_questions}"


def time_used(session: InterviewSession, now: datetime) -> str:
    limit = " · no limit" if session.limit_ms is None else f" of {minutes(session.limit_ms)}"
    return minutes(session.used_ms(now)) + limit


def time_left(session: InterviewSession, now: datetime) -> str:
    left = session.remaining_ms(now)
    return "no time limit" if left is None else f"{minutes(left)} left"


def accommodation(session: InterviewSession) -> str:
    return f"+{session.accommodation_percent} %" if session.accommodation_percent else ""


def tokens(session: InterviewSession) -> SafeString:
    """A bar and its words; what a running question has reserved counts, too."""
    spent, budget = session.tokens_used + session.tokens_reserved, session.token_budget
    share = round(100 * spent / budget) if budget else 0
    bar = '<progress max="{}" value="{}" aria-hidden="true"></progress> {} % <small class="quiet">{} of {}</small>'
    return format_html(bar, budget, min(spent, budget), share, f"{spent:,}", f"{budget:,}")


def moment(at: datetime, now: datetime) -> SafeString:
    """How long ago; the full time shows while the row is pointed at or has the focus."""
    full = f"{at:%-d %b %Y %H:%M} UTC"
    return format_html('<time datetime="{}">{} <span class="when">{}</span></time>', at.isoformat(), ago(at, now), full)


def ago(at: datetime, now: datetime) -> str:
    seconds = max(0, int((now - at).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def minutes(milliseconds: int) -> str:
    whole = milliseconds // 60_000
    return f"{whole} min" if whole or not milliseconds else "under 1 min"
