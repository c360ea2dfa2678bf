"""The README's pictures: `python -m tests.browser.pictures ADDRESS` takes them anew from a running site with its demo.

Each on a wide screen and on a phone, in light and dark, in ``tests/browser/screenshots``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright

from .conftest import chromium_path
from .room import DRAFTS, answer_field, at_question, scripted, send

FOLDER = Path(__file__).parent / "screenshots"
SCREENS: dict[str, dict[str, Any]] = {
    "1280": {"viewport": {"width": 1280, "height": 720}},
    "360": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}
SAID = (
    "I would ask for the ratio of reads to writes first, since it decides between a cache and more replicas.\n\n"
    "Then I would write `INSERT … ON CONFLICT DO NOTHING`, so that a request that is sent twice is stored once.",
    "A counter per node, handed out in blocks of a thousand: no two nodes give the same number.",
)
WRITING = "The node that fails loses at most its block. Nobody notices more than a gap in the numbers, and"


def walk(page: Any, take: Callable[[str], None]) -> None:
    """From the front page into an interview and out of it again."""
    page.goto("/")
    take("landing")
    page.get_by_role("button", name="Start System design").click()
    take("ready")
    page.get_by_role("button", name="Begin interview").click()
    for number, text in enumerate(SAID, 1):
        at_question(page, number)
        scripted(page)
        send(page, text)
    at_question(page, len(SAID) + 1)
    with page.expect_response(DRAFTS):
        answer_field(page).fill(WRITING)
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    take("room")
    page.get_by_role("button", name="Pause").first.click()
    expect(page.get_by_text("Paused just now.")).to_be_visible()
    take("paused")
    page.goto("/example")
    take("report")


def main(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for width, screen in SCREENS.items():
            for theme in ("light", "dark"):
                context = browser.new_context(base_url=address, color_scheme=theme, reduced_motion="reduce", **screen)
                page = context.new_page()
                ending = f"{width}-{theme}.png"
                walk(page, lambda name, page=page, ending=ending: page.screenshot(path=FOLDER / f"{name}-{ending}"))
                context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
