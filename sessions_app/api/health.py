"""``/health/live``: the process answers. ``/health/ready``: it can do its work."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from sessions_app import errors, errors_json


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """One small read. 503 with ``Retry-After`` while the database is away."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sessions_app_interviewsession LIMIT 1")
    except DatabaseError:
        away = errors.Unavailable()
        return JsonResponse(errors_json.body(away), status=503, headers=errors_json.headers(away))
    return JsonResponse({"status": "ok", "database": connection.vendor})


urlpatterns = [path("live", live, name="health-live"), path("ready", ready, name="health-ready")]
