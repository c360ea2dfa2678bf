"""A candidate with a plain browser: no script runs, the browser is closed in between, nothing is lost."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import TimeoutError, expect

Open = Callable[..., Any]


@pytest.fixture
def open_page(chromium: Any, site: str) -> Iterator[Open]:
    """``open_page(...)`` opens a page of a new browser profile; what its console complains about fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def listen(page: Any) -> None:
        page.on("console", lambda message: complaints.append(message.text) if message.type in _BAD else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", note_failure)

    def note_failure(request: Any) -> None:
        # Left behind by the next page, or a script that a browser without scripts does not fetch ahead.
        if request.failure not in ("net::ERR_ABORTED", "csp"):  # a real refusal by the policy is told in the console
            complaints.append(f"{request.failure}: {request.url}")

    def open_(**options: Any) -> Any:
        context = chromium.new_context(base_url=site, **options)
        contexts.append(context)
        page = context.new_page()
        listen(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


_BAD = ("error", "warning")


def press(page: Any, role: str, name: str) -> None:
    """Follow a link or press a button, and be on the page it leads to."""
    with page.expect_navigation():
        page.get_by_role(role, name=name).click()


def begin(page: Any, title: str = "System design") -> None:
    """Two clicks from the front page."""
    page.goto("/")
    press(page, "button", f"Start {title}")
    press(page, "button", "Begin interview")
    at_question(page, 1)


def at_question(page: Any, number: int) -> None:
    """The question is there, be it after asking for it once more."""
    for _ in range(20):
        if page.get_by_label("Your answer", exact=True).count():
            break
        with suppress(TimeoutError):  # with scripts the question may come by itself meanwhile
            page.get_by_role("link", name="Show the next question").click(timeout=2_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Question {number} of about")


def answer(page: Any, text: str) -> None:
    page.get_by_label("Your answer", exact=True).fill(text)
    press(page, "button", "Send answer")


def test_it_is_interrupted_and_goes_on_at_question_three(open_page: Open, chromium: Any) -> None:
    page = open_page(java_script_enabled=False)
    begin(page)
    answer(page, "First I would ask about the load.")
    at_question(page, 2)
    answer(page, "Then I would separate reads from writes.")
    at_question(page, 3)
    page.get_by_label("Your answer", exact=True).fill("A thought that I have not finished")
    press(page, "button", "Save draft")
    asked = page.locator(".exchange--latest .turn__text").inner_text()
    press(page, "button", "Pause")
    expect(page.get_by_text("Paused just now.")).to_be_visible()
    cookies = page.context.storage_state()
    page.context.close()

    page = open_page(java_script_enabled=False, storage_state=cookies)
    page.goto("/")
    expect(page.get_by_role("heading", name="Continue: System design")).to_be_visible()
    press(page, "button", "Resume System design")
    at_question(page, 3)
    assert page.locator(".exchange--latest .turn__text").inner_text() == asked
    expect(page.get_by_label("Your answer", exact=True)).to_have_value("A thought that I have not finished")
    answer(page, "A thought that I have finished.")
    at_question(page, 4)
    page.get_by_text("3 earlier questions").click()
    for text in ("First I would ask", "Then I would separate", "A thought that I have finished."):
        expect(page.get_by_text(text)).to_be_visible()


def test_it_keeps_the_interview_of_a_guest_who_signs_up(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    begin(page)
    answer(page, "Said as a guest.")
    at_question(page, 2)
    room = page.url
    page.goto("/signup")
    address = f"{uuid.uuid4().hex[:8]}@example.com"
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password").fill("quiet-harbour-94")
    press(page, "button", "Create account")
    expect(page.get_by_text("in your account now")).to_be_visible()
    page.goto(room)
    at_question(page, 2)

    elsewhere = open_page(java_script_enabled=False)
    elsewhere.goto(room)
    elsewhere.get_by_label("Email").fill(address)
    elsewhere.get_by_label("Password").fill("quiet-harbour-94")
    press(elsewhere, "button", "Sign in")
    at_question(elsewhere, 2)
    expect(elsewhere.get_by_text("1 earlier question")).to_be_visible()


def test_it_finishes_and_takes_the_transcript_home(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    begin(page, "Tell me about…")
    answer(page, "The only answer.")
    at_question(page, 2)
    press(page, "link", "Finish")
    expect(page.get_by_text("You answered 1 of 4 questions.")).to_be_visible()
    press(page, "button", "Finish anyway")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Finished. Thank you")
    with page.expect_download() as download:
        page.get_by_role("link", name="Markdown").click()
    assert re.fullmatch(r"tell-me-about-\d{4}-\d\d-\d\d\.md", download.value.suggested_filename)
    assert "The only answer." in download.value.path().read_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_never_scrolls_sideways_and_never_complains(theme: str, open_page: Open) -> None:
    """At 320 px, with scripts on, so that the policy can be broken: every page of a walk through an interview."""
    page = open_page(viewport={"width": 320, "height": 640}, color_scheme=theme)

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url

    for path in ("/", "/login", "/signup", "/password/reset", "/help/", "/privacy", "/how-scoring-works"):
        page.goto(path)
        fits()
    page.goto("/")
    press(page, "button", "Start Python & SQL")
    fits()
    press(page, "button", "Begin interview")
    at_question(page, 1)
    fits()
    page.get_by_role("link", name="Code", exact=True).click()
    page.get_by_label("Code", exact=True).fill("y" * 400)
    fits()
    page.get_by_role("link", name="Talk", exact=True).click()
    page.get_by_label("Your answer", exact=True).fill("x" * 400)
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 2 of about")
    at_question(page, 2)
    page.get_by_text("1 earlier question").click()
    fits()
    room = page.url.partition("#")[0].partition("?")[0]
    press(page, "button", "Pause")
    fits()
    for path in (f"{room}end", f"{room}transcript", "/sessions/", "/logout"):
        page.goto(path)
        fits()
    page.goto(f"{room}end")
    press(page, "button", "Finish anyway")
    fits()
    page.goto("/sessions/")
    fits()


def test_it_leads_the_keyboard_to_question_and_answer(open_page: Open) -> None:
    page = open_page()
    begin(page)
    page.goto(page.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to question")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('form.composer') !== null")


def test_it_remembers_the_colours(open_page: Open) -> None:
    page = open_page(java_script_enabled=False, color_scheme="light")
    page.goto("/")
    page.locator("header summary", has_text="Display").click()
    press(page, "button", "Dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("color", "rgb(238, 237, 231)")
