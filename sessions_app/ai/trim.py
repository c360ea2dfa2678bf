"""A smaller prompt, for an interview that runs out of tokens or outgrows the model's context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from .protocol import PastTurn, Turn

RECENT = 2
RESUME_CHARACTERS = 800


def trimmed(turn: Turn) -> Turn:
    """The turn with the words of older exchanges and most of the résumé cut; equal to the turn if nothing is too long.

    Older exchanges stay as bare keys, so that what was asked is still known and is not asked again.
    """
    older, recent = turn.history[:-RECENT], turn.history[-RECENT:]
    return replace(turn, history=(*map(_without_words, older), *recent), resume=_beginning(turn.resume))


def fitted(turn: Turn, fits: Callable[[Turn], bool]) -> Turn:
    """The largest turn that fits: without the words of the oldest exchanges, then with less of the other texts.

    The smallest there is if none fits. The plan and what was asked stay whole in all of them.
    """
    smallest = turn
    for smallest in _smaller_and_smaller(turn):
        if fits(smallest):
            break
    return smallest


def _smaller_and_smaller(turn: Turn) -> Iterator[Turn]:
    yield turn
    for cut in range(1, len(turn.history) - RECENT + 1):
        older, recent = turn.history[:cut], turn.history[cut:]
        yield replace(turn, history=(*map(_without_words, older), *recent))
    small = trimmed(turn)
    yield small
    if small.posting:
        small = replace(small, posting=replace(small.posting, description=_beginning(small.posting.description)))
        yield small
    last = tuple(replace(exchange, answer=_beginning(exchange.answer)) for exchange in small.history[-1:])
    yield replace(small, history=(*map(_without_words, small.history[:-1]), *last), resume="")


def _without_words(exchange: PastTurn) -> PastTurn:
    return replace(exchange, question="", answer="")


def _beginning(text: str) -> str:
    """Its first lines, cut at the end of a word."""
    if len(text) <= RESUME_CHARACTERS:
        return text
    return text[: RESUME_CHARACTERS - 1].rsplit(maxsplit=1)[0].rstrip() + "…"
