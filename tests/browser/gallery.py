"""A browser that is shown pages without a server: the answers of ``every_page``, with the static files beside them."""

from __future__ import annotations

import mimetypes
import urllib.parse
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.test import RequestFactory
from django.views.i18n import JavaScriptCatalog

from . import every_console_page, every_ending, every_open_page, every_page
from .every_page import Made, Shown

PAGES: dict[str, Made] = {
    **every_page.PUBLIC,
    **every_open_page.OPEN,
    **every_page.CANDIDATE,
    **every_ending.ENDINGS,
    **every_console_page.CONSOLE,
}


def _words_of_the_console() -> bytes:
    return bytes(JavaScriptCatalog.as_view(packages=["django.contrib.admin"])(RequestFactory().get("/")).content)


class Gallery:
    """Pages by name, each made once; and one browser tab a kind of screen to look at them in."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._shown: dict[str, Shown] = {}
        self._tabs: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._now: Shown | None = None
        self.outside: list[str] = []

    def page(self, name: str) -> Shown:
        if name not in self._shown:
            self._shown[name] = every_page.show(name, PAGES[name])
        return self._shown[name]

    def look(self, shown: Shown, **screen: Any) -> Any:
        """The tab with that page, for a screen such as ``color_scheme="dark"``."""
        key = tuple(sorted((name, str(value)) for name, value in screen.items()))
        if key not in self._tabs:
            context = self._chromium.new_context(base_url="http://testserver", **screen)
            context.route("**/*", self._answer)
            self._tabs[key] = context.new_page()
        self._now, self.outside = shown, []
        tab = self._tabs[key]
        tab.goto(shown.path, wait_until="load")
        return tab

    def close(self) -> None:
        for tab in self._tabs.values():
            tab.context.close()

    def _answer(self, route: Any) -> None:
        address = urllib.parse.urlsplit(route.request.url)
        if address.netloc != "testserver":
            self.outside.append(route.request.url)
            route.abort()
        elif address.path.startswith("/static/"):
            self._file(route, address.path.removeprefix("/static/"))
        elif address.path == "/admin/jsi18n/":
            route.fulfill(status=200, content_type="text/javascript", body=_words_of_the_console())
        elif self._now and route.request.resource_type == "document":
            route.fulfill(status=self._now.status, headers=self._now.headers, body=self._now.body)
        else:  # streams and the like: nothing new
            route.fulfill(status=204)

    def _file(self, route: Any, name: str) -> None:
        found = finders.find(urllib.parse.unquote(name))
        if not found:
            route.fulfill(status=404)
            return
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        route.fulfill(status=200, content_type=kind, body=Path(str(found)).read_bytes())
