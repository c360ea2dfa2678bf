"""Keys, the menu of commands, leaving, and the time that can be hidden or read out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .room import answer_field, at_question, scripted, send

Open = Callable[..., Any]


def dialog(page: Any, name: str) -> Any:
    return page.get_by_role("dialog", name=name)


def test_ctrl_k_opens_the_commands_and_escape_gives_the_focus_back(open_room: Open) -> None:
    page = open_room()
    answer_field(page).fill("Not lost")
    page.keyboard.press("Control+k")
    commands = dialog(page, "Commands")
    expect(commands).to_be_visible()
    names = commands.get_by_role("button").all_inner_texts()
    assert names == ["Go to your answer", "Code", "Pause", "Read time left", "Finish", "Keyboard shortcuts", "Close"]
    page.keyboard.press("ArrowDown")
    expect(commands.get_by_role("button", name="Code")).to_be_focused()
    page.keyboard.press("Escape")
    expect(commands).to_be_hidden()
    expect(answer_field(page)).to_be_focused()
    expect(answer_field(page)).to_have_value("Not lost")


def test_commands_do_what_they_say(open_room: Open) -> None:
    page = open_room()
    page.keyboard.press("Control+k")
    dialog(page, "Commands").get_by_role("button", name="Code").click()
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.keyboard.press("Control+k")
    dialog(page, "Commands").get_by_role("button", name="Read time left").click()
    expect(page.locator("#sr-status")).to_contain_text("Time left: 14 minutes")
    page.keyboard.press("Control+k")
    dialog(page, "Commands").get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_one_can_go_to_an_earlier_question(open_room: Open) -> None:
    page = open_room()
    send(page, "First.")
    at_question(page, 2)
    page.keyboard.press("Control+k")
    dialog(page, "Commands").get_by_role("link", name="Question 1").click()
    expect(page.locator("#q-1")).to_be_in_viewport()
    expect(page.locator("#q-1 .turn__head").first).to_be_focused()


def test_the_focus_goes_along_with_a_pause_and_the_card_is_in_sight(open_room: Open) -> None:
    page = open_room(viewport={"width": 360, "height": 740})
    for number in (2, 3):
        send(page, "Said. " * 60)
        at_question(page, number)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#paused")).to_be_focused()
    expect(page.get_by_role("button", name="Resume")).to_be_in_viewport()
    scripted(page)
    page.get_by_role("button", name="Resume").click()
    expect(answer_field(page)).to_be_focused()


def test_what_was_typed_last_is_known_when_it_asks_whether_to_finish(open_room: Open) -> None:
    page = open_room()
    answer_field(page).fill("Typed just now")
    page.get_by_role("link", name="Finish").click()
    expect(page.get_by_role("heading", name="Your draft, not sent")).to_be_visible()
    expect(page.get_by_text("only on this device")).to_be_hidden()
    page.get_by_role("button", name="Finish anyway").click()
    page.goto(
        page.url.partition("/sessions/")[0] + "/sessions/" + page.url.split("/sessions/")[1].split("/")[0] + "/done"
    )
    expect(page.locator("#draft")).to_have_value("Typed just now")
    expect(page.get_by_role("button", name="Copy", exact=True)).to_be_visible()


def test_a_question_mark_lists_the_keys_but_not_while_somebody_writes(open_room: Open) -> None:
    page = open_room()
    answer_field(page).focus()
    page.keyboard.type("Why?")
    expect(dialog(page, "Keyboard shortcuts")).to_be_hidden()
    expect(answer_field(page)).to_have_value("Why?")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    expect(dialog(page, "Keyboard shortcuts")).to_be_visible()


def test_shortcuts_can_be_switched_off(open_room: Open) -> None:
    page = open_room()
    page.evaluate("() => (document.documentElement.dataset.shortcuts = 'off')")  # as the server writes it
    page.keyboard.press("?")
    page.keyboard.press("Control+k")
    assert page.locator("dialog[open]").count() == 0


# -- leaving -----------------------------------------------------------------------------------------------------------


def test_leaving_pauses_if_that_is_wanted(open_room: Open) -> None:
    page = open_room()
    answer_field(page).fill("Half a thought")
    page.get_by_role("link", name="Leave", exact=True).click()
    leave = dialog(page, "Leave the interview?")
    leave.get_by_role("button", name="Stay").click()
    expect(leave).to_be_hidden()
    page.get_by_role("link", name="Leave", exact=True).click()
    leave.get_by_role("button", name="Pause and leave").click()
    expect(page).to_have_url(f"{page.url.split('/sessions/')[0]}/sessions/")
    expect(page.get_by_text("Paused").first).to_be_visible()
    page.get_by_role("button", name="Resume").first.click()
    expect(answer_field(page)).to_have_value("Half a thought")


def test_leaving_with_the_clock_running_is_a_choice_too(open_room: Open) -> None:
    page = open_room()
    page.get_by_role("link", name="Leave", exact=True).click()
    dialog(page, "Leave the interview?").get_by_role("link", name="Leave, keep the clock running").click()
    page.wait_for_url("**/sessions/")
    expect(page.get_by_text("left, clock running")).to_be_visible()


def test_a_dialog_that_is_closed_does_not_stop_the_page_from_following(open_room: Open) -> None:
    page = open_room()
    page.get_by_role("link", name="Leave", exact=True).click()
    dialog(page, "Leave the interview?").get_by_role("button", name="Stay").click()
    send(page, "Still here.")
    at_question(page, 2)


# -- the time left -----------------------------------------------------------------------------------------------------


def test_the_time_can_be_hidden_and_stays_hidden(open_room: Open) -> None:
    page = open_room()
    timer = page.get_by_role("timer")
    expect(timer).to_be_visible()
    page.locator(".bar__more summary").click()
    with page.expect_response("**/timer"):
        page.get_by_role("button", name="Hide the time left").click()
    expect(timer).to_be_hidden()
    page.reload()
    scripted(page)
    expect(timer).to_be_hidden()
    page.locator(".bar__more summary").click()
    page.get_by_role("button", name="Show the time left").click()
    expect(timer).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_finish_is_offered_once(open_room: Open, width: int) -> None:
    page = open_room(viewport={"width": width, "height": 740})
    if width == 360:
        page.locator(".bar__more summary").click()
    page.get_by_role("link", name="Finish").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.endswith("/end")
