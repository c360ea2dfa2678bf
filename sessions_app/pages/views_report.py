"""The report for the candidate, what they say to it, and how scoring works. No page here decides anything."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from sessions_app import errors
from sessions_app.access import Actor, session_for
from sessions_app.export import FORMAT_NAMES
from sessions_app.models import InterviewSession, SessionMessage
from sessions_app.models.actions import OPEN
from sessions_app.services import agreement, disagreeing
from sessions_app.services.candidate_requests import MAX_WORDS
from sessions_app.services.dimensions import known_of
from sessions_app.services.evaluating import retry_evaluation
from sessions_app.services.numbers import Given, Numbers, numbers_of

from . import present
from .answers import see_other, telling
from .guard import action, personal
from .insights import insights_of
from .report import report_of, state_of, stepper_of
from .room import messages_of
from .words import duration, moment
from .zones import speak_in

AGREEMENT_SECONDS = 600
SENT = "Sent. A person will look at it; the answer appears here."


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
def how_scoring_works(request: HttpRequest) -> HttpResponse:
    """The rules, and how far people's scores and the machine's were apart so far. The same for everybody, so cached."""
    methods = cache.get_or_set("agreement", agreement.by_method, AGREEMENT_SECONDS)
    return render(request, "texts/scoring.html", {"methods": methods, "enough": agreement.ENOUGH})


def _page(
    request: HttpRequest,
    actor: Actor,
    session: InterviewSession,
    error: errors.ValidationFailed | None = None,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    speak_in(request, session)
    state = state_of(session, actor)
    said = messages_of(session)
    context = {
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
    return render(request, "report.html", context, status=400 if error else 200)


def _numbers(session: InterviewSession, said: Sequence[SessionMessage]) -> Numbers:
    """Of the answers; the terms are those of the questions that were asked."""
    answers = [one for one in said if one.kind == "answer"]
    given = [Given(one.question_number or 0, one.content, one.is_skip, one.mode != "code") for one in answers]
    asked = {one.payload.get("key") for one in said if one.kind == "question"}
    planned = (row for row in session.plan.get("questions", ()) if row["key"] in asked)
    terms = (alias for row in planned for point in row["points"] for alias in point["aliases"])
    return numbers_of(given, terms, session.language)
