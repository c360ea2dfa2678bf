"""The pages around an interview: the front page, the list of one's own, the theme, and texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render, resolve_url
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions_app.access import Actor, example_session
from sessions_app.ai.protocol import BUILT_IN
from sessions_app.errors import FieldError, NotFound, ValidationFailed
from sessions_app.models import InterviewSession, InterviewTemplate, User
from sessions_app.models.actions import Status
from sessions_app.models.limits import MODES
from sessions_app.models.session import STATUS_CHOICES
from sessions_app.models.session_queries import Sessions
from sessions_app.services.accounts import choose_time_zone
from sessions_app.services.engines import engine
from sessions_app.services.moments import is_zone
from sessions_app.services.preferences import keep_preferences
from sessions_app.services.scorecards import scores_in_words

from . import present
from .answers import keep_cookie, see_again, see_other
from .context import THEMES
from .guard import personal
from .history import UNFINISHED, Filters, matching, of_status, page_of
from .practice_list import card
from .preferences import THEME
from .zones import YEAR, remember, zone_context

PER_PAGE = 25
UNFINISHED_SHOWN = 10
CARDS = 6  # on the front page; the practice list has all
EXAMPLE_SECONDS = 60
A_WEEK = timedelta(days=7)
MAX_LINK = 500
# The link of a letter, or its secret alone.
INVITATION = re.compile(r"(?:^|/invite/)(?P<token>[\w-]{20,100})(?:/|$)")


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The practice interviews on offer, and the way back into the last unfinished one."""
    return _front_page(request)


@require_http_methods(["GET", "HEAD", "POST"])
def open_invitation(request: HttpRequest) -> HttpResponse:
    """Lead to the invitation whose link somebody pasted; posted, so that its secret is in no address but its own."""
    if request.method != "POST":
        return redirect(f"{resolve_url('landing')}#invitation")
    pasted = request.POST.get("link", "").strip()[:MAX_LINK]
    if found := INVITATION.search(pasted):
        return see_other("invite", found["token"])
    wrong = FieldError("link", "invalid", _("Paste the whole link, as it is in your invitation."))
    return _front_page(request, pasted, [wrong])


def _front_page(request: HttpRequest, pasted: str = "", errors: Sequence[FieldError] = ()) -> HttpResponse:
    """With ``errors`` about what was ``pasted`` in the place of an invitation's link."""
    unfinished = ran_out = None
    if request.user.is_authenticated:
        unfinished = own_sessions(request).unfinished().select_related("template").first()
        ran_out = None if unfinished else _just_ran_out(request)
    context = {
        "cards": [card(template) for template in _offered()[:CARDS]],
        "unfinished": present.row(unfinished, unfinished.now) if unfinished else None,
        "ran_out": present.row(ran_out, ran_out.now) if ran_out else None,
        "starts_over": unfinished is not None and _may_start_over(unfinished),
        "engine": engine(BUILT_IN),
        "has_example": cache.get_or_set("has_example", _has_example, EXAMPLE_SECONDS),
        "pasted": pasted,
        "errors": errors,
    }
    response = render(request, "landing.html", context, status=400 if errors else 200)
    response.headers["Cache-Control"] = "private, no-store" if request.user.is_authenticated else "no-cache"
    return response


def _may_start_over(session: InterviewSession) -> bool:
    """Whether the same practice interview is still on offer."""
    template = session.template
    return session.is_practice and template is not None and template.is_practice and template.is_active


def _just_ran_out(request: HttpRequest) -> InterviewSession | None:
    """One's newest interview, if its time ran out within the last week."""
    newest: InterviewSession | None = own_sessions(request).first()
    if newest is None or newest.status != Status.EXPIRED or newest.ended_at is None:
        return None
    return newest if newest.now - newest.ended_at < A_WEEK else None


def _has_example() -> bool:
    try:
        return bool(example_session())
    except NotFound:
        return False


@require_safe
@personal
def session_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One's own interviews: what is unfinished first, then the history, 25 to a page."""
    filters, wrong = Filters.of(request.GET), []
    try:
        rows = matching(own_sessions(request), filters)
        selected = of_status(rows, filters.status)
    except ValidationFailed as error:
        rows, wrong = own_sessions(request).none(), error.errors
        selected = rows
    unfinished = [] if filters.status else list(rows.unfinished()[: UNFINISHED_SHOWN + 1])
    page = page_of(request, selected, PER_PAGE)
    scores = scores_in_words(list(page), actor)
    context = {
        "unfinished": [present.row(session, session.now) for session in unfinished[:UNFINISHED_SHOWN]],
        "has_more_unfinished": len(unfinished) > UNFINISHED_SHOWN,
        "history": [present.row(session, session.now, scores[session.pk]) for session in page],
        "page": page,
        "filters": filters,
        "choices": [(UNFINISHED, _("Unfinished")), *((str(value), word) for value, word in STATUS_CHOICES)],
        "modes": [(mode, capfirst(present.modes([mode]))) for mode in MODES],
        "errors": wrong,
        **zone_context(request),
    }
    return render(request, "session_list.html", context, status=400 if wrong else 200)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember System, Light or Dark in a cookie that the server reads, so that no page flashes."""
    wanted = request.POST.get("theme", "")
    if wanted not in THEMES:
        return HttpResponseBadRequest(_("Choose system, light or dark."))
    response = see_again(request)
    keep_cookie(request, response, THEME, wanted, YEAR)
    if isinstance(request.user, User):
        keep_preferences({"theme": wanted}, actor=Actor(request.user))
    return response


@require_POST
def zone(request: HttpRequest) -> HttpResponse:
    """Remember a time zone: with the account, else in a cookie. An empty one follows interview and browser again."""
    wanted = request.POST.get("zone", "")
    if wanted and not is_zone(wanted):
        return HttpResponseBadRequest(_("Choose a time zone such as Europe/Berlin."))
    response = see_again(request)
    if not (isinstance(request.user, User) and choose_time_zone(wanted, actor=Actor(request.user))):
        remember(request, response, wanted)
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
