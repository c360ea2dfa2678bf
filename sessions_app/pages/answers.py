"""How form posts are answered: 303 to a page that can be reloaded, with a word about what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from sessions_app import errors
from sessions_app.access import Actor, session_for

from .words import refusal


def see_other(to: str, *args: Any) -> HttpResponse:
    """303: the browser fetches that page, so that a reload never posts again."""
    response = HttpResponseRedirect(resolve_url(to, *args))
    response.status_code = 303
    return response


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
