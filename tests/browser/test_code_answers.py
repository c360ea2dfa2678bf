"""The workspace for code: typed, kept, sent and shown, with the keyboard alone, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server

from .room import (
    ANSWERS,
    OUTBOX,
    answer_field,
    at_question,
    device_of,
    draft_on_server,
    is_same_document,
    scripted,
    stored,
)

Open = Callable[..., Any]
CODE = "def add(item):\n    return [item]"
BLOCK = f"```python\n{CODE}\n```"


@pytest.fixture
def open_room(chromium: Any, room_server: Server) -> Iterator[Open]:
    """A guest's page in an interview that takes code, with question 1 open."""
    contexts: list[Any] = []

    def open_(**options: Any) -> Any:
        context = chromium.new_context(base_url=f"http://localhost:{room_server.port}", **options)
        contexts.append(context)
        page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Start Python & SQL").click()
        page.get_by_role("button", name="Begin interview").click()
        expect(answer_field(page)).to_be_visible(timeout=20_000)
        if options.get("java_script_enabled", True):
            scripted(page)
            page.evaluate("window.sameDocument = true")
        return page

    yield open_
    for context in contexts:
        context.close()


def workspace(page: Any) -> Any:
    return page.get_by_label("Code", exact=True)


def write_code(page: Any) -> None:
    page.get_by_label("Language").select_option("python")
    workspace(page).fill(CODE)


def caret(page: Any) -> list[int]:
    at: list[int] = page.evaluate("(({selectionStart, selectionEnd}) => [selectionStart, selectionEnd])(window.code)")
    return at


# -- typing ------------------------------------------------------------------------------------------------------------


def test_tab_indents_shift_tab_goes_back_and_enter_keeps_the_indentation(open_room: Open) -> None:
    page = open_room()
    workspace(page).focus()
    for keys in ("if a:", "Enter", "Tab", "b()", "Enter", "c()", "Enter", "Shift+Tab", "d()"):
        page.keyboard.press(keys) if keys in ("Enter", "Tab", "Shift+Tab") else page.keyboard.type(keys)
    expect(workspace(page)).to_have_value("if a:\n    b()\n    c()\nd()")
    page.keyboard.press("Control+z")
    assert workspace(page).input_value() != "if a:\n    b()\n    c()\nd()", "what was typed can be undone"


def test_a_selection_is_moved_as_a_whole(open_room: Open) -> None:
    page = open_room()
    workspace(page).fill("a\nb\n\nc")
    page.evaluate("window.code.setSelectionRange(0, 6)")
    page.keyboard.press("Tab")
    expect(workspace(page)).to_have_value("    a\n    b\n\n    c")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(workspace(page)).to_have_value("a\nb\n\nc")
    assert caret(page)[1] == 6


def test_escape_and_then_tab_leaves_it_and_this_is_said(open_room: Open) -> None:
    page = open_room()
    assert "Esc, then Tab" in page.locator("#code-help").inner_text()
    workspace(page).fill("x")
    page.keyboard.press("Escape")
    expect(page.locator("#sr-status")).to_have_text("Press Tab to leave the code.")
    page.keyboard.press("Tab")
    expect(workspace(page)).not_to_be_focused()
    expect(workspace(page)).to_have_value("x")
    page.keyboard.press("Shift+Tab")
    expect(workspace(page)).to_be_focused()
    page.keyboard.press("Tab")  # it indents again
    expect(workspace(page)).to_have_value("x   ")


def test_lines_are_numbered_and_the_numbers_scroll_along(open_room: Open) -> None:
    page = open_room()
    workspace(page).fill("\n".join(f"line {number}" for number in range(1, 61)))
    numbers = page.locator("[data-lines]")
    expect(numbers.locator("span")).to_have_count(60)
    expect(numbers.locator("[data-now]")).to_have_text("60")
    page.evaluate("window.code.scrollTop = 300")
    page.wait_for_function("() => document.querySelector('[data-lines]').scrollTop === window.code.scrollTop")
    lines = "[...document.querySelectorAll('[data-lines] span')].map(line => line.getBoundingClientRect().height)"
    assert set(page.evaluate(lines)) == {24}


