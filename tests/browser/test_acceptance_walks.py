"""A whole interview from the front page to the report: by keyboard alone, without scripts, over a connection that
breaks all the time, and with a server that is killed in the middle of a question. Each ends with exactly the answers
that were given, in their order, none lost and none doubled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server, until

from .fault_proxy import fault_proxy
from .room import answer_field, scripted, serving, stored
from .walk import ANSWERS, LONG, Keys, Mouse, Patience, asked, finish, whole_interview

# What a screen reader is given: every text that a live region has had since the page was loaded, by region.
LISTEN = """
window.heard = [];
document.addEventListener("DOMContentLoaded", () => {
  const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]";
  for (const region of document.querySelectorAll(live))
    new MutationObserver(() => region.textContent.trim() && window.heard.push([region.id, region.textContent.trim()]))
      .observe(region, { childList: true, characterData: true, subtree: true });
});
"""
WORD_MS = 40  # a question takes about a second
CUT_SECONDS = 2.5  # at 160 ms a word, about as people read, that is one cut in ten seconds


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("room"), WORD_MS) as running:
        yield running


@pytest.fixture
def browse(chromium: Any, server: Server) -> Iterator[Any]:
    """A page of a browser that was never here before."""
    contexts: list[Any] = []

    def open_(**options: Any) -> Any:
        contexts.append(chromium.new_context(base_url=f"http://localhost:{server.port}", **options))
        return contexts[-1].new_page()

    yield open_
    for context in contexts:
        context.close()


def test_by_keyboard_alone(browse: Any) -> None:
    page = browse()
    whole_interview(page, Keys(page))


def test_without_scripts(browse: Any) -> None:
    page = browse(java_script_enabled=False)
    whole_interview(page, Mouse(page))


def test_over_a_connection_that_breaks_every_ten_seconds(chromium: Any, server: Server) -> None:
    with fault_proxy(server.port) as proxy:
        context = chromium.new_context(base_url=proxy.address)
        page = context.new_page()
        page.goto("/")
        proxy.cut_every(CUT_SECONDS)
        whole_interview(page, Patience(page), between=lambda number: proxy.cut())
        assert proxy.cuts >= 4
        context.close()


@pytest.mark.crash
def test_with_a_server_killed_in_mid_question(browse: Any, server: Server) -> None:
    """Once while it writes, once before the answer reaches it, once in the pause."""
    page = browse()
    hands = Mouse(page)
    page.goto("/")
    hands.press("button", "Start System design")
    hands.press("button", "Begin interview")
    asked(page, 1)
    hands.write(ANSWERS[0])
    hands.send()
    expect(page.locator(".turn--coming")).to_be_visible(timeout=LONG)
    server.kill()
    server.start()
    asked(page, 2)
    server.kill()
    hands.write(ANSWERS[1])
    hands.send()
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet", timeout=LONG)
    server.start()
    asked(page, 3)
    hands.press("button", "Pause")
    expect(page.get_by_text("Paused just now.")).to_be_visible(timeout=LONG)
    server.kill()
    server.start()
    page.reload()
    hands.press("button", "Resume")
    asked(page, 3)
    expect(answer_field(page)).to_have_value("")
    hands.write(ANSWERS[2])
    hands.send()
    until(lambda: stored(page) == list(ANSWERS) or page.wait_for_timeout(200), 20)
    asked(page, 4)
    assert page.locator("article.turn--question").count() == 4
    finish(page, hands)


def test_a_screen_reader_hears_each_thing_once(browse: Any) -> None:
    """Of every turn: that the answer was sent, that the interviewer writes, and the whole question; never the clock."""
    page = browse()
    page.context.add_init_script(LISTEN)
    hands = Mouse(page)
    page.goto("/")
    hands.press("button", "Start System design")
    hands.press("button", "Begin interview")
    asked(page, 1)
    page.goto(page.url)  # question 1 is read with the page from here on
    scripted(page)
    for number in (1, 2):
        before = len(page.evaluate("window.heard"))
        hands.write(ANSWERS[number - 1])
        hands.send()
        asked(page, number + 1)
        question = page.locator("article.turn--question .turn__text").last.inner_text().strip()
        expect(page.locator("#sr-log")).to_contain_text(question)
        heard = page.evaluate("window.heard")[before:]
        words = [text for _, text in heard]
        assert words.count("Answer sent.") == 1, heard
        assert len([text for text in words if "writing" in text]) >= 1, heard
        assert [name for name, text in heard if question[:20] in text] == ["sr-log"], heard
        assert f"Question {number + 1}" in next(text for name, text in heard if name == "sr-log")
        assert (
            question.split() == next(text for name, text in heard if name == "sr-log").split()[-len(question.split()) :]
        )
    timer = page.get_by_role("timer")
    assert timer.get_attribute("aria-live") == "off"
    assert (
        timer.evaluate("node => node.parentElement.closest('[aria-live], [role=status], [role=alert], [role=log]')")
        is None
    )
    left = timer.locator("[data-left]").inner_text()
    assert [text for _, text in page.evaluate("window.heard") if left in text] == []
