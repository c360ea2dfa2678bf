"""Setting up a session: the form, and the page about what it made, with the link for the candidate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from sessions_app import errors
from sessions_app.access import Actor, job_postings_of, resumes_of, session_for, template_for
from sessions_app.errors import FieldError
from sessions_app.models import InterviewSession, InterviewTemplate
from sessions_app.models.limits import MODES
from sessions_app.services.config import TOKENS_PER_EXCHANGE, exchanges_for
from sessions_app.services.connections import descriptions
from sessions_app.services.creation import SET_UP_BY_STAFF, create_session, may_set_up
from sessions_app.services.invitations import BatchRow, create_invitation, resend_invitation
from sessions_app.services.letters import invite_address
from sessions_app.services.local_time import thinking_time, window, zone_of
from sessions_app.services.resumes import read_resume

from . import forms, present
from .answers import see_other, telling
from .guard import personal
from .markdown import as_html
from .zones import zone_choices, zone_for

LINK, LINK_SECONDS = "invite_link", 60 * 60 * 24  # a cookie: the database has the token's hash alone
MOST_OFFERED = 100  # postings and résumés in a list
MODE_NEEDS = {"text": "Always there; needs a keyboard.", "code": "A field for code; best on a large screen."}
ACCOMMODATIONS = (*((value, f"+{value} %" if value != "0" else "None") for value in forms.PERCENTS),)
ACCOMMODATIONS += ((forms.CUSTOM, "Custom"), (forms.UNTIMED, "Untimed: no time limit"))


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def new_session(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The form. ``do`` names the button: ``fill`` from the template, ``preview`` the challenge, else create."""
    if actor.user is not None and actor.user.is_guest:
        return redirect_to_login(request.get_full_path())
    if not may_set_up(actor):
        raise errors.PermissionDenied(SET_UP_BY_STAFF)
    if request.method != "POST":
        return _form_page(request, _first(request, actor))
    form = forms.sent(request.POST, actor)
    if request.POST.get("do") == "fill":
        return _form_page(request, _filled(form))
    if request.POST.get("do") == "preview":
        return _form_page(request, replace(form, preview=as_html(form.values["challenge_text"])))
    return _create(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def created(request: HttpRequest, actor: Actor, session_id: UUID) -> HttpResponse:
    """What was made, for staff; a POST makes another link in the place of the one before."""
    session = session_for(session_id, actor)
    if not actor.is_staff:
        return (
            see_other("session-ready", session.pk)
            if request.method == "POST"
            else redirect("session-ready", session.pk)
        )
    if request.method == "POST":
        response, token = see_other("session-created", session.pk), ""
        with telling(request, actor, session.pk):
            token = _another_link(request, session, actor)
        return _keeping(response, request, session, token)
    return _created_page(request, session)


def _first(request: HttpRequest, actor: Actor) -> forms.SessionForm:
    zone = str(zone_for(request))
    if not (model := request.GET.get("like", "")):
        return forms.blank(actor, zone)
    return forms.like(session_for(model, actor), actor, zone)


def _filled(form: forms.SessionForm) -> forms.SessionForm:
    reference = form.values["template_id"]
    if not reference:
        return form
    try:
        return forms.filled(form, template_for(reference, form.actor))
    except errors.TemplateNotFound as error:
        return form.with_errors([FieldError("template_id", "not_found", error.message)])


def _create(request: HttpRequest, form: forms.SessionForm) -> HttpResponse:
    form, wrong = _with_file(request, form)
    try:
        if wrong:
            raise errors.ValidationFailed([*wrong, *form.config().problems()])
        session = create_session(form.config(), actor=form.actor, id=form.id)
    except errors.ValidationFailed as error:
        told = [replace(one, field="resume_data") if one.field == "content" else one for one in error.errors]
        return _form_page(request, form.with_errors(told), status=400)
    if not form.for_staff:
        return see_other("session-ready", session.pk)
    token = _first_link(request, session, form.actor)
    return _keeping(see_other("session-created", session.pk), request, session, token)


def _with_file(request: HttpRequest, form: forms.SessionForm) -> tuple[forms.SessionForm, list[FieldError]]:
    """The text of an uploaded résumé, in the field for it: there it is kept if something else is wrong."""
    file = request.FILES.get("resume_file")
    if file is None:
        return form, []
    if form.values["resume_data"].strip() or form.values["resume_id"]:
        words = "Choose a résumé, paste one or upload one, not two of these."
        return form, [FieldError("resume_file", "both", words)]
    try:
        text, _ = read_resume(file, field="resume_file")
    except errors.ValidationFailed as error:
        return form, error.errors
    except (errors.PayloadTooLarge, errors.Unavailable) as error:
        return form, [FieldError("resume_file", error.code.lower(), error.message)]
    return form.with_values(resume_data=text), []


def _first_link(request: HttpRequest, session: InterviewSession, actor: Actor) -> str:
    """The token of the session's first invitation; empty if the same form was sent before and made it then."""
    try:
        email, once = session.candidate_email, BatchRow(str(session.pk), 0)
        return create_invitation(session.pk, actor=actor, email=email, origin=_origin(request), batch=once)[1]
    except (IntegrityError, errors.InvalidSessionState):
        return ""


def _another_link(request: HttpRequest, session: InterviewSession, actor: Actor) -> str:
    last = session.invitations.filter(revoked_at=None).first()
    if last is not None:
        return resend_invitation(last.pk, actor=actor, origin=_origin(request))[1]
    return create_invitation(session.pk, actor=actor, email=session.candidate_email, origin=_origin(request))[1]


def _keeping(response: HttpResponse, request: HttpRequest, session: InterviewSession, token: str) -> HttpResponse:
    """Let the browser that made a link show it on that session's page for a day, and nowhere else."""
    if token:
        path = f"/sessions/{session.pk}/created"
        response.set_signed_cookie(
            LINK, token, str(session.pk), max_age=LINK_SECONDS, path=path, secure=request.is_secure(), httponly=True,
            samesite="Lax",
        )  # fmt: skip
    return response


def _origin(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


def _created_page(request: HttpRequest, session: InterviewSession) -> HttpResponse:
    token = request.get_signed_cookie(LINK, "", str(session.pk), max_age=LINK_SECONDS)
    invitation = session.invitations.filter(revoked_at=None).first()
    context = {
        "session": session,
        "chip": present.chip(session, session.now),
        "link": invite_address(token, _origin(request)) if token else "",
        "invitation": invitation,
        "sends": settings.SENDS_LETTERS,
        "time": thinking_time(session),
        "window": window(session.opens_at, session.closes_at, zone_of(session)),
    }
    return render(request, "session_form_created.html", context)


def _form_page(request: HttpRequest, form: forms.SessionForm, *, status: int = 200) -> HttpResponse:
    tokens = form.values["token_budget"].strip()
    context = {
        "form": form,
        "fields": form.fields,
        "errors": form.errors,
        "templates": _templates(form.actor),
        "postings": job_postings_of(form.actor)[:MOST_OFFERED],
        "resumes": resumes_of(form.actor).defer("content")[:MOST_OFFERED],
        "models": descriptions(),
        "modes": [(mode, present.modes([mode]), MODE_NEEDS[mode]) for mode in MODES],
        "accommodations": ACCOMMODATIONS,
        "per_exchange": TOKENS_PER_EXCHANGE,
        "exchanges": exchanges_for(int(tokens)) if tokens.isascii() and tokens.isdigit() and len(tokens) < 10 else None,
        "zone_choices": zone_choices(form.values["time_zone"]) if form.for_staff else [],
    }
    return render(request, "session_form.html", context, status=status)


def _templates(actor: Actor) -> Any:
    offered = InterviewTemplate.objects.offered()
    return InterviewTemplate.objects.filter(is_active=True).order_by("title") if actor.is_staff else offered
