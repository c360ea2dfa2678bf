"""The background work: to be watched, tried again and stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app import errors
from sessions_app.models import Operation
from sessions_app.services import operations

from .actors import actor_of
from .readonly import ReadOnly
from .selecting import SelectsRows
from .transitions import MOST_AT_ONCE, sentence_of


class NamedFilter(admin.AllValuesFieldListFilter):
    """By the values there are; the empty one has a name, too."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "None"}


@admin.register(Operation)
class OperationPage(ReadOnly, SelectsRows):
    list_display = (
        "created_at",
        "session_link",
        "kind",
        "status",
        "attempt",
        "error_code",
        "model_name",
        "finished_at",
    )
    list_display_links = ("created_at",)
    list_filter = ("status", "kind", ("error_code", NamedFilter), ("model_name", NamedFilter), "created_at")
    search_fields = ("id", "session__id", "session__candidate_name", "session__candidate_email")
    list_select_related = ("session",)
    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ("session_link",)
    exclude = ("session", "message")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_interviewsession")

    @admin.display(description="session", ordering="session__title")
    def session_link(self, operation: Operation) -> SafeString:
        url = reverse("admin:sessions_app_interviewsession_change", args=[operation.session_id])
        return format_html('<a href="{}">{}</a>', url, operation.session)

    @admin.action(description="Try again", permissions=["act"])
    def retry_selected(self, request: HttpRequest, rows: QuerySet[Operation]) -> None:
        self._each(request, rows, operations.retry_operation, "sent back to the interviewer")

    @admin.action(description="Stop", permissions=["act"])
    def stop_selected(self, request: HttpRequest, rows: QuerySet[Operation]) -> None:
        self._each(request, rows, operations.cancel_operation, "stopped")

    actions = (retry_selected, stop_selected)

    def _each(self, request: HttpRequest, rows: QuerySet[Operation], verb: Any, done: str) -> None:
        for operation in rows[:MOST_AT_ONCE]:
            try:
                verb(operation.pk, actor=actor_of(request))
                messages.success(request, f"{operation.session}: the question was {done}.")
            except errors.DomainError as error:
                messages.error(request, f"{operation.session}: {sentence_of(error)}")