def test_the_button_puts_a_block_of_code_into_the_answer(open_room: Open) -> None:
    page = open_room()
    answer_field(page).fill("Like this:")
    page.get_by_role("button", name="Code block").click()
    page.keyboard.type("select 1")
    expect(answer_field(page)).to_have_value("Like this:\n\n```\nselect 1\n```\n")


# -- keeping and sending -----------------------------------------------------------------------------------------------


def test_it_goes_out_with_the_answer_and_is_shown_in_colours(open_room: Open) -> None:
    page = open_room()
    answer_field(page).fill("It is shared.")
    write_code(page)
    page.keyboard.press("Control+Enter")
    at_question(page, 2)
    assert stored(page) == [f"It is shared.\n\n{BLOCK}"]
    expect(workspace(page)).to_have_value("")
    expect(page.get_by_label("Language")).to_have_value("python")
    page.get_by_text("1 earlier question").click()
    shown = page.locator(".turn--answer .turn__code")
    expect(shown).to_have_text(CODE)
    colour = "node => getComputedStyle(node).color"
    assert shown.locator(".hl-k").first.evaluate(colour) != shown.evaluate(colour)
    assert is_same_document(page)


def test_a_draft_of_it_comes_back_on_another_device(open_room: Open, chromium: Any) -> None:
    page = open_room()
    answer_field(page).fill("Half a thought")
    write_code(page)
    page.wait_for_function("() => /^Saved/.test(document.querySelector('[data-saved]:not([hidden])')?.textContent)")
    assert draft_on_server(page) == f"Half a thought\n\n{BLOCK}"
    other = device_of(page, chromium)
    expect(answer_field(other)).to_have_value("Half a thought")
    expect(workspace(other)).to_have_value(CODE)
    expect(other.get_by_label("Language")).to_have_value("python")
    other.context.close()


def test_what_is_only_on_this_device_comes_back_after_a_reload(open_room: Open) -> None:
    page = open_room()
    page.route("**/draft", lambda route: route.abort())
    write_code(page)
    page.wait_for_function("() => Object.keys(localStorage).some((key) => key.startsWith('iv:d:'))")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    scripted(page)
    expect(workspace(page)).to_have_value(CODE)
    expect(answer_field(page)).to_have_value("")


def test_offline_it_waits_in_the_outbox_and_is_sent_once(open_room: Open) -> None:
    page = open_room()
    page.route(ANSWERS, lambda route: route.abort())
    write_code(page)
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    assert [entry["text"] for entry in page.evaluate(OUTBOX)] == [BLOCK]
    assert page.locator(".turn--sending pre").text_content() == CODE  # as it will be shown when it is stored
    page.get_by_role("button", name="Edit").click()
    expect(workspace(page)).to_have_value(CODE)
    page.unroute(ANSWERS)
    page.get_by_role("button", name="Send answer").click()
    at_question(page, 2)
    assert stored(page) == [BLOCK]


def test_a_pause_elsewhere_keeps_what_is_being_typed(open_room: Open) -> None:
    page = open_room()
    write_code(page)
    session = page.url.split("/sessions/")[1].split("/")[0]
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    for verb in ("pause", "resume"):
        done = page.context.request.put(f"/api/v1/sessions/{session}/{verb}", headers={"X-CSRFToken": token})
        assert done.ok
        expect(page.get_by_role("button", name="Resume" if verb == "pause" else "Pause")).to_be_visible()
    expect(workspace(page)).to_have_value(CODE)
    expect(page.get_by_label("Language")).to_have_value("python")
    assert is_same_document(page)


def test_without_scripts_it_is_a_plain_field_and_sent_by_the_form(open_room: Open) -> None:
    page = open_room(java_script_enabled=False)
    answer_field(page).fill("It is shared.")
    write_code(page)
    expect(page.get_by_role("button", name="Code block")).to_be_hidden()
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 2", timeout=20_000)
    assert stored(page) == [f"It is shared.\n\n{BLOCK}"]
