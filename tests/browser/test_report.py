"""From the last answer to the report, with and without scripts; and a reviewer who rates before they see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import Server

from .backstage import shell
from .room import serving

Open = Callable[..., Any]
PASSWORD = "quiet-harbour-94"
PEOPLE = f"""
from sessions_app.models import User
User.objects.create_user("ann@example.com", "{PASSWORD}", name="Ann Smith")
User.objects.create_superuser("sam@example.com", "{PASSWORD}", name="Sam Staff")
"""
JUDGED = """
from sessions_app.models import Evaluation, User
from tests.judged import judged, set_evaluation_operation
session = judged(User.objects.get(email="ann@example.com"))
Evaluation.objects.filter(session=session).update(summary="Weighs reads against writes.", overall_score=68.1)
print(session.pk)
"""
BEING_SCORED = """
from datetime import timedelta
from sessions_app.models import Operation, User
from tests.judged import judged, set_evaluation_operation
session = judged(User.objects.get(email="ann@example.com"))
session.evaluations.all().delete()
operation = set_evaluation_operation(session, "running")
Operation.objects.filter(pk=operation.pk).update(lease_until=session.now + timedelta(hours=1))
print(session.pk)
"""
SCORED = """
from sessions_app.models import InterviewSession
from sessions_app.services.change import changing
from tests.factories import EvaluationFactory
from tests.judged import set_evaluation_operation
session = InterviewSession.objects.get(pk="{}")
set_evaluation_operation(session, "succeeded")
with changing(session.pk) as change:
    made = EvaluationFactory(session=session)
    told = dict(evaluation_id=made.pk, operation_id=session.pk, overall_score=71.0, method="model")
    change.record("evaluation.completed", **told)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("report"), word_ms=0, prepare=PEOPLE) as running:
        yield running


@pytest.fixture
def open_page(chromium: Any, server: Server) -> Iterator[Open]:
    """``open_page()``: a page of a new browser; what its console complains about fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_(**options: Any) -> Any:
        context = chromium.new_context(base_url=f"http://localhost:{server.port}", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def seeded(server: Server, code: str) -> str:
    """Run it beside the server; the last line it prints is a session's id."""
    return shell(server, code).strip().splitlines()[-1]


def sign_in(page: Any, email: str) -> None:
    page.goto("/login")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    press(page, "button", "Sign in")


