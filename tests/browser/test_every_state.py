"""Every cell of the table of pages and states (4-pages, 4.3) that candidates can be in says what the table says."""

from __future__ import annotations

import html

import pytest

from .every_page import show
from .gallery import PAGES

pytestmark = pytest.mark.django_db

# What the page of that name tells in that state and in no other: a word of its filters or its legend would not do.
TOLD = {
    "landing-empty": "No practice interviews yet",
    "landing-paused": "paused just now",
    "landing-ran-out": "Time ran out",
    "practice-list-nothing-matches": "Nothing matches.",
    "invite-revoked": "Error 410",
    "invite-switch-account": "Switch account",
    "invite-other-account": "has been used with an account",
    "invite-paused": "Paused — go to Resume",
    "invite-closed": "Closed on",
    "invite-finished": "This interview is finished.",
    "invite-cancelled": "was cancelled by the hiring team",
    "ready-refused": "Tick the box to say that you agree.",
    "ready-of-paused": "Resume",
    "ready-of-expired": "We saved everything you sent.",
    "room-generating": "Your first question",
    "room-failed": "There is no question to answer yet.",
    "room-paused": "Resume",
    "room-expired": "We saved everything you sent.",
    "done-nothing": "Nothing to score",
    "done-scoring": "Scoring…",
    "done-failed": "Scoring didn't work.",
    "done-again-later": "We'll try again at",
    "done-expired": "Time ran out",
    "done-hidden": "The hiring team will share the outcome.",
    "report-nothing": "Not enough evidence for a score",
    "report-nothing-said": "Nothing to score.",
    "report-scoring": "This usually takes less than a minute.",
    "report-failed": "Scoring didn't work.",
    "report-again-later": "We'll try again at",
    "report-of-paused": "Resume",
    "report-expired": "so the report covers what was said until then",
    "transcript-empty": "No messages yet",
    "transcript-paused": "Answer 1",
    "history-empty": "No interviews yet.",
    "history-nothing-matches": "Nothing matches.",
    "history-refused": "Choose one of the modes in the list.",
    "history-unfinished": 'Selected <span class="count">2</span>',
    "history-expired": 'Selected <span class="count">1</span>',
    "insights-empty": "Finish 3 more to see a trend.",
    "session-new-refused": "Something needs your attention",
    "error-503": "Back in a moment",
}


@pytest.mark.parametrize("name", TOLD)
def test_it_reads_right(name: str) -> None:
    body = " ".join(html.unescape(show(name, PAGES[name]).body.decode()).split())
    assert TOLD[name] in body


@pytest.mark.parametrize("name", ["ready-of-paused", "report-of-paused"])
def test_what_is_not_there_yet_leads_to_the_room(name: str) -> None:
    shown = show(name, PAGES[name])
    assert shown.status == 200 and shown.path.startswith("/sessions/") and shown.path.count("/") == 3
