"""In which language a page speaks: the account's, else this browser's cookie, what the browser asks for, English.

What machines and staff read is English whatever anybody prefers. Threads that work in the background never come here:
they, too, speak English, so that nothing translated is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sessions_app.access import Actor
from sessions_app.models import User
from sessions_app.services.preferences import CHOICES, keep_preferences

from .answers import see_again
from .preferences import in_browser, language_for, preferences_of, remember_language

ENGLISH = ("/api/", "/docs", "/openapi.json", "/admin/", "/health/", "/ws/")


class LanguageMiddleware:
    """Before a view is known, what the browser says has to do; the account is asked when there is one to ask."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(ENGLISH):
            with translation.override(settings.LANGUAGE_CODE):
                return self.get_response(request)
        with translation.override(language_for(request, in_browser(request))):
            response = self.get_response(request)
            return _labelled(response)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if request.path_info.startswith(ENGLISH):
            return
        try:
            preferences = preferences_of(request)
        except Error:  # the page may do without the database; if not, the page about that speaks as it can
            return
        translation.activate(language_for(request, preferences))


def _labelled(response: HttpResponse) -> HttpResponse:
    """Files are the same for everybody; pages are not, and a cache on the way must know."""
    if response.headers.get("Content-Type", "").startswith("text/html"):
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remember a language: with the account, and in a cookie for pages that ask for nobody."""
    wanted = request.POST.get("language", "")
    if wanted not in CHOICES["language"]:
        return HttpResponseBadRequest(_("Choose one of %(names)s.") % {"names": ", ".join(CHOICES["language"])})
    response = see_again(request)
    remember_language(request, response, wanted)
    if isinstance(request.user, User):
        keep_preferences({"language": wanted}, actor=Actor(request.user))
    return response
