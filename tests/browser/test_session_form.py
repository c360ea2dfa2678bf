"""The help of the session form: unfolded where there is room, folded elsewhere and without scripts."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize(
    ("width", "scripts", "is_open"), [(1280, True, True), (360, True, False), (1280, False, False)]
)
def test_the_help_is_open_where_there_is_room(
    width: int, scripts: bool, is_open: bool, chromium: Any, site: str
) -> None:
    context = chromium.new_context(base_url=site, viewport={"width": width, "height": 800}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/signup")
    page.get_by_label("Email").fill(f"{uuid.uuid4().hex[:8]}@example.com")
    page.get_by_label("Password").fill("quiet-harbour-94")
    with page.expect_navigation():
        page.get_by_role("button", name="Create account").click()
    page.goto("/sessions/new")
    words = page.get_by_text("A spent budget never cuts a candidate off")
    expect(words).to_be_visible(visible=is_open)
    page.get_by_text("Recommended settings").click()
    expect(words).to_be_visible(visible=not is_open)
    context.close()
