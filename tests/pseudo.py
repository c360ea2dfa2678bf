"""A language for tests, "en-XA": English in brackets, with accents, and longer by two fifths.

Whatever a page says outside the brackets was never given to be translated; and what fits in it will fit in German.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser

import pytest
from django.utils import translation
from django.utils.translation import trans_real

LANGUAGE = "en-xa"
OPENS, CLOSES = "⟦", "⟧"
LONGER = 0.4
_ACCENTS = str.maketrans("aeiouyAEIOUYcnsz", "àéîöûýÀÉÎÖÛÝçñšž")
_KEPT = re.compile(r"(%\(\w+\)[sd]|%%|</?[a-z]+[^>]*>|&\w+;|\{\w+\})")  # values, tags, entities
# Formats of dates are no words.
_CONTEXTS_OF_FORMATS = ("a date, in Django's letters for dates",)


@cache
def pseudo(sentence: str) -> str:
    """Such as "⟦Hélp~~⟧"."""
    parts = _KEPT.split(sentence)
    said = "".join(part if n % 2 else part.translate(_ACCENTS) for n, part in enumerate(parts))
    length = sum(len(part) for part in parts[::2])
    words = "".join(" ~~~~~~" for _ in range(round(length * LONGER) // 7)) + "~" * (round(length * LONGER) % 7)
    return f"{OPENS}{said}{words}{CLOSES}"


class Pseudo:
    """What Django asks of a language's catalogues; it has every sentence, those of libraries, too."""

    def gettext(self, sentence: str) -> str:
        context, separator, words = sentence.rpartition(trans_real.CONTEXT_SEPARATOR)
        if not words.strip() or (separator and context in _CONTEXTS_OF_FORMATS):
            return words
        return pseudo(words)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)

    def language(self) -> str:
        return LANGUAGE

    def to_language(self) -> str:
        return LANGUAGE


@contextmanager
def spoken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every page is in that language, whatever the browser asks for. The API and the console stay as they are."""
    monkeypatch.setitem(trans_real._translations, LANGUAGE, Pseudo())
    monkeypatch.setattr("sessions_app.pages.language.language_for", lambda *_: LANGUAGE)
    monkeypatch.setattr("sessions_app.pages.preferences.language_for", lambda *_: LANGUAGE)
    with translation.override(LANGUAGE):
        yield


# What no catalogue holds: code, what people and models wrote, names, and other languages.
_CONTENT = {"code", "pre", "bdi", "script", "style", "kbd", "samp"}
_SPOKEN_ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "aria-description")
_ZONES = ("zone", "time_zone")  # lists of places
_EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, bool]] = []
        self.depth = 0
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        is_zones = tag == "select" and told.get("name") in _ZONES
        is_content = tag in _CONTENT or is_zones or told.get("dir") == "auto" or ("lang" in told and tag != "html")
        if tag not in _EMPTY:
            self.open.append((tag, is_content))
        if is_content and tag not in _EMPTY:
            return
        for name in _SPOKEN_ATTRIBUTES:
            self._hear(told.get(name) or "", 0)
        if tag == "input" and told.get("type") in ("submit", "button"):
            self._hear(told.get("value") or "", 0)

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            last, _ = self.open.pop()
            if last == tag:
                break

    def handle_data(self, text: str) -> None:
        if not any(is_content for _, is_content in self.open):
            self.depth = self._hear(text, self.depth)

    def _hear(self, text: str, depth: int) -> int:
        """Keep what is outside of all brackets and has letters; brackets may go on over several nodes."""
        words = ""
        for character in text:
            if character == OPENS:
                depth += 1
            elif character == CLOSES:
                depth -= 1
            elif depth == 0:
                words += character
        if re.search(r"[^\W\d_]", words):
            self.outside.append(" ".join(words.split()))
        return max(0, depth)


def unmarked(html: str) -> list[str]:
    """Every text of a page, seen or read aloud, that was not given to be translated."""
    reader = _Reader()
    reader.feed(html)
    return reader.outside


def told(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """By the text, the pages that have it."""
    pages: dict[str, list[str]] = {}
    for page, texts in found.items():
        for text in dict.fromkeys(texts):
            pages.setdefault(text, []).append(page)
    return pages
