"""The room when the connection, the sign-in, the tab or the server fails: no answer lost, none stored twice."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash import server as processes
from tests.crash.server import Server, free_port, own_database, until

Open = Callable[..., Any]
expect.set_options(timeout=15_000)  # a busy machine is no failure
ANSWERS = "**/api/v1/sessions/*/answers"
DRAFTS = "**/api/v1/sessions/*/draft"

BLOCKED = """
window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({ code: 1006 }), 0); } close() {} };
"""
NO_EVENTS = """
window.EventSource = class {
  constructor() { setTimeout(() => this.onerror?.(), 0); }
  addEventListener() {}
  close() {}
};
"""
NO_STORAGE = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""
# What a page of plain HTTP in a local network has not.
PLAIN_HTTP = """
for (const name of ["locks", "clipboard", "serviceWorker"])
  Object.defineProperty(Navigator.prototype, name, { get: () => undefined });
for (const name of ["subtle", "randomUUID"])
  Object.defineProperty(Crypto.prototype, name, { get: () => undefined });
"""


OUTBOX = """
Object.keys(localStorage).filter((key) => key.startsWith("iv:o:")).map((key) => JSON.parse(localStorage.getItem(key)))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("resilience")
    port = free_port()
    patch = pytest.MonkeyPatch()
    patch.setattr(processes, "free_port", lambda: port)
    with own_database(folder) as url, Server(folder, url, word_ms=0) as running:
        running.run("manage.py", "load_templates", "--verbosity", "0")
        running.start()
        yield running
    patch.undo()


@pytest.fixture
def open_room(chromium: Any, server: Server) -> Iterator[Open]:
    """A page in the room with question 1 open, of a guest or of somebody with an account."""
    contexts: list[Any] = []

    def open_(*scripts: str, email: str = "", **options: Any) -> Any:
        context = chromium.new_context(base_url=f"http://localhost:{server.port}", **options)
        contexts.append(context)
        for script in scripts:
            context.add_init_script(script)
        page = context.new_page()
        if email:
            sign_up(page, email)
        page.goto("/")
        page.get_by_role("button", name="Start System design").click()
        page.get_by_role("button", name="Begin interview").click()
        expect(answer_field(page)).to_be_visible(timeout=20_000)
        scripted(page)
        page.evaluate("window.sameDocument = true")
        return page

    yield open_
    for context in contexts:
        context.close()


def sign_up(page: Any, email: str) -> None:
    page.goto("/signup")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("quiet-harbour-94")
    with page.expect_navigation():
        page.get_by_role("button", name="Create account").click()


def answer_field(page: Any) -> Any:
    return page.get_by_label("Your answer", exact=True)


def scripted(page: Any) -> None:
    """The scripts are there. Until then forms post themselves, which is another path."""
    page.locator("body[data-scripted]").wait_for()


def send(page: Any, text: str) -> None:
    answer_field(page).fill(text)
    page.get_by_role("button", name="Send answer").click()


def at_question(page: Any, number: int) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Question {number} of about", timeout=20_000)
    expect(answer_field(page)).to_be_visible(timeout=20_000)


def stored(page: Any) -> list[str]:
    """The answers the server has, read over the API with the page's own cookies."""
    session = page.url.split("/sessions/")[1].split("/")[0]
    told = page.context.request.get(f"/api/v1/sessions/{session}/messages").json()
    return [message["content"] for message in told if message["kind"] == "answer"]


def draft_on_server(page: Any) -> str:
    session = page.url.split("/sessions/")[1].split("/")[0]
    text: str = page.context.request.get(f"/api/v1/sessions/{session}").json()["draft"]["text"]
    return text


def is_same_document(page: Any) -> bool:
    return bool(page.evaluate("window.sameDocument === true"))


def test_every_module_of_the_room_is_preloaded() -> None:
    scripts, wanted, queue = Path("static/js"), set(), ["room.js"]
    while queue:
        found = set(re.findall(r'from "\./([\w.]+)"', (scripts / queue.pop()).read_text())) - wanted
        wanted |= found
        queue += found
    listed = re.findall(r"js/([\w.]+)", Path("templates/_room_modules.html").read_text())
    assert sorted(listed) == sorted(wanted)


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
    expect(page.locator("#connection")).to_contain_text("You’re offline", timeout=10_000)
    send(page, words)
    expect(page.locator(".turn--sending")).to_contain_text("Not sent yet. Trying again in")
    for name in ("Now", "Copy", "Edit"):
        expect(page.locator(".turn--sending").get_by_role("button", name=name)).to_be_visible()
    expect(page.get_by_role("button", name="Send answer")).to_have_attribute("aria-disabled", "true")
    room = page.url
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.reload()
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
    expect(page.locator("#notice")).to_contain_text("Your text is still here.", timeout=10_000)
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
    expect(page.locator("#notice")).to_contain_text("still here", timeout=10_000)
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_visible(timeout=10_000)
    page.unroute_all()
    with page.expect_navigation():
        resume.click()
    expect(answer_field(page)).to_have_value("Said to a paused interview.")
    assert stored(page) == []
    other.context.close()