def press(page: Any, role: str, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role(role, name=name, exact=True).click()


def interview(page: Any) -> None:
    """A practice interview with two answers, ended before its last question."""
    page.goto("/")
    press(page, "button", "Start System design")
    press(page, "button", "Begin interview")
    for number, said in enumerate(("I would ask how many reads there are for each write.", "I would cache."), start=1):
        for _ in range(20):
            if page.get_by_label("Your answer", exact=True).count():
                break
            press(page, "link", "Show the next question")
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Question {number} of about")
        page.get_by_label("Your answer", exact=True).fill(said)
        page.locator("#composer").get_by_role("button", name="Send answer").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Question {number + 1} of about")
    page.goto(f"{page.url.split('?')[0].rstrip('/')}/end")
    press(page, "button", "Finish anyway")


def test_without_scripts_one_looks_again_until_the_report_is_there(open_page: Open) -> None:
    page = open_page(java_script_enabled=False, viewport={"width": 360, "height": 800})
    interview(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Finished.")
    for _ in range(40):
        if page.get_by_role("link", name="Read the report").count():
            press(page, "link", "Read the report")
        if page.get_by_role("heading", name="Criteria").count():
            break
        page.wait_for_timeout(250)
        press(page, "link", "Check again")
    expect(page.get_by_text("Evidence coverage by the practice engine, not an AI")).to_be_visible()
    expect(page.get_by_text("Scored by AI")).to_have_count(0)
    page.get_by_text("I disagree", exact=True).first.click()
    page.get_by_label("What do you disagree with?").first.fill("I named the ratio.")
    page.get_by_role("button", name="Ask a person to look again").first.click()
    expect(page.get_by_text("You disagree:")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_says_by_itself_that_the_report_is_ready(open_page: Open, server: Server) -> None:
    session = seeded(server, BEING_SCORED)
    page = open_page()
    sign_in(page, "ann@example.com")
    page.goto(f"/sessions/{session}/done")
    expect(page.get_by_text("Scoring…")).to_be_visible()
    shell(server, SCORED.format(session))
    expect(page.get_by_role("link", name="Read the report")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("status").filter(has_text="Report ready")).to_have_count(1)


def test_a_quote_leads_to_where_it_was_said(open_page: Open, server: Server) -> None:
    session = seeded(server, JUDGED)
    page = open_page()
    sign_in(page, "ann@example.com")
    page.goto(f"/sessions/{session}/report")
    answer = page.get_by_text("I would add an index. It makes writes slower, and reads faster.")
    expect(answer).to_be_hidden()
    page.get_by_role("link", name=re.compile("Q1")).first.click()
    expect(answer).to_be_visible()
    expect(answer).to_be_in_viewport()


def test_a_reviewer_rates_before_they_see(open_page: Open, server: Server) -> None:
    session = seeded(server, JUDGED)
    page = open_page(viewport={"width": 1280, "height": 900})
    page.goto("/admin/")
    page.locator("[name=username]").fill("sam@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    press(page, "button", "Log in")
    page.goto(f"/admin/review/{session}/")
    assert "68" not in re.sub(r"[0-9a-f-]{36}", "", page.locator("#content").inner_html())

    said = page.get_by_text("I would add an index. It makes writes slower, and reads faster.").last
    said.evaluate("node => { const range = document.createRange(); range.setStart(node.firstChild, 22);"
                  " range.setEnd(node.firstChild, 44); getSelection().removeAllRanges();"
                  " getSelection().addRange(range); }")  # fmt: skip
    page.get_by_role("button", name="Quote for Criterion 0").click()
    expect(page.locator("#words-criterion-0")).to_have_value("It makes writes slower")
    for number, word in enumerate(("Strong", "Weak", "Solid")):
        page.locator(f"#rated-criterion-{number}").get_by_label(word, exact=True).check()
    page.get_by_label("Key take-aways").fill("Weighs costs.")
    page.get_by_label("Yes", exact=True).check()
    press(page, "button", "Submit")
    expect(page.get_by_text("Final score:")).to_be_visible()
    expect(page.get_by_text("68.1").first).to_be_visible()
    expect(page.get_by_text("It makes writes slower").first).to_be_visible()


def test_keys_choose_words_only_where_a_criterion_has_the_focus(open_page: Open, server: Server) -> None:
    page = open_page(viewport={"width": 1280, "height": 900})
    page.goto("/admin/")
    page.locator("[name=username]").fill("sam@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    press(page, "button", "Log in")
    page.goto(f"/admin/review/{seeded(server, JUDGED)}/")
    first, second = page.locator("#rated-criterion-0"), page.locator("#rated-criterion-1")
    page.keyboard.press("4")
    expect(page.locator(".rating :checked")).to_have_count(0)
    first.get_by_label("No", exact=True).focus()
    page.keyboard.press("4")
    expect(first.get_by_label("Strong", exact=True)).to_be_checked()
    expect(first.get_by_label("Strong", exact=True)).to_be_focused()
    second.locator("summary").first.focus()
    page.keyboard.press("5")
    expect(second.get_by_label("Not enough evidence")).to_be_checked()
    second.get_by_label("Note (optional)").press_sequentially("12 times")
    expect(second.get_by_label("Not enough evidence")).to_be_checked()
    expect(second.get_by_label("Note (optional)")).to_have_value("12 times")
    expect(page.locator("[data-keys-help]")).to_contain_text("1 no, 2 weak, 3 solid, 4 strong, 5 not enough evidence")
