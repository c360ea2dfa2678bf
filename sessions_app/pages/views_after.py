"""More time, the same interview once more, and erasing one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from sessions_app import errors
from sessions_app.access import Actor, session_for
from sessions_app.models.limits import EXTENSION_MINUTES
from sessions_app.services.sessions import erase_session, extend_session, retake_session

from . import present
from .answers import see_other, telling
from .guard import action, personal
from .words import refusal


@action
def extend(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Five minutes more, for practice."""
    with telling(request, actor, session_id):
        extend_session(session_id, minutes=EXTENSION_MINUTES, actor=actor)
        messages.success(request, f"You have {EXTENSION_MINUTES} minutes more.")
    return see_other("session-room", session_id)


@action
def retake(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """A new interview with the same plan; it starts when its own page says Begin."""
    try:
        again = retake_session(session_id, actor=actor)
    except errors.SessionNotFound:
        raise
    except errors.DomainError as error:
        messages.warning(request, refusal(error, session_for(session_id, actor).status))
        return see_other("session-room", session_id)
    return see_other("session-ready", again.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def delete(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Ask once, saying what goes; then erase."""
    session = session_for(session_id, actor)
    if "delete" not in present.viewer(session, actor).actions:
        return redirect("session-room", session_id)
    if request.method != "POST":
        return render(request, "delete.html", {"session": session, "chip": present.chip(session, session.now)})
    try:
        erase_session(session_id, actor=actor)
    except errors.DomainError as error:
        messages.warning(request, refusal(error, session.status))
        return see_other("session-room", session_id)
    messages.success(request, "The interview and everything you wrote in it were deleted.")
    return see_other("session-list")
