"""Drafts, several tabs, signing in again, blocked streams, leaving: nothing that was typed is lost."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from playwright.sync_api import expect

from .room import (
    ANSWERS,
    BLOCKED,
    DRAFTS,
    NO_EVENTS,
    NO_STORAGE,
    PLAIN_HTTP,
    Open,
    answer_field,
    at_question,
    device_of,
    draft_on_server,
    is_same_document,
    scripted,
    send,
    stored,
)


def test_a_draft_says_where_it_is_saved(open_room: Open) -> None:
    page = open_room()
    answer_field(page).press_sequentially("Half a")
    expect(page.locator("[data-kept]")).to_contain_text("Sav")
    expect(page.locator("[data-saved]")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    assert draft_on_server(page) == "Half a"
    page.route(DRAFTS, lambda route: route.abort())
    answer_field(page).press_sequentially(" thought")
    expect(page.locator("[data-saved]")).to_be_hidden()
    expect(page.locator("[data-kept]")).to_contain_text("Saved on this device")
    page.reload()
    expect(answer_field(page)).to_have_value("Half a thought")


def test_where_nothing_can_be_kept_it_says_so(open_room: Open) -> None:
    page = open_room(NO_STORAGE)
    page.route(DRAFTS, lambda route: route.abort())
    answer_field(page).fill("Nowhere")
    expect(page.locator("[data-kept]")).to_contain_text("Not saved")
    expect(page.get_by_role("button", name="Copy text")).to_be_visible()
    page.unroute(DRAFTS)
    send(page, "Sent all the same.")
    at_question(page, 2)
    assert stored(page) == ["Sent all the same."]


def test_an_older_draft_of_this_device_is_offered_not_forced(open_room: Open, chromium: Any) -> None:
    page = open_room()
    page.route(DRAFTS, lambda route: route.abort())
    answer_field(page).fill("From this device")
    expect(page.locator("[data-kept]")).to_contain_text("Saved on this device")
    other = device_of(page, chromium)
    answer_field(other).fill("From the other device")
    expect(other.locator("[data-saved]")).to_be_visible()
    page.unroute(DRAFTS)
    room = page.url
    page.goto("/help/")
    page.goto(room)
    offer = page.locator("[data-offer]")
    expect(answer_field(page)).to_have_value("From the other device")
    expect(offer).to_contain_text("From this device")
    offer.get_by_role("button", name="Use it").click()
    expect(answer_field(page)).to_have_value("From the other device\n\nFrom this device")
    expect(offer).to_be_hidden()
    other.context.close()


def test_a_draft_for_a_question_that_was_answered_elsewhere_is_no_draft_for_the_next_without_a_word(
    open_room: Open, chromium: Any
) -> None:
    page = open_room()
    answer_field(page).fill("For question one")
    expect(page.locator("[data-saved]")).to_be_visible()
    other = device_of(page, chromium)
    send(other, "Sent from the other device.")
    at_question(page, 2)
    expect(page.locator("#notice")).to_contain_text("That question was answered elsewhere. Your text is still here")
    expect(answer_field(page)).to_have_value("For question one")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("#notice p")).to_be_in_viewport()
    page.get_by_role("button", name="Send answer").click()
    at_question(page, 3)
    expect(page.locator("#notice")).to_be_empty()
    other.context.close()


def test_of_two_tabs_the_one_used_last_writes(open_room: Open) -> None:
    page = open_room()
    answer_field(page).fill("Begun in the first tab")
    other = page.context.new_page()
    asked: list[str] = []
    for tab in (page, other):
        tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    other.goto(page.url)
    scripted(other)
    expect(answer_field(other)).to_have_value("Begun in the first tab")
    take = page.get_by_role("button", name="Use this one")
    expect(take).to_be_visible()
    expect(answer_field(page)).not_to_be_editable()
    for name in ("Send answer", "Save draft", "I don’t know / skip", "Pause"):
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Send answer").click(force=True)
    expect(page.locator("#sr-status")).to_contain_text("open in another tab")
    assert stored(page) == []
    answer_field(other).fill("Begun in the first tab, continued in the second")
    take.click()
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-disabled", "false")
    expect(answer_field(page)).to_have_value("Begun in the first tab, continued in the second")
    expect(answer_field(page)).to_be_editable()
    expect(answer_field(other)).not_to_be_editable()
    page.get_by_role("button", name="Send answer").click()
    at_question(page, 2)
    at_question(other, 2)
    assert stored(page) == ["Begun in the first tab, continued in the second"]
    other.reload()
    other.close()
    assert asked == []


def test_a_tab_that_is_left_alone_goes_on(open_room: Open) -> None:
    page = open_room()
    other = page.context.new_page()
    other.goto(page.url)
    scripted(other)
    expect(answer_field(page)).not_to_be_editable()
    other.close()
    expect(answer_field(page)).to_be_editable()


def test_somebody_signed_out_signs_in_in_place_and_it_is_sent(open_room: Open) -> None:
    email = f"{uuid.uuid4().hex[:8]}@example.com"
    page = open_room(email=email)
    page.context.clear_cookies()
    send(page, "Said while signed out.")
    dialog = page.get_by_role("dialog", name="You have been signed out")
    expect(dialog).to_be_visible()
    expect(page.locator(".turn--sending")).to_contain_text("Said while signed out.")
    dialog.get_by_label("Email").fill(email)
    dialog.get_by_label("Password").fill("wrong-harbour-94")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_text("do not belong together")).to_be_visible()
    dialog.get_by_label("Password").fill("quiet-harbour-94")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()
    at_question(page, 2)
    assert is_same_document(page)
    assert stored(page) == ["Said while signed out."]
    send(page, "And one more with the new cookies.")
    at_question(page, 3)


def test_a_dialog_put_away_leaves_the_text_and_a_button(open_room: Open) -> None:
    page = open_room(email=f"{uuid.uuid4().hex[:8]}@example.com")
    page.context.clear_cookies()
    send(page, "Kept.")
    page.get_by_role("button", name="Not now").click()
    expect(page.locator("#connection")).to_contain_text("You have been signed out.")
    expect(page.locator(".turn--sending")).to_contain_text("as soon as you have signed in")
    page.locator("#connection").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog").get_by_label("Password")).to_be_visible()


def test_where_streams_are_blocked_it_looks_every_few_seconds(open_room: Open) -> None:
    page = open_room(BLOCKED, NO_EVENTS)
    send(page, "Asked for by looking.")
    at_question(page, 2)
    expect(page.locator("#connection[data-carrier=polling]")).to_be_attached(timeout=20_000)
    page.get_by_text("Live by a look every few seconds.").wait_for()
    other = page.context.new_page()
    other.goto(page.url)
    scripted(other)
    with other.expect_navigation():
        other.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=15_000)


def test_leaving_asks_only_while_something_is_unsent(open_room: Open) -> None:
    page = open_room()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    answer_field(page).press_sequentially("Kept by itself")
    expect(page.locator("[data-saved]")).to_be_visible()
    page.reload()
    assert asked == []
    scripted(page)
    page.route(ANSWERS, lambda route: route.abort())
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    page.reload()
    assert asked == ["beforeunload"]


def test_all_answers_are_a_file_without_a_server(open_room: Open) -> None:
    page = open_room()
    send(page, "The first one.")
    at_question(page, 2)
    page.context.set_offline(True)
    send(page, "The second one, not sent.")
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    page.get_by_label("Your answer", exact=True).fill("A note")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers as a file").click()
    told = json.loads(download.value.path().read_text())
    assert [turn["text"] for turn in told["turns"] if turn["kind"] == "answer"] == ["The first one."]
    assert [entry["text"] for entry in told["unsent"]] == ["The second one, not sent."]
    assert told["draft"] == "A note"
    page.context.set_offline(False)


def test_it_works_without_what_plain_http_lacks(open_room: Open) -> None:
    page = open_room(PLAIN_HTTP)
    page.route(ANSWERS, lambda route: route.abort())
    send(page, "Over plain HTTP.")
    copy = page.locator(".turn--sending").get_by_role("button", name="Copy")
    copy.click()
    expect(page.locator(".turn--sending").get_by_role("button", name="Copied")).to_be_visible()
    page.unroute(ANSWERS)
    page.locator(".turn--sending").get_by_role("button", name="Now").click()
    at_question(page, 2)
    assert stored(page) == ["Over plain HTTP."]


def test_ctrl_enter_sends_and_enter_is_a_new_line(open_room: Open) -> None:
    page = open_room()
    answer_field(page).fill("One")
    answer_field(page).press("Enter")
    expect(answer_field(page)).to_have_value("One\n")
    answer_field(page).press("Control+Enter")
    at_question(page, 2)
