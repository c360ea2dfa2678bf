"""Texts that the server does not have: shown wherever the interview goes on or ends, taken along, forgotten in time."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server, until

from .room import (
    ANSWERS,
    DRAFTS,
    OUTBOX,
    PLAIN_HTTP,
    Open,
    answer_field,
    at_question,
    device_of,
    draft_on_server,
    scripted,
    send,
    stored,
)

PAUSES = "**/api/v1/sessions/*/pause"
KEYS = "Object.keys(localStorage).filter((key) => key.startsWith('iv:') && !key.startsWith('iv:t:'))"
IN_TAB = "Object.keys(sessionStorage).filter((key) => key.startsWith('iv:d:'))"
OLD = """
const put = (key, days, value) =>
  localStorage.setItem(key, JSON.stringify({ ...value, keptAt: Date.now() - days * 24 * 3600 * 1000 }));
put("iv:d:v1:elsewhere:q1", 8, { text: "Eight days old", question: "q1", base: 0 });
put("iv:d:v1:elsewhere:q2", 6, { text: "Six days old", question: "q2", base: 0 });
"""


@pytest.fixture
def accounts(chromium: Any, room_server: Server) -> Iterator[Any]:
    """A browser in which nobody is signed in."""
    context = chromium.new_context(base_url=f"http://localhost:{room_server.port}")
    yield context
    context.close()


def finished_elsewhere(page: Any, chromium: Any) -> None:
    """The interview is ended at another device, and this one has not heard of it."""
    other = device_of(page, chromium)
    other.goto(f"{page.url.partition('#')[0]}end")
    with other.expect_navigation():
        other.get_by_role("button", name="Finish anyway").click()
    other.context.close()


def test_an_answer_that_missed_the_end_is_on_the_done_page(open_room: Open, chromium: Any) -> None:
    page = open_room()
    page.context.set_offline(True)
    send(page, "Written in a tunnel while the interview ended.")
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    room, context = page.url.partition("#")[0], page.context
    finished_elsewhere(page, chromium)
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(f"{room}done")
    left = page.get_by_role("region", name="Texts of yours that are only on this device")
    expect(left.get_by_label("Your text")).to_have_value("Written in a tunnel while the interview ended.")
    expect(left.get_by_text("This interview takes no answer now.")).to_be_visible()
    left.get_by_role("button", name="Copy").click()
    with page.expect_download() as download:
        left.get_by_role("button", name="Download these texts").click()
    (told,) = json.loads(download.value.path().read_text())["unsent"]
    assert told["text"] == "Written in a tunnel while the interview ended."
    page.reload()
    expect(left.get_by_label("Your text")).to_have_count(1)
    left.get_by_role("button", name="Remove it from this device").click()
    expect(left).to_be_hidden()
    assert page.evaluate(KEYS) == []


def test_before_the_end_an_answer_on_its_way_is_sent_first(open_room: Open) -> None:
    page = open_room()
    page.on("dialog", lambda dialog: dialog.accept())
    page.route(ANSWERS, lambda route: route.abort())
    send(page, "On its way.")
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    page.get_by_role("link", name="Finish").click()
    left = page.get_by_role("region", name="Texts of yours that are only on this device")
    expect(left.get_by_label("Your text")).to_have_value("On its way.")
    expect(page.get_by_text("You answered 0 of")).to_be_visible()
    page.unroute(ANSWERS)
    left.get_by_role("button", name="Send it now").click()
    expect(page.get_by_text("You answered 1 of")).to_be_visible()
    expect(left).to_be_hidden()
    assert stored(page) == ["On its way."]


def test_a_text_that_a_paused_interview_refused_waits_for_the_resume(open_room: Open, chromium: Any) -> None:
    page = open_room()
    page.route(ANSWERS, lambda route: route.abort())
    send(page, "Too late for the pause.")
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    other = device_of(page, chromium)
    with other.expect_navigation():
        other.get_by_role("button", name="Pause").click()
    other.context.close()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.unroute(ANSWERS)
    for _ in range(2):
        page.reload()
        expect(page.locator(".unsent textarea")).to_have_value("Too late for the pause.")
    assert page.evaluate(OUTBOX) == []
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    scripted(page)
    in_the_room = f"{answer_field(page).input_value()}{page.locator('[data-offer]').inner_text()}"
    assert "Too late for the pause." in in_the_room


def test_a_pause_without_connection_is_carried_out_when_it_is_back(open_room: Open) -> None:
    page = open_room()
    page.context.set_offline(True)
    page.get_by_role("button", name="Pause").click()
    notice = page.locator("#notice")
    expect(notice).to_contain_text("Not paused yet")
    notice.get_by_role("button", name="Do not pause").click()
    expect(notice).to_be_empty()
    send(page, "Said before the pause.")
    page.get_by_role("button", name="Pause").click()
    expect(notice).to_contain_text("Not paused yet")
    page.context.set_offline(False)
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=20_000)
    assert stored(page) == ["Said before the pause."]
    assert page.evaluate(KEYS) == []


def test_a_pause_whose_acknowledgement_was_lost_is_one_pause(open_room: Open) -> None:
    page = open_room()
    keys: list[str] = []

    def lose_the_first(route: Any) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(PAUSES, lose_the_first)
    page.get_by_role("button", name="Pause").click()
    until(lambda: len(keys) > 1 or page.wait_for_timeout(200), 20)
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("This interview is paused.")).to_have_count(0)  # what a second pause would be told
    assert len(set(keys)) == 1
    session = page.url.split("/sessions/")[1].split("/")[0]
    log = page.context.request.get(f"/api/v1/sessions/{session}/events").json()["results"]
    assert [event["type"] for event in log].count("session.paused") == 1


def test_after_two_minutes_without_connection_the_answers_are_offered_as_a_file(open_room: Open) -> None:
    page = open_room()
    page.clock.install()
    page.reload()
    scripted(page)
    page.context.set_offline(True)
    send(page, "For the file.")
    banner = page.locator("#connection")
    expect(banner).to_contain_text("You’re offline")
    offer = banner.get_by_role("button", name="Download my answers")
    expect(offer).to_have_count(0)
    page.clock.fast_forward("02:05")
    with page.expect_download() as download:
        offer.click()
    assert [entry["text"] for entry in json.loads(download.value.path().read_text())["unsent"]] == ["For the file."]
    page.context.set_offline(False)


def test_a_server_in_trouble_says_when_it_is_tried_again(open_room: Open) -> None:
    page = open_room()
    page.route(ANSWERS, lambda route: route.fulfill(status=503, body="<h1>Down</h1>"))
    send(page, "Said to a server in trouble.")
    banner = page.locator("#connection[data-state=trouble]")
    expect(banner).to_contain_text(
        re.compile(r"Our server has a problem\. Your work is safe\. Trying again in \d+ s\.")
    )
    assert banner.locator("[aria-hidden=true]").inner_text().startswith("Trying again in")


def test_old_drafts_are_forgotten(open_room: Open) -> None:
    page = open_room()
    page.evaluate(OLD)
    page.reload()
    scripted(page)
    assert page.evaluate(KEYS) == ["iv:d:v1:elsewhere:q2"]


def test_a_page_that_is_left_in_mid_word_has_the_text(open_room: Open) -> None:
    """Before any pause in typing: on this device at once, and on the server by the page's last request."""
    page = open_room()
    room = page.url
    answer_field(page).press_sequentially("Half a wo")
    page.goto("/help/")
    page.goto(room)
    expect(answer_field(page)).to_have_value("Half a wo")
    page.route(DRAFTS, lambda route: route.abort())
    answer_field(page).press("Control+End")
    answer_field(page).press_sequentially("rd")
    page.goto("/help/")
    page.unroute(DRAFTS)
    page.goto(room)
    expect(answer_field(page)).to_have_value("Half a word")
    expect(page.locator("[data-saved]")).to_be_visible()
    assert draft_on_server(page) == "Half a word"


