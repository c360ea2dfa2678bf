"""Setting up a session: the form, and the page about what it made, with the link for the candidate."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.signing import Signer
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from sessions_app import errors
from sessions_app.access import (
    Actor,
    job_posting_for,
    job_postings_of,
    resume_for,
    resumes_of,
    session_for,
    template_for,
)
from sessions_app.errors import FieldError
from sessions_app.models import InterviewSession, InterviewTemplate, Invitation
from sessions_app.models.ids import new_token, token_hash
from sessions_app.models.limits import MODES
from sessions_app.services.config import TOKENS_PER_EXCHANGE, exchanges_for
from sessions_app.services.connections import descriptions
from sessions_app.services.creation import SET_UP_BY_STAFF, create_session, may_set_up
from sessions_app.services.invitations import BatchRow, create_invitation, resend_invitation, send_invitation
from sessions_app.services.letters import invite_address, token_of
from sessions_app.services.local_time import thinking_time, when, window, zone_of
from sessions_app.services.resumes import noticed, read_posting, read_resume

from . import forms, present
from .answers import see_other, telling
from .guard import personal
from .markdown import as_html
from .zones import zone_choices, zone_for

LINK, LINK_SECONDS = "invite_link", 60 * 60 * 24  # a cookie: the database has the token's hash alone
MOST_OFFERED = 100  # postings and résumés in a list
MODE_NEEDS = {
    "text": _l("Always there; needs a keyboard."),
    "code": _l("A field for code; best on a large screen."),
}
ACCOMMODATIONS = (
    ("0", _l("None")),
    *((value, f"+{value} %") for value in forms.PERCENTS if value != "0"),
    (forms.CUSTOM, _l("Custom")),
    (forms.UNTIMED, _l("Untimed: no time limit")),
)
# By the field of each upload: what it fills, what may be chosen instead, who reads it, where its flags go.
UPLOADS = {
    "job_posting_file": ("job_posting_text", "job_posting_id", read_posting, "job_posting_flags"),
    "resume_file": ("resume_data", "resume_id", read_resume, "resume_flags"),
}
# One number of each plural form that a language can have, by the name that browsers give the form (CLDR).
_COUNT = "{count}"
_PLURALS = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}


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
    """What was made, for staff. A POST makes another link in the place of the one before; ``do=send`` sends the one.

    Sending names the invitation that the page showed, so that a second click of the same page sends nothing.
    """
    session = session_for(session_id, actor)
    if not actor.is_staff:
        ready = "session-ready"
        return see_other(ready, session.pk) if request.method == "POST" else redirect(ready, session.pk)
    if request.method != "POST":
        return _created_page(request, session)
    response, seed = see_other("session-created", session.pk), ""
    with telling(request, actor, session.pk):
        if request.POST.get("do") == "send":
            given = request.POST.get("invitation", "")
            send_invitation(given, actor=actor, seed=_seed(request, session), origin=_origin(request))
        else:
            seed = _another_link(request, session, actor)
    return _keeping(response, request, session, seed)


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
    form, wrong = _with_files(request, form)
    try:
        if wrong:
            raise errors.ValidationFailed([*wrong, *form.config().problems()])
        session = create_session(form.config(), actor=form.actor, id=form.id)
    except errors.ValidationFailed as error:
        told = [replace(one, field="resume_data") if one.field == "content" else one for one in error.errors]
        return _form_page(request, form.with_errors(told), status=400)
    if not form.for_staff:
        return see_other("session-ready", session.pk)
    seed = _first_link(session, form.actor)
    return _keeping(see_other("session-created", session.pk), request, session, seed)


def _with_files(request: HttpRequest, form: forms.SessionForm) -> tuple[forms.SessionForm, list[FieldError]]:
    """The texts of uploaded files, in the fields for them: there they are kept if something else is wrong."""
    wrong: list[FieldError] = []
    for field in UPLOADS:
        if file := request.FILES.get(field):
            form, problems = _with_file(file, field, form)
            wrong += problems
    return form, wrong


def _with_file(file: Any, field: str, form: forms.SessionForm) -> tuple[forms.SessionForm, list[FieldError]]:
    into, instead, read, flags_of_it = UPLOADS[field]
    if form.values[into].strip() or form.values[instead]:
        return form, [FieldError(field, "both", _("Choose one, paste one or upload one, not two of these."))]
    try:
        text, flags = read(file, field=field)
    except errors.ValidationFailed as error:
        return form, error.errors
    except (errors.PayloadTooLarge, errors.Unavailable) as error:
        return form, [FieldError(field, error.code.lower(), error.message)]
    source = {"resume_source": file.name or ""} if field == "resume_file" else {}
    return form.with_values(**{into: text, flags_of_it: ",".join(flags)}, **source), []


def _first_link(session: InterviewSession, actor: Actor) -> str:
    """The seed of the link of the session's first invitation; the same if the same form was sent before.

    No letter yet: the page about the session has the button for it.
    """
    seed = token_hash(Signer(salt="first link").sign(str(session.pk)))
    once = BatchRow(str(session.pk), 0)
    with suppress(IntegrityError, errors.InvalidSessionState):
        create_invitation(session.pk, actor=actor, email=session.candidate_email, batch=once, letter=False, seed=seed)
    return seed


def _another_link(request: HttpRequest, session: InterviewSession, actor: Actor) -> str:
    last, seed = _invitation(session), new_token()
    how: dict[str, Any] = {"actor": actor, "origin": _origin(request), "letter": False, "seed": seed}
    if last is not None:
        resend_invitation(last.pk, **how)
    else:
        create_invitation(session.pk, email=session.candidate_email, **how)
    return seed


def _invitation(session: InterviewSession) -> Invitation | None:
    found: Invitation | None = session.invitations.filter(revoked_at=None).first()
    return found


def _keeping(response: HttpResponse, request: HttpRequest, session: InterviewSession, seed: str) -> HttpResponse:
    """Let the browser that made a link show it on that session's page for a day, and nowhere else."""
    if seed:
        path = f"/sessions/{session.pk}/created"
        response.set_signed_cookie(
            LINK, seed, str(session.pk), max_age=LINK_SECONDS, path=path, secure=request.is_secure(), httponly=True,
            samesite="Lax",
        )  # fmt: skip
    return response


