"""An answer read by a connected model for what it tells about dimensions: the counterpart of ``signs``.

The model proposes, code decides: a quote that is not the answer's words is dropped, numbers are kept within the rule's
bounds, and the answer stands fenced as data, so that nothing in it is an instruction.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from . import quotes
from .chat import ChatModel
from .dimensions import Dimension
from .prompts import prompt
from .protocol import Usage
from .signs import MAX_QUOTE, MOST_PER_SENTENCE, Sign

MAX_TOKENS = 1_200
ASKED_QUOTE = 240  # characters
_PER_DIMENSION = 2
_LEAST = 0.01  # a strength below says nothing


def read_with(chat: ChatModel, answer: str, question: str, wanted: Sequence[Dimension]) -> tuple[list[Sign], Usage]:
    """What the model found, in the order of ``signs``, and the tokens it took.

    Raises:
        ProviderError
    """
    reply, usage = chat.structured(_messages(answer, question, wanted), _schema(wanted), MAX_TOKENS)
    found = list(_checked(reply["evidence"], answer))
    return [sign for one in wanted for sign in _of(one.key, found)], usage


def _messages(answer: str, question: str, wanted: Sequence[Dimension]) -> list[dict[str, str]]:
    mark = secrets.token_hex(8)
    lines = (f"- {one.key} ({one.title}): {one.about} Low: {one.low} High: {one.high}" for one in wanted)
    told = prompt("read").filled(dimensions="\n".join(lines), mark=mark)
    parts = (f"QUESTION {mark}", question, f"END OF QUESTION {mark}", f"ANSWER {mark}", answer, f"END OF ANSWER {mark}")
    return [{"role": "system", "content": told}, {"role": "user", "content": "\n".join(parts)}]


def _schema(wanted: Sequence[Dimension]) -> dict[str, Any]:
    piece = {
        "dimension": {"type": "string", "enum": [one.key for one in wanted]},
        "quote": {"type": "string", "maxLength": ASKED_QUOTE},
        "polarity": {"type": "number", "minimum": -1, "maximum": 1},
        "strength": {"type": "number", "minimum": 0, "maximum": 1},
    }
    item = {"type": "object", "properties": piece, "required": list(piece), "additionalProperties": False}
    return {
        "type": "object",
        "properties": {"evidence": {"type": "array", "items": item, "maxItems": _PER_DIMENSION * len(wanted)}},
        "required": ["evidence"],
        "additionalProperties": False,
    }


def _checked(evidence: list[dict[str, Any]], answer: str) -> Iterator[Sign]:
    """The pieces whose quotes are in the answer."""
    for piece in evidence:
        span = quotes.find(piece["quote"], answer)
        strength = min(float(piece["strength"]), MOST_PER_SENTENCE)
        if span is not None and strength >= _LEAST:
            end = min(span.end, span.start + MAX_QUOTE)
            yield Sign(piece["dimension"], float(piece["polarity"]), strength, span.start, end)


def _of(key: str, found: Sequence[Sign]) -> list[Sign]:
    """The strongest pieces of a dimension, none from the same place, as they follow each other in the answer."""
    chosen: dict[int, Sign] = {}
    for sign in sorted((sign for sign in found if sign.dimension == key), key=lambda sign: -sign.strength):
        if len(chosen) < _PER_DIMENSION:
            chosen.setdefault(sign.start, sign)
    return [chosen[start] for start in sorted(chosen)]
