"""From a card on the front page to the first question: two clicks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sessions_app import errors
from sessions_app.access import Actor, session_for
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Role, Status
from sessions_app.services.engines import engine
from sessions_app.services.guests import start_practice
from sessions_app.services.local_time import thinking_time
from sessions_app.services.sessions import start_session, update_session

from . import present
from .answers import see_other, telling
from .guard import action, limit_by_address, personal
from .markdown import as_html
from .practice import choice_named, chosen, differs, time_choices
from .shared import remember_choice
from .waiting import wait_for
from .words import language_name, opening_in_full
from .zones import speak_in, zone_context

BY_COOKIE = "django.contrib.auth.backends.ModelBackend"
GUESTS_PER_HOUR = 120  # from one address


@require_POST
def practice(request: HttpRequest, slug: str) -> HttpResponse:
    """A practice session for whoever asks; somebody unknown becomes a guest, known by the session cookie alone."""
    user = request.user if isinstance(request.user, User) else None
    if user is None:
        limit_by_address(request, "practice", per_hour=GUESTS_PER_HOUR)
    session = start_practice(slug, user=user)
    if user is None:
        login(request, session.candidate, backend=BY_COOKIE)
    return see_other("session-ready", session.pk)


@require_safe
@personal
def ready(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """What will happen, how much time to take, what is kept; Begin is the consent."""
    session = session_for(session_id, actor)
    if session.status != Status.CREATED or Role.CANDIDATE not in actor.roles_in(session):
        return redirect("session-room", session.pk)
    return _ready_page(request, actor, session)


@action
def start(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Set the chosen time, begin, and wait a moment for the first question. A second click finds it begun."""
    session = session_for(session_id, actor)
    if session.status != Status.CREATED:
        wait_for(session.turn_id)
        return see_other("session-room", session_id)
    if wrong := _wrong_fields(request, session):
        return _ready_page(request, actor, session, wrong, status=400)
    with telling(request, actor, session_id):
        wait_for(_begin(request, actor, session))
    response = see_other("session-room", session_id)
    remember_choice(request, response)
    return response


def _begin(request: HttpRequest, actor: Actor, session: InterviewSession) -> Any:
    """The operation of the first question. Of two clicks at the same moment one begins, and neither is refused."""
    try:
        choice = choice_named(session, request.POST.get("time", ""))
        if choice is not None and differs(session, choice):
            update_session(session.pk, actor=actor, time_limit_minutes=choice.minutes)
        return start_session(session.pk, actor=actor).turn_id
    except errors.InvalidSessionState:
        now = session_for(session.pk, actor)
        if now.status == Status.CREATED:
            raise
        return now.turn_id


def _wrong_fields(request: HttpRequest, session: InterviewSession) -> list[errors.FieldError]:
    wrong = []
    if not session.is_practice and not request.POST.get("agree"):
        wrong.append(errors.FieldError("agree", "required", _("Tick the box to say that you agree.")))
    try:
        choice_named(session, request.POST.get("time", ""))
    except errors.ValidationFailed as error:
        wrong += error.errors
    return wrong


def _ready_page(
    request: HttpRequest, actor: Actor, session: InterviewSession, wrong: Any = (), *, status: int = 200
) -> HttpResponse:
    speak_in(request, session)
    context = {
        "session": session,
        "opens": opening_in_full(session.opens_at) if session.opens_at and session.now < session.opens_at else "",
        "closes": opening_in_full(session.closes_at) if session.closes_at else "",
        "thinking_time": thinking_time(session),
        "chip": present.chip(session, session.now),
        "may": present.viewer(session, actor).actions,
        "modes": present.modes(session.enabled_modes),
        "engine": engine(session.model_name),
        "task": as_html(session.challenge_text) if session.challenge_text else "",
        "posting": session.job_posting,
        "resume": session.resume,
        "lang": present.spoken_in(session),
        "language": language_name(session.language),
        "choices": time_choices(session),
        "chosen": request.POST.get("time") or chosen(session),
        "errors": wrong,
        **zone_context(request, session),
    }
    return render(request, "ready.html", context, status=status)
