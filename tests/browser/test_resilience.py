"""The room when the connection, the sign-in, the tab or the server fails: no answer lost, none stored twice."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.crash.server import until

from .room import (
    ANSWERS,
    BLOCKED,
    DRAFTS,
    NO_EVENTS,
    OUTBOX,
    Open,
    answer_field,
    at_question,
    device_of,
    is_same_document,
    send,
    stored,
)


def test_an_answer_goes_out_while_the_page_stays(open_room: Open) -> None:
    page = open_room()
    held: list[Any] = []
    page.route(ANSWERS, lambda route: held.append(route))
    send(page, "First I would ask about the load.")
    turn = page.locator(".turn--sending")
    expect(turn).to_contain_text("Sending…")
    expect(turn).to_contain_text("First I would ask about the load.")
    expect(answer_field(page)).to_have_value("")
    expect(answer_field(page)).to_be_focused()
    held[0].continue_()
    at_question(page, 2)
    expect(page.locator(".turn--sending")).to_have_count(0)
    assert is_same_document(page)
    assert stored(page) == ["First I would ask about the load."]


def test_it_is_written_down_before_it_is_sent(open_room: Open) -> None:
    page = open_room()
    held: list[Any] = []
    page.route(ANSWERS, lambda route: held.append(route))
    send(page, "Written down.")
    expect(page.locator(".turn--sending")).to_be_visible()
    until(lambda: held or page.wait_for_timeout(50), 10)
    (entry,) = page.evaluate(OUTBOX)
    assert held[0].request.post_data_json["client_message_id"] == entry["id"]
    assert entry["text"] == "Written down."
    held[0].continue_()
    at_question(page, 2)
    assert page.evaluate(OUTBOX) == []


def test_an_answer_whose_acknowledgement_was_lost_is_stored_once(open_room: Open) -> None:
    """The server has it, the browser does not know: it sends it again, under the same name."""
    page = open_room()
    names: list[str] = []

    def lose_the_first(route: Any) -> None:
        names.append(route.request.post_data_json["client_message_id"])
        if len(names) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(ANSWERS, lose_the_first)
    send(page, "Said once.")
    at_question(page, 2)
    until(lambda: len(names) >= 2 or page.wait_for_timeout(100), 10)
    assert len(set(names)) == 1
    expect(page.locator(".turn--sending")).to_have_count(0)
    assert stored(page) == ["Said once."]


def test_two_hundred_words_survive_going_offline_and_a_reload(open_room: Open) -> None:
    page = open_room()
    words = " ".join(f"word{number}" for number in range(200))
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("You’re offline")
    send(page, words)
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet. Trying again in")
    for name in ("Now", "Copy", "Edit"):
        expect(page.locator(".turn--sending").get_by_role("button", name=name)).to_be_visible()
    expect(page.get_by_role("button", name="Send answer")).to_have_attribute("aria-disabled", "true")
    room = page.url
    page.reload()  # the room itself is nowhere kept
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
    page.context.set_offline(False)
    page.goto(room)
    at_question(page, 2)
    page.wait_for_timeout(1000)
    assert stored(page) == [words]


def test_it_is_sent_when_the_connection_is_back(open_room: Open) -> None:
    page = open_room()
    page.context.set_offline(True)
    send(page, "Said in a tunnel.")
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    page.context.set_offline(False)
    at_question(page, 2)
    assert is_same_document(page)
    assert stored(page) == ["Said in a tunnel."]


def test_it_says_that_everything_is_sent_when_it_is_and_not_before(open_room: Open) -> None:
    page = open_room()
    page.context.set_offline(True)
    send(page, "Said in a tunnel.")
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("#connection")).to_be_in_viewport()
    held: list[Any] = []
    page.route(ANSWERS, lambda route: held.append(route))
    page.context.set_offline(False)
    expect(page.locator("#connection[data-state=live]")).to_be_attached()
    until(lambda: held or page.wait_for_timeout(50), 20)
    expect(page.locator("#connection")).to_be_empty()
    held[0].continue_()
    expect(page.locator("#connection")).to_have_text("You’re back. Everything is sent.")


def test_edit_takes_it_back_into_the_field(open_room: Open) -> None:
    page = open_room()
    page.route(ANSWERS, lambda route: route.abort())
    send(page, "Not quite right")
    page.locator(".turn--sending").get_by_role("button", name="Edit").click()
    expect(answer_field(page)).to_have_value("Not quite right")
    expect(page.locator(".turn--sending")).to_have_count(0)
    page.unroute(ANSWERS)
    send(page, "Right.")
    at_question(page, 2)
    assert stored(page) == ["Right."]


def test_a_server_in_trouble_is_named_and_tried_again(open_room: Open) -> None:
    page = open_room()
    answers = iter([503, 500])

    def fail_twice(route: Any) -> None:
        status = next(answers, None)
        route.fulfill(status=status, body="<h1>Down</h1>") if status else route.continue_()

    page.route(ANSWERS, fail_twice)
    send(page, "Said to a server in trouble.")
    expect(page.locator("#connection")).to_contain_text("Our server has a problem")
    at_question(page, 2)
    assert stored(page) == ["Said to a server in trouble."]


def test_what_is_refused_comes_back_into_the_field(open_room: Open, chromium: Any) -> None:
    """Another device answers the question first, while this one hears nothing of it."""
    page = open_room(BLOCKED, NO_EVENTS)
    page.route("**/api/v1/sessions/*", lambda route: route.abort())
    page.route(re.compile(r"/sessions/[-0-9a-f]+/$"), lambda route: route.abort())
    other = device_of(page, chromium)
    send(other, "I was first.")
    at_question(other, 2)
    page.unroute_all()
    send(page, "I was second.")
    expect(page.locator("#notice")).to_contain_text("Your text is still here.")
    at_question(page, 2)
    expect(answer_field(page)).to_have_value("I was second.")
    assert stored(page) == ["I was first."]
    other.context.close()


def test_an_answer_to_an_interview_paused_elsewhere_waits_for_the_resume(open_room: Open, chromium: Any) -> None:
    page = open_room(BLOCKED, NO_EVENTS)
    page.route("**/api/v1/sessions/*", lambda route: route.abort())
    other = device_of(page, chromium)
    with other.expect_navigation():
        other.get_by_role("button", name="Pause").click()
    send(page, "Said to a paused interview.")
    expect(page.locator("#notice")).to_contain_text("still here")
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_visible()
    page.unroute_all()
    with page.expect_navigation():
        resume.click()
    expect(answer_field(page)).to_have_value("Said to a paused interview.")
    assert stored(page) == []
    other.context.close()


def test_what_is_refused_is_kept_once(open_room: Open, chromium: Any) -> None:
    """As the answer to its question, not as a note for the next one."""
    page = open_room(BLOCKED, NO_EVENTS)
    page.route("**/api/v1/sessions/*", lambda route: route.abort())
    page.route(re.compile(r"/sessions/[-0-9a-f]+/$"), lambda route: route.abort())
    page.route(DRAFTS, lambda route: route.abort())
    other = device_of(page, chromium)
    send(other, "I was first.")
    at_question(other, 2)
    send(page, "I was second.")
    expect(page.locator("#notice")).to_contain_text("Your text is still here.")
    page.wait_for_timeout(600)
    drafts = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('iv:d:'))")
    assert len(drafts) == 1 and not drafts[0].endswith(":notes")
    other.context.close()
