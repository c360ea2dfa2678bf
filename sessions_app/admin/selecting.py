"""The rows that are ticked in a list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse


class SelectsRows(admin.ModelAdmin):
    """Mixin: what is no id of a row chooses nothing, instead of failing in the query."""

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *place: Any) -> HttpResponse | None:
        form = request.POST.copy()
        form.setlist(ACTION_CHECKBOX_NAME, [key for key in form.getlist(ACTION_CHECKBOX_NAME) if self._is_id(key)])
        request.POST = form  # type: ignore[assignment]
        return super().response_action(request, queryset, *place)

    def _is_id(self, key: str) -> bool:
        try:
            self.opts.pk.to_python(key)
        except ValidationError:
            return False
        return True
