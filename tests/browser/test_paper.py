"""On paper: Chromium prints the report and the transcript, and the pages of the PDF say everything that counts."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader

from sessions_app.models import InterviewSession
from tests import factories as f
from tests.judged import judged

from .every_page import CODE, Cast, Made, Shown, Visit, of_room, show
from .gallery import Gallery

LAST = "The very last words of a long answer."


def _told(cast: Cast) -> InterviewSession:
    """A finished interview with code, something skipped, and an answer that needs more than one page."""
    session = judged(cast.ann, candidate_name="Ann Smith")
    longest = session.messages.filter(kind="answer").latest("seq")
    session.messages.filter(pk=longest.pk).update(
        content="\n\n".join([*[f"Line {n} of it." for n in range(90)], CODE, LAST])
    )
    return session


def paper(rest: str) -> Made:
    def make(cast: Cast) -> Visit:
        return of_room(_told(cast), rest, cast.ann)

    return make


@pytest.fixture
def printed(gallery: Gallery) -> Callable[[str], list[str]]:
    def on_paper(rest: str) -> list[str]:
        """The text of each sheet."""
        page: Shown = show(rest, paper(rest))
        assert page.status == 200
        tab: Any = gallery.look(page, color_scheme="dark")
        pdf = tab.pdf(format="A4", prefer_css_page_size=True, print_background=True)
        return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages]

    return on_paper


@pytest.mark.parametrize("rest", ["transcript?print=1", "transcript", "report?print=1", "report"])
def test_everything_that_was_said_is_on_paper(printed: Callable[[str], list[str]], rest: str) -> None:
    sheets = printed(rest)
    text = "\n".join(sheets)
    assert len(sheets) > 1
    assert LAST in text and "def shorten" in text and "Line 0 of it." in text
    assert "Interviewer:" in text and "Ann Smith:" in text


@pytest.mark.parametrize("rest", ["transcript?print=1", "report?print=1"])
def test_it_begins_with_whose_it_is_and_when(printed: Callable[[str], list[str]], rest: str) -> None:
    first = printed(rest)[0]
    assert "Ann Smith" in first and "Session 0" in first and "UTC" in first


@pytest.mark.parametrize("rest", ["transcript?print=1", "report?print=1", "report"])
def test_no_chrome_is_on_paper_and_sheets_are_numbered(printed: Callable[[str], list[str]], rest: str) -> None:
    sheets = printed(rest)
    text = "\n".join(sheets)
    for words in ("Sign out", "Staff console", "Take it with you", "I disagree", "Page for printing"):
        assert words not in text
    assert [f"{number} / {len(sheets)}" in sheet for number, sheet in enumerate(sheets, 1)] == [True] * len(sheets)


def test_the_reports_verdict_and_criteria_are_on_paper(printed: Callable[[str], list[str]]) -> None:
    text = "\n".join(printed("report?print=1"))
    assert "71 of 100" in text and "Criterion 0" in text and "Who did what" in text


def test_the_page_for_printing_is_unfolded_and_bare(gallery: Gallery) -> None:
    tab = gallery.look(show("bare", paper("report?print=1")))
    assert tab.locator("details.report__exchange:not([open])").count() == 0
    assert tab.locator(".masthead, .footer").count() == 0


def test_a_report_can_be_printed_by_who_only_presses_print(gallery: Gallery) -> None:
    """The page itself, folded as it is on the screen."""
    tab = gallery.look(show("folded", paper("report")))
    assert tab.locator("details.report__exchange:not([open])").count() > 0
    assert tab.get_by_role("link", name="Page for printing").count() == 1


def test_a_session_without_a_name_has_its_voices_told_apart(gallery: Gallery) -> None:
    def nameless(cast: Cast) -> Visit:
        session = f.ended(cast.ann)
        InterviewSession.objects.filter(pk=session.pk).update(candidate_name="")
        return of_room(session, "transcript?print=1", cast.ann)

    tab: Any = gallery.look(show("nameless", nameless))
    sheets = PdfReader(io.BytesIO(tab.pdf(format="A4"))).pages
    assert "Candidate:" in "".join(sheet.extract_text() for sheet in sheets)
