"""What every request gets, whatever door it comes through: an id, and either way to write a path."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from io import BytesIO
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError

request_id: ContextVar[str] = ContextVar("request_id", default="")
_SANE = re.compile(r"[A-Za-z0-9_.\-]{1,80}\Z")
_ROOT_WITHOUT_SLASH = ("/api/", "/docs", "/openapi.json", "/health/")
UPLOADS = "/api/v1/resumes"
MAX_UPLOAD = 5 * 1024 * 1024 + 100_000  # the file, and what multipart puts around it
Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Take the caller's ``X-Request-ID`` if it is harmless, else make one; put it into answers and log lines."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        current = given if _SANE.match(given) else f"req_{secrets.token_hex(8)}"
        token = request_id.set(current)
        structlog.contextvars.bind_contextvars(request_id=current)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
            structlog.contextvars.clear_contextvars()
        response.headers["X-Request-ID"] = current
        return response


class EitherSlashMiddleware:
    """The API answers with and without a trailing slash; its routes are written without."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_ROOT_WITHOUT_SLASH) and request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/")
        return self.get_response(request)


class WholeBodyMiddleware:
    """A body that ends before its announced length was cut off on the way: half an answer is no answer.

    Nobody is left to read the refusal; what counts is that nothing is done. Only the upload of a file may be larger
    than the rest; it is read here, so that every later reader finds it in memory.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        is_upload = request.path_info.rstrip("/") == UPLOADS
        most = MAX_UPLOAD if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if announced.isdecimal() and 0 < int(announced) <= most and not _is_whole(request, int(announced)):
            return HttpResponse(status=400)
        return self.get_response(request)


def _is_whole(request: HttpRequest, announced: int) -> bool:
    try:
        if announced > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            request._body = request.read(announced)  # what ``body`` does, but for its limit
            request._stream = BytesIO(request._body)
        return len(request.body) >= announced
    except UnreadablePostError:
        return False


def sign_in_name(request: Any, credentials: dict[str, Any] | None) -> str:
    """The address somebody tries to sign in with, wherever the form or body puts it; for the lock-out."""
    given = credentials or {}
    body = getattr(request, "POST", {}) if request is not None else {}
    for name in ("username", "email", "login"):
        if value := given.get(name) or body.get(name):
            return str(value).strip().lower()
    return ""
