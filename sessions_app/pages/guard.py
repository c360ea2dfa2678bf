"""Pages that belong to somebody: sign-in first, never cached, and what was typed is carried through the sign-in."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models.limits import MAX_ANSWER

from .fences import join
from .preferences import preferences_of
from .words import clock_of
from .zones import zone_for

CARRIED = "carried_text"
CARRY_SECONDS = 15 * 60

View = Callable[..., HttpResponse]


def personal(view: View) -> View:
    """Give the view its actor and their zone. Somebody not signed in goes to the sign-in page and comes back."""

    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request, kwargs.get("session_id"))
        with timezone.override(zone_for(request)), clock_of(preferences_of(request)["clock"]):
            response = view(request, Actor(request.user), **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return wrapper


def action(view: View) -> View:
    """A form target of a session. Its address, opened by itself, leads to the room: nothing happens by a link."""

    @wraps(view)
    def wrapper(request: HttpRequest, session_id: UUID) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return redirect("session-room", session_id)
        return personal(view)(request, session_id=session_id)

    return require_http_methods(["GET", "HEAD", "POST"])(wrapper)


def typed(request: HttpRequest) -> str:
    """What the composer sent, prose and code in one text."""
    return join(_plain(request, "content"), _plain(request, "code"), request.POST.get("language", ""))


def _plain(request: HttpRequest, field: str) -> str:
    """With the line ends that are stored (browsers send CR LF), and without NUL.

    PostgreSQL cannot store a NUL; the rest of the text is worth keeping.
    """
    return request.POST.get(field, "").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def carried_text(request: HttpRequest, session_id: UUID) -> str:
    """What somebody had typed when they turned out to be signed out, within the last 15 minutes."""
    kept = request.session.get(CARRIED) or {}
    fresh = kept.get("session") == str(session_id) and time.time() - kept.get("at", 0) < CARRY_SECONDS
    return kept["text"] if fresh else ""


def drop_carried_text(request: HttpRequest) -> None:
    request.session.pop(CARRIED, None)


def _to_sign_in(request: HttpRequest, session_id: UUID | None) -> HttpResponse:
    """Back to the same page after sign-in; an action cannot be repeated by a link, so it leads to its room."""
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    if session_id is not None and (text := typed(request)[:MAX_ANSWER]).strip():
        request.session[CARRIED] = {"session": str(session_id), "text": text, "at": time.time()}
    return redirect_to_login(resolve_url("session-room", session_id) if session_id else resolve_url("landing"))


def limit_by_address(request: HttpRequest, what: str, *, per_hour: int) -> None:
    """Count what somebody unknown does, by their address, in the cache. Switched off with ``RATE_LIMITS=off``.

    Raises:
        RateLimited: that address did it too often within the hour.
    """
    if settings.RATE_LIMITS == "off":
        return
    address = hashlib.sha256(request.META.get("REMOTE_ADDR", "").encode()).hexdigest()[:32]
    key = f"limit:{what}:{address}:{int(time.time() // 3600)}"
    cache.add(key, 0, timeout=3600)
    if cache.incr(key) > per_hour:
        raise errors.RateLimited(3600 - int(time.time() % 3600))
