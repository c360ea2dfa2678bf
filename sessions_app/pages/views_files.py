"""The end of an interview and what is kept of it: confirmation, thanks, transcript, files."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_safe

from sessions_app.access import Actor, session_for
from sessions_app.export import FORMAT_NAMES, as_file
from sessions_app.models import InterviewSession
from sessions_app.models.actions import OPEN, Phase
from sessions_app.services.engines import engine
from sessions_app.services.sessions import end_session

from . import present
from .answers import see_other, telling
from .guard import personal
from .report import stepper_of
from .room import messages_of
from .words import duration, moment
from .zones import speak_in


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def end(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Ask once, naming what would stay unanswered; then finish."""
    if request.method == "POST":
        with telling(request, actor, session_id):
            end_session(session_id, actor=actor)
        return see_other("session-room", session_id)
    session = session_for(session_id, actor)
    if "complete" not in present.viewer(session, actor).actions:
        return redirect("session-room", session_id)
    return render(request, "end.html", _loose_ends(session))


@require_safe
@personal
def done(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Thanks, the transcript and the downloads; also for an interview that ended in another way."""
    session = session_for(session_id, actor)
    if session.status in OPEN:
        return redirect("session-room", session_id)
    speak_in(request, session)
    return render(request, "done.html", {**_transcript(session, actor), "stepper": stepper_of(session, actor)})


@require_safe
@personal
def transcript(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Everything that was said, laid out for paper."""
    session = session_for(session_id, actor)
    speak_in(request, session)
    return render(request, "transcript.html", _transcript(session, actor))


@require_safe
@personal
def export(request: HttpRequest, actor: Actor, session_id: UUID, extension: str) -> HttpResponse:
    """The transcript as a file; at any time, so that answers can always be taken home."""
    with translation.override(settings.LANGUAGE_CODE):  # as the API's files: letters from right to left need more
        return as_file(session_for(session_id, actor), actor, extension)


def _transcript(session: InterviewSession, actor: Actor) -> dict[str, object]:
    messages = messages_of(session)
    answered, skipped = present.questions_answered(messages)
    shown = present.exchanges(messages, session)
    return {
        "session": session,
        "viewer": present.viewer(session, actor),
        "chip": present.chip(session, session.now),
        "exchanges": shown,
        "sent_by_clock": present.sent_by_clock(shown),
        "answered": len(answered),
        "skipped": len(skipped),
        "used": duration(session.used_ms(session.now)) if session.started_at else "",
        "started": moment(session.started_at) if session.started_at else None,
        "ended": moment(session.ended_at) if session.ended_at else None,
        "engine": engine(session.model_name),
        "formats": FORMAT_NAMES,
    }


def _loose_ends(session: InterviewSession) -> dict[str, object]:
    """What is not answered yet, by number."""
    answered, skipped = present.questions_answered(messages_of(session))
    asked = range(1, session.current_question_number + 1)
    return {
        "session": session,
        "answered": len(answered),
        "skipped": len(skipped),
        "unanswered": [number for number in asked if number not in answered | skipped],
        "not_asked": max(0, session.planned_questions - session.current_question_number),
        "draft": session.draft_text.strip(),
        "is_generating": session.phase == Phase.GENERATING,
    }
