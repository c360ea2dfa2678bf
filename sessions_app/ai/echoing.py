"""Taking up the candidate's own words: a clause of an answer that can be quoted in a follow-up question."""

from __future__ import annotations

import re

from .coverage import shown
from .protocol import Question
from .wording import words_of

FEWEST_WORDS, MOST_WORDS = 4, 16
LONGEST = 110

# A clause ends at a sign, or before a word that begins the next one.
_CLAUSE_END = re.compile(
    r"[.!?;:,()\n–—]+(?=\s|$)|\s-\s|\s+(?=(?:because|but|so that|which|who|while|whereas|although|and then|so|and) )"
)
_LEADING = re.compile(
    r"^(?:and|but|so|then|also|because|which|that|well|ok|okay|yes|actually|basically|first)\s+", re.I
)
_PLAIN = re.compile(r"(?:[^\W_]|[\s'’%+#&/-])+")


def quotable(question: Question, answer: str) -> str:
    """The clause of the answer that says most of the question's rubric; empty if none is fit to be quoted.

    Only letters, digits and few signs, four to sixteen words: nothing that could be markup, and nothing cut off.
    """
    passages = [answer[passage.start : passage.end] for passage in shown(question, answer)]
    clauses = [clause for passage in passages for clause in _clauses(passage)]
    told = [(_said_of(question, clause), clause) for clause in dict.fromkeys(clauses)]
    return max(told, key=lambda pair: pair[0], default=(0.0, ""))[1] if any(said for said, _ in told) else ""


def _said_of(question: Question, clause: str) -> float:
    return sum(passage.strength for passage in shown(question, clause))


def _clauses(passage: str) -> list[str]:
    found = []
    for piece in _CLAUSE_END.split(passage):
        clause = _LEADING.sub("", _LEADING.sub("", piece.strip()))
        is_short = len(clause) <= LONGEST and FEWEST_WORDS <= len(list(words_of(clause))) <= MOST_WORDS
        if is_short and _PLAIN.fullmatch(clause):
            found.append(clause)
    return found
