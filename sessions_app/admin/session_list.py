"""The list of sessions: its columns, filters and search, on queries that stay short among 100 000 rows."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app.models import InterviewSession

from . import chips, verdict_columns
from .actors import actor_of
from .patient_pages import PatientPaginator
from .review_filters import FlaggedFilter, ReviewerFilter, ScoreFilter
from .session_filters import (
    AccommodationFilter,
    CreatedFilter,
    DemoFilter,
    GuestFilter,
    ModeFilter,
    ModelFilter,
    PhaseFilter,
    PracticeFilter,
    RangeFilter,
    VersionFilter,
)
from .transitions import MOST_AT_ONCE

MOST_FOUND = 2_000
_PART_OF_AN_ID = re.compile(r"(?=.*\d)[0-9a-f-]{8,36}", re.IGNORECASE)


class SessionList(admin.ModelAdmin):
    """Mixin. Only the time of creation sorts: there is an index for it, and none for the other columns."""

    list_display = ("who", "of_template", "state", "progress", "time", "tokens", "score", "reviewer", "created")
    sortable_by = ("created",)
    list_filter = (
        "status",
        PhaseFilter,
        "template",
        VersionFilter,
        ModelFilter,
        ModeFilter,
        ReviewerFilter,
        ScoreFilter,
        FlaggedFilter,
        CreatedFilter,
        AccommodationFilter,
        GuestFilter,
        PracticeFilter,
        DemoFilter,
    )
    search_fields = ("candidate_name", "candidate_email", "title")
    search_help_text = f"Name, e-mail, title or id; the newest {MOST_FOUND:,} that match"
    change_list_template = "admin/sessions_app/interviewsession/change_list.html"
    list_per_page = 50
    list_max_show_all = MOST_AT_ONCE
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[InterviewSession]:
        rows = InterviewSession.objects.kept().with_turn().select_related("template")
        return rows.alias(modes_text=Cast("enabled_modes", TextField()))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the scores that whoever looks may see, and the reviewers: four queries for all rows of the page."""
        page, actor = super().get_changelist_instance(request), actor_of(request)
        for wrong in (one.unreadable() for one in page.filter_specs if isinstance(one, RangeFilter)):
            for name, value in wrong.items():
                messages.warning(request, f"The filter {name} cannot be “{value[:40]}”, so no session is shown.")
        page.result_list = rows = list(page.result_list)
        scores, reviewers = verdict_columns.scores(rows, actor), verdict_columns.reviewers(rows, actor)
        for session in rows:
            session.told_score, session.told_reviewers = scores[session.pk], reviewers[session.pk]
        return page

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any, **kwargs: Any
    ) -> Paginator[Any]:
        page = request.GET.get("p", "1")
        shown = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
        return PatientPaginator(queryset, per_page, *args, shown=shown, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InterviewSession], search_term: str
    ) -> tuple[QuerySet[InterviewSession], bool]:
        """The id, or its beginning, is looked up in the primary key; anything else is searched for in the texts.

        The texts have no index, so all sessions are read for them, but only the ids of the newest that match are joined
        with the rest of their rows: a word that stands in every title would join all of them.
        """
        if between := _ids_beginning(search_term.strip()):
            return queryset.filter(pk__range=between), False
        matching, doubled = super().get_search_results(request, queryset, search_term)
        if not search_term.strip():
            return matching, doubled
        newest = matching.order_by("-created_at", "-id").values("pk")[:MOST_FOUND]
        return queryset.filter(pk__in=newest), False

    @admin.display(description="candidate")
    def who(self, session: InterviewSession) -> SafeString:
        name = session.candidate_name or "No name"
        return format_html('<bdi>{}</bdi><br><small class="quiet">{}</small>', name, session.candidate_email)

    @admin.display(description="template")
    def of_template(self, session: InterviewSession) -> SafeString | str:
        if session.template is None or session.template_version is None:
            return session.title
        return format_html('{} <small class="quiet">v{}</small>', session.title, session.template_version)

    @admin.display(description="status")
    def state(self, session: InterviewSession) -> SafeString:
        phase = chips.phase(session)
        return format_html('{} <small class="quiet phase">{}</small>', chips.chip(session), phase)

    @admin.display(description="progress")
    def progress(self, session: InterviewSession) -> str:
        return chips.progress(session)

    @admin.display(description="thinking time")
    def time(self, session: InterviewSession) -> str:
        return " · ".join(filter(None, (chips.time_used(session, session.now), chips.accommodation(session))))

    @admin.display(description="tokens")
    def tokens(self, session: InterviewSession) -> SafeString:
        return chips.tokens(session)

    @admin.display(description="score")
    def score(self, session: Any) -> SafeString:
        told: SafeString = session.told_score
        return told

    @admin.display(description="reviewer")
    def reviewer(self, session: Any) -> SafeString:
        told: SafeString = session.told_reviewers
        return told

    @admin.display(description="created", ordering="created_at")
    def created(self, session: InterviewSession) -> SafeString:
        return chips.moment(session.created_at, session.now)


def _ids_beginning(term: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin like this; None if it is no part of an id."""
    digits = term.replace("-", "")
    if not _PART_OF_AN_ID.fullmatch(term) or len(digits) > 32:
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
