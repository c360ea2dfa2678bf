"""Staff invite people with a plain browser, and a candidate follows the link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server

from .room import serving

Open = Callable[..., Any]
EMAIL, PASSWORD = "sam@example.com", "quiet-harbour-94"
STAFF = f"""
from sessions_app.models import User
user = User(email="{EMAIL}", name="Sam Staff", is_staff=True, is_superuser=True)
user.set_password("{PASSWORD}")
user.save()
"""
LIST = "name,email\nKim Lee,kim@example.com\nBo,bo@nowhere\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("console"), word_ms=0, prepare=STAFF) as running:
        yield running


@pytest.fixture
def open_console(chromium: Any, server: Server) -> Iterator[Open]:
    """``open_console(...)`` is a browser in which staff are signed in; what its console complains about fails."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_(**options: Any) -> Any:
        context = chromium.new_context(base_url=f"http://localhost:{server.port}", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.goto("/admin/")
        page.locator("[name=username]").fill(EMAIL)
        page.locator("[name=password]").fill(PASSWORD)
        press(page, "Log in")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def press(page: Any, name: str, role: str = "button") -> None:
    with page.expect_navigation():
        page.get_by_role(role, name=name, exact=True).click()


def invite(page: Any, **typed: str) -> None:
    """Up to the preview."""
    page.goto("/admin/sessions_app/interviewsession/")
    press(page, "Invite people", "link")
    page.get_by_label("Template").select_option(label="System design")
    for label, text in typed.items():
        page.get_by_label(label, exact=True).fill(text)
    press(page, "Preview")


def fits(page: Any) -> bool:
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return bool(page.evaluate(width) <= 0)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_from_the_list_of_people_to_the_candidates_page(open_console, chromium, server, scripts):
    page, people = open_console(java_script_enabled=scripts), LIST.replace("kim@", f"kim-{scripts}@")
    invite(page, **{"… or a list": people})
    expect(page.get_by_text("1 of 2 can be invited.")).to_be_visible()
    expect(page.get_by_text("Enter an address like name@example.com.")).to_be_visible()
    press(page, "Change something")
    assert page.get_by_label("… or a list", exact=True).input_value().replace("\r", "") == people
    press(page, "Preview")
    press(page, "Invite 1 person")
    link = page.get_by_label("Link of Kim Lee", exact=True).input_value()
    expect(page.get_by_role("button", name="Copy the link of Kim Lee")).to_be_visible(visible=scripts)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download links.csv").click()
    assert link in Path(downloading.value.path()).read_text(encoding="utf-8-sig")
    candidate = chromium.new_context().new_page()
    candidate.goto(link)
    expect(candidate.get_by_role("heading", level=1)).to_contain_text("System design")
    candidate.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone(open_console, scheme):
    page = open_console(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    invite(page, **{"… or a list": LIST, "Language": "de"})
    assert fits(page)
    page.get_by_role("button", name=re.compile("Change")).click()
    page.get_by_label("Name", exact=True).fill("Kim")
    press(page, "Preview")
    expect(page.get_by_role("alert")).to_contain_text("Enter one person or a list, not both.")
    assert fits(page)
    for name in ("invitation", "candidaterequest", "outgoingmessage", "interviewsession"):
        page.goto(f"/admin/sessions_app/{name}/")
        assert fits(page), name
