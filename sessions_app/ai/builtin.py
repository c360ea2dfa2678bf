"""The built-in interviewer: prepared questions and rules, no model. It says so wherever it appears.

Deterministic: the same turn gives the same question. It opens with the posting and the résumé, goes through the plan,
and stays with a question once when the answer leaves rubric points open, taking up the candidate's own words where it
can. Its questions are English; where an interview is set to a language in which the bank has none, it says so. What it
says around the questions of staff, and at the end, is in the interview's language as far as ``phrases.toml`` has it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from django.conf import settings

from . import bank
from .bank import areas, mentions
from .coverage import open_points
from .echoing import quotable
from .leaving import leaves
from .phrases import ENGLISH, has_phrases, phrases
from .protocol import BUILT_IN, FREE, Estimate, Outcome, PastTurn, Point, Posting, ProviderError, Question, Turn
from .wording import listed

OPENING = "opening"
LAST = "last"
MAX_SECONDS = 4.0

_QUOTING = ("You said “{}”.", "You mentioned “{}”.", "I would like to take up “{}”.")


@dataclass(frozen=True)
class BuiltInInterviewer:
    """``word_seconds`` is the pace of writing; a question is done within four seconds whatever its length."""

    word_seconds: float = 0.0
    sleep: Callable[[float], None] = time.sleep
    name: str = BUILT_IN

    @classmethod
    def from_settings(cls) -> Self:
        return cls(word_seconds=settings.BUILTIN_WORD_MS / 1000)

    def estimate(self, turn: Turn) -> Estimate:
        return FREE

    def ask(self, turn: Turn) -> Iterator[str | Outcome]:
        yield from self._write(*next_question(turn))

    def _write(self, text: str, outcome: Outcome) -> Iterator[str | Outcome]:
        words = re.findall(r"\S+\s*", text)
        pause = min(self.word_seconds, MAX_SECONDS / max(1, len(words)))
        for word in words:
            if pause:
                self.sleep(pause)
            yield word
        yield outcome


@dataclass(frozen=True)
class LastQuestion(BuiltInInterviewer):
    """Asks the prepared last question, in place of a model for which the session has no tokens left."""

    def ask(self, turn: Turn) -> Iterator[str | Outcome]:
        yield from self._write(*last_question(turn))


def next_question(turn: Turn) -> tuple[str, Outcome]:
    """The text of the next question and where it comes from.

    Raises:
        ProviderError: the plan has no question left that was not asked.
    """
    last = turn.history[-1] if turn.history else None
    if last is None:
        return _first_question(turn)
    asked = turn.planned(last.key)
    if asked is not None and (point := _worth_a_follow_up(turn, asked, last)):
        return _follow_up(turn, asked, point, last), Outcome(asked.type, last.key, is_follow_up=True)
    planned = _next_planned(turn)
    lead = _lead_in(turn, last, _spoken(turn, planned.key))
    return f"{lead} {planned.text}".strip(), Outcome(planned.type, planned.key)


def _first_question(turn: Turn) -> tuple[str, Outcome]:
    if turn.posting or turn.resume or not turn.has_template:
        text, outcome = opening(turn), Outcome("behavioral", OPENING)
    else:
        planned = _next_planned(turn)
        text, outcome = planned.text, Outcome(planned.type, planned.key)
    is_foreign = _in_english(turn, outcome.key) and not bank.speaks(turn.language)
    return f"{phrases(turn.language).only_english} {text}" if is_foreign else text, outcome


def _in_english(turn: Turn, key: str) -> bool:
    """Whether a question is ours; staff may have written a template's questions in the interview's own language."""
    return bank.speaks(turn.language) or key == OPENING or bank.has(key)


def _spoken(turn: Turn, key: str) -> str:
    """The language of what leads to a question; empty where it stands alone, for want of words of its language."""
    if _in_english(turn, key):
        return ENGLISH
    return turn.language if has_phrases(turn.language) else ""


def opening(turn: Turn) -> str:
    """The first question, made from the posting and the résumé as far as there are any."""
    name = turn.candidate_name.split()[0] if turn.candidate_name.strip() else ""
    hello = f"Welcome, {name}." if name else "Welcome."
    task = "What was the problem, what did you decide yourself, and how did it turn out?"
    role = _role(turn.posting)
    shared = _shared_skills(turn.posting, turn.resume)
    if shared and turn.posting:
        line = _line_about(turn.resume, shared[0])
        matter = "matters" if len(shared) == 1 else "matter"
        return (
            f"{hello} We are talking about the {role}. Your résumé says “{line}”, and {listed(shared[:2])} "
            f"{matter} in this role. Tell me about the most demanding piece of work behind that line. {task}"
        )
    if _lines(turn.resume):
        line = _line_about(turn.resume, "")
        about = f"We are talking about the {role}. " if role else ""
        wish = f" that has the most to do with the {role}" if role else " you are proudest of"
        return f"{hello} {about}Your résumé says “{line}”. Tell me about the piece of work there{wish}. {task}"
    if turn.posting:
        stack = f", which asks for {listed(list(turn.posting.tech_stack[:3]))}" if turn.posting.tech_stack else ""
        return f"{hello} We are talking about the {role}{stack}. Which piece of your work fits it best? {task}"
    return f"{hello} To begin, tell me about a piece of work that shows well how you go about things. {task}"


def last_question(turn: Turn) -> tuple[str, Outcome]:
    """What ends an interview whose tokens are spent: a question that can be answered well, whatever came before."""
    outcome = Outcome("behavioral", LAST, by=BuiltInInterviewer.name, is_last=True)
    words = phrases(turn.language)
    if turn.history:
        return f"{_choose(words.thanks, turn)} {words.last}", outcome
    is_english = words == phrases(ENGLISH)
    return opening(turn) if is_english else words.naming(words.first, turn.candidate_name), outcome


def closing(candidate_name: str, language: str = ENGLISH) -> str:
    """What is said after the last planned answer, in the interview's language."""
    words = phrases(language)
    return words.naming(words.closing, candidate_name)


