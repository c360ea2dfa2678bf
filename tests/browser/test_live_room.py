"""The room with scripts: the question grows as it is written, and a lost connection comes back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server

from .room import serving

WORD_MS = 100  # slow enough to watch it
Open = Callable[..., Any]

NO_WEBSOCKET = """
window.WebSocket = class { constructor() { setTimeout(() => this.onclose({ code: 1006 }), 0); } close() {} };
"""


# Every text of the question in the making that this page has shown.
WATCH_IT_GROW = """
window.grown = [];
new MutationObserver(() => {
  const text = document.querySelector("[data-partial]")?.textContent.trim();
  if (text && text !== window.grown.at(-1)) window.grown.push(text);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("room"), WORD_MS) as running:
        yield running


@pytest.fixture
def open_room(chromium: Any, server: Server) -> Iterator[Open]:
    """A guest's page, in the room with the first question being written."""
    contexts: list[Any] = []

    def open_(script: str = "") -> Any:
        context = chromium.new_context(base_url=f"http://localhost:{server.port}")
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Start Tell me about").click()
        page.get_by_role("button", name="Begin interview").click()
        page.evaluate("window.sameDocument = true")
        return page

    yield open_
    for context in contexts:
        context.close()


def question_arrives(page: Any) -> None:
    expect(page.get_by_label("Your answer", exact=True)).to_be_visible(timeout=20_000)
    assert page.evaluate("window.sameDocument") is True, "the page was loaded anew"


def test_the_question_grows_and_then_can_be_answered_without_a_reload(open_room: Open) -> None:
    page = open_room(WATCH_IT_GROW)
    question_arrives(page)
    asked = page.locator("article.turn--question .turn__text").last.text_content().strip()
    grown = page.evaluate("window.grown")
    assert len(grown) >= 2 and all(asked.startswith(text) for text in grown), grown
    expect(page.locator("#sr-log")).to_contain_text(asked)
    expect(page.locator("#connection")).to_be_empty()


def test_where_websockets_are_blocked_events_carry_it(open_room: Open) -> None:
    page = open_room(NO_WEBSOCKET)
    question_arrives(page)
    expect(page.locator("#connection[data-carrier=events]")).to_be_attached()


def test_a_change_in_one_tab_shows_in_the_other(open_room: Open) -> None:
    page = open_room()
    question_arrives(page)
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_role("button", name="Use this one").click()
    page.get_by_label("Your answer", exact=True).fill("Half a thought")
    other.get_by_role("button", name="Use this one").click()
    expect(other.get_by_label("Your answer", exact=True)).to_have_value("Half a thought", timeout=15_000)
    other.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    other.get_by_role("button", name="Resume").click()
    question_arrives(page)
    expect(page.get_by_label("Your answer", exact=True)).to_have_value("Half a thought")


@pytest.mark.crash
def test_a_server_killed_in_mid_sentence_goes_on_in_the_same_page(open_room: Open, server: Server) -> None:
    page = open_room()
    expect(page.locator("[data-partial]")).not_to_be_empty()
    expect(page.locator("#connection[data-state=live]")).to_be_attached()
    notes = page.get_by_label("Your notes for the next answer")
    notes.fill("I must not be lost")
    server.kill()
    expect(page.locator("#connection")).to_contain_text("Reconnecting")
    server.start()
    question_arrives(page)
    expect(page.get_by_label("Your answer", exact=True)).to_have_value("I must not be lost")
    expect(page.locator("#connection")).to_be_empty(timeout=15_000)
    page.reload()
    assert page.locator("article.turn--question").count() == 1
