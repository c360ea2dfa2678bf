"""The report for the candidate, what they say to it, and how scoring works. No page here decides anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.http import require_safe

from sessions_app import errors
from sessions_app.access import Actor, example_session, session_for
from sessions_app.export import FORMAT_NAMES
from sessions_app.models import InterviewSession, SessionMessage
from sessions_app.models.actions import OPEN
from sessions_app.services import agreement, disagreeing
from sessions_app.services.candidate_requests import MAX_WORDS
from sessions_app.services.dimensions import known_of
from sessions_app.services.evaluating import retry_evaluation
from sessions_app.services.numbers import AnswerText, Numbers, numbers_of

from . import present
from .answers import see_other, telling
from .fences import prose_of
from .guard import action, personal
from .insights import insights_of
from .report import report_of, state_of, stepper_of
from .room import messages_of
from .words import duration, moment
from .zones import speak_in, zone_for

AGREEMENT_SECONDS = 600
SENT = gettext_lazy("Sent. A person will look at it; the answer appears here.")


@require_safe
@personal
def report(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """The report, or the words for why there is none (yet)."""
    session = session_for(session_id, actor)
    if session.status in OPEN:
        return redirect("session-room", session_id)
    return _page(request, actor, session)


@action
def disagree(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Ask a person to look at a score again; what was typed comes back if it cannot be taken."""
    criterion, text = request.POST.get("criterion", ""), request.POST.get("text", "").replace("\r\n", "\n")
    try:
        disagreeing.disagree(session_id, criterion, text, actor=actor)
    except errors.ValidationFailed as error:
        return _page(request, actor, session_for(session_id, actor), error, {criterion: text})
    except errors.SessionNotFound:
        raise
    except errors.DomainError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, SENT)
    return see_other("session-report", session_id)


@action
def evaluate(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Try a failed scoring again."""
    with telling(request, actor, session_id):
        retry_evaluation(session_id, actor=actor)
    return see_other("session-report", session_id)


@require_safe
@personal
def insights(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One's own trend across interviews."""
    return render(request, "insights.html", {"insights": insights_of(actor)})


@require_safe
def example(request: HttpRequest) -> HttpResponse:
    """The report on the demo's first interview, for who wants to see one before practising. Nothing can be done."""
    session = example_session()
    with timezone.override(zone_for(request)):
        context = _context(session, Actor(session.candidate))
        context |= {"viewer": present.Viewer(False, frozenset()), "is_example": True}
        return render(request, "report.html", context)


@require_safe
def how_scoring_works(request: HttpRequest) -> HttpResponse:
    """The rules, and how far people's scores and the machine's were apart so far. Cached by language."""
    methods = cache.get_or_set(f"agreement:{get_language()}", agreement.by_method, AGREEMENT_SECONDS)
    return render(request, "texts/scoring.html", {"methods": methods, "enough": agreement.ENOUGH})


def _page(
    request: HttpRequest,
    actor: Actor,
    session: InterviewSession,
    error: errors.ValidationFailed | None = None,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    speak_in(request, session)
    context = _context(session, actor, error, typed)
    return render(request, "report.html", context, status=400 if error else 200)


def _context(
    session: InterviewSession,
    actor: Actor,
    error: errors.ValidationFailed | None = None,
    typed: dict[str, str] | None = None,
) -> dict[str, Any]:
    state = state_of(session, actor)
    said = messages_of(session)
    return {
        "session": session,
        "state": state,
        "report": report_of(session, typed) if state == "ready" else None,
        "stepper": stepper_of(session, actor) if state in ("scoring", "failed") else None,
        "known": known_of(session) if state == "ready" and session.shows_precision else [],
        "numbers": _numbers(session, said) if state == "ready" and session.is_practice else None,
        "viewer": present.viewer(session, actor),
        "chip": present.chip(session, session.now),
        "exchanges": present.exchanges(said, session),
        "questions": session.current_question_number,
        "used": duration(session.used_ms(session.now)) if session.started_at else "",
        "started": moment(session.started_at) if session.started_at else None,
        "errors": error.errors if error else [],
        "formats": FORMAT_NAMES,
        "most_words": MAX_WORDS,
    }


def _text_of(answer: SessionMessage) -> AnswerText:
    """Words are counted in sentences, not in code."""
    prose = prose_of(answer.content)
    is_text = answer.mode != "code" and (answer.is_skip or bool(prose))
    return AnswerText(answer.question_number or 0, prose, answer.is_skip, is_text)


def _numbers(session: InterviewSession, said: Sequence[SessionMessage]) -> Numbers:
    """Of the answers; the terms are those of the questions that were asked."""
    given = [_text_of(one) for one in said if one.kind == "answer"]
    asked = {one.payload.get("key") for one in said if one.kind == "question"}
    planned = (row for row in session.plan.get("questions", ()) if row["key"] in asked)
    terms = (alias for row in planned for point in row["points"] for alias in point["aliases"])
    return numbers_of(given, terms, session.language)
