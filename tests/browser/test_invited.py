"""An invited candidate from the link to the last page: two browsers, a pause, more time, the end of it, and again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server

from .backstage import Invited, leave

Open = Callable[..., Any]
TASK = "# Shorten URLs\n\nDesign it for **100 M** links."
INTERVIEW = {"time_limit_minutes": 30, "accommodation_percent": 50, "planned_questions": 3, "challenge_text": TASK}


@pytest.fixture
def server(room_server: Server) -> Server:
    return room_server


@pytest.fixture
def open_browser(chromium: Any, server: Server) -> Iterator[Open]:
    """``open_browser()``: a page of a browser that nobody has used before."""
    contexts: list[Any] = []

    def open_(**options: Any) -> Any:
        context = chromium.new_context(base_url=f"http://localhost:{server.port}", **options)
        contexts.append(context)
        return context.new_page()

    yield open_
    for context in contexts:
        context.close()


def press(page: Any, role: str, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role(role, name=name, exact=True).click()


def at_question(page: Any, number: int) -> None:
    expect(page.get_by_label("Your answer", exact=True)).to_be_visible(timeout=15_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Question {number} of about")


def join(page: Any, invited: Invited) -> None:
    page.goto(invited.link)
    expect(page.get_by_text("30 min + 50 % extra time = 45 min").first).to_be_visible()
    press(page, "button", "Start")
    expect(page.get_by_text("30 min + 50 % extra time = 45 min")).to_be_visible()
    page.get_by_text("Your task", exact=True).click()
    expect(page.get_by_role("heading", name="Shorten URLs")).to_be_visible()
    page.get_by_label("I have read this and agree.").check()
    press(page, "button", "Begin interview")
    at_question(page, 1)


def answer(page: Any, text: str) -> None:
    page.get_by_label("Your answer", exact=True).fill(text)
    page.get_by_role("button", name="Send answer").click()


def write_draft(page: Any, text: str) -> None:
    """Type and wait until the server has it, without any button."""
    page.get_by_label("Your answer", exact=True).fill(text)
    expect(page.locator("[data-saved]")).to_be_visible(timeout=10_000)


def test_it_goes_on_in_another_browser_and_after_the_time_ran_out(server: Server, open_browser: Open) -> None:
    invited = Invited(server, **INTERVIEW)
    page = open_browser()
    join(page, invited)
    answer(page, "First I would ask about the load.")
    at_question(page, 2)
    page.get_by_label("Your answer", exact=True).fill("Half a thought")
    press(page, "button", "Pause")
    expect(page.get_by_text("Paused just now.")).to_be_visible()
    page.context.close()

    page = open_browser()
    page.goto(invited.link)
    press(page, "button", "Continue")
    press(page, "button", "Resume")
    at_question(page, 2)
    expect(page.get_by_label("Your answer", exact=True)).to_have_value("Half a thought")
    page.evaluate("window.sameDocument = true")
    expect(page.get_by_role("timer")).to_contain_text("44 minutes")
    invited.staff("extend", minutes=10)
    expect(page.get_by_role("timer")).to_contain_text("54 minutes", timeout=10_000)
    expect(page.locator("#sr-status")).to_have_text("You have more time: 54 minutes left.")
    assert page.evaluate("window.sameDocument") is True
    write_draft(page, "A whole thought, never sent.")
    cookies = page.context.storage_state()
    page.context.close()

    leave(server, invited.session_id, -9)  # nobody looks; a second later the grace is over, too
    invited.comes_to("expired")
    page = open_browser(storage_state=cookies)
    page.goto(f"/sessions/{invited.session_id}/")
    expect(page.get_by_role("heading", name="Time ran out at")).to_be_visible()
    expect(page.get_by_text("A whole thought, never sent.")).to_be_visible()
    expect(page.get_by_text("sent when time ran out")).to_be_visible()
    page.context.close()

    invited.staff("reopen", minutes=10)
    page = open_browser()
    page.goto(invited.link)
    press(page, "button", "Continue")
    expect(page.get_by_text("10 minutes left.").first).to_be_visible()
    press(page, "button", "Resume")
    at_question(page, 3)
    answer(page, "That is all.")
    expect(page.get_by_text("All questions are answered.")).to_be_visible()
    press(page, "button", "Finish the interview")
    expect(page.get_by_role("heading", level=1)).to_have_text("Finished. Thank you, Kim Lee.")
    for text in ("First I would ask about the load.", "A whole thought, never sent.", "That is all."):
        expect(page.get_by_text(text)).to_be_visible()
    stored = invited.look()
    kinds = [message["kind"] for message in stored["messages"]]
    assert (stored["status"], kinds) == ("completed", ["question", "answer"] * 3 + ["notice"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_step_fits_a_small_screen(theme: str, server: Server, open_browser: Open) -> None:
    """At 360 px; with SCREENSHOTS naming a folder, each step is kept there to be looked at."""
    invited = Invited(server, **INTERVIEW)
    page = open_browser(viewport={"width": 360, "height": 740}, color_scheme=theme)

    def step(name: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/invited-{name}-{theme}.png", full_page=True)

    page.goto(invited.link)
    step("1-invite")
    press(page, "button", "Start")
    for fold in page.locator("summary").all():
        fold.click()
    step("2-ready")
    page.get_by_label("I have read this and agree.").check()
    press(page, "button", "Begin interview")
    at_question(page, 1)
    step("3-question")
    leave(server, invited.session_id, 110)
    expect(page.get_by_role("link", name="Ask for more time", exact=True)).to_be_visible(timeout=15_000)
    step("4-warning")
    page.get_by_role("link", name="Ask for more time", exact=True).click()
    step("5-ask")
    press(page, "button", "Send request")
    step("6-asked")
    press(page, "button", "Pause")
    step("7-paused")
    press(page, "button", "Resume")
    write_draft(page, "A whole thought, never sent.")
    leave(server, invited.session_id, -9)
    expect(page.get_by_role("heading", name="Time ran out at")).to_be_visible(timeout=20_000)
    step("8-expired")
    page.goto(f"/sessions/{invited.session_id}/done")
    step("9-done")