def test_signing_out_forgets_this_accounts_texts_and_no_others(open_room: Open) -> None:
    page = open_room(email=f"{uuid.uuid4().hex[:8]}@example.com")
    page.on("dialog", lambda dialog: dialog.accept())
    page.evaluate(
        "localStorage.setItem('iv:d:v1:of-somebody-else:q', JSON.stringify({ text: 'Not yours', keptAt: Date.now() }))"
    )
    page.route(ANSWERS, lambda route: route.abort())
    page.route(DRAFTS, lambda route: route.abort())
    send(page, "Never sent.")
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    other = page.context.new_page()
    other.goto("/logout")
    left = other.get_by_role("region", name="Texts of yours that are only on this device")
    expect(left.get_by_label("Your text")).to_have_value("Never sent.")
    expect(left.get_by_role("button", name="Download these texts")).to_be_visible()
    with other.expect_navigation():
        other.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login?**")
    assert other.evaluate(KEYS) == ["iv:d:v1:of-somebody-else:q"]


def test_on_a_shared_computer_nothing_outlives_the_tab_and_the_sign_out(accounts: Any) -> None:
    page = accounts.new_page()
    page.goto("/")
    page.get_by_role("button", name="Start System design").click()
    page.get_by_label("This is a shared computer").check()
    page.get_by_role("button", name="Begin interview").click()
    expect(answer_field(page)).to_be_visible(timeout=20_000)
    scripted(page)
    page.route(DRAFTS, lambda route: route.abort())
    answer_field(page).press_sequentially("Only here")
    expect(page.locator("[data-kept]")).to_contain_text("Saved on this device", timeout=10_000)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('iv:'))") == []
    assert len(page.evaluate(IN_TAB)) == 1
    page.reload()
    expect(answer_field(page)).to_have_value("Only here")
    assert all(cookie["expires"] == -1 for cookie in accounts.cookies() if cookie["name"] in ("sessionid", "shared"))
    page.unroute(DRAFTS)
    send(page, "Only here, then sent.")
    at_question(page, 2)
    page.get_by_role("link", name="Finish").click()
    page.get_by_role("button", name="Finish anyway").click()
    page.get_by_role("link", name="sign out").click()
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button", name="Sign out").click()
    assert '"storage"' in answer.value.header_value("clear-site-data")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]") == []
    assert "shared" not in {cookie["name"] for cookie in accounts.cookies()}


def test_over_plain_http_two_tabs_answers_and_drafts_work_as_well(open_room: Open) -> None:
    """Without locks, clipboard, random UUIDs and service workers."""
    page = open_room(PLAIN_HTTP)
    assert page.evaluate("[crypto.randomUUID, navigator.locks, navigator.clipboard].every((one) => one === undefined)")
    answer_field(page).fill("Begun in one tab")
    other = page.context.new_page()
    other.goto(page.url)
    scripted(other)
    expect(answer_field(other)).to_have_value("Begun in one tab")
    expect(answer_field(page)).not_to_be_editable()
    page.get_by_role("button", name="Use this one").click()
    expect(answer_field(page)).to_be_editable()
    send(page, "Begun in one tab, sent from it.")
    at_question(page, 2)
    at_question(other, 2)
    assert stored(page) == ["Begun in one tab, sent from it."]
