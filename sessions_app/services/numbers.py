"""The numbers of one's own interview, for practice: counted from the answers, judged by nobody.

Only what can be counted rightly is told. How long somebody thought before the first sentence is not measured, so it is
left out; words are not counted in languages that write them without blanks, and the most used ones only where there is
a list of the words that carry a sentence and not its subject.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sessions_app.ai.bank import mentions
from sessions_app.ai.wording import SMALL

MOST_TERMS = 12
MOST_WORDS = 5
_LEAST_LETTERS = 3
_WITHOUT_BLANKS = frozenset({"zh", "ja", "th", "lo", "km", "my", "bo"})
_STOP_WORDS: Mapping[str, frozenset[str]] = {"en": SMALL}
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


@dataclass(frozen=True)
class AnswerText:
    """One answer, and the number of its question. ``is_text`` is not so for code."""

    question: int
    text: str
    is_skip: bool = False
    is_text: bool = True


@dataclass(frozen=True)
class Numbers:
    """``words_each`` is the mean of the answers in words, ``longest`` the question and words of the longest of them.

    None or empty is what could not be counted, or did not come up.
    """

    answered: int
    skipped: int
    words_each: int | None = None
    longest: tuple[int, int] | None = None
    terms: Sequence[str] = ()
    frequent: Sequence[tuple[str, int]] = ()


def numbers_of(answers: Sequence[AnswerText], terms: Iterable[str] = (), language: str = "en") -> Numbers:
    """What can be counted in the answers of an interview.

    ``terms`` are the words of the rubric's points that are looked for, in the order in which they are told.
    """
    plain = language.split("-")[0].lower()
    given = [one for one in answers if not one.is_skip and one.text.strip()]
    prose = [one for one in given if one.is_text]
    counts = [] if plain in _WITHOUT_BLANKS else [(one.question, _words_in(one.text)) for one in prose]
    return Numbers(
        answered=len(given),
        skipped=len(answers) - len(given),
        words_each=round(sum(words for _, words in counts) / len(counts)) if counts else None,
        longest=max(counts, key=lambda count: count[1]) if len(counts) > 1 else None,
        terms=_used(terms, [one.text for one in given]),
        frequent=_frequent([one.text for one in prose], _STOP_WORDS.get(plain)),
    )


def _words_in(text: str) -> int:
    """What stands between blanks and has a letter or a digit in it."""
    return sum(any(sign.isalnum() for sign in part) for part in text.split())


def _used(terms: Iterable[str], texts: Sequence[str]) -> list[str]:
    """The terms that an answer has as whole words, each once whatever its case."""
    once: dict[str, str] = {}
    for term in terms:
        once.setdefault(term.casefold(), term)
    return [term for term in once.values() if any(mentions(text, term) for text in texts)][:MOST_TERMS]


def _frequent(texts: Iterable[str], stop_words: frozenset[str] | None) -> list[tuple[str, int]]:
    """The words that came up more than once, most often first; none without a list of what to leave out."""
    if stop_words is None:
        return []
    said = (word for text in texts for word in _WORD.findall(text.casefold().replace("’", "'")))
    counted = Counter(word for word in said if len(word) >= _LEAST_LETTERS and word not in stop_words)
    often = [(word, count) for word, count in counted.items() if count > 1]
    return sorted(often, key=lambda pair: (-pair[1], pair[0]))[:MOST_WORDS]
