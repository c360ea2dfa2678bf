"""What every page's frame needs. Nothing here costs a query unless the template asks who is signed in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sessions_app.services.preferences import CHOICES

from .preferences import attributes, preferences_of
from .shared import is_shared

THEMES = CHOICES["theme"]


class Chrome:
    """The frame around a page: theme, language, and who is signed in (looked up on first use)."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def theme(self) -> str:
        return self._preferences["theme"]

    @property
    def attributes(self) -> SafeString:
        """Of ``<html>``: what the person chose."""
        return attributes(self._preferences)

    @cached_property
    def _preferences(self) -> dict[str, str]:
        return preferences_of(self._request)

    @property
    def is_shared(self) -> bool:
        """Whether others use this computer, too."""
        return is_shared(self._request)

    @property
    def themes(self) -> list[tuple[str, str]]:
        words = {"system": _("System"), "light": _("Light"), "dark": _("Dark")}
        return [(theme, words[theme]) for theme in THEMES]

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Each by the name its speakers know it by."""
        return list(settings.LANGUAGES)

    @property
    def path(self) -> str:
        """Where to come back to after a change of theme: this page, unless it is the answer to a form."""
        return self._request.get_full_path() if self._request.method == "GET" else "/"

    @property
    def is_refresh(self) -> bool:
        """An open room asks for itself again: what the next page is to say must not be used up by that."""
        return self._request.headers.get("X-Room") == "refresh"

    @property
    def is_guest(self) -> bool:
        return bool(getattr(self._request.user, "is_guest", False))

    @property
    def is_signed_in(self) -> bool:
        return bool(self._request.user.is_authenticated)


def site(request: HttpRequest) -> dict[str, Any]:
    """Not named ``site``: allauth's views put their own ``site`` into the context."""
    return {"chrome": Chrome(request)}
