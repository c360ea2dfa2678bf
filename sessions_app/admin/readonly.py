"""Rows that are read in the console and changed by the verbs only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Media
from django.http import HttpRequest


class ReadOnly(admin.options.BaseModelAdmin):
    """Mixin: nothing can be added, changed or deleted through the admin's forms."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PartOfSession(ReadOnly, admin.TabularInline):
    """Rows that belong to the session's page: who may see the one sees the other."""

    extra = 0
    can_delete = False
    fields = ()

    @property
    def media(self) -> Media:
        return Media()  # nothing can be added, so no script is needed

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True
