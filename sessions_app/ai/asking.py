"""The interviewer that is a model. What comes next is decided by code; the model finds the words.

Code chooses the topic from the frozen plan, as the built-in interviewer does, so the plan is covered, no topic is
forgotten and none is come back to after "I don't know". The model phrases it with the conversation in mind, and
``Guard`` looks at every word of it before anybody reads it. Only a draft that ends without a question has been read by
then; it is taken back.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from . import tokens
from .briefing import Move, briefing, plan_of
from .builtin import next_question
from .chat import ChatModel, Messages
from .coverage import open_points
from .drafting import Guard, Unfit
from .leaving import leaves
from .prompts import prompt
from .protocol import Estimate, Outcome, PastTurn, ProviderError, Question, Turn, Usage
from .trim import fitted, trimmed

THIN_WORDS = 25
MARGIN_TOKENS = 64
PATIENCE_SECONDS = 3.0  # for the count of tokens, once the question is there


@dataclass(frozen=True)
class ModelInterviewer:
    """``patience`` is how many seconds are waited for the model's own count of tokens after its question."""

    chat: ChatModel
    patience: float = PATIENCE_SECONDS

    @property
    def name(self) -> str:
        return self.chat.name

    def estimate(self, turn: Turn) -> Estimate:
        return Estimate(tokens.in_messages(self._messages(turn, next_move(turn))), self._reply_tokens)

    def ask(self, turn: Turn) -> Iterator[str | Outcome]:
        move = next_move(turn)
        guard = Guard(turn.asked, hidden=_unsaid(move.hidden, turn))
        try:
            usage = yield from self._written(self._messages(turn, move), guard)
        except ProviderError as error:
            if error.code != "CONTEXT_TOO_LONG":
                raise
            usage = yield from self._written(self._messages(trimmed(turn), move), guard)
        try:
            yield guard.rest()
        except Unfit as unfit:
            raise unfit.as_error(usage) from unfit
        yield replace(
            move.outcome,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            notes={"prompt": prompt("ask").id},
            by=self.name,
        )

    @property
    def _reply_tokens(self) -> int:
        return self.chat.endpoint.max_output_tokens

    def _messages(self, turn: Turn, move: Move) -> Messages:
        """The prompt, made to fit into the model's context: older words go first, the plan never."""
        limit = self.chat.endpoint.context_tokens - self._reply_tokens - MARGIN_TOKENS
        fence, plan = secrets.token_hex(6), plan_of(turn)
        smaller = fitted(turn, lambda some: tokens.in_messages(briefing(some, move, plan, fence)) <= limit)
        return briefing(smaller, move, plan, fence)

    def _written(self, messages: Messages, guard: Guard) -> Generator[str, None, Usage]:
        """What the guard lets pass. Returns what the call cost; a reply is left when its question is there."""
        heard, asked_at = "", None
        with closing(self.chat.stream(messages, self._reply_tokens)) as pieces:
            for piece in pieces:
                if isinstance(piece, Usage):
                    return piece
                heard += piece
                yield guard.passed(piece)
                if guard.is_done:
                    asked_at = asked_at or time.monotonic()
                    if time.monotonic() - asked_at > self.patience:
                        break
        return Usage(tokens.in_messages(messages), min(tokens.at_most(heard), self._reply_tokens))


def next_move(turn: Turn) -> Move:
    """What is asked next. A thin answer is asked about even where the built-in interviewer would go on."""
    last = turn.history[-1] if turn.history else None
    if last is not None and _is_thin(last) and (question := turn.planned(last.key)) and turn.may_stay:
        return Move(Outcome(question.type, question.key, is_follow_up=True), question, _open_in(turn, question))
    try:
        text, outcome = next_question(turn)
    except ProviderError:  # the plan is through, the interview is not
        return Move(Outcome("technical", ""), None, ())
    question = turn.planned(outcome.key)
    if question is None:
        return Move(outcome, None, (), text)
    return Move(outcome, question, _open_in(turn, question))


def _is_thin(last: PastTurn) -> bool:
    """An answer that says something, and little."""
    if last.is_follow_up or not last.answer.strip() or leaves(last):
        return False
    return len(last.answer.split()) < THIN_WORDS


def _unsaid(phrases: tuple[str, ...], turn: Turn) -> tuple[str, ...]:
    """Without what the candidate said already: that may be picked up."""
    said = "\n".join(exchange.answer for exchange in turn.history).casefold()
    return tuple(phrase for phrase in phrases if phrase.casefold() not in said)


def _open_in(turn: Turn, question: Question) -> tuple[str, ...]:
    answers = [exchange.answer for exchange in turn.history if exchange.key == question.key]
    return tuple(point.statement for point in open_points(question, answers))
