"""A quote is the candidate's words, or it is none: the truth table of ``ai/quotes.py``."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.ai.quotes import Span, find

SAID = (
    "I’d put an index on “customer_id”, because the query filters by it — not on every column.\n"
    "Writes\tget   slower, of course. In Zürich we measured 40 ms; the cafe\u0301 next door had Wi-Fi.\n"
    "We would not cache prices. I use Redis for sessions only … and nothing else."
)

# fmt: off
TRUE = [
    ("word for word", "because the query filters by it", "because the query filters by it"),
    ("other case", "BECAUSE THE QUERY filters by it", "because the query filters by it"),
    ("straight for curly apostrophe", "I'd put an index on", "I’d put an index on"),
    ("straight for curly marks", 'on "customer_id", because', "on “customer_id”, because"),
    ("hyphen for dash", "filters by it - not on every column", "filters by it — not on every column"),
    ("one blank for a tab and several", "Writes get slower, of course", "Writes\tget   slower, of course"),
    ("one blank for a line's end", "every column. Writes get slower", "every column.\nWrites\tget   slower"),
    ("a line's end for a blank", "because the\nquery filters", "because the query filters"),
    ("composed for combining", "the café next door", "the cafe\u0301 next door"),
    ("combining for composed", "In Zu\u0308rich we measured", "In Zürich we measured"),
    ("full-width letters", "Ｗｒｉｔｅｓ get slower", "Writes\tget   slower"),
    ("no-break blanks", "we\u00a0measured\u202f40\u00a0ms", "we measured 40 ms"),
    ("a soft hyphen and a joiner", "mea\u00adsured 40\u200b ms; the", "measured 40 ms; the"),
    ("in quotation marks", "“because the query filters by it”", "because the query filters by it"),
    ("as a quoted line", "> because the query filters by it", "because the query filters by it"),
    ("ellipses around", "… because the query filters by it ...", "because the query filters by it"),
    ("an ellipsis inside", "I'd put an index … because the query",
     "I’d put an index on “customer_id”, because the query"),
    ("three dots inside", "Writes ... slower, of course", "Writes\tget   slower, of course"),
    ("an ellipsis in brackets", "Writes [...] slower, of course", "Writes\tget   slower, of course"),
    ("two ellipses", "I'd put … on … because the query", "I’d put an index on “customer_id”, because the query"),
    ("what was left out comes back", "We would … cache prices", "We would not cache prices"),
    ("an ellipsis that was said", "Redis for sessions only … and nothing else",
     "Redis for sessions only … and nothing else"),
]
FALSE = [
    ("one other word", "because the query sorts by it"),
    ("one letter less", "because the query filter by it"),
    ("a word more", "because the slow query filters by it"),
    ("a word less, unmarked", "because query filters by it"),
    ("other order", "by it filters the query because"),
    ("no accent", "In Zurich we measured"),
    ("no accent, combining", "the cafe next door"),
    ("half a word at its end", "because the query filt"),
    ("half a word at its beginning", "cause the query filters by it"),
    ("half a number", "In Zürich we measured 4"),
    ("too little", "the query"),
    ("nothing", ""),
    ("only marks", "“…”"),
    ("pieces in the wrong order", "slower, of course … because the query"),
    ("a piece that was not said", "because the query … is slow in general"),
    ("an ellipsis over half the text", "I'd put an index … and nothing else"),
    ("another alphabet's letters", "becаuse the query filters by it"),  # a Cyrillic а
    ("the judge's summary", "The candidate explains index trade-offs"),
]
# fmt: on


@pytest.mark.parametrize(("quote", "found"), [pytest.param(*row[1:], id=row[0]) for row in TRUE])
def test_it_finds_the_candidates_own_words(quote: str, found: str) -> None:
    span = find(quote, SAID)
    assert span is not None
    assert span.of(SAID) == found


@pytest.mark.parametrize("quote", [pytest.param(row[1], id=row[0]) for row in FALSE])
def test_it_finds_nothing_else(quote: str) -> None:
    assert find(quote, SAID) is None


def test_a_short_answer_can_be_quoted_as_a_whole() -> None:
    assert find("Redis", "Redis.") == Span(0, 5)
    assert find("Redis", "We use Redis.") is None


def test_scripts_without_spaces_need_fewer_characters() -> None:
    said = "書き込みが遅くなるので、索引は必要な列だけに付けます。"
    assert find("索引は必要な列", said) == Span(12, 19)
    assert find("索引", said) is None


def test_offsets_are_code_points_whatever_was_folded_before_them() -> None:
    said = "ﬁrst 😀 ẞ: it depends on the load"
    span = find("it depends on the load", said)
    assert span is not None and said[span.start : span.end] == "it depends on the load"


def test_a_ligature_is_not_cut() -> None:
    assert find("i could not say more of it", "ﬁ could not say more of it") is None


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_what_it_finds_is_what_was_quoted(said: str, start: int, end: int) -> None:
    """Whatever the text: a found passage, folded by Unicode's own rules, is the quote."""
    quote = said[start:end]
    span = find(quote, said)
    if span is not None and "…" not in quote and "..." not in quote:
        assert 0 <= span.start < span.end <= len(said)
        assert _bare(span.of(said)) == _bare(quote)


def _bare(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return [letter for letter in folded if letter.isalnum()]
