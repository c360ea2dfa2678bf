"""While a question is written: what is said and when, and how it comes without taking view or focus away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from .gallery import Gallery
from .room import answer_field, at_question, send

Open = Callable[..., Any]


def test_it_says_that_it_still_writes_and_that_it_takes_long(gallery: Gallery) -> None:
    tab = gallery.look(gallery.page("room-generating"))
    tab.clock.install(time=0)
    tab.clock.pause_at(1)
    tab.reload()
    hint, status = tab.locator(".coming__hint"), tab.locator("#sr-status")
    tab.locator("body[data-scripted]").wait_for()
    expect(hint).to_contain_text("This usually takes")
    stop = tab.get_by_role("button", name="Stop writing")
    expect(stop).to_be_hidden()
    tab.clock.run_for(3_500)
    expect(stop).to_be_visible()
    tab.clock.run_for(4_000)
    expect(hint).to_contain_text("Still writing…")
    expect(status).to_contain_text("Still writing…")
    tab.clock.run_for(13_000)
    expect(hint).to_contain_text("Taking longer than usual. You can wait, pause, or finish.")
    expect(status).to_contain_text("Taking longer than usual")
    again = tab.get_by_role("button", name="Try again")
    expect(again).to_be_hidden()
    tab.clock.run_for(40_000)
    expect(again).to_be_visible()
    expect(status).to_contain_text("The first question didn’t arrive.")


def test_the_way_to_stop_is_there_without_scripts(gallery: Gallery) -> None:
    tab = gallery.look(gallery.page("room-generating"), java_script_enabled=False)
    expect(tab.get_by_role("button", name="Stop writing")).to_be_visible()
    expect(tab.get_by_role("button", name="Try again")).to_be_hidden()


def test_a_new_question_out_of_sight_is_offered_and_nothing_moves(open_room: Open) -> None:
    page = open_room(viewport={"width": 800, "height": 500})
    for number in (1, 2):
        send(page, "One line.\n" * 40)
        at_question(page, number + 1)
    page.get_by_text("2 earlier questions").click()
    pill = page.get_by_role("link", name="New question")
    page.evaluate("() => document.querySelector('#question .turn--question').scrollIntoView()")  # it may be a new node
    expect(pill).to_be_hidden()
    answer_field(page).fill("Short.")
    answer_field(page).press("Control+Enter")
    page.evaluate("() => scrollTo(0, 0)")
    at_question(page, 4)
    expect(pill).to_be_visible()
    assert page.evaluate("() => scrollY") < 200
    expect(answer_field(page)).to_be_focused()
    pill.click()
    expect(page.locator("#question .turn--question")).to_be_in_viewport()
    expect(pill).to_be_hidden()
    assert "Question 4" in page.title()


def test_phrases_come_whole(open_room: Open) -> None:
    page = open_room()
    grown = """async () => {
      const { grow } = await import("/static/js/page.js");
      document.querySelector("#question").insertAdjacentHTML("beforeend", "<p data-partial hidden></p>");
      const place = document.querySelector("[data-partial]");
      const shown = [];
      let offset = 0;
      for (const text of ["You chose one", " node, and", " then “why?”", " Because of", " it. Or", "\\n"]) {
        grow({ attempt: 7, offset, text });
        offset += text.length;
        shown.push(place.hidden ? null : place.textContent);
      }
      return shown;
    }"""
    page.wait_for_timeout(200)
    assert page.evaluate(grown) == [
        None,
        "You chose one node,",
        "You chose one node,",
        "You chose one node, and then “why?”",
        "You chose one node, and then “why?” Because of it.",
        "You chose one node, and then “why?” Because of it. Or\n",
    ]
