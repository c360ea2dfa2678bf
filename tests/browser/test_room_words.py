"""What the room says of a text, a question or a file is true at that moment, and said once."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.crash.server import until

from .room import Open, answer_field, at_question, device_of, draft_on_server, send


def drafts_of(page: Any) -> list[tuple[str, str | None]]:
    """The drafts that a page sends: text, and the question it names."""
    sent: list[tuple[str, str | None]] = []

    def look(request: Any) -> None:
        if request.method == "PUT" and request.url.endswith("/draft"):
            told = request.post_data_json
            sent.append((told["text"], told["in_reply_to"]))

    page.on("request", look)
    return sent


def question_of(page: Any) -> str:
    return str(page.locator("form.composer [name=in_reply_to]").input_value())


def test_a_draft_names_the_question_it_was_written_under(open_room: Open, chromium: Any) -> None:
    page = open_room()
    first, sent = question_of(page), drafts_of(page)
    line = page.locator("[data-for-another]")
    answer_field(page).fill("About the first")
    expect(page.locator("[data-saved]")).to_be_visible()
    assert sent == [("About the first", first)]
    expect(line).to_be_hidden()
    other = device_of(page, chromium)
    send(other, "Sent from the other device.")
    at_question(page, 2)
    expect(line).to_be_visible()
    until(lambda: draft_on_server(page) == "About the first" or page.wait_for_timeout(100), 15)
    assert {named for _, named in sent} == {first}
    page.reload()
    expect(answer_field(page)).to_have_value("About the first")
    expect(line).to_be_visible()
    second = question_of(page)
    page.get_by_role("button", name="Save draft").click()
    until(lambda: sent[-1] == ("About the first", second) or page.wait_for_timeout(50), 10)
    expect(line).to_be_hidden()
    other.context.close()


def test_a_key_makes_it_a_draft_for_the_open_question(open_room: Open, chromium: Any) -> None:
    page = open_room()
    sent = drafts_of(page)
    answer_field(page).fill("About the first")
    other = device_of(page, chromium)
    send(other, "Sent from the other device.")
    at_question(page, 2)
    expect(page.locator("[data-for-another]")).to_be_visible()
    answer_field(page).press_sequentially(", and more")
    expect(page.locator("[data-for-another]")).to_be_hidden()
    changed = ("About the first, and more", question_of(page))
    until(lambda: (sent and sent[-1] == changed) or page.wait_for_timeout(50), 15)
    other.context.close()


def test_a_device_that_comes_back_takes_nothing_away_from_what_is_written_now(open_room: Open, chromium: Any) -> None:
    page = open_room()
    answer_field(page).fill("About the first")
    expect(page.locator("[data-saved]")).to_be_visible()
    page.context.set_offline(True)
    answer_field(page).press_sequentially(" and more")
    other = device_of(page, chromium)
    send(other, "Sent from the other device.")
    at_question(other, 2)
    answer_field(other).fill("About the second")
    expect(other.locator("[data-saved]")).to_be_visible()
    page.context.set_offline(False)
    at_question(page, 2)
    expect(page.locator("[data-not-saved]")).to_be_visible(timeout=20_000)
    assert draft_on_server(other) == "About the second"
    other.reload()
    expect(answer_field(other)).to_have_value("About the second")
    page.reload()
    expect(answer_field(page)).to_have_value("About the second")
    expect(page.locator("[data-offer]")).to_contain_text("About the first and more")
    other.context.close()


def test_what_another_device_puts_in_its_place_is_still_on_this_one(open_room: Open, chromium: Any) -> None:
    page = open_room()
    answer_field(page).fill("About the first")
    other = device_of(page, chromium)
    send(other, "Sent from the other device.")
    at_question(page, 2)
    until(lambda: draft_on_server(page) == "About the first" or page.wait_for_timeout(100), 15)
    other.reload()
    answer_field(other).fill("About the second")
    until(lambda: draft_on_server(page) == "About the second" or page.wait_for_timeout(100), 15)
    page.reload()
    expect(answer_field(page)).to_have_value("About the second")
    expect(page.locator("[data-offer]")).to_contain_text("About the first")
    other.context.close()


def test_an_empty_field_is_not_said_to_be_saved(open_room: Open) -> None:
    page = open_room()
    answer_field(page).fill("Saved, then sent")
    expect(page.locator("[data-saved]")).to_be_visible()
    page.context.set_offline(True)
    send(page, "Saved, then sent")
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet")
    page.wait_for_timeout(500)
    expect(page.locator("[data-kept]")).to_be_hidden()
    expect(page.locator("[data-saved]")).to_be_hidden()
    page.context.set_offline(False)


def test_a_question_that_was_there_before_a_pause_is_not_new_after_it(open_room: Open, chromium: Any) -> None:
    """At this device the question is out of sight, above what is being read, when another one resumes."""
    page = open_room(viewport={"width": 360, "height": 230})
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight - innerHeight - 60)")
    phone = device_of_paused(page, chromium)
    phone.get_by_role("button", name="Resume").click()
    expect(answer_field(page)).to_be_attached(timeout=20_000)
    expect(page.locator("#question .turn--question")).not_to_be_in_viewport()
    expect(page.locator("[data-pill]")).to_be_hidden()
    phone.context.close()


def device_of_paused(page: Any, chromium: Any) -> Any:
    cookies = {"cookies": page.context.cookies(), "origins": []}
    other = chromium.new_context(base_url=page.url.split("/sessions/")[0], storage_state=cookies).new_page()
    other.goto(page.url)
    return other


def test_there_is_one_way_to_the_answers_at_a_time(open_room: Open) -> None:
    page = open_room()
    link = page.locator("#side").get_by_role("link", name="Download my answers")
    button = page.locator("#side").get_by_role("button", name="Save my answers as a file")
    expect(link).to_be_visible()
    expect(button).to_be_hidden()
    page.context.set_offline(True)
    expect(button).to_be_visible()
    expect(link).to_be_hidden()
    page.context.set_offline(False)
    expect(link).to_be_visible()


def test_beside_a_running_timer_nothing_says_what_was_left_once(open_room: Open) -> None:
    page = open_room()
    expect(page.locator(".room__time")).to_contain_text("Ends at")
    once = page.get_by_text("left when this page was loaded")
    expect(once).to_be_attached()
    expect(once).to_be_hidden()