def _worth_a_follow_up(turn: Turn, asked: Question, last: PastTurn) -> Point | None:
    """The first open point of the last answer, if staying is worth it.

    Not after a skip or "I don't know", not twice on one question, and on at most a third of the questions.
    """
    if last.is_follow_up or leaves(last) or not turn.may_stay:
        return None
    return next((point for point in open_points(asked, [last.answer]) if point.follow_up), None)


def _follow_up(turn: Turn, asked: Question, point: Point, last: PastTurn) -> str:
    """The point's follow-up, after the candidate's own words if some of them can be quoted."""
    language = _spoken(turn, last.key)
    if not language:
        return point.follow_up
    quote = quotable(asked, last.answer) if language == ENGLISH else ""  # its rules are for English sentences
    lead = _choose(_QUOTING, turn).format(quote) if quote else _choose(phrases(language).staying, turn)
    return f"{lead} {point.follow_up}"


def _next_planned(turn: Turn) -> Question:
    asked = {exchange.key for exchange in turn.history}
    for question in turn.plan:
        if question.key not in asked:
            return question
    raise ProviderError("PLAN_EXHAUSTED", "All prepared questions have been asked.", retryable=False)


def _lead_in(turn: Turn, last: PastTurn, language: str) -> str:
    if not language:
        return ""
    words = phrases(language)
    if leaves(last):
        return _choose(words.after_skip, turn)
    return f"{_choose(words.thanks, turn)} {_choose(words.moving_on, turn)}"


def _choose(phrases: Sequence[str], turn: Turn) -> str:
    """One phrase after the other, from a place that depends on the session: no phrase twice in a row."""
    start = sha256(turn.seed.encode()).digest()[0]
    return phrases[(start + len(turn.history)) % len(phrases)]


def _role(posting: Posting | None) -> str:
    if posting is None:
        return ""
    return f"{posting.title} role" + (f" at {posting.company}" if posting.company else "")


def _shared_skills(posting: Posting | None, resume: str) -> list[str]:
    """What the posting's stack asks for and the résumé mentions, in the posting's order."""
    return [skill for skill in posting.tech_stack if mentions(resume, skill)] if posting else []


def _lines(resume: str) -> list[str]:
    """Its lines without their bullets; a résumé may be made of nothing but signs."""
    return [stripped for line in resume.splitlines() if (stripped := line.strip().lstrip(" \t•*-–·#"))]


def _line_about(resume: str, skill: str) -> str:
    """A line of the résumé worth quoting: the first that mentions the skill, else the first with some substance."""
    lines = _lines(resume)
    known = [word for area in areas() for word in area.skills]
    about = [line for line in lines if skill and mentions(line, skill)]
    rich = [line for line in lines if any(mentions(line, word) for word in known)]
    line = next(iter(sorted(about, key=len, reverse=True) or rich or sorted(lines, key=len, reverse=True)))
    return line if len(line) <= 140 else line[:139].rsplit(" ", 1)[0] + "…"
