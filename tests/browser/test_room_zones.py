"""Where the parts of the room stand at every width, and what can be changed about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .room import answer_field, at_question, scripted, send

Open = Callable[..., Any]
BOX = "selector => { const {x, y, width, height} = document.querySelector(selector).getBoundingClientRect(); " + (
    "return {x, y, width, height}; }"
)
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")]
  .filter((node) => node.checkVisibility() && !node.closest(".skip, dialog, template, .vh, .prose p"))
  .map((node) => [node.getBoundingClientRect(), node.textContent.trim() || node.name])
  .filter(([{ width, height }]) => width < 44 || height < 44)
  .map(([{ width, height }, name]) => `${name}: ${Math.round(width)} × ${Math.round(height)}`)"""


def narrow(open_room: Open, **options: Any) -> Any:
    return open_room(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, **options)


def box(page: Any, selector: str) -> dict[str, float]:
    found: dict[str, float] = page.evaluate(BOX, selector)
    return found


def test_questions_talk_and_side_stand_side_by_side_where_there_is_space(open_room: Open) -> None:
    page = open_room(viewport={"width": 1280, "height": 800})
    rail, talk, side = (box(page, selector) for selector in (".rail", ".room__talk", ".room__side"))
    assert rail["x"] + rail["width"] <= talk["x"] < talk["x"] + talk["width"] <= side["x"]
    assert talk["width"] >= 480
    assert box(page, ".bar")["height"] == 56
    expect(page.get_by_role("navigation", name="Parts of this page")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 360, 640, 800, 960, 1100, 1600])
def test_nothing_scrolls_sideways_but_code_in_its_own_block(open_room: Open, width: int) -> None:
    page = open_room(viewport={"width": width, "height": 640})
    send(page, "A long line:\n\n```python\n" + "x" * 300 + "\n```\nand a word that is long: " + "y" * 200)
    at_question(page, 2)
    page.get_by_text("1 earlier question").click()
    assert page.evaluate(SIDEWAYS) == 0
    wide = "() => { const node = document.querySelector('.turn__code'); return node.scrollWidth > node.clientWidth; }"
    assert page.evaluate(wide)


def test_the_order_of_reading_is_question_answer_side_questions(open_room: Open) -> None:
    page = open_room()
    order = "() => [...document.querySelectorAll('h1, #question, .composer, .room__side, .rail')].map(n => n.className)"
    assert [name.split()[0] for name in page.evaluate(order)] == [
        "room__heading",
        "slot",
        "composer",
        "room__side",
        "rail",
    ]


# -- narrow ------------------------------------------------------------------------------------------------------------


def test_on_a_phone_the_bar_is_low_and_targets_are_large(open_room: Open) -> None:
    page = narrow(open_room)
    assert box(page, ".bar")["height"] == 48
    bar, progress = box(page, ".bar"), box(page, ".bar__progress")
    assert abs(progress["y"] + progress["height"] - bar["y"] - bar["height"]) <= 2
    assert page.evaluate(SMALL) == []
    for tab in ("Code", "About"):
        page.get_by_role("link", name=tab, exact=True).click()
        assert page.evaluate(SMALL) == []


def test_on_a_phone_one_part_is_shown_at_a_time(open_room: Open) -> None:
    page = narrow(open_room)
    expect(answer_field(page)).to_be_visible()
    expect(page.get_by_label("Code", exact=True)).to_be_hidden()
    page.get_by_role("link", name="Code", exact=True).click()
    expect(page.get_by_role("link", name="Code", exact=True)).to_have_attribute("aria-current", "true")
    page.get_by_label("Code", exact=True).fill("select 1")
    expect(answer_field(page)).to_be_hidden()
    page.get_by_role("button", name="Send answer").click()
    page.get_by_role("link", name="Talk", exact=True).click()
    at_question(page, 2)
    expect(page.get_by_text("1 earlier question")).to_be_visible()


def test_without_scripts_the_tabs_are_links_down_the_page(open_room_plain: Any) -> None:
    page = open_room_plain
    expect(answer_field(page)).to_be_visible()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    page.get_by_role("link", name="Code", exact=True).click()
    assert page.url.endswith("#workspace")


@pytest.fixture
def open_room_plain(chromium: Any, room_server: Any) -> Any:
    context = chromium.new_context(
        base_url=f"http://localhost:{room_server.port}",
        java_script_enabled=False,
        viewport={"width": 360, "height": 740},
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Start System design").click()
    page.get_by_role("button", name="Begin interview").click()
    yield page
    context.close()


def test_sending_stays_in_reach_on_a_phone(open_room: Open) -> None:
    page = narrow(open_room)
    answer_field(page).fill("word " * 400)
    answer_field(page).focus()
    button = box(page, ".composer .composer__send")
    assert button["y"] + button["height"] <= 740
    assert box(page, "#content")["height"] <= 0.4 * 740 + 1


# -- the side ----------------------------------------------------------------------------------------------------------


def test_the_side_is_widened_by_keyboard_and_pointer_and_stays_so(open_room: Open) -> None:
    page = open_room(viewport={"width": 1600, "height": 800})
    handle = page.get_by_role("separator", name="Width of this column")
    before = box(page, ".room__side")["width"]
    handle.focus()
    page.keyboard.press("ArrowLeft")
    assert box(page, ".room__side")["width"] == before + 16
    page.keyboard.press("Home")
    assert box(page, ".room__side")["width"] == 320
    expect(handle).to_have_attribute("aria-valuenow", "320")
    page.keyboard.press("End")
    assert box(page, ".room__side")["width"] == 720
    at = box(page, ".resize")
    page.mouse.move(at["x"] + 4, at["y"] + 100)
    page.mouse.down()
    page.mouse.move(at["x"] + 204, at["y"] + 100, steps=4)
    page.mouse.up()
    assert abs(box(page, ".room__side")["width"] - 520) <= 2
    page.reload()
    scripted(page)
    assert abs(box(page, ".room__side")["width"] - 520) <= 2


def test_the_composer_stays_in_sight_only_below_a_question_longer_than_the_screen(open_room: Open) -> None:
    page = open_room(viewport={"width": 1280, "height": 700})
    place = "() => getComputedStyle(document.querySelector('.composer')).position"
    assert page.evaluate(place) == "static"
    page.evaluate("() => document.querySelector('#question .turn__text').append(' and then'.repeat(900))")
    page.set_viewport_size({"width": 1280, "height": 690})
    page.wait_for_function("() => getComputedStyle(document.querySelector('.composer')).position === 'sticky'")
    composer = box(page, ".composer")
    assert composer["y"] + composer["height"] <= 691
