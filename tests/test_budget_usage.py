"""What a session has cost, by attempt and in total, is told to staff and to nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from interviewer.prices import prices_from
from sessions_app.ai.protocol import ProviderError, Usage
from sessions_app.models import InterviewSession, Operation, User
from sessions_app.services import budget

from . import factories as f
from .judges import Judge, connected, evaluate, finished
from .metered import Metered, assert_balanced, with_budget

ROOT = Path(__file__).resolve().parents[1]
PRICES = {"oracle-9": {"input": Decimal("2.5"), "output": Decimal(10), "currency": "EUR"}}
NOTHING = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, "costs": []}


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
        "beyond_budget": {"analysis": NOTHING, "evaluation": NOTHING, "costs": [], "operations": []},
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
    assert budget.usage_of(session).questions.costs == {"EUR": Decimal("0.005750")}


# -- what is beyond the budget -----------------------------------------------------------------------------------------


def judged(ann: User, monkeypatch: pytest.MonkeyPatch, judge: Judge) -> InterviewSession:
    connected(monkeypatch, judge)
    return evaluate(with_budget(finished(ann, types=("technical", "behavioral")), 10_000))


@pytest.mark.django_db
@pytest.mark.usefixtures("priced")
def test_what_judging_costs_is_told_and_limits_nothing(
    ann: User, sam: User, as_: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = judged(ann, monkeypatch, Judge())
    told = as_(sam).get(f"/api/v1/sessions/{session.pk}/usage").json()
    (charge,) = told["beyond_budget"].pop("operations")
    costs = [{"currency": "EUR", "cost": "0.001300"}]
    spent = {"input_tokens": 200, "output_tokens": 80, "total_tokens": 280, "costs": costs}
    assert told["beyond_budget"] == {"analysis": NOTHING, "evaluation": spent, "costs": costs}
    assert (charge["purpose"], charge["model_name"], charge["cost"]) == ("evaluation", "oracle-9", "0.001300")
    assert (told["tokens_used"], told["tokens_left"], told["percent_used"]) == (0, 10_000, 0)
    assert (told["totals"], told["operations"]) == (NOTHING, [])
    assert "tokens.charged" not in f.types(session)


@pytest.mark.django_db
def test_what_a_judge_that_failed_cost_is_told_as_well(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    away = ProviderError("MODEL_OVERLOADED", "Busy.", retryable=True, usage=Usage(30, 3))
    session = judged(ann, monkeypatch, Judge(error=away))
    evaluate(evaluate(session))
    charges = session.charges.values_list("attempt", "total_tokens")
    assert list(charges) == [(1, 33), (2, 33), (3, 33)]  # the last one counted evidence instead
    assert session.evaluations.get().method == "evidence_coverage"
    assert budget.usage_of(session).evaluation.used == Usage(90, 9)


@pytest.mark.django_db
def test_what_was_judged_before_an_error_is_charged_too(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Judge()

    def twice(messages: Any, schema: Any, max_tokens: int) -> Any:
        if judge.sent:
            raise ProviderError("MODEL_UNREACHABLE", "Away.", retryable=True, usage=Usage(7, 0))
        return Judge.structured(judge, messages, schema, max_tokens)

    monkeypatch.setattr(judge, "structured", twice)
    session = judged(ann, monkeypatch, judge)
    assert budget.usage_of(session).evaluation.used == Usage(107, 40)


@pytest.mark.django_db
@pytest.mark.usefixtures("priced")
def test_what_reading_answers_costs_is_told(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = SimpleNamespace(name="oracle-9", structured=lambda *_: ({"evidence": []}, Usage(120, 30)))
    monkeypatch.setattr("sessions_app.services.analysing.chat_for", lambda model_name: reader)
    session = with_budget(f.waiting(ann, questions=2), 10_000)
    f.analyse(session)
    usage = budget.usage_of(session)
    assert (usage.analysis.used, usage.analysis.costs) == (Usage(120, 30), {"EUR": Decimal("0.000600")})
    assert (usage.questions.used, f.fresh(session).tokens_used) == (Usage(), 0)
    assert_balanced(session)


@pytest.mark.django_db
@pytest.mark.usefixtures("priced")
def test_the_console_shows_all_of_it(ann: User, sam: User, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session = judged(ann, monkeypatch, Judge())
    client.force_login(sam)
    page = client.get(f"/admin/sessions_app/interviewsession/{session.pk}/change/?tab=usage").content.decode()
    words = " ".join(page.split())
    assert "0 tokens for reading answers, 280 for scoring · 0.001300 EUR" in words
    assert "<td>Evaluation</td> <td>oracle-9</td> <td>1</td> <td>Settled</td> <td>200</td>" in words


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