def device_of(page: Any, chromium: Any) -> Any:
    """The same person at another device: the cookies, and nothing that the browser keeps."""
    cookies = {"cookies": page.context.cookies(), "origins": []}
    base = page.url.split("/sessions/")[0]
    other = chromium.new_context(base_url=base, storage_state=cookies).new_page()
    other.goto(page.url)
    scripted(other)
    return other


def test_a_draft_says_where_it_is_saved(open_room: Open) -> None:
    page = open_room()
    answer_field(page).press_sequentially("Half a")
    expect(page.locator("[data-kept]")).to_contain_text("Sav")
    expect(page.locator("[data-saved]")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"), timeout=10_000)
    assert draft_on_server(page) == "Half a"
    page.route(DRAFTS, lambda route: route.abort())
    answer_field(page).press_sequentially(" thought")
    expect(page.locator("[data-saved]")).to_be_hidden()
    expect(page.locator("[data-kept]")).to_contain_text("Saved on this device", timeout=10_000)
    page.reload()
    expect(answer_field(page)).to_have_value("Half a thought")


def test_where_nothing_can_be_kept_it_says_so(open_room: Open) -> None:
    page = open_room(NO_STORAGE)
    page.route(DRAFTS, lambda route: route.abort())
    answer_field(page).fill("Nowhere")
    expect(page.locator("[data-kept]")).to_contain_text("Not saved", timeout=10_000)
    expect(page.get_by_role("button", name="Copy text")).to_be_visible()
    page.unroute(DRAFTS)
    send(page, "Sent all the same.")
    at_question(page, 2)
    assert stored(page) == ["Sent all the same."]


def test_an_older_draft_of_this_device_is_offered_not_forced(open_room: Open, chromium: Any) -> None:
    page = open_room()
    page.route(DRAFTS, lambda route: route.abort())
    answer_field(page).fill("From this device")
    expect(page.locator("[data-kept]")).to_contain_text("Saved on this device", timeout=10_000)
    other = device_of(page, chromium)
    answer_field(other).fill("From the other device")
    expect(other.locator("[data-saved]")).to_be_visible(timeout=10_000)
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
    page.get_by_role("button", name="Send answer").click()
    page.wait_for_timeout(500)
    assert stored(page) == []
    answer_field(other).fill("Begun in the first tab, continued in the second")
    take.click()
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
    expect(answer_field(page)).to_be_editable(timeout=10_000)


def test_somebody_signed_out_signs_in_in_place_and_it_is_sent(open_room: Open) -> None:
    email = f"{uuid.uuid4().hex[:8]}@example.com"
    page = open_room(email=email)
    page.context.clear_cookies()
    send(page, "Said while signed out.")
    dialog = page.get_by_role("dialog", name="You have been signed out")
    expect(dialog).to_be_visible(timeout=10_000)
    expect(page.locator(".turn--sending")).to_contain_text("Said while signed out.")
    dialog.get_by_label("Email").fill(email)
    dialog.get_by_label("Password").fill("wrong-harbour-94")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_text("do not belong together")).to_be_visible(timeout=10_000)
    dialog.get_by_label("Password").fill("quiet-harbour-94")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden(timeout=10_000)
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
    expect(page.get_by_role("dialog").get_by_label("Password")).to_be_visible(timeout=10_000)


def test_where_streams_are_blocked_it_looks_every_few_seconds(open_room: Open) -> None:
    page = open_room(BLOCKED, NO_EVENTS)
    send(page, "Asked for by looking.")
    at_question(page, 2)
    expect(page.locator("#connection[data-carrier=polling]")).to_be_attached(timeout=20_000)
    page.get_by_text("Live by a look every few seconds.").wait_for(timeout=10_000)
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
    expect(page.locator("[data-saved]")).to_be_visible(timeout=10_000)
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
