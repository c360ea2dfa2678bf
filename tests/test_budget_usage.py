"""What a session has cost, by attempt and in total, is told to staff and to nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from interviewer.prices import prices_from
from sessions_app.ai.protocol import ProviderError, Usage
from sessions_app.models import InterviewSession, Operation, User
from sessions_app.services import budget

from . import factories as f
from .metered import Metered, with_budget

ROOT = Path(__file__).resolve().parents[1]
PRICES = {"oracle-9": {"input": Decimal("2.5"), "output": Decimal(10), "currency": "EUR"}}


@pytest.fixture
def session(ann: User) -> InterviewSession:
    """One abandoned and one settled attempt, of 10,000 tokens."""
    made = with_budget(f.generating(ann), 10_000)
    f.write_question(made, Metered(ProviderError("X", "X", retryable=True)))
    Operation.objects.update(not_before=made.created_at)
    f.write_question(made, Metered())
    return f.fresh(made)


@pytest.fixture
def priced(settings: Any) -> None:
    settings.MODEL_PRICES = PRICES


@pytest.mark.django_db
@pytest.mark.usefixtures("priced")
def test_staff_see_every_attempt_and_what_it_adds_up_to(session: InterviewSession, sam: User, as_: Any) -> None:
    told = as_(sam).get(f"/api/v1/sessions/{session.pk}/usage").json()
    first, second = told.pop("operations")
    assert told == {
        "session_id": str(session.pk),
        "token_budget": 10_000,
        "tokens_used": 1_400,
        "tokens_reserved": 0,
        "tokens_left": 8_600,
        "percent_used": 14,
        "is_budget_spent": False,
        "totals": {
            "input_tokens": 1_100,
            "output_tokens": 300,
            "total_tokens": 1_400,
            "costs": [{"currency": "EUR", "cost": "0.005750"}],
        },
    }
    assert (first["attempt"], first["kind"], first["total_tokens"], first["cost"]) == (1, "abandoned", 800, "0.003500")
    assert (second["attempt"], second["kind"], second["cost"]) == (2, "settled", "0.002250")
    assert (second["input_tokens"], second["output_tokens"]) == (500, 100)
    assert second["operation_id"] == first["operation_id"] == str(session.turn_id)
    assert (second["model_name"], second["currency"]) == ("oracle-9", "EUR")
    assert second["at"].endswith("Z")


@pytest.mark.django_db
def test_without_a_price_there_is_no_cost(session: InterviewSession, sam: User, as_: Any) -> None:
    told = as_(sam).get(f"/api/v1/sessions/{session.pk}/usage").json()
    assert {(row["cost"], row["currency"]) for row in told["operations"]} == {(None, None)}
    assert told["totals"]["costs"] == []


@pytest.mark.django_db
def test_the_candidate_is_not_told_and_a_stranger_finds_nothing(
    session: InterviewSession, ann: User, ben: User, as_: Any
) -> None:
    told = [as_(user).get(f"/api/v1/sessions/{session.pk}/usage") for user in (ann, ben)]
    assert [(one.status_code, one.json()["detail"]["code"]) for one in told] == [
        (403, "PERMISSION_DENIED"),
        (404, "SESSION_NOT_FOUND"),
    ]


@pytest.mark.django_db
def test_it_takes_one_query(session: InterviewSession, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        usage = budget.usage_of(session)
        assert [charge.total_tokens for charge in usage.charges] == [800, 600]


@pytest.mark.django_db
def test_a_price_is_what_it_was_when_the_tokens_were_spent(
    priced: None, session: InterviewSession, settings: Any
) -> None:
    settings.MODEL_PRICES = {}
    f.answer(session)
    f.write_question(session, Metered())
    assert list(session.charges.values_list("currency", flat=True)) == ["EUR", "EUR", ""]
    assert budget.usage_of(session).costs == {"EUR": Decimal("0.005750")}


@pytest.mark.django_db
def test_the_cost_is_counted_in_decimals(settings: Any) -> None:
    settings.MODEL_PRICES = PRICES
    assert budget.cost_of("oracle-9", Usage(1, 1)) == (Decimal("0.000012"), "EUR")  # 0.0000125, to the even cent
    assert budget.cost_of("oracle-9", Usage()) == (Decimal(0), "EUR")
    assert budget.cost_of("another", Usage(1, 1)) == (None, "")


def test_prices_are_read_from_the_environment() -> None:
    text = '{"oracle-9": {"input": 2.5, "output": 10, "currency": "EUR"}}'
    assert (prices_from(text), prices_from("")) == (PRICES, {})


@pytest.mark.parametrize(
    "text",
    [
        "cheap",
        "[]",
        "3",
        '{"m": 3}',
        '{"m": {"input": 1, "output": 1}}',
        '{"m": {"input": 1, "output": 1, "currency": "EUR", "cached": 1}}',
        '{"m": {"input": -1, "output": 1, "currency": "EUR"}}',
        '{"m": {"input": 1, "output": 1e9, "currency": "EUR"}}',
        '{"m": {"input": 1, "output": NaN, "currency": "EUR"}}',
        '{"m": {"input": "1", "output": 1, "currency": "EUR"}}',
        '{"m": {"input": true, "output": 1, "currency": "EUR"}}',
        '{"m": {"input": 1, "output": 1, "currency": "euro"}}',
    ],
)
def test_prices_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MODEL_PRICES is JSON such as"):
        prices_from(text)


def test_the_server_does_not_start_with_such_a_price(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "MODEL_PRICES": '{"m": {"input": "dear"}}'}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "MODEL_PRICES" in done.stderr.splitlines()[-1]
