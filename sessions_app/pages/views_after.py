"""More time, the same interview once more, and erasing one. Each form does it once, however often it is sent."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from sessions_app import errors
from sessions_app.access import Actor, as_uuid, session_for
from sessions_app.models.limits import EXTENSION_MINUTES
from sessions_app.services.sessions import erase_session, extend_session, retake_session

from . import present
from .answers import see_other, telling
from .guard import action, personal
from .words import refusal

DELETED = gettext_lazy("The interview and everything you wrote in it were deleted.")


@action
def extend(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Five minutes more, for practice. The form's key makes two clicks one extension."""
    with telling(request, actor, session_id):
        extend_session(session_id, minutes=EXTENSION_MINUTES, once=as_uuid(request.POST.get("key")), actor=actor)
        told = {"minutes": EXTENSION_MINUTES}
        more = ngettext("You have %(minutes)s minute more.", "You have %(minutes)s minutes more.", EXTENSION_MINUTES)
        messages.success(request, more % told)
    return see_other("session-room", session_id)


@action
def retake(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """A new interview with the same plan; it starts when its own page says Begin. One that waits for it is enough."""
    try:
        again = retake_session(session_id, once=True, actor=actor)
    except errors.SessionNotFound:
        raise
    except errors.DomainError as error:
        messages.warning(request, refusal(error, session_for(session_id, actor).status))
        return see_other("session-room", session_id)
    return see_other("session-ready", again.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def delete(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Ask once, saying what goes; then erase. The form's key proves that this person was asked."""
    try:
        session = session_for(session_id, actor)
    except errors.SessionNotFound:
        if request.method == "POST" and _was_asked(request, actor, session_id):
            return _deleted(request)  # by the first of two clicks
        raise
    if "delete" not in present.viewer(session, actor).actions:
        return redirect("session-room", session_id)
    if request.method != "POST":
        key = _signer(actor).sign(str(session_id))
        return render(
            request, "delete.html", {"session": session, "chip": present.chip(session, session.now), "key": key}
        )
    try:
        erase_session(session_id, actor=actor)
    except errors.SessionNotFound:
        return _deleted(request)  # by another request at this very moment
    except errors.DomainError as error:
        messages.warning(request, refusal(error, session.status))
        return see_other("session-room", session_id)
    return _deleted(request)


def _deleted(request: HttpRequest) -> HttpResponse:
    messages.success(request, DELETED)
    return see_other("session-list")


def _was_asked(request: HttpRequest, actor: Actor, session_id: UUID) -> bool:
    try:
        return _signer(actor).unsign(request.POST.get("key", "")) == str(session_id)
    except BadSignature:
        return False


def _signer(actor: Actor) -> Signer:
    return Signer(salt=f"deleting for {actor.user.pk if actor.user else ''}")
