"""What a person's name may look like: one line that can be read, in any script."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

# Blank on every screen, though Unicode counts them as letters or symbols.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Control characters, the ends of lines and paragraphs, halves of characters.
_NOT_IN_A_LINE = frozenset({"Cc", "Zl", "Zp", "Cs"})


def why_no_name(name: str) -> str:
    """What is wrong with a name, with the remedy; nothing if it can be read. Empty ones are for whoever asks."""
    if any(unicodedata.category(character) in _NOT_IN_A_LINE for character in name):
        return _("Write the name in one line, without control characters.")
    if name and not any(_is_seen(character) for character in name):
        return _("Enter a name that can be read: this one has blank characters only.")
    return ""


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK
