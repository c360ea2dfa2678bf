"""Whether the candidate left a topic: it is not come back to."""

from __future__ import annotations

import re

from .protocol import PastTurn

_NOT_KNOWN = re.compile(
    r"\W*((well|sorry|honestly|to be honest|hm+)\W+)*"
    r"(i\s+(really\s+|honestly\s+)?(don'?t|do not|wouldn'?t)\s+(know|remember|have an (answer|idea|example))"
    r"|(i('ve| have)\s+)?no (idea|clue|answer|example)|(i'?m |i am )?not (really )?sure|pass|skip|next( question)?"
    r"|nothing comes to mind|(i )?(can'?t|cannot) (say|answer|think of (one|anything|an example))"
    r"|(das )?wei(ß|ss) ich (leider )?nicht|keine ahnung|je ne sais pas|no (lo )?s[ée]|non (lo )?so)"
    r"(\s+(that|this|it|the answer|about (that|this|it)|that one|this one|right now|at the moment))?"
    r"([,. ]+(sorry|please|honestly|to be honest|pass|next( question)?( please)?))*\W*",
    re.I,
)


def leaves(exchange: PastTurn) -> bool:
    """By skipping it, or by saying that they do not know, in one of a few languages."""
    return exchange.skipped or _NOT_KNOWN.fullmatch(exchange.answer.replace("’", "'")) is not None