def _seed(request: HttpRequest, session: InterviewSession) -> str:
    return request.get_signed_cookie(LINK, "", str(session.pk), max_age=LINK_SECONDS) or ""


def _origin(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


def _created_page(request: HttpRequest, session: InterviewSession) -> HttpResponse:
    invitation, seed = _invitation(session), _seed(request, session)
    token = token_of(seed) if seed else ""
    is_good = invitation is not None and token_hash(token) == invitation.token_hash
    zone = zone_of(session)
    letter = invitation.letters.first() if invitation else None
    context = {
        "session": session,
        "chip": present.chip(session, session.now),
        "link": invite_address(token, _origin(request)) if is_good else "",
        "invitation": invitation,
        "letter": letter,
        "sent": when(letter.sent_at, zone) if letter and letter.sent_at else "",
        "sends": settings.SENDS_LETTERS,
        "flags": _noticed(session),
        "time": thinking_time(session),
        "window": window(session.opens_at, session.closes_at, zone),
    }
    return render(request, "session_form_created.html", context)


def _noticed(session: InterviewSession) -> dict[str, str]:
    """What hides in the files that the session is made from, for staff."""
    files = {"resume": session.resume, "posting": session.job_posting}
    return {name: noticed(row.flags) for name, row in files.items() if row is not None and row.flags}


def _form_page(request: HttpRequest, form: forms.SessionForm, *, status: int = 200) -> HttpResponse:
    tokens = form.values["token_budget"].strip()
    context = {
        "form": form,
        "fields": form.fields,
        "errors": form.errors,
        "templates": _with_chosen(_templates(form.actor), form.values["template_id"], template_for, form.actor),
        "postings": _with_chosen(
            job_postings_of(form.actor)[:MOST_OFFERED], form.values["job_posting_id"], job_posting_for, form.actor
        ),
        "resumes": _with_chosen(
            resumes_of(form.actor).defer("content")[:MOST_OFFERED], form.values["resume_id"], resume_for, form.actor
        ),
        "models": descriptions(),
        "modes": [(mode, present.modes([mode]), MODE_NEEDS[mode]) for mode in MODES],
        "accommodations": ACCOMMODATIONS,
        "per_exchange": TOKENS_PER_EXCHANGE,
        "estimate": _estimate(tokens),
        "estimates": json.dumps({name: _pays_for(number) for name, number in _PLURALS.items()}),
        "zone_choices": zone_choices(form.values["time_zone"]) if form.for_staff else [],
    }
    return render(request, "session_form.html", context, status=status)


def _estimate(tokens: str) -> str:
    """What a budget buys, in words; nothing if it is no number."""
    if not (tokens.isascii() and tokens.isdigit() and len(tokens) < 10):
        return ""
    count = exchanges_for(int(tokens))
    return _pays_for(count).replace(_COUNT, f"{count:,}")


def _pays_for(number: int) -> str:
    return ngettext(
        "This budget pays for about %(count)s exchange.", "This budget pays for about %(count)s exchanges.", number
    ) % {"count": _COUNT}


def _with_chosen(offered: Any, chosen: str, fetch: Callable[[Any, Actor], Any], actor: Actor) -> list[Any]:
    """The rows to choose from; also what is chosen already though it is not offered, or not among the newest."""
    rows = list(offered)
    if not chosen or any(str(row.pk) == chosen for row in rows):
        return rows
    with suppress(errors.NotFound):
        return [fetch(chosen, actor), *rows]
    return rows


def _templates(actor: Actor) -> Any:
    offered = InterviewTemplate.objects.offered()
    return InterviewTemplate.objects.filter(is_active=True).order_by("title") if actor.is_staff else offered
