"""A provider that costs tokens, and what must always hold between a session, its operations and its ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sessions_app.ai.protocol import Estimate, Outcome, Turn, Usage
from sessions_app.models import InterviewSession, Operation

from . import factories as f

ESTIMATE = Estimate(prompt_tokens=600, max_output_tokens=200)
COUNTED = Usage(input_tokens=500, output_tokens=100)


class Metered(f.Words):
    """Estimates and counts what it is told; ``by_turn`` estimates from the turn."""

    def __init__(
        self,
        *pieces: str | Exception,
        estimate: Estimate = ESTIMATE,
        counted: Usage = COUNTED,
        by_turn: Callable[[Turn], Estimate] | None = None,
    ) -> None:
        super().__init__(*pieces)
        self._estimate, self._by_turn, self._counted = estimate, by_turn, counted

    def estimate(self, turn: Any) -> Estimate:
        return self._by_turn(turn) if self._by_turn else self._estimate

    def ask(self, turn: Any) -> Any:
        for piece in super().ask(turn):
            told = isinstance(piece, Outcome)
            yield Outcome("technical", f"key-{len(turn.history)}", **self._counted.as_json()) if told else piece


def with_budget(session: InterviewSession, tokens: int, model_name: str = "oracle-9") -> InterviewSession:
    """The session with so many tokens, and a model that is not built in."""
    InterviewSession.objects.filter(pk=session.pk).update(token_budget=tokens, model_name=model_name)
    Operation.objects.filter(session=session).update(model_name=model_name)
    return f.fresh(session)


def tokens(session: InterviewSession) -> tuple[int, int]:
    """Used and reserved, as they are stored."""
    stored = InterviewSession.objects.get(pk=session.pk)
    return stored.tokens_used, stored.tokens_reserved


def charges(session: InterviewSession) -> list[tuple[int, str, int]]:
    """Attempt, kind and total of every charge, oldest first."""
    return list(session.charges.values_list("attempt", "kind", "total_tokens"))


def assert_balanced(session: InterviewSession) -> None:
    """The ledger equation: used is what was charged for questions, reserved is what running operations hold."""
    used, reserved = tokens(session)
    asked = session.charges.filter(operation__kind="question")
    assert used == sum(asked.values_list("total_tokens", flat=True))
    assert used == sum(i + o for i, o in asked.values_list("input_tokens", "output_tokens"))
    assert reserved == sum(session.operations.values_list("reserved_tokens", flat=True))
    assert reserved == sum(session.operations.filter(status="running").values_list("reserved_tokens", flat=True))
