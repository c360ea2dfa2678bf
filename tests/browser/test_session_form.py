"""The session form and the page about what it made, with scripts and without; time for many, in the console."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server

from .backstage import shell
from .test_console import open_console, press, server  # noqa: F401 (fixtures)

POSTING = {
    "name": "job.txt",
    "mimeType": "text/plain",
    "buffer": "Backend engineer\nYou build the sh\u200bop.".encode(),
}
_RUNNING = """
sam = User.objects.get(email="sam@example.com")
for name, minutes in (("Kim", 45), ("Bo", 20)):
    config = SessionConfig(candidate_name=name, time_limit_minutes=minutes)
    session = create_session(config, actor=Actor(sam))
    InterviewSession.objects.filter(pk=session.pk).update(status="paused", paused_at=database_now())
"""


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


def test_what_was_filled_in_is_offered_again_until_an_interview_is_made_of_it(open_console: Any) -> None:  # noqa: F811
    page = open_console()
    page.goto("/sessions/new")
    name, note = page.get_by_label("Candidate name"), page.locator("[data-kept-note]")
    expect(note).to_be_hidden()
    name.fill("Kim Lee")
    page.route("**/sessions/new", lambda route: route.abort())
    page.get_by_role("button", name="Create interview", exact=True).last.click()
    page.unroute("**/sessions/new")
    page.goto("/sessions/new")
    expect(name).to_have_value("")
    note.get_by_role("button", name="Put it back").click()
    expect(name).to_have_value("Kim Lee")
    expect(note).to_be_hidden()
    page.get_by_role("button", name="Create interview", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kim Lee")
    page.goto("/sessions/new")
    expect(name).to_be_visible()
    expect(note).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_staff_set_up_an_interview_and_pass_its_link_on(open_console: Any, scripts: bool) -> None:  # noqa: F811
    page = open_console(
        java_script_enabled=scripts, permissions=["clipboard-read", "clipboard-write"] if scripts else []
    )
    page.goto("/sessions/new")
    page.get_by_label("Candidate name").fill("Kim Lee")
    page.get_by_label("Candidate e-mail").fill(f"kim-{uuid.uuid4().hex[:6]}@example.com")
    page.get_by_label("… or upload a job posting").set_input_files(POSTING)
    page.get_by_label("Token budget").fill("2600")
    expect(page.get_by_text("This budget pays for about 2 exchanges.")).to_be_visible(visible=scripts)
    with page.expect_navigation():
        page.locator("form[data-session-form] .button--large").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Backend engineer")
    expect(page.get_by_text("Had characters that nobody sees; they were taken out")).to_be_visible()
    link = page.get_by_label("Invite link").input_value()
    copy = page.get_by_role("button", name="Copy", exact=True)
    expect(copy).to_be_visible(visible=scripts)
    if scripts:
        copy.click()
        expect(page.get_by_text("Copied.")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_role("button", name="Send e-mail").dblclick()
    expect(page.get_by_text("No mail server is set up, so nothing was sent")).to_be_visible()
    assert page.get_by_label("Invite link").input_value() == link
    press(page, "Create another with the same settings", "link")
    assert page.get_by_label("Token budget").input_value() == "2600"
    assert page.get_by_label("Candidate name").input_value() == ""
    expect(page.get_by_label("Job posting", exact=True).locator("option:checked")).to_contain_text("Backend engineer")


def test_many_get_a_share_of_their_limit_after_a_look_at_it(open_console: Any, server: Server) -> None:  # noqa: F811
    shell(server, "from sessions_app.models import InterviewSession\n" + _RUNNING)
    page = open_console(java_script_enabled=False)
    page.goto("/admin/sessions_app/interviewsession/?status=paused")
    for box in page.locator("input.action-select").all():
        box.check()
    page.locator("select[name=action]").first.select_option("extend_selected")
    press(page, "Go")
    page.get_by_label("+50 %").check()
    press(page, "Show what each gets")
    expect(page.get_by_text("45 min + 23 min (50 % of the limit) = 68 min")).to_be_visible()
    expect(page.get_by_text("20 min + 10 min (50 % of the limit) = 30 min")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("Add time or tokens: 2 sessions")).click()
    expect(page.get_by_text("2 sessions extended.")).to_be_visible()
