"""How many tokens a text has at the most, without the tokenizer of any vendor."""

from __future__ import annotations

import math
from collections.abc import Iterable

# English has four characters to a token, German three and a half; scripts beyond Arabic up to two tokens a character.
ASCII_CHARACTERS = 3
PER_MESSAGE = 16
WIDE = 0x0800


def at_most(text: str) -> int:
    """Tokens of a text, guessed too high rather than too low."""
    plain = sum(character < "\x80" for character in text)
    wide = sum(ord(character) >= WIDE for character in text)
    return math.ceil(plain / ASCII_CHARACTERS) + (len(text) - plain) + wide


def in_messages(messages: Iterable[dict[str, str]]) -> int:
    """Tokens of a prompt, with what the vendor's template puts around each message."""
    return sum(at_most(message["content"]) + PER_MESSAGE for message in messages) + PER_MESSAGE
