"""What a browser may show without a connection: three pages as it saw them last, and one that says what is the matter.

A worker in the browser does it (``static/js/offline_worker.js``), where browsers have one: on https, and on the machine
itself. The server decides what it may keep, and names with every page whose it is, so that nobody is ever shown a copy
of somebody else's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.contrib.messages import get_messages
from django.contrib.staticfiles import finders
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_safe

from sessions_app.services.preferences import chosen

from .language import ENGLISH
from .preferences import attributes, in_browser, preferences_of
from .shared import is_shared

COPIED = frozenset({"landing", "practice-list", "session-list"})
READER, COPY = "X-Reader", "X-Copy"
WORKER = "js/offline_worker.js"
# What those pages are made of; only their latin letters have fonts of ours.
FILES = (
    "css/app.css",
    "js/offline.js",
    "js/zone.js",
    "icons.svg",
    "favicon.svg",
    "fonts/source-serif-4-latin-wght-normal.woff2",
    "fonts/figtree-latin-wght-normal.woff2",
)


class ReaderMiddleware:
    """Names the reader with every page of theirs, and says which pages may be kept. No page costs a query more."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if not is_page or response.status_code != 200 or request.path_info.startswith(ENGLISH):
            return response
        try:
            response.headers[READER] = reader(request)
        except Error:  # the page could do without the database; then it is nobody's
            return response
        if _may_be_copied(request):
            response.headers[COPY] = "yes"
        return response


def reader(request: HttpRequest) -> str:
    """Who reads, and how pages look to them, in a word that tells nobody else anything."""
    looks = sorted(preferences_of(request).items())
    told = [str(request.user.pk or ""), is_shared(request), translation.get_language(), looks]
    return salted_hmac("sessions_app.pages.offline", json.dumps(told)).hexdigest()[:20]


def _may_be_copied(request: HttpRequest) -> bool:
    """A page of the three as it is without being asked for anything, and without what is said once; nothing on a
    computer that others use, too."""
    match = request.resolver_match
    is_one = match is not None and match.view_name in COPIED and not request.META.get("QUERY_STRING")
    return is_one and request.method == "GET" and not len(get_messages(request)) and not is_shared(request)


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The page for every other address. Like those about errors it needs no account, and names none."""
    preferences = chosen(in_browser(request))
    context = {"theme": preferences["theme"], "attributes": attributes(preferences)}
    return HttpResponse(render_to_string("offline.html", context), headers={"Cache-Control": "no-cache"})


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The worker's script. Its version follows from what is in its files, so that every change brings a new worker."""
    files = [static(name) for name in FILES]
    code = static(WORKER)
    version = hashlib.sha256(json.dumps([*files, code, _contents()]).encode()).hexdigest()[:12]
    text = f"self.given = {json.dumps({'files': files, 'version': version})};\nimportScripts({json.dumps(code)});\n"
    return HttpResponse(text, content_type="text/javascript", headers={"Cache-Control": "no-cache"})


@cache
def _contents() -> str:
    """A digest of the files: where nothing was collected beforehand, most of their addresses stay the same."""
    paths = [finders.find(name) for name in (*FILES, WORKER)]
    return hashlib.sha256(b"".join(Path(path).read_bytes() for path in paths if path)).hexdigest()
