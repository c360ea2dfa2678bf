"""The interview room: one page for every state, and one form target per action."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from sessions_app import errors
from sessions_app.access import Actor, as_uuid, session_for
from sessions_app.models import InterviewSession
from sessions_app.models.actions import Role, Status
from sessions_app.services.answers import NewAnswer, generate_question, save_draft, submit_answer
from sessions_app.services.operations import cancel_operation, retry_operation
from sessions_app.services.sessions import pause_session, resume_session

from .answers import see_other, telling
from .guard import action, carried_text, drop_carried_text, personal, typed
from .room import Unsent
from .room import room as room_of
from .waiting import wait_for
from .words import refusal
from .zones import speak_in

CARRIED = gettext_lazy("You were signed out when you sent this. Your text is here, and has not been sent yet.")
NEWER_DRAFT = gettext_lazy(
    "A newer draft was saved from another tab or device. Your text is here, and has not been saved yet."
)


@require_safe
@personal
def room(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Rebuilt from what is stored. Opening it changes nothing; a paused interview stays paused."""
    session = session_for(session_id, actor)
    text = carried_text(request, session_id)
    if session.status == Status.CREATED and Role.CANDIDATE in actor.roles_in(session):
        return redirect("session-ready", session_id)
    if session.status == Status.COMPLETED and not text:
        return redirect("session-done", session_id)
    return _show(request, actor, session, Unsent(text, str(CARRIED), is_carried=True) if text else None)


@action
def answer(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Take the answer and wait a moment for the next question. A refused text goes back into the composer."""
    text, mode = typed(request), request.POST.get("mode", "text")
    new = NewAnswer(
        text=text,
        client_message_id=request.POST.get("client_message_id", "").replace("\0", "")[:100],
        in_reply_to=request.POST.get("in_reply_to") or None,
        skip="skip" in request.POST,
        mode=mode,
    )
    try:
        answered = submit_answer(session_id, new, actor=actor)
    except errors.SessionNotFound:
        raise
    except errors.DomainError as error:
        session = session_for(session_id, actor)
        return _show(request, actor, session, Unsent(text, refusal(error, session.status), mode), status=error.status)
    drop_carried_text(request)
    if answered.operation is not None:
        wait_for(answered.operation.pk)
    return see_other("session-room", session_id)


@action
def draft(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Save what is being written; a stale tab never overwrites a newer draft, and never loses its own text."""
    text = typed(request)
    try:
        question = as_uuid(request.POST.get("in_reply_to"))
        session = save_draft(session_id, text, _revision(request), actor=actor, in_reply_to=question)
    except errors.SessionNotFound:
        raise
    except errors.DomainError as error:
        session = session_for(session_id, actor)
        return _show(request, actor, session, Unsent(text, refusal(error, session.status)), status=error.status)
    if session.draft_text != text:
        return _show(request, actor, session_for(session_id, actor), Unsent(text, str(NEWER_DRAFT)), status=409)
    drop_carried_text(request)
    messages.success(request, _("Draft saved."))
    return see_other("session-room", session_id)


@action
def pause(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    with telling(request, actor, session_id):
        pause_session(session_id, actor=actor)
    return see_other("session-room", session_id)


@action
def resume(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Go on. Text that was refused because of the pause comes along and becomes the draft."""
    with telling(request, actor, session_id):
        session = resume_session(session_id, actor=actor)
        if session.turn_is_live:
            wait_for(session.turn_id)
        if (text := typed(request)).strip() and text != session.draft_text:
            both = f"{session.draft_text}\n\n{text}" if session.draft_text.strip() else text
            save_draft(session_id, both, session.draft_revision + 1, actor=actor)
            drop_carried_text(request)
    return see_other("session-room", session_id)


@action
def retry(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    with telling(request, actor, session_id):
        operation = retry_operation(_turn_of(session_id, actor), actor=actor)
        wait_for(operation.pk)
    return see_other("session-room", session_id)


@action
def stop(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Stop the writing; with ``again``, it begins anew at once. If it cannot, the room offers to try again."""
    with telling(request, actor, session_id):
        operation = cancel_operation(_turn_of(session_id, actor), actor=actor)
        if "again" in request.POST:
            wait_for(retry_operation(operation.pk, actor=actor).pk)
    return see_other("session-room", session_id)


@action
def next_question(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    with telling(request, actor, session_id):
        operation = generate_question(session_id, actor=actor)
        wait_for(operation.pk)
    return see_other("session-room", session_id)


def _revision(request: HttpRequest) -> int:
    """The draft's number from the form; 0, which overwrites nothing, for what is none."""
    given = request.POST.get("revision", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0


def _turn_of(session_id: UUID, actor: Actor) -> str:
    """The newest question's operation. Raises SessionNotFound, OperationNotFound."""
    turn_id = session_for(session_id, actor).turn_id
    if turn_id is None:
        raise errors.OperationNotFound
    return str(turn_id)


def _show(
    request: HttpRequest, actor: Actor, session: InterviewSession, unsent: Unsent | None = None, *, status: int = 200
) -> HttpResponse:
    speak_in(request, session)
    page = room_of(session, actor, unsent=unsent, everything="earlier" in request.GET)
    return render(request, "room.html", {"room": page, "session": session}, status=status)
