"""All practice interviews; and whether the site works, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from sessions_app.ai.protocol import BUILT_IN
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.models import InterviewTemplate, Operation
from sessions_app.models.clock import database_now
from sessions_app.models.limits import MODES
from sessions_app.services.connections import connected
from sessions_app.services.engines import engine

from . import present
from .history import page_of
from .practice_list import LENGTHS, PracticeFilters, card, matching, topics
from .words import moment
from .zones import zone_for

PER_PAGE = 24
LATE = timedelta(minutes=1)


@require_safe
def practice_list(request: HttpRequest) -> HttpResponse:
    """Every practice interview on offer, 24 to a page. Four queries at the most, however many there are."""
    filters = PracticeFilters.of(request.GET)
    wrong: list[FieldError] = []
    try:
        rows = matching(InterviewTemplate.objects.offered(), filters)
    except ValidationFailed as error:
        rows, wrong = InterviewTemplate.objects.none(), error.errors
    page = page_of(request, rows, PER_PAGE)
    context = {
        "cards": [card(template) for template in page],
        "page": page,
        "filters": filters,
        "topics": topics(),
        "lengths": [(value, words) for value, (words, _) in LENGTHS.items()],
        "modes": [(mode, capfirst(present.modes([mode]))) for mode in MODES],
        "engine": engine(BUILT_IN),
        "errors": wrong,
    }
    response = render(request, "practice_list.html", context, status=400 if wrong else 200)
    response.headers["Cache-Control"] = "private, no-store" if request.user.is_authenticated else "no-cache"
    return response


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """In words, whether the site works and who asks. Machines have ``/health/``. Three queries at the most."""
    models = connected()
    engines = [{"words": engine(BUILT_IN), "is_away": False}]
    engines += [{"words": engine(model.name), "is_away": bool(model.unavailable)} for model in models]
    with timezone.override(zone_for(request)):
        now = database_now()
        context = {"engines": engines, "has_ai": bool(models), "late": _is_late(now), "now": moment(now)}
        response = render(request, "status.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_late(now: datetime) -> bool:
    """Whether something waits to be written or scored that nobody has taken since it was due."""
    return Operation.objects.claimable(now - LATE).exists()
