"""Every page in a language made for tests: what was never given to be translated shows, and what is too long overflows.

The language is ``tests/pseudo.py``'s. Rows are made by the verbs while it is spoken, so what they would store
translated is found, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from sessions_app import errors
from sessions_app.pages.fences import LANGUAGES
from tests import pseudo

from .every_page import CANDIDATE, PUBLIC, Shown, show

PAGES = {**PUBLIC, **CANDIDATE}
# Names, and what templates, interviews and their judges said: content, which has a language of its own.
CONTENT = re.compile(
    r"\b(Interviewer|Ann Smith|Sam Staff|Kim|UTC|API|Markdown|PDF|JSON|Databases|built-in"
    r"|Practice interview|Criterion \d)\b"
)
# Made when the states of pages were listed, before this language was spoken.
MADE_BEFORE = (errors.DomainError, errors.PermissionDenied, errors.InvitationGone, errors.PayloadTooLarge)
EXPECTED = {*LANGUAGES.values(), *(str(error.sentence) for error in MADE_BEFORE)}
pytestmark = pytest.mark.timeout(300)  # all pages are made before the first test
SCROLLS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def pages(database: None, django_db_blocker: Any) -> Iterator[dict[str, Shown]]:
    with pytest.MonkeyPatch.context() as patch, pseudo.spoken(patch), django_db_blocker.unblock():
        yield {name: show(name, make, pseudo.LANGUAGE) for name, make in PAGES.items()}


def test_every_text_was_given_to_be_translated(pages: dict[str, Shown]) -> None:
    found = pseudo.told({name: pseudo.unmarked(shown.body.decode()) for name, shown in pages.items()})
    left = {
        text: names
        for text, names in found.items()
        if text not in EXPECTED and re.search(r"[^\W\d_]", CONTENT.sub("", text))
    }
    assert not left, "\n".join(f"{text!r} on {', '.join(names[:5])}" for text, names in left.items())


def test_none_scrolls_sideways_when_everything_is_longer(pages: dict[str, Shown], gallery: Any) -> None:
    narrow = {"width": 320, "height": 640}
    wide = {
        name: over
        for name, shown in pages.items()
        if (over := gallery.look(shown, viewport=narrow).evaluate(SCROLLS)) > 0
    }
    assert not wide, f"by so many pixels: {wide}"
