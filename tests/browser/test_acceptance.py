"""The seventeen acceptance checks of 4-pages §16, and the tests that prove them.

 1  Two clicks from / to a question, as a guest, with and without scripts
      test_acceptance_walks.py::test_by_keyboard_alone
      test_acceptance_walks.py::test_without_scripts
      test_candidate.py::test_it_is_interrupted_and_goes_on_at_question_three
 2  Killed while it writes: the answer is there, the question comes
      test_acceptance_walks.py::test_with_a_server_killed_in_mid_question
      test_live_room.py::test_a_server_killed_in_mid_sentence_goes_on_in_the_same_page
      crash/test_kill.py
 3  200 words, offline, sent, reloaded, online: one message
      test_resilience.py::test_two_hundred_words_survive_going_offline_and_a_reload
      test_resilience.py::test_an_answer_whose_acknowledgement_was_lost_is_stored_once
      test_acceptance_walks.py::test_over_a_connection_that_breaks_every_ten_seconds
 4  Of two tabs one sends; the draft moves along
      test_drafts_and_tabs.py::test_of_two_tabs_the_one_used_last_writes
      test_acceptance_kept.py::test_over_plain_http_two_tabs_answers_and_drafts_work_as_well
 5  The cookie is deleted in mid-answer
      test_drafts_and_tabs.py::test_somebody_signed_out_signs_in_in_place_and_it_is_sent
 6  The deadline passes with the browser closed
      test_acceptance.py::test_the_deadline_passes_with_the_browser_closed
      test_expiry.py::test_the_saved_draft_becomes_the_final_answer
 7  PUT and POST, a second pause, the same key
      test_pause_and_resume.py::test_pause_session_success
      test_pause_and_resume.py::test_resume_session_success
      test_acceptance_bodies.py::test_document_0
      test_pause_and_resume.py::test_a_retried_pause_with_its_idempotency_key_is_replayed
 8  Error bodies to the byte
      test_acceptance_bodies.py::test_document_0
      test_acceptance_bodies.py::test_document_3
      test_acceptance_bodies.py::test_every_other_refusal_has_the_one_form
 9  Server-sent events without gap or double; active-session's cursor is such an id
      test_acceptance.py::test_events_go_on_behind_any_id
      test_live.py::test_from_every_cursor_it_folds_to_the_same_state
10  What a screen reader is told
      test_acceptance_walks.py::test_a_screen_reader_hears_each_thing_once
      test_time_left.py::test_the_timer_counts_down_and_never_speaks
11  axe, 320 px (which is 400 % of 1280), keyboard alone
      test_accessibility.py::test_it_is_accessible_and_fits
      test_acceptance.py::test_from_right_to_left_axe_finds_nothing_and_it_fits
      test_acceptance_walks.py::test_by_keyboard_alone
12  Contrast
      test_pages_contrast.py::test_it_can_be_read
13  No request elsewhere, a strict policy
      test_acceptance.py::test_no_page_asks_anybody_else
      test_requests.py::test_the_content_policy_is_strict_everywhere
      test_admin.py::test_every_page_holds_to_the_policy
14  Sizes and numbers of queries, printed
      test_page_validity.py::test_pages_are_light_and_cost_few_queries
      test_page_validity.py::test_what_pages_load_is_light
15  One table of actions, through pages and API
      test_state_doors.py::test_the_api_does_what_the_table_allows_and_refuses_the_rest
      test_state_doors.py::test_the_pages_offer_and_do_what_the_table_allows_and_refuse_the_rest
16  Blind first
      test_blind_first.py::test_before_rating_no_surface_tells_a_score
      test_blind_first.py::test_afterwards_the_surfaces_that_have_a_score_tell_it
      test_reviews.py
17  As many queries at 5 rows as at 500
      test_pages_room.py::test_it_needs_as_many_queries_for_500_messages_as_for_5
      test_api_sessions.py::test_the_context_costs_the_same_queries_at_5_and_500_messages
      test_admin_session_list.py::test_a_page_costs_the_same_queries_however_many_it_shows
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.crash.server import Candidate, Server, until

from .backstage import leave
from .room import Open, answer_field, at_question, send
from .test_accessibility import TOO_WIDE, faults

TESTS = Path(__file__).resolve().parents[1]
NARROW = {"width": 320, "height": 800}  # 1280 px at 400 %


def test_every_test_of_the_table_is_there() -> None:
    named = re.findall(r"^ {6}([\w/]+\.py)(?:::(test_\w+))?$", __doc__ or "", re.MULTILINE)
    assert len(named) > 30
    for file, name in named:
        (path,) = {one for one in (TESTS / file, TESTS / "browser" / file) if one.exists()}
        assert f"def {name}" in path.read_text(), f"{file}::{name}"


def test_the_deadline_passes_with_the_browser_closed(open_room: Open, room_server: Server, chromium: Any) -> None:
    page = open_room()
    room, session_id = page.url.partition("#")[0], page.url.split("/sessions/")[1].split("/")[0]
    send(page, "The first answer.")
    at_question(page, 2)
    answer_field(page).press_sequentially("What I had written when I left")
    expect(page.locator("[data-saved]")).to_be_visible(timeout=20_000)
    cookies = page.context.storage_state()
    page.context.close()
    leave(room_server, session_id, -9)  # it is carried out ten seconds after the deadline

    back = chromium.new_context(base_url=f"http://localhost:{room_server.port}", storage_state=cookies).new_page()

    def status() -> str:
        return str(back.context.request.get(f"/api/v1/sessions/{session_id}").json()["status"])

    until(lambda: status() == "expired", 30, every=0.3)
    back.goto(room)
    expect(back.get_by_role("heading", name="Time ran out at")).to_be_visible()
    told = back.context.request.get(f"/api/v1/sessions/{session_id}/messages").json()
    answers = [(one["content"], one.get("auto_submitted", False)) for one in told if one["kind"] == "answer"]
    assert answers == [("The first answer.", False), ("What I had written when I left", True)]
    until(lambda: back.goto(f"{room}report") and back.locator(".report").get_by_text("Criteria").count(), 20, every=0.3)
    back.context.close()


Frames = list[tuple[str, str]]


def frames(url: str, headers: dict[str, str], last: str = "", **query: Any) -> Frames:
    """What the stream sends up to that id, or all that there is now: id and kind of each event."""
    found: Frames = []
    event: dict[str, str] = {}
    with (
        contextlib.suppress(httpx.ReadTimeout),
        httpx.stream("GET", url, headers=headers, params=query, timeout=httpx.Timeout(20, read=4)) as stream,
    ):
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            event[name] = value
            if not line and "id" in event:
                found.append((event["id"], event["event"]))
                event = {}
            if found and found[-1][0] == last:
                break
    return found


def test_events_go_on_behind_any_id(room_server: Server) -> None:
    candidate = Candidate(room_server)
    for number in range(3):
        candidate.answer(candidate.whole_question(20), f"name-{number}", f"Answer {number}")
    candidate.whole_question(20)
    base = f"http://127.0.0.1:{room_server.port}/api/v1"
    headers = {"Authorization": f"Bearer {candidate._token}"}
    url = f"{base}/sessions/{candidate.session_id}/stream"
    everything = frames(url, headers, cursor=0)
    last = everything[-1][0]
    assert len(everything) == len(set(everything)) > 10
    for place in (0, len(everything) // 2, len(everything) - 3):
        rest = frames(url, headers | {"Last-Event-ID": everything[place][0]}, last, cursor=0)
        assert rest == everything[place + 1 :]
    cursor = httpx.get(f"{base}/conversations/{candidate.session_id}/active-session", headers=headers).json()["cursor"]
    candidate.answer(candidate.whole_question(20), "name-next", "The next answer")
    candidate.whole_question(20)
    behind = frames(url, headers | {"Last-Event-ID": cursor})
    assert behind[0][1] == "message.created"
    assert frames(url, headers, behind[-1][0], cursor=0) == everything + behind


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_from_right_to_left_axe_finds_nothing_and_it_fits(open_room: Open, theme: str) -> None:
    page = open_room(color_scheme=theme, viewport=NARROW)
    room = page.url.partition("#")[0]
    page.context.add_cookies([{"name": "language", "value": "ar", "domain": "localhost", "path": "/"}])
    for path in (room, f"{room}end", f"{room}transcript", "/", "/practice/", "/sessions/", "/help/"):
        page.goto(path)
        assert page.locator("html").get_attribute("dir") == "rtl"
        assert (path, faults(page)) == (path, [])
        assert (path, page.evaluate(TOO_WIDE)) == (path, [])


def test_no_page_asks_anybody_else(open_room: Open, room_server: Server) -> None:
    """Nor does any page let another site's scripts, styles or frames in."""
    page = open_room()
    asked: set[str] = set()
    policies: dict[str, str] = {}
    page.on("request", lambda request: asked.add(request.url))
    page.on("response", lambda answer: _note(policies, answer))
    room = page.url.partition("#")[0]
    send(page, "One answer.")
    at_question(page, 2)
    for path in ("/", "/practice/", "/docs", "/admin/login/", "/login", "/signup", "/privacy", room, f"{room}end"):
        page.goto(path)
    page.get_by_role("button", name="Finish anyway").click()
    expect(page.get_by_role("link", name="Read the report")).to_be_visible(timeout=20_000)
    page.get_by_role("link", name="Read the report").click()
    page.wait_for_url("**/report")
    site = f"http://localhost:{room_server.port}/"
    assert {
        url for url in asked if not url.startswith((site, site.replace("http", "ws", 1), "blob:", "data:"))
    } == set()
    assert len(policies) >= 11
    assert {
        url for url, policy in policies.items() if "unsafe" in policy or "default-src 'self'" not in policy
    } == set()


def _note(policies: dict[str, str], answer: Any) -> None:
    if answer.request.resource_type == "document":
        policies[answer.url] = answer.headers.get("content-security-policy", "")
