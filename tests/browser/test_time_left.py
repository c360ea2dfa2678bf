"""Warnings that the end is near: in an open room without a reload, read out once, after a reconnect and in two tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server

from .backstage import leave

Open = Callable[..., Any]

# What a screen reader would be given: every text that a live region has had since the page was loaded.
LISTEN = """
window.heard = [];
document.addEventListener("DOMContentLoaded", () => {
  for (const region of document.querySelectorAll("[aria-live=polite], [role=status], [role=alert], [role=log]"))
    new MutationObserver(() => region.textContent.trim() && window.heard.push(region.textContent.trim()))
      .observe(region, { childList: true, characterData: true, subtree: true });
});
"""


@pytest.fixture
def server(room_server: Server) -> Server:
    return room_server


@pytest.fixture
def page(chromium: Any, server: Server) -> Iterator[Any]:
    """A guest's room with question 1 open and 15 minutes on the clock."""
    context = chromium.new_context(base_url=f"http://localhost:{server.port}")
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Start System design").click()
    page.get_by_role("button", name="Begin interview").click()
    expect(page.get_by_label("Your answer", exact=True)).to_be_visible(timeout=15_000)
    page.evaluate("window.sameDocument = true")
    yield page
    context.close()


def session_of(page: Any) -> str:
    return page.url.split("/sessions/")[1].split("/")[0]


def warned(page: Any, words: str) -> None:
    expect(page.locator("#time-warning")).to_contain_text(f"Less than {words} left.", timeout=15_000)


def heard(page: Any) -> list[str]:
    """What was read out about the time, and nothing but that was read out."""
    told: list[str] = page.evaluate("window.heard")
    told = [words for words in told if not words.startswith("This interview is open in another tab")]
    return [words.partition(" left.")[0].removeprefix("Less than ") for words in told]


def test_each_warning_comes_without_a_reload_and_is_read_out_once(page: Any, server: Server) -> None:
    session_id = session_of(page)
    field = page.get_by_label("Your answer", exact=True)
    field.fill("I am in the middle of")
    for seconds, words in ((598, "10 minutes"), (298, "5 minutes")):
        leave(server, session_id, seconds)
        warned(page, words)
    more = page.locator("#time-warning").get_by_role("button", name="Add 5 minutes")
    expect(more).to_have_count(0)
    leave(server, session_id, 118)
    warned(page, "2 minutes")
    expect(more).to_be_visible()
    leave(server, session_id, 58)
    warned(page, "1 minute")
    assert heard(page) == ["10 minutes", "5 minutes", "2 minutes", "1 minute"]
    assert page.evaluate("window.sameDocument") is True
    expect(field).to_have_value("I am in the middle of")
    expect(field).to_be_focused()
    more.click()
    expect(page.get_by_text("You have 5 minutes more.")).to_be_visible()
    expect(page.get_by_label("Your answer", exact=True)).to_have_value("I am in the middle of")


def test_the_timer_counts_down_and_never_speaks(page: Any, server: Server) -> None:
    leave(server, session_of(page), 110)
    warned(page, "2 minutes")
    timer = page.get_by_role("timer")
    expect(timer).to_have_attribute("aria-live", "off")
    before = timer.inner_text()
    page.wait_for_function("had => document.querySelector('[role=timer]').innerText !== had", arg=before)
    assert "seconds" in timer.inner_text()
    page.wait_for_timeout(2500)
    assert heard(page) == ["2 minutes"]


def test_two_tabs_show_it_and_each_says_it_once(page: Any, server: Server) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    leave(server, session_of(page), 298)
    for tab in (page, other):
        warned(tab, "5 minutes")
    with other.expect_navigation():
        other.get_by_role("button", name="Pause").click()
    expect(page.locator("#time-warning")).to_have_count(0, timeout=10_000)
    with other.expect_navigation():
        other.get_by_role("button", name="Resume").click()
    warned(page, "5 minutes")  # shown again, since the clock runs again; but it was said
    assert heard(page) == ["5 minutes"]
    assert heard(other) == []  # it came with the page


def test_what_came_while_the_connection_was_lost_is_told_after_it(page: Any, server: Server) -> None:
    """Of two warnings that were missed, the one that is true now."""
    session_id = session_of(page)
    expect(page.locator("#connection[data-state=live]")).to_be_attached(timeout=10_000)
    server.kill()
    expect(page.locator("#connection")).to_contain_text("Reconnecting", timeout=10_000)
    leave(server, session_id, 598)
    server.start()
    leave(server, session_id, 298)
    warned(page, "5 minutes")
    expect(page.locator("#connection")).to_be_empty(timeout=10_000)
    page.wait_for_timeout(6000)  # a sweep later nothing is added
    told = [words for words in heard(page) if not words.startswith("Reconnecting")]
    assert told[-1] == "5 minutes" and told.count("5 minutes") == 1
    assert page.evaluate("window.sameDocument") is True


def test_a_second_click_on_five_minutes_more_adds_none(page: Any, server: Server) -> None:
    leave(server, session_of(page), 118)
    warned(page, "2 minutes")
    with page.expect_navigation():
        page.locator("#time-warning").get_by_role("button", name="Add 5 minutes").dblclick()
    expect(page.get_by_role("timer")).to_contain_text("6 minutes")


def test_what_is_typed_is_kept_without_a_button_and_given_back_at_the_end(page: Any, server: Server) -> None:
    field = page.get_by_label("Your answer", exact=True)
    field.press_sequentially("A thought")
    expect(page.locator("[data-saved]")).to_be_visible(timeout=10_000)
    leave(server, session_of(page), 2)
    field.press_sequentially(" to the last second")
    expect(page.get_by_role("heading", name="Time ran out at")).to_be_visible(timeout=25_000)
    expect(page.get_by_text("A thought to the last second")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True
