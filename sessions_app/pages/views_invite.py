"""The page behind an invitation's link, joining by it, and what candidates ask for on the way.

The link is a key. No page here lets it travel: it is in no Referer, no index, no cache and no log line.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from sessions_app import errors
from sessions_app.access import Actor, session_for
from sessions_app.models import CandidateRequest, InterviewSession, Invitation, User
from sessions_app.models.actions import Role, Status
from sessions_app.models.clock import database_now
from sessions_app.services import candidate_requests, invitations
from sessions_app.services.calendars import calendar_of
from sessions_app.services.catalog import company_of
from sessions_app.services.engines import engine
from sessions_app.services.local_time import thinking_time, when, window

from . import present
from .answers import see_other
from .errors import answer
from .guard import limit_by_address, personal
from .views_start import BY_COOKIE, GUESTS_PER_HOUR
from .zones import zone_context, zone_for

MISSES_PER_HOUR = 60  # links that lead nowhere, from one address
HEADERS = {
    # "no-referrer" would also take the Origin from our own forms, which the protection against forged ones needs.
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "private, no-store",
}
ASKED = gettext_lazy("Your request is with the people who run this interview. The answer will be on this page.")
GONE = ("revoked", "expired")
READ_BY = ("open", "early", "again", "joined")  # who reads what was asked for, and what staff answered

_QUESTION_TYPES = {
    "technical": gettext_lazy("technical"),
    "behavioral": gettext_lazy("behavioral"),
    "situational": gettext_lazy("situational"),
}

View = Callable[..., HttpResponse]


def by_link(view: View) -> View:
    """Nothing about these addresses may be kept or passed on, be it an error page."""

    @wraps(view)
    def wrapper(request: HttpRequest, token: str) -> HttpResponse:
        try:
            response = view(request, token)
        except errors.InvitationNotFound as error:
            response = answer(request, _miss(request, error))
        except errors.DomainError as error:
            response = answer(request, error)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    return wrapper


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what awaits the candidate and starts nothing; POST joins."""
    if request.method == "POST":
        return _join(request, token)
    invitation, found = _opened(request, token)
    return render(request, "invite.html", _page(request, invitation, found, token))


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def invite_ask(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for an adjustment or a human interviewer before joining."""
    invitation, found = _opened(request, token)
    session = invitation.session
    back, asked = _invite_path(token), _asked(request, session, found)
    if request.method == "POST":
        kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
        try:
            candidate_requests.ask_by_link(token, kind, text)
        except (errors.RequestOpen, errors.ValidationFailed, errors.InvalidSessionState) as error:
            return _ask_page(request, session, back=back, asked=asked, error=error)
        messages.success(request, ASKED)
        return see_other("invite", token)
    return _ask_page(request, session, back=back, asked=asked)


@require_safe
@by_link
def invite_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The window, for a calendar. The file does not hold the link."""
    invitation = invitations.open_invitation(token, user=_user(request))
    calendar = calendar_of(invitation.session, database_now())
    if not calendar or invitation.state(database_now()) in GONE:
        raise errors.NotFound
    headers = {"Content-Disposition": 'attachment; filename="interview.ics"'}
    return HttpResponse(calendar, content_type="text/calendar; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def ask(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """Ask for more time, an adjustment or a human interviewer, from the start page or the room."""
    session = session_for(session_id, actor)
    if Role.CANDIDATE not in actor.roles_in(session):
        raise errors.PermissionDenied(_("Only the candidate can ask for this."))
    asked = list(session.requests.all())
    if request.method != "POST":
        return _ask_page(request, session, back="", asked=asked)
    kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
    try:
        candidate_requests.ask(session_id, kind, text, actor=actor)
    except (errors.RequestOpen, errors.ValidationFailed, errors.InvalidSessionState) as error:
        return _ask_page(request, session, back="", asked=asked, error=error)
    messages.success(request, ASKED)
    return see_other("session-room", session_id)


def _opened(request: HttpRequest, token: str) -> tuple[Invitation, str]:
    """The invitation, and what it is good for to this visitor. Raises InvitationNotFound, InvitationGone."""
    invitation = invitations.open_invitation(token, user=_user(request))
    found = invitations.standing(invitation, _user(request), database_now())
    if found in GONE:
        raise errors.InvitationGone
    return invitation, found


def _asked(request: HttpRequest, session: InterviewSession, found: str) -> list[CandidateRequest]:
    """For whom the link is meant; not for everybody who is shown why it is not for them."""
    is_mine = session.candidate_id is not None and session.candidate_id == request.user.pk
    return list(session.requests.all()) if is_mine or found in READ_BY else []


def _join(request: HttpRequest, token: str) -> HttpResponse:
    user = _user(request)
    if user is None:
        limit_by_address(request, "invite", per_hour=GUESTS_PER_HOUR)
    try:
        joined = invitations.accept_invitation(token, user=user)
    except (errors.WrongAccount, errors.InvitationUsed, errors.SessionNotOpen, errors.InvalidSessionState):
        return see_other("invite", token)  # the page says what is true now
    if user is None or joined.user.pk != user.pk:
        login(request, joined.user, backend=BY_COOKIE)
    return see_other("session-ready", joined.session.pk)


def _page(request: HttpRequest, invitation: Invitation, found: str, token: str) -> dict[str, Any]:
    session, zone = invitation.session, zone_for(request, invitation.session)
    posting = session.job_posting
    return {
        "session": session,
        "found": found,
        "token": token,
        "company": company_of(session),
        "role": posting.title if posting and posting.title != session.title else "",
        "posting": posting,
        "modes": present.modes(session.enabled_modes),
        "engine": engine(session.model_name),
        "kinds": _kinds(session),
        "time": thinking_time(session),
        "window": window(session.opens_at, session.closes_at, zone),
        "opens": when(session.opens_at, zone) if session.opens_at else "",
        "closes": when(session.closes_at, zone) if session.closes_at else "",
        "expires": when(invitation.expires_at, zone),
        "address": masked(invitation.email),
        "is_mine": session.candidate_id is not None and session.candidate_id == request.user.pk,
        "is_begun": session.status != Status.CREATED,
        "has_calendar": session.opens_at is not None,
        "has_practised": found == "open" and _has_practised(request),
        "asked": _asked(request, session, found),
        **zone_context(request, session),
    }


def _kinds(session: InterviewSession) -> str:
    """The types of the planned questions, in words: "technical, behavioral and situational"."""
    types = dict.fromkeys(question.get("type", "") for question in session.plan.get("questions", ()))
    *words, last = [str(_QUESTION_TYPES.get(word, word)) for word in types if word] or [""]
    return _("%(several)s and %(last)s") % {"several": ", ".join(words), "last": last} if words else last


def masked(email: str) -> str:
    """Enough for its owner to recognise it: "j…e@example.com"."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…{name[-1:] if len(name) > 2 else ''}@{domain}" if email else ""


def _has_practised(request: HttpRequest) -> bool:
    """A guest's own interviews stay with that guest; joining makes another one."""
    user = _user(request)
    return user is not None and user.is_guest and user.sessions.exists()


def _ask_page(
    request: HttpRequest,
    session: InterviewSession,
    *,
    back: str,
    asked: list[CandidateRequest],
    error: errors.DomainError | None = None,
) -> HttpResponse:
    not_begun = session.status == Status.CREATED
    kinds = [kind for kind in candidate_requests.KINDS.items() if kind[0] != "extra_time" or not not_begun or not back]
    if session.status == Status.EXPIRED:
        kinds = [kind for kind in kinds if kind[0] == "extra_time"]
    context = {
        "session": session,
        "back": back,
        "kinds": kinds,
        "chosen": request.POST.get("kind") or request.GET.get("kind") or kinds[0][0],
        "text": request.POST.get("text", ""),
        "errors": _told(error),
        "maximum": candidate_requests.MAX_WORDS,
        "asked": asked,
    }
    return render(request, "invite_ask.html", context, status=error.status if error else 200)


def _told(error: errors.DomainError | None) -> list[errors.FieldError]:
    if error is None:
        return []
    if isinstance(error, errors.ValidationFailed):
        return error.errors
    return [errors.FieldError("text", error.code, error.message)]


def _miss(request: HttpRequest, error: errors.DomainError) -> errors.DomainError:
    """Whoever tries many links is slowed down; a good link works all the same."""
    try:
        limit_by_address(request, "link", per_hour=MISSES_PER_HOUR)
    except errors.RateLimited as limited:
        return limited
    return error


def _invite_path(token: str) -> str:
    return f"/invite/{token}/"


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
