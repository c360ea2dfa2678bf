"""What waits for a review, how far people and machine are apart, and the addresses of both and of the scorecards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from sessions_app.models import CandidateRequest, InterviewSession, Review
from sessions_app.models.actions import Phase
from sessions_app.models.clock import database_now
from sessions_app.services import agreement, scorecards

from . import chips
from .actors import actor_of
from .scorecard import assign_view, scorecard_view, site_context, skip_view

PER_PAGE = 50
CAN_REVIEW = "sessions_app.change_review"


@dataclass(frozen=True)
class Waiting:
    """An interview in the queue, and why it is there. Nothing of its scores."""

    session: InterviewSession
    since: SafeString
    why: str


def urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("review/", site.admin_view(queue_view), name="review-queue"),
        path("review/agreement/", site.admin_view(agreement_view), name="review-agreement"),
        path("review/<uuid:session_id>/", site.admin_view(scorecard_view), name="scorecard"),
        path("review/<uuid:session_id>/skip/", site.admin_view(skip_view), name="scorecard-skip"),
        path("review/<uuid:session_id>/assign/", site.admin_view(assign_view), name="scorecard-assign"),
    ]


def waits_for(request: HttpRequest) -> list[tuple[str, str]]:
    """For the console's home: how many reviews wait, and where."""
    if not request.user.has_perm(CAN_REVIEW):
        return []
    count = scorecards.review_queue(actor_of(request)).count()
    return [(f"{count} review{'' if count == 1 else 's'} to write", reverse("admin:review-queue"))] if count else []


def queue_view(request: HttpRequest) -> HttpResponse:
    """The oldest first, 50 to a page."""
    if not request.user.has_perm(CAN_REVIEW):
        raise PermissionDenied
    page = Paginator(scorecards.review_queue(actor_of(request)), PER_PAGE).get_page(request.GET.get("p"))
    context = {
        "title": "Reviews to write",
        "page": page,
        "waiting": _waiting(request, list(page)),
        "done_today": _done_today(request),
        **site_context(request),
    }
    return TemplateResponse(request, "admin/sessions_app/review_queue.html", context)


def agreement_view(request: HttpRequest) -> HttpResponse:
    """How far people's scores and the machine's are apart, by criterion."""
    if not request.user.has_perm("sessions_app.view_interviewsession"):
        raise PermissionDenied
    context = {
        "title": "People and machine",
        "methods": agreement.by_method(),
        "enough": agreement.ENOUGH,
        **site_context(request),
    }
    return TemplateResponse(request, "admin/sessions_app/agreement.html", context)


def _waiting(request: HttpRequest, sessions: list[InterviewSession]) -> list[Waiting]:
    """With the reasons, in two queries for the whole page."""
    drafts = Review.objects.since_the_end().filter(session__in=sessions, status__in=scorecards.UNFINISHED)
    open_ = CandidateRequest.objects.filter(session__in=sessions, kind="score", status="open")
    disputed = set(open_.values_list("session_id", flat=True))
    by_session: dict[Any, list[Review]] = {}
    for draft in drafts.select_related("reviewer"):
        by_session.setdefault(draft.session_id, []).append(draft)
    now = database_now()
    return [
        Waiting(row, chips.moment(row.ended_at or now, now), _why(request, row, by_session.get(row.pk, []), disputed))
        for row in sessions
    ]


def _why(request: HttpRequest, row: InterviewSession, drafts: list[Review], disputed: set[Any]) -> str:
    words = ["no program has scored it"] if row.phase != Phase.EVALUATED else []
    for draft in drafts:
        if draft.reviewer_id != request.user.pk:
            words.append(f"{draft.reviewer.display_name if draft.reviewer else 'Somebody'} has begun")
        elif draft.status == "sealed":
            words.append("waits for your reason")
        else:
            words.append("you were asked" if draft.assigned_by_id and not draft.revision else "your draft")
    if row.pk in disputed:
        words.append("the candidate disagrees with a score")
    return ", ".join(words)


def _done_today(request: HttpRequest) -> int:
    midnight = database_now().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Review.objects.filter(reviewer=actor_of(request).user, status="submitted", submitted_at__gte=midnight)
    return mine.count()
