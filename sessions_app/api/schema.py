"""The OpenAPI file at ``/openapi.json`` and Swagger UI at ``/docs``, both from this server alone."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import get_lib_doc_excludes
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.viewsets import ViewSetMixin

from .base import ApiView, Body


class BearerScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI file names our tokens."""

    target_class = "sessions_app.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def bases() -> list[type]:
    """Classes whose docstrings speak to who writes a view, not to who calls it: they describe no operation and no body
    in the file.
    """
    return [*get_lib_doc_excludes(), ViewSetMixin, ApiView, Body]


class _Json(SpectacularAPIView):
    renderer_classes = [OpenApiJsonRenderer]
    throttle_classes = []


class _Docs(SpectacularSwaggerSplitView):
    throttle_classes = []
    url_self = "/docs"


openapi = _Json.as_view()
docs = _Docs.as_view(url_name="openapi")
