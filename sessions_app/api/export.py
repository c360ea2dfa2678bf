"""``/sessions/{id}/export``: the interview as a file."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers as s

from sessions_app.access import session_for
from sessions_app.export import FORMATS, as_file

from .base import ApiView
from .docs import says

_FILES = {(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind, _ in FORMATS.values()}


class ExportQuery(s.Serializer[Any]):
    format = s.ChoiceField(list(FORMATS), default="json")


class ExportView(ApiView):
    open_to_tokens = frozenset({"*"})

    @says("The transcript as a file, with the report where there is one to see", _FILES, query=ExportQuery,
          errors=(400, 404))  # fmt: skip
    def get(self, request: Any, id: str) -> HttpResponse:
        extension = self.query(ExportQuery)["format"]
        return as_file(session_for(id, self.actor), self.actor, extension)
