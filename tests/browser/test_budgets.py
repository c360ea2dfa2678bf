"""What a room costs to load: requests and bytes against their limits, and how it felt in this browser, for information.

Limits: 4-pages, 12. Times depend on the machine and are printed only: ``pytest -rP tests/browser/test_budgets.py``.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from tests import factories as f

from . import every_page
from .gallery import Gallery
from .room import scripted

Open = Callable[..., Any]
KB = 1000
REQUESTS = 12
LIMITS = {"script": 30 * KB, "stylesheet": 18 * KB, "font": 75 * KB, "document": 30 * KB}
FELT = """() => new Promise((resolve) => {
  const felt = { lcp: 0, cls: 0 };
  new PerformanceObserver((list) => (felt.lcp = list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((shift) => (felt.cls += shift.value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(felt), 500);
})"""


def packed(body: bytes, kind: str) -> int:
    """Bytes on the wire; fonts are compressed already."""
    return len(body) if kind == "font" else len(gzip.compress(body, compresslevel=6))


@pytest.fixture
def loaded(open_room: Open) -> tuple[Any, list[Any], list[Any]]:
    """A room loaded with an empty cache: the page, its answers, its sockets."""
    page = open_room()
    fresh = page.context.browser.new_context(
        base_url=page.url.split("/sessions/")[0], storage_state={"cookies": page.context.cookies(), "origins": []}
    ).new_page()
    answers: list[Any] = []
    sockets: list[Any] = []
    fresh.on("response", lambda answer: answers.append(answer))
    fresh.on("websocket", lambda socket: sockets.append(socket))
    fresh.goto(page.url, wait_until="networkidle")
    scripted(fresh)
    return fresh, answers, sockets


def test_a_room_needs_few_requests_and_few_bytes(loaded: tuple[Any, list[Any], list[Any]]) -> None:
    page, answers, sockets = loaded
    sizes: dict[str, int] = {}
    for answer in answers:
        kind = answer.request.resource_type
        sizes[kind] = sizes.get(kind, 0) + packed(answer.body(), kind)
        print(f"{kind:12} {packed(answer.body(), kind):7} {answer.url.split('/', 3)[3]}")
    felt = page.evaluate(FELT)
    print(f"{len(answers)} requests and {len(sockets)} socket; bytes {sizes}")
    print(f"LCP {felt['lcp']:.0f} ms, CLS {felt['cls']:.3f}")
    assert len(answers) + len(sockets) <= REQUESTS
    assert {kind: size for kind, size in sizes.items() if size > LIMITS.get(kind, 30 * KB)} == {}


def test_collected_files_are_named_by_their_content_and_kept_by_the_browser(
    loaded: tuple[Any, list[Any], list[Any]],
) -> None:
    _, answers, _ = loaded
    for start in ("/static/css/app.", "/static/js/room."):
        [answer] = [one for one in answers if start in one.url]
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers.get("content-encoding") == "gzip"


def test_a_room_of_fifty_messages_is_a_small_page(gallery: Gallery) -> None:
    made = every_page._room(f.waiting, questions=25, planned_questions=30)
    shown = every_page.show("room-long", made)
    size = packed(shown.body, "document")
    messages = shown.body.count(b'<article class="turn ')
    print(f"HTML of a room with {messages} messages: {size} bytes compressed, {len(shown.body)} not")
    assert messages >= 49
    assert size <= LIMITS["document"]
