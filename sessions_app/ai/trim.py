"""A smaller prompt for an interview that is about to run out of tokens."""

from __future__ import annotations

from dataclasses import replace

from .protocol import Exchange, Turn

RECENT = 2
RESUME_CHARACTERS = 800


def trimmed(turn: Turn) -> Turn:
    """The turn with the words of older exchanges and most of the résumé cut; equal to the turn if nothing is too long.

    Older exchanges stay as bare keys, so that what was asked is still known and is not asked again.
    """
    older, recent = turn.history[:-RECENT], turn.history[-RECENT:]
    return replace(turn, history=(*map(_without_words, older), *recent), resume=_beginning(turn.resume))


def _without_words(exchange: Exchange) -> Exchange:
    return replace(exchange, question="", answer="")


def _beginning(resume: str) -> str:
    """Its first lines, cut at the end of a word."""
    if len(resume) <= RESUME_CHARACTERS:
        return resume
    return resume[: RESUME_CHARACTERS - 1].rsplit(maxsplit=1)[0].rstrip() + "…"
