"""What a model may not do as an interviewer, checked by code while it writes.

Text passes as it comes, except where it could still turn out to be a label, a thought, an earlier question, a farewell
or what a good answer would say: that is held back until it is decided, and nothing passes after it. The first question
mark ends it, so an answer of its own never gets through. Only that no question comes at all is known when it is over:
what was written until then has been seen, and is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .protocol import ProviderError, Usage

LONGEST = 600
LABELS = ("interviewer", "question", "next question", "follow-up question", "<think>")
LONGEST_LABEL = 32
LIKE = 0.8
LEAST_WORDS, LEAST_CHARACTERS = 3, 15  # either will do: not every script has spaces

CODES = frozenset({"NO_QUESTION", "REPEATED_QUESTION", "ANSWER_GIVEN_AWAY", "ENDED_EARLY"})

_MARKS = "?？؟\u037e"  # the last is Greek
_THOUGHT = re.compile(r"\A\s*<think>.*?(</think>\s*|$)", re.S)
_LABELLED = re.compile(r"\A[\s*_#\"“]*(interviewer|(next |follow-up )?question(\s*\d+)?)[\s*_]*[:：]", re.I)
_OTHER_SPEAKER = re.compile(r"\n\s*[*_]*(candidate|interviewer|answer|note)[*_]*\s*[:：]", re.I)
_END = re.compile(r"[.!?؟](?=\s|$)|[。！？]|\n")
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W\u2e80-\u9fff\uac00-\ud7af]+")
_REQUEST = re.compile(
    r"\b(tell me|describe|walk me|talk me|explain|give me|give an example|imagine|suppose|show me|outline|sketch|"
    r"erzählen|beschreiben|erklären|schildern|nennen|décrivez|expliquez|racontez|describ[ae]|explique|cuénteme)\b",
    re.I,
)
_FAREWELLS = (
    *(f"conclude{s} {whose}" for s in ("", "s") for whose in ("the", "this", "our")),
    *(f"end of {whose} interview" for whose in ("the", "this", "our")),
    *("questions for me", "questions for us", "best of luck", "good luck", "goodbye"),
    *("am ende unseres", "fragen an mich", "fragen an uns", "auf wiedersehen"),
)
_FAREWELL = re.compile(rf"\b({'|'.join(_FAREWELLS)})\b", re.I)
_SENTENCES = {
    "NO_QUESTION": "The model did not ask a question.",
    "REPEATED_QUESTION": "The model asked what was asked before.",
    "ANSWER_GIVEN_AWAY": "The model gave an answer away.",
    "ENDED_EARLY": "The model wanted to end the interview.",
}


class Unfit(Exception):
    """It cannot be asked like that."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def as_error(self, usage: Usage) -> ProviderError:
        return ProviderError(self.code, _SENTENCES[self.code], retryable=True, usage=usage)


