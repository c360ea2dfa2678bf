"""A browser that is shown pages without the product: what ``every_page`` got, with the static files beside it."""

from __future__ import annotations

import mimetypes
import threading
import urllib.parse
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.test import RequestFactory
from django.views.i18n import JavaScriptCatalog

from . import every_console_page, every_ending, every_open_page, every_page
from .every_page import Made, Shown

CANDIDATES: dict[str, Made] = {
    **every_page.PUBLIC,
    **every_open_page.OPEN,
    **every_page.CANDIDATE,
    **every_ending.ENDINGS,
}
PAGES: dict[str, Made] = {**CANDIDATES, **every_console_page.CONSOLE}
# Nothing new ever comes, and nobody complains that it does not.
QUIET = """
window.WebSocket = class { close() {} send() {} };
window.EventSource = class { addEventListener() {} close() {} };
Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined });
"""
BAD = ("error", "warning")


class Gallery:
    """Pages by name and language, each made once; and one browser tab a kind of screen to look at them in."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._shown: dict[tuple[str, str], Shown] = {}
        self._tabs: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._server = _Server()
        self.complaints: list[str] = []

    def page(self, name: str, language: str = "en") -> Shown:
        if (name, language) not in self._shown:
            self._shown[name, language] = every_page.show(name, PAGES[name], language)
        return self._shown[name, language]

    def look(self, shown: Shown, **screen: Any) -> Any:
        """The tab with that page, for a screen such as ``color_scheme="dark"``."""
        key = tuple(sorted((name, str(value)) for name, value in screen.items()))
        if key not in self._tabs:
            self._tabs[key] = self._tab(**screen)
        self._server.now, self.complaints = shown, []
        tab = self._tabs[key]
        tab.goto(shown.path, wait_until="load")
        return tab

    def close(self) -> None:
        for tab in self._tabs.values():
            tab.context.close()
        self._server.close()

    def _tab(self, **screen: Any) -> Any:
        context = self._chromium.new_context(base_url=self._server.address, **screen)
        context.add_init_script(QUIET)
        tab = context.new_page()
        tab.on("request", self._note_outside)
        tab.on("console", self._note_complaint)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        return tab

    def _note_outside(self, request: Any) -> None:
        if not request.url.startswith((self._server.address, "data:", "blob:")):
            self.complaints.append(f"from elsewhere: {request.url}")

    def _note_complaint(self, message: Any) -> None:
        # Pages that tell of an error have its status; Chromium complains of that.
        if message.type in BAD and not _tells_of_status(message, self._server.now):
            self.complaints.append(f"console: {message.text}")


def _tells_of_status(message: Any, shown: Shown | None) -> bool:
    place = urllib.parse.urlsplit((message.location or {}).get("url", ""))
    return shown is not None and shown.status >= 400 and place.path == shown.path.partition("?")[0]


class _Server:
    """Static files, which the browser may keep, and the page that is looked at now, which it may not."""

    def __init__(self) -> None:
        self.now: Shown | None = None
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answer, self))
        self.address = f"http://localhost:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, server: _Server, *rest: Any) -> None:
        self.of = server
        super().__init__(*rest)

    def do_GET(self) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        if path.startswith("/static/"):
            kind, body = _file(path.removeprefix("/static/"))
            self._say(200 if body else 404, body, {"Content-Type": kind, "Cache-Control": "max-age=3600"})
        elif path == "/admin/jsi18n/":
            self._say(200, _words_of_the_console(), {"Content-Type": "text/javascript"})
        elif self.of.now and self.headers.get("Sec-Fetch-Dest") == "document":
            self._say(self.of.now.status, self.of.now.body, {**self.of.now.headers, "Cache-Control": "no-store"})
        else:
            self._say(204, b"", {})

    do_POST = do_PUT = do_GET

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name != "Content-Length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: Any) -> None:
        """Say nothing."""


@cache
def _file(name: str) -> tuple[str, bytes]:
    """Its type and content, which is empty when there is no such file."""
    found = finders.find(name)
    return mimetypes.guess_type(name)[0] or "application/octet-stream", Path(str(found)).read_bytes() if found else b""


@cache
def _words_of_the_console() -> bytes:
    return bytes(JavaScriptCatalog.as_view(packages=["django.contrib.admin"])(RequestFactory().get("/")).content)
