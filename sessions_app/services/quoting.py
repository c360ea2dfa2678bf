"""The candidate's own words: an answer cut into sentences to choose from, and words looked up in the answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from sessions_app.access import as_uuid
from sessions_app.ai import quotes
from sessions_app.models import InterviewSession, SessionMessage

MAX_QUOTE = 1_000
MOST_QUOTES = 10  # for one criterion

Quote = dict[str, Any]  # {message_id, start, end, quote}, as ReviewRating keeps it

_SENTENCE = re.compile(r"[^\n]*?(?:[.!?…]+[\"'”’)\]]*(?=\s|$)|(?=\n|$))", re.MULTILINE)


def sentence_places(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of an answer begin and end, in code points, without the space around them."""
    for found in _SENTENCE.finditer(text):
        said = found.group()
        start = found.start() + len(said) - len(said.lstrip())
        end = found.end() - (len(said) - len(said.rstrip()))
        if end > start and any(char.isalnum() for char in text[start:end]):
            yield start, min(end, start + MAX_QUOTE)


def answers_of(session: InterviewSession) -> list[SessionMessage]:
    """What the candidate said, oldest first; skipped questions have nothing to quote."""
    return answers_among(session.messages.history().filter(kind="answer"))


def answers_among(messages: Iterable[SessionMessage]) -> list[SessionMessage]:
    """As ``answers_of``, of messages that were read already."""
    return [one for one in messages if one.kind == "answer" and one.content and not one.is_skip]


def quote_at(answers: Iterable[SessionMessage], message_id: Any, start: Any, end: Any) -> Quote | None:
    """The words at a place; None where there is no such answer, or no such place in it."""
    key = as_uuid(message_id)
    answer = next((one for one in answers if one.pk == key), None)
    if answer is None or not _is_place(start, end, len(answer.content)):
        return None
    return _quote(answer.pk, start, end, answer.content[start:end])


class Looked:
    """Answers in which words are looked up: each is folded once, when the first words are asked for."""

    def __init__(self, answers: Sequence[SessionMessage]) -> None:
        self.answers = answers

    @cached_property
    def _folded(self) -> list[tuple[SessionMessage, quotes.Folded]]:
        return [(answer, quotes.Folded(answer.content)) for answer in self.answers]

    def quote_of(self, words: str) -> Quote | None:
        """The first place where the candidate said these words, by the rules of ``ai/quotes.py``."""
        if not words or len(words) > MAX_QUOTE:
            return None
        for answer, folded in self._folded:
            if span := quotes.find(words, folded):
                return _quote(answer.pk, span.start, span.end, span.of(answer.content))
        return None


def without_doubles(found: Sequence[Quote]) -> list[Quote]:
    return list({(quote["message_id"], quote["start"], quote["end"]): quote for quote in found}.values())


def _is_place(start: Any, end: Any, length: int) -> bool:
    are_numbers = type(start) is int and type(end) is int
    return are_numbers and 0 <= start < end <= length and end - start <= MAX_QUOTE


def _quote(message_id: UUID, start: int, end: int, words: str) -> Quote:
    return {"message_id": str(message_id), "start": start, "end": end, "quote": words}