class Guard:
    """``asked`` are the earlier questions, ``hidden`` the phrases that a good answer would have."""

    def __init__(self, asked: Sequence[str], *, hidden: Sequence[str] = ()) -> None:
        self._asked = [words for text in asked for words in _questions_in(text)]
        self._hidden = [phrase.casefold() for phrase in hidden]
        self._never = (*_FAREWELLS, *self._hidden)
        self._raw, self._passed, self._refused = "", 0, ""
        self.is_done = False  # the question is whole, or nothing good can come any more

    def passed(self, piece: str) -> str:
        """What may be shown now, after this piece."""
        if self.is_done or not piece:
            return ""
        self._raw += piece
        text, self.is_done = _beginning(self._raw)
        held = self._held_from(text)
        self._refused = _too_much(text[:held], self._hidden)
        self.is_done = self.is_done or bool(self._refused)
        return "" if self.is_done else self._pass(text[:held])

    def rest(self) -> str:
        """What was held back, at the end. Raises Unfit."""
        text, _ = _beginning(self._raw)
        text = text.rstrip()
        if code := self._refused or self._fault(text):
            raise Unfit(code)
        return self._pass(text)

    def _pass(self, text: str) -> str:
        fresh = text[self._passed :]
        self._passed += len(fresh)
        return fresh

    def _held_from(self, text: str) -> int:
        """Up to where it may be shown: not what may be a label, not a sentence that was a question before, not the
        beginning of what must not be said.
        """
        begun_with = text.casefold()
        if len(text) < LONGEST_LABEL and any(
            label.startswith(begun_with) or begun_with.startswith(label) for label in LABELS
        ):
            return 0
        start = _last_sentence(text)
        if any(words[: len(begun)] == begun for begun in [_words(text[start:])[:-1]] for words in self._asked):
            return start
        return len(text) - self._undecided(text)

    def _undecided(self, text: str) -> int:
        """How many characters at the end may become what must not be said; a whole farewell may still be a part of a
        longer word.
        """
        longest = min(len(text), max(map(len, self._never)))
        ends = ((length, text[-length:].casefold()) for length in range(longest, 0, -1))
        return next((length for length, end in ends if any(one.startswith(end) for one in self._never)), 0)

    def _fault(self, text: str) -> str:
        asks = text[_last_sentence(text) :].strip()
        question = _words(asks)
        too_much = _too_much(text, self._hidden)
        if too_much == "ENDED_EARLY":
            return too_much
        is_short = len(question) < LEAST_WORDS and len(asks) < LEAST_CHARACTERS
        if is_short or len(text) > LONGEST or not (asks[-1:] in _MARKS or _is_request(asks)):
            return "NO_QUESTION"
        if any(_is_like(question, earlier) for earlier in self._asked):
            return "REPEATED_QUESTION"
        return too_much


def _too_much(text: str, hidden: Sequence[str]) -> str:
    """What must not be said: a farewell, or what a good answer would have."""
    if _FAREWELL.search(text):
        return "ENDED_EARLY"
    return "ANSWER_GIVEN_AWAY" if any(phrase in text.casefold() for phrase in hidden) else ""


def _beginning(raw: str) -> tuple[str, bool]:
    """The reply up to its first question mark, without thoughts and labels; and whether it is whole there."""
    text = _LABELLED.sub("", _THOUGHT.sub("", raw)).lstrip('\n\t *_#"“')
    other = _OTHER_SPEAKER.search(text)
    if other:
        text = text[: other.start()]
    for place, character in enumerate(text):
        if character in _MARKS and not _in_quotes(text[:place]):
            return text[: place + 1], True
    return text, bool(other) or len(text) > LONGEST


def _in_quotes(text: str) -> bool:
    """Whether a quotation is open at its end: the candidate's words may hold a question."""
    if "„" in text:
        return text.count("„") > text.count("“") + text.count("”")
    return text.count("“") > text.count("”") or text.count('"') % 2 == 1


def _last_sentence(text: str) -> int:
    """Where the last sentence begins, whole or not."""
    start = 0
    for end in _END.finditer(text.rstrip(), 0, max(0, len(text.rstrip()) - 1)):
        start = end.end()
    return start


def _is_request(sentence: str) -> bool:
    """A question without its mark: "Tell me …", and in Japanese what ends in ka."""
    return sentence[-1:] in ".!。" and (_REQUEST.search(sentence) is not None or sentence.endswith("か。"))


def _questions_in(text: str) -> Iterator[list[str]]:
    """The sentence of an earlier turn that asked: its last. What led to it may be said again."""
    yield _words(text[_last_sentence(text.strip()) :])


def _words(text: str) -> list[str]:
    """In small letters; in Chinese, Japanese and Korean every sign is one."""
    return _WORD.findall(text.casefold())


def _is_like(question: list[str], earlier: list[str]) -> bool:
    """The same words, or nearly so."""
    if question == earlier:
        return True
    ours, theirs = set(question), set(earlier)
    return min(len(ours), len(theirs)) > LEAST_WORDS and len(ours & theirs) / len(ours | theirs) >= LIKE
