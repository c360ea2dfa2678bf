"""How form posts are answered: 303 to a page that can be reloaded, with a word about what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from sessions_app import errors
from sessions_app.access import Actor, session_for

from .words import refusal


def see_other(to: str, *args: Any) -> HttpResponse:
    """303: the browser fetches that page, so that a reload never posts again."""
    response = HttpResponseRedirect(resolve_url(to, *args))
    response.status_code = 303
    return response


def see_again(request: HttpRequest) -> HttpResponse:
    """303 to the page that the form says it stands on; to the front page where that is none of this site."""
    back = request.POST.get("next", "/")
    return see_other(back if url_has_allowed_host_and_scheme(back, None) else "/")


def keep_cookie(request: HttpRequest, response: HttpResponse, name: str, value: str, seconds: int | None) -> None:
    """For so long, or until the browser is closed; no script can read it."""
    response.set_cookie(name, value, seconds, samesite="Lax", secure=request.is_secure(), httponly=True)


@contextmanager
def telling(request: HttpRequest, actor: Actor, session_id: UUID) -> Iterator[None]:
    """Run an action; if it is refused, the next page says why. What the person may not see stays a 404."""
    try:
        yield
    except errors.SessionNotFound:
        raise
    except errors.DomainError as error:
        session = session_for(session_id, actor)
        messages.warning(request, refusal(error, session.status))
