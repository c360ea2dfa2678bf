"""What a model is told before it writes a question: the versioned prompt, filled from the turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .coverage import open_points
from .leaving import leaves
from .prompts import prompt
from .protocol import Outcome, PastTurn, Posting, Question, Turn

LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish",
    "tr": "Turkish",
    "ar": "Arabic",
}
FEW_TOKENS = 6_000
LONGEST_NAME = 40
SKIPPED = "(skipped)"
LEFT_OUT = "(an answer, left out here)"


@dataclass(frozen=True)
class Move:
    """What is asked next: a planned question or what is open in it, the opening ``text``, or anything that is new."""

    outcome: Outcome
    question: Question | None
    open: tuple[str, ...]
    text: str = ""

    @property
    def hidden(self) -> tuple[str, ...]:
        """Phrases that would give a good answer away: aliases of two words or more that the question does not say."""
        if self.question is None:
            return ()
        said = " ".join([self.question.text, *(point.follow_up for point in self.question.points)]).casefold()
        aliases = (alias for point in self.question.points for alias in point.aliases)
        return tuple(alias for alias in aliases if " " in alias.strip() and alias.casefold() not in said)


def briefing(turn: Turn, move: Move, plan: str, fence: str) -> list[dict[str, str]]:
    """The prompt and the conversation. ``plan`` is ``plan_of`` the whole turn, ``turn`` may be a smaller one.

    ``fence`` is a word that nobody could know, around what others wrote.
    """
    filled = prompt("ask").filled(
        language=_language(turn.language),
        fence=fence,
        posting=_posting(turn.posting) or "None is given.",
        resume=turn.resume.strip() or "None is given.",
        plan=plan or "There is no plan.",
        place=_place(turn),
        asked="\n".join(f"- {question}" for question in turn.asked) or "Nothing yet.",
    )
    words = f"{_conversation(turn, fence)}\n\nYour task now: {_task(turn, move, fence)}"
    return [{"role": "system", "content": filled}, {"role": "user", "content": words}]


def plan_of(turn: Turn) -> str:
    """Every planned question with what became of it, and what its answers have not shown yet."""
    return "\n".join(_plan(turn))


def _language(code: str) -> str:
    return LANGUAGES.get(code.partition("-")[0].lower(), code or "English")


def _posting(posting: Posting | None) -> str:
    if posting is None:
        return ""
    stack = f"Asks for: {', '.join(posting.tech_stack)}" if posting.tech_stack else ""
    company = f" at {posting.company}" if posting.company else ""
    return "\n".join(filter(None, [f"{posting.title}{company} ({posting.level})", stack, posting.description.strip()]))


def _plan(turn: Turn) -> Iterator[str]:
    for question in turn.plan:
        exchanges = [exchange for exchange in turn.history if exchange.key == question.key]
        is_left = any(leaves(exchange) for exchange in exchanges)
        state = "left: do not come back" if is_left else "asked" if exchanges else "not asked yet"
        yield f"- {question.text} [{state}]"
        answers = [exchange.answer for exchange in exchanges if exchange.answer.strip()]
        for point in open_points(question, answers) if answers and not is_left else ():
            yield f"  - open: {point.statement}"


def _place(turn: Turn) -> str:
    number = len(turn.history) + 1
    lines = [f"This is question {number} of {turn.planned_questions}."]
    if number >= turn.planned_questions > 1:
        lines.append("It is the last one: say so in a few words.")
    if turn.seconds_left is not None:
        lines.append(f"About {max(1, round(turn.seconds_left / 60))} minutes of the candidate's time are left.")
    if turn.tokens_left is not None and turn.tokens_left < FEW_TOKENS:
        lines.append(f"{turn.tokens_left:,} tokens are left for all that follows: be brief.")
    return "\n".join(lines)


def _conversation(turn: Turn, fence: str) -> str:
    if not turn.history:
        return "The interview has not begun."
    lines = [line for exchange in turn.history if exchange.question for line in _lines(exchange)]
    return "\n".join(["The conversation:", fence, *lines, fence])


def _lines(exchange: PastTurn) -> tuple[str, str]:
    answer = SKIPPED if exchange.skipped else exchange.answer.strip() or LEFT_OUT
    return f"Interviewer: {exchange.question}", f"Candidate: {answer}"


def _first_name(turn: Turn) -> str:
    """A single word of letters: a name is written by other people, too."""
    return next(iter(re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", turn.candidate_name)), "")[:LONGEST_NAME]


def _task(turn: Turn, move: Move, fence: str) -> str:
    again = " An earlier draft of yours could not be used: word it differently." if turn.attempt > 1 else ""
    return _what_to_ask(turn, move, fence) + again


def _what_to_ask(turn: Turn, move: Move, fence: str) -> str:
    greeting = f"Greet {_first_name(turn) or 'the candidate'} in one short sentence, then ask"
    if move.text:  # it quotes the résumé
        return (
            f"Open the interview. {greeting} one opening question in the sense of this draft, in your own words:\n"
            f"{fence}\n{move.text}\n{fence}\n"
        )
    if move.question is None:
        return (
            "The plan is through. Ask one question about something that matters for the position and was not talked "
            "about yet."
        )
    greeting = "Ask" if turn.history else greeting
    if not move.outcome.is_follow_up:
        return (
            f"{greeting} this planned question. Keep its meaning and its scope; fit the words to the conversation: "
            f"{move.question.text}"
        )
    wanted = "; ".join(move.open) or "a concrete example"
    return (
        "Stay with the last answer for one more question. Pick up something that the candidate said, in their own "
        f"words, and ask about what it left open. Still open, and not to be said by you: {wanted}"
    )
