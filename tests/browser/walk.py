"""A whole interview, as somebody at a browser walks through it: from the front page to the report.

What a person does is the same whatever the browser can do and the connection does; how each thing is pressed and
written differs, and is given by ``Hands``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from playwright.sync_api import Error, expect

from tests.crash.server import until

from .room import answer_field, stored

ANSWERS = (
    "First I would ask how many people use it, and how often.",
    "Then I would measure before I change anything: one slow query explains most days.",
    "Last I would write down what we learned, so that nobody has to learn it again.",
)
LONG = 40_000  # ms: a busy machine is no failure


class Hands(Protocol):
    def press(self, role: str, name: str) -> None: ...
    def write(self, text: str) -> None: ...
    def send(self) -> None: ...


class Mouse:
    """Points and clicks."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def press(self, role: str, name: str) -> None:
        self.page.get_by_role(role, name=name).first.click()

    def write(self, text: str) -> None:
        answer_field(self.page).fill(text)

    def send(self) -> None:
        self.press("button", "Send answer")


class Keys:
    """Never touches the mouse: goes from one element to the next with Tab, and presses Enter."""

    MOST = 80

    def __init__(self, page: Any) -> None:
        self.page = page

    def press(self, role: str, name: str) -> None:
        self._go_to(self.page.get_by_role(role, name=name).first)
        self.page.keyboard.press("Enter")

    def write(self, text: str) -> None:
        self._go_to(answer_field(self.page))
        self.page.keyboard.type(text)

    def send(self) -> None:
        self.page.keyboard.press("Control+Enter")

    def _go_to(self, target: Any) -> None:
        expect(target).to_be_visible(timeout=LONG)
        for _ in range(self.MOST):
            if target.evaluate("node => node === document.activeElement"):
                return
            self.page.keyboard.press(
                "Escape"
            )  # where Tab indents code, it leaves after this; elsewhere nothing happens
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} is not reached with Tab.")


class Patience(Mouse):
    """Tries again where the connection broke: goes back to where it was, looks, and presses once more."""

    def press(self, role: str, name: str) -> None:
        here = self.page.url
        for _ in range(15):
            with suppress(Error):
                self.page.get_by_role(role, name=name).first.click(timeout=5_000)
                self.page.wait_for_timeout(500)
            if self._is_past(role, name):
                return
            with suppress(Error):
                self.page.goto(here, wait_until="commit")
        raise AssertionError(f"{name} could not be pressed.")

    def _is_past(self, role: str, name: str) -> bool:
        """Whether it was carried out: what was pressed is not on the page that came."""
        with suppress(Error):
            self.page.wait_for_load_state("domcontentloaded", timeout=5_000)
            is_broken = self.page.url.startswith("chrome-error")
            return not is_broken and not self.page.get_by_role(role, name=name).count()
        return False

    def write(self, text: str) -> None:
        """Only with scripts answers wait on the device; a page whose scripts were cut off is loaded again."""
        for _ in range(15):
            with suppress(Error):
                self.page.locator("body[data-scripted]").wait_for(timeout=3_000)
                return super().write(text)
            with suppress(Error):
                self.page.reload(wait_until="commit")
        raise AssertionError("The scripts of the room never came.")


def asked(page: Any, number: int) -> None:
    """Question ``number`` is there to be answered; without scripts it is asked for by a link."""
    heading = page.get_by_role("heading", level=1)
    link = page.get_by_role("link", name="Show the next question")

    def is_there() -> bool:
        with suppress(Error):
            if answer_field(page).count() and f"Question {number} of" in heading.inner_text(timeout=2_000):
                return True
            if link.count() and not page.locator("body[data-scripted]").count():
                link.click(timeout=2_000)
        page.wait_for_timeout(150)
        return False

    until(is_there, LONG / 1000)


def whole_interview(page: Any, hands: Hands, *, between: Callable[[int], None] = lambda number: None) -> None:
    """Two clicks to the first question, three answers, a pause before the third, the end, the report.

    ``between(number)`` is called when an answer was sent.
    """
    page.goto("/")
    hands.press("button", "Start System design")
    hands.press("button", "Begin interview")
    for number, text in enumerate(ANSWERS, 1):
        asked(page, number)
        if number == 3:
            hands.press("button", "Pause")
            expect(page.get_by_text("Paused just now.")).to_be_visible(timeout=LONG)
            hands.press("button", "Resume")
            asked(page, number)
        hands.write(text)
        hands.send()
        between(number)
    asked(page, 4)
    assert stored(page) == list(ANSWERS)
    finish(page, hands)


def finish(page: Any, hands: Hands) -> None:
    """From the room to the report, which quotes nobody but the person who answered."""
    hands.press("link", "Finish")
    hands.press("button", "Finish anyway")
    expect(page.get_by_role("heading", name="Finished. Thank you")).to_be_visible(timeout=LONG)
    report = page.get_by_role("link", name="Read the report")

    def is_scored() -> bool:
        page.wait_for_timeout(300)
        return bool(report.count()) or not _looked_again(page)

    until(is_scored, LONG / 1000)
    hands.press("link", "Read the report")
    expect(page.locator(".report")).to_contain_text("Report", timeout=LONG)
    assert stored(page) == list(ANSWERS)


def _looked_again(page: Any) -> bool:
    """Without scripts the page does not change by itself."""
    with suppress(Error):
        page.reload()
    return True
