"""A room in a browser, and what its tests do in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server, own_database

from . import backstage

Open = Callable[..., Any]
expect.set_options(timeout=15_000)  # a busy machine is no failure
ANSWERS = "**/api/v1/sessions/*/answers"
DRAFTS = "**/api/v1/sessions/*/draft"

BLOCKED = """
window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({ code: 1006 }), 0); } close() {} };
"""
NO_EVENTS = """
window.EventSource = class {
  constructor() { setTimeout(() => this.onerror?.(), 0); }
  addEventListener() {}
  close() {}
};
"""
NO_STORAGE = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""
# What a page of plain HTTP in a local network has not.
PLAIN_HTTP = """
for (const name of ["locks", "clipboard", "serviceWorker"])
  Object.defineProperty(Navigator.prototype, name, { get: () => undefined });
for (const name of ["subtle", "randomUUID"])
  Object.defineProperty(Crypto.prototype, name, { get: () => undefined });
"""


OUTBOX = """
Object.keys(localStorage).filter((key) => key.startsWith("iv:o:")).map((key) => JSON.parse(localStorage.getItem(key)))
"""


@contextmanager
def serving(folder: Path, word_ms: int, prepare: str = "") -> Iterator[Server]:
    """The product with its practice interviews, at one address however often it is started; first that code is run."""
    with own_database(folder) as url, Server(folder, url, word_ms=word_ms, keeps_port=True) as running:
        backstage.shell(running, backstage.LOAD_TEMPLATES + prepare)
        running.start()
        yield running
        backstage.leave_the_stage(running)


@pytest.fixture(scope="session")
def _shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("room"), word_ms=0) as running:
        yield running


@pytest.fixture
def room_server(_shared_server: Server) -> Server:
    """One for all rooms of a run, in which everybody has an interview of their own. It writes at once."""
    if _shared_server.process.poll() is not None:  # a test that failed has left it dead
        _shared_server.start()
    return _shared_server


@pytest.fixture
def site(room_server: Server) -> str:
    """Its address."""
    return f"http://localhost:{room_server.port}"


@pytest.fixture
def open_room(chromium: Any, room_server: Server) -> Iterator[Open]:
    """A page in the room with question 1 open, of a guest or of somebody with an account."""
    contexts: list[Any] = []

    def open_(*scripts: str, email: str = "", **options: Any) -> Any:
        context = chromium.new_context(base_url=f"http://localhost:{room_server.port}", **options)
        contexts.append(context)
        for script in scripts:
            context.add_init_script(script)
        page = context.new_page()
        if email:
            sign_up(page, email)
        page.goto("/")
        page.get_by_role("button", name="Start System design").click()
        page.get_by_role("button", name="Begin interview").click()
        expect(answer_field(page)).to_be_visible(timeout=20_000)
        scripted(page)
        page.evaluate("window.sameDocument = true")
        return page

    yield open_
    for context in contexts:
        context.close()


def sign_up(page: Any, email: str) -> None:
    page.goto("/signup")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("quiet-harbour-94")
    with page.expect_navigation():
        page.get_by_role("button", name="Create account").click()


def answer_field(page: Any) -> Any:
    return page.get_by_label("Your answer", exact=True)


def scripted(page: Any) -> None:
    """The scripts are there. Until then forms post themselves, which is another path."""
    page.locator("body[data-scripted]").wait_for()


def send(page: Any, text: str) -> None:
    answer_field(page).fill(text)
    page.get_by_role("button", name="Send answer").click()


def at_question(page: Any, number: int) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Question {number} of about", timeout=20_000)
    expect(answer_field(page)).to_be_visible(timeout=20_000)


def stored(page: Any) -> list[str]:
    """The answers the server has, read over the API with the page's own cookies."""
    session = page.url.split("/sessions/")[1].split("/")[0]
    told = page.context.request.get(f"/api/v1/sessions/{session}/messages").json()
    return [message["content"] for message in told if message["kind"] == "answer"]


def draft_on_server(page: Any) -> str:
    session = page.url.split("/sessions/")[1].split("/")[0]
    text: str = page.context.request.get(f"/api/v1/sessions/{session}").json()["draft"]["text"]
    return text


def is_same_document(page: Any) -> bool:
    return bool(page.evaluate("window.sameDocument === true"))


def device_of(page: Any, chromium: Any) -> Any:
    """The same person at another device: the cookies, and nothing that the browser keeps."""
    cookies = {"cookies": page.context.cookies(), "origins": []}
    base = page.url.split("/sessions/")[0]
    other = chromium.new_context(base_url=base, storage_state=cookies).new_page()
    other.goto(page.url)
    scripted(other)
    return other
