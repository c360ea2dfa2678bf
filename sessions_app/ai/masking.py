"""Names and contact data, hidden from whoever judges: every letter replaced by one mark, so that places stay.

A score must not depend on who somebody is. Hidden are the candidate's names, addresses of mail and of profiles, and
telephone numbers. A name that is also a word ("Will", "Mark") is hidden only where it is written like a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MARK = "█"
_SHORTEST = 2

_CONTACT = (
    re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"(?:https?://)?(?:www\.)?(?:linkedin|github|gitlab|xing|twitter|x)\.com/\S+", re.I),
    re.compile(r"(?<![\w.])(?:\+|\(0|0)\d?(?:[ ()/.\-]{0,2}\d){6,13}(?![\w.]?\d)"),  # +49 170 …, (0170) …, 0170 …
    re.compile(r"(?<![\w.])\(?\d{3}\)?[ .\-]{1,2}\d{3}[ .\-]\d{4}(?![\w.]?\d)"),  # (555) 123-4567
)


def masked(text: str, names: Iterable[str]) -> str:
    """The text, of the same length, without those names and without contact data."""
    for pattern in (*_CONTACT, *_of_names(names)):
        text = pattern.sub(lambda match: re.sub(r"\S", MARK, match.group()), text)
    return text


def _of_names(names: Iterable[str]) -> Iterable[re.Pattern[str]]:
    """Whole names in any case; their parts where they begin with a capital."""
    for name in {" ".join(name.split()) for name in names if name.strip()}:
        parts = [part for part in re.split(r"[\s.,]+", name) if len(part) >= _SHORTEST]
        if len(parts) > 1:
            yield re.compile(r"\b" + r"\s+".join(map(re.escape, parts)) + r"\b", re.I)
        for part in parts:
            written = {part[0].upper() + part[1:], part.upper(), part.title()}
            yield re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(written)))})\b")
