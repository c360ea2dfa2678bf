"""What the pages for candidates say goes through gettext (4-pages, 13): no words of theirs stand bare in a template."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
# The console with its kit of components, the page of the API; letters and the words of scripts have tests of their own.
NOT_TRANSLATED = ("admin/", "kit/", "ui_kit", "drf_spectacular/", "letters/", "_words")
PAGES = sorted(
    name
    for name in (str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
    if not name.startswith(NOT_TRANSLATED)
)
SPOKEN = {"alt", "aria-label", "aria-description", "data-label", "placeholder", "title"}
NAMES = {"Interviewer"}  # the product's, which is the same in every language
TAGS = re.compile(
    r"{% comment %}.*?{% endcomment %}|{#.*?#}"
    r"|{% block (?:body|main)_class %}.*?{% endblock.*?%}"
    r"|{% blocktranslate.*?{% endblocktranslate %}"
    r"|{%.*?%}|{{.*?}}",
    re.DOTALL,
)


class Bare(HTMLParser):
    """Collects the words that stand in a page as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "code", "kbd"):
            self.inside.append(tag)
        self.found += [value for name, value in attrs if name in SPOKEN and value and has_words(value)]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside and has_words(data):
            self.found.append(data.strip())


def has_words(text: str) -> bool:
    return bool(set(re.findall(r"[^\W\d_]{2,}", text)) - NAMES)


def bare_words(template: str) -> list[str]:
    reader = Bare()
    reader.feed(TAGS.sub("", template))
    reader.close()
    return reader.found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_nothing_past_gettext(page: str) -> None:
    assert bare_words((TEMPLATES / page).read_text()) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<a title="Go">{% translate "Go" %}</a>', ["Go"]),
        ("<p {% if x %}hidden{% endif %}>{% blocktranslate %}Hello{% endblocktranslate %}</p>", []),
        ("<p>{{ name }} · 3 {# why #}</p><code>GET</code>", []),
    ],
)
def test_bare_words_are_found(template: str, found: list[str]) -> None:
    assert bare_words(template) == found


@pytest.mark.parametrize("page", PAGES)
def test_no_sentence_is_glued_from_an_english_plural(page: str) -> None:
    assert "|pluralize" not in (TEMPLATES / page).read_text()
