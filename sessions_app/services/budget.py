"""The token budget of a session: hold before a model is called, settle once when that attempt is over.

``tokens_reserved`` is what running attempts may still cost, ``tokens_used`` what the ledger (``TokenCharge``) has for
questions. Analyses and evaluations stand in the ledger, too, at the price of their day, but beyond the budget.
A reservation never lets the two pass the budget. A provider that counts more than it estimated is charged with what it
counted: that can only be the error of its estimate of the prompt, since the length of the reply is limited by request.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F

from sessions_app.ai.protocol import Usage
from sessions_app.models import InterviewSession, Operation, TokenCharge

from .change import Change
from .connections import price_of

WARNINGS = (75, 90)  # percent of the budget that is used
MILLION = 1_000_000


def hold(session_id: UUID, tokens: int) -> bool:
    """Set tokens aside for a call that is about to be made; False when the budget has not so many left.

    One conditional UPDATE: it waits for whoever holds the row and then looks at what is left by then.
    """
    left = InterviewSession.objects.filter(
        pk=session_id, token_budget__gte=F("tokens_used") + F("tokens_reserved") + tokens
    )
    return bool(left.update(tokens_reserved=F("tokens_reserved") + tokens))


def settle(change: Change, operation: Operation, counted: Usage | None = None, *, attempt: int | None = None) -> None:
    """Charge an attempt that is over, and give back what was held for it. Harmless where nothing was held or counted.

    ``counted`` is what the provider said; without it the attempt was killed, stopped or cut off, and is charged with
    all that was held. ``operation`` is read under the session's lock; ``attempt`` names one before its present one.
    """
    session, held = change.session, operation.reserved_tokens
    spent = counted if counted is not None else Usage(**operation.usage) if held else Usage()
    if not held and not spent.total:
        return
    session.tokens_reserved -= held
    session.tokens_used += spent.total
    operation.reserved_tokens, operation.usage = 0, spent.as_json()
    operation.save(update_fields=["reserved_tokens", "usage"])
    kind = "abandoned" if counted is None else "settled"
    charge = _charge(change, operation, spent, kind=kind, attempt=attempt)
    counts: dict[str, Any] = spent.as_json()
    change.record("tokens.charged", operation_id=operation.pk, attempt=charge.attempt, code=kind, **counts)
    _warn(change)


def note(change: Change, operation: Operation, counted: Usage, *, by: str = "") -> None:
    """Write down what an attempt at an analysis or an evaluation cost. The budget is for questions: it stays as it is.

    ``by`` names the model where it is not the operation's own. An attempt that was killed has told no count.
    """
    if counted.total:
        _charge(change, operation, counted, by=by)


def spend(change: Change) -> None:
    """The question that was just asked is the last: its answer leads to the closing words, whatever was planned.

    Unless staff added tokens while it was being written: then it goes on as if they had come right after it.
    """
    session = change.session
    if session.turn and session.events.filter(type="tokens.extended", at__gte=session.turn.started_at).exists():
        return
    session.is_budget_spent = True
    session.questions_left_out += session.planned_questions - session.current_question_number
    session.planned_questions = session.current_question_number


def reconsider(change: Change) -> None:
    """After the budget was extended: warnings come again, and a session whose tokens were spent can go on."""
    session = change.session
    session.warned_percent = max((percent for percent in WARNINGS if percent <= _percent_used(session)), default=0)
    if session.is_budget_spent and session.tokens_used + session.tokens_reserved < session.token_budget:
        session.is_budget_spent = False
        session.planned_questions += session.questions_left_out
        session.questions_left_out = 0


def cost_of(model_name: str, usage: Usage) -> tuple[Decimal | None, str]:
    """What the usage costs by the price of the model, with its currency; ``(None, "")`` without a price. One query."""
    price = price_of(model_name)
    if price is None:
        return None, ""
    cost = (usage.input_tokens * price["input"] + usage.output_tokens * price["output"]) / MILLION
    return cost.quantize(Decimal("0.000001")), price["currency"]


@dataclass(frozen=True)
class Spending:
    """Charges, oldest first, and what they add up to."""

    charges: list[TokenCharge]

    @property
    def used(self) -> Usage:
        return Usage(sum(c.input_tokens for c in self.charges), sum(c.output_tokens for c in self.charges))

    @property
    def costs(self) -> dict[str, Decimal]:
        """By currency, of what has a price."""
        costs: dict[str, Decimal] = defaultdict(Decimal)
        for charge in self.charges:
            if charge.cost is not None:
                costs[charge.currency] += charge.cost
        return dict(costs)


@dataclass(frozen=True)
class SessionUsage:
    """The ledger of a session, oldest first: its questions, which the budget is for, and what is beyond it."""

    charges: list[TokenCharge]
    budget: int
    reserved: int

    def spent_on(self, *kinds: str) -> Spending:
        """What operations of these kinds have cost."""
        return Spending([charge for charge in self.charges if charge.operation.kind in kinds])

    @property
    def questions(self) -> Spending:
        return self.spent_on("question")

    @property
    def analysis(self) -> Spending:
        return self.spent_on("analysis")

    @property
    def evaluation(self) -> Spending:
        return self.spent_on("evaluation")

    @property
    def beyond(self) -> Spending:
        return self.spent_on("analysis", "evaluation")

    @property
    def left(self) -> int:
        return max(0, self.budget - self.questions.used.total - self.reserved)

    @property
    def percent(self) -> int:
        return self.questions.used.total * 100 // max(1, self.budget)


def usage_of(session: InterviewSession) -> SessionUsage:
    """What the session has cost so far, by attempt and in total. One query."""
    charges = list(session.charges.select_related("operation"))
    return SessionUsage(charges, session.token_budget, session.tokens_reserved)


def _charge(
    change: Change,
    operation: Operation,
    spent: Usage,
    *,
    kind: str = "settled",
    attempt: int | None = None,
    by: str = "",
) -> TokenCharge:
    model_name = by or operation.model_name
    cost, currency = cost_of(model_name, spent)
    return TokenCharge.objects.create(
        session=change.session,
        operation=operation,
        attempt=operation.attempt if attempt is None else attempt,
        kind=kind,
        model_name=model_name,
        **spent.as_json(),
        total_tokens=spent.total,
        cost=cost,
        currency=currency,
        at=change.now,
    )


def _warn(change: Change) -> None:
    session = change.session
    for percent in WARNINGS:
        if session.warned_percent < percent <= _percent_used(session):
            session.warned_percent = percent
            change.record("tokens.warning", percent=percent)


def _percent_used(session: InterviewSession) -> int:
    return session.tokens_used * 100 // max(1, session.token_budget)
