"""The pages around an interview: the front page, the list of one's own, the theme, and texts."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, InterviewTemplate
from sessions_app.models.actions import Status
from sessions_app.models.session import STATUS_CHOICES, Sessions
from sessions_app.services.sessions import check_status

from . import present
from .answers import see_other
from .context import THEMES
from .guard import personal

PER_PAGE = 25
UNFINISHED_SHOWN = 10
THEME_SECONDS = 60 * 60 * 24 * 365


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The practice interviews on offer, and the way back into the last unfinished one."""
    cards = [(template, present.modes(template.enabled_modes or ["text"])) for template in _offered()]
    unfinished = own_sessions(request).unfinished().first() if request.user.is_authenticated else None
    context = {
        "cards": cards,
        "unfinished": present.row(unfinished, unfinished.now) if unfinished else None,
        "engine": present.engine("built-in"),
    }
    response = render(request, "landing.html", context)
    response.headers["Cache-Control"] = "private, no-store" if request.user.is_authenticated else "no-cache"
    return response


@require_safe
@personal
def session_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One's own interviews: what is unfinished first, then the history, 25 to a page."""
    status = request.GET.get("status", "")
    rows = own_sessions(request)
    unfinished = [] if status else list(rows.unfinished()[: UNFINISHED_SHOWN + 1])
    page = Paginator(_filtered(rows, status), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "unfinished": [present.row(session, session.now) for session in unfinished[:UNFINISHED_SHOWN]],
        "has_more_unfinished": len(unfinished) > UNFINISHED_SHOWN,
        "history": [present.row(session, session.now) for session in page],
        "page": page,
        "status": status,
        "choices": [("unfinished", "Unfinished"), *((str(value), word) for value, word in STATUS_CHOICES)],
    }
    return render(request, "session_list.html", context)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember System, Light or Dark in a cookie that the server reads, so that no page flashes."""
    wanted = request.POST.get("theme", "")
    if wanted not in THEMES:
        return HttpResponseBadRequest("Choose system, light or dark.")
    back = request.POST.get("next", "/")
    response = see_other(back if url_has_allowed_host_and_scheme(back, None) else "/")
    response.set_cookie("theme", wanted, THEME_SECONDS, samesite="Lax", secure=request.is_secure(), httponly=True)
    return response


@require_safe
def text_page(request: HttpRequest, page: str) -> HttpResponse:
    return render(request, f"texts/{page}.html")


def own_sessions(request: HttpRequest) -> Sessions:
    """What the person takes part in, newest first; staff see everybody's in the console, not here."""
    mine = InterviewSession.objects.filter(candidate_id=request.user.pk)
    return mine.with_turn().order_by("-created_at", "-id")


def _offered() -> QuerySet[InterviewTemplate]:
    return InterviewTemplate.objects.offered()


def _filtered(rows: Sessions, status: str) -> Sessions:
    """Raises InvalidStatusFilter."""
    if status == "unfinished":
        return rows.unfinished()
    if status:
        check_status(status)
        return rows.filter(status=status)
    return rows.exclude(status__in=[Status.CREATED, Status.ACTIVE, Status.PAUSED])
