"""What goes wrong, as a page that says what happened, whether work is safe, and what to do; under /api/ as JSON.

These pages need neither JavaScript nor the database nor a session: they are rendered without the request.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app import errors, errors_json
from sessions_app.logs import log
from sessions_app.requests import request_id
from sessions_app.services.preferences import chosen

from .preferences import attributes, in_browser

PAGES = frozenset({400, 403, 404, 410, 413, 429, 500, 503})


class ServerError(errors.DomainError):
    status = 500
    code = "INTERNAL_ERROR"
    sentence = gettext_lazy("Something broke on our side. What was saved is safe; try again in a moment.")


class MethodNotAllowed(errors.DomainError):
    status = 405
    code = "METHOD_NOT_ALLOWED"
    sentence = gettext_lazy("This address takes only what its form sends. Nothing was changed.")


class ErrorPagesMiddleware:
    """Turns the errors that verbs raise into answers. Django's own 404 and 403 go to the handlers below."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            return _only_by_a_form(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        known = as_domain_error(error)
        return None if known is None else answer(request, known)


def as_domain_error(error: BaseException | None) -> errors.DomainError | None:
    """The error as one of ours, if it is one a visitor can be told."""
    if isinstance(error, errors.DomainError):
        return error
    if isinstance(error, OperationalError | InterfaceError):
        log.error("database.unavailable", error=type(error).__name__, component="pages")
        return errors.Unavailable()
    return errors.PayloadTooLarge() if isinstance(error, RequestDataTooBig) else None


def answer(request: HttpRequest, error: errors.DomainError) -> HttpResponse:
    """The error for whoever asked: JSON for machines, a page for people."""
    response = _json(error) if request.path_info.startswith("/api/") else _page(request, error)
    for name, value in errors_json.headers(error).items():
        response[name] = value
    response.headers["Cache-Control"] = "private, no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, as_domain_error(exception) or errors.DomainError())


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, errors.PermissionDenied())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, errors.NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Also reached when the database fails in a middleware, outside any view."""
    return answer(request, as_domain_error(sys.exc_info()[1]) or ServerError())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open for long, or cookies that are off. What was typed is given back."""
    stale = _(
        "This form is too old, or this browser refuses cookies. Nothing was changed. Go back, reload, send again."
    )
    return answer(request, errors.PermissionDenied(stale))


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """Too many failed sign-ins with one address from one place (django-axes)."""
    wait = math.ceil(settings.AXES_COOLOFF_TIME.total_seconds())
    return answer(request, errors.RateLimited(wait))


def _only_by_a_form(request: HttpRequest, empty: HttpResponseNotAllowed) -> HttpResponse:
    """Somebody has opened the address that a form sends to: the same answer, with words."""
    response = answer(request, MethodNotAllowed())
    response["Allow"] = empty["Allow"]
    return response


def _json(error: errors.DomainError) -> HttpResponse:
    return JsonResponse(errors_json.body(error), status=error.status)


def _page(request: HttpRequest, error: errors.DomainError) -> HttpResponse:
    number = error.status if error.status in PAGES else 400
    preferences = chosen(in_browser(request))
    context = {
        "status": error.status,
        "message": error.message,
        "wait": getattr(error, "wait_seconds", None),
        "theme": preferences["theme"],
        "attributes": attributes(preferences),
        "reference": request_id.get(),
        "unsent": _unsent(request),
    }
    return HttpResponse(render_to_string(f"{number}.html", context), status=error.status)


def _unsent(request: HttpRequest) -> str:
    """What was typed into a form that could not be taken, to be copied. Empty if it cannot even be read."""
    try:
        return request.POST.get("content", "")
    except Exception:
        return ""
