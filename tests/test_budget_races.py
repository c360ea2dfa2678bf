"""Many calls at once against one budget, on real threads and a real database: never a token too many."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from sessions_app.ai.protocol import Estimate, Outcome, ProviderError, Usage
from sessions_app.models import InterviewSession, Operation, SessionMessage
from sessions_app.models.operation import OperationStatus
from sessions_app.services import operations
from sessions_app.services.operations import Claim, LeaseLost

from . import factories as f
from .metered import assert_balanced, charges, tokens, with_budget
from .real_database import Crowd, real_database  # noqa: F401

pytestmark = pytest.mark.usefixtures("real_database")

CALLS = 50


def running_calls(session: InterviewSession, count: int) -> list[Claim]:
    """That many operations of one session at work. A session has one live question, so these are analyses."""
    now, claims = timezone.now(), []
    for _ in range(count):
        row = Operation.objects.create(
            session=session,
            kind="analysis",
            status=OperationStatus.RUNNING,
            attempt=1,
            not_before=now,
            created_at=now,
            lease_until=now,
        )
        claims.append(Claim(row.pk, session.pk, row.pk, 1, "oracle-9"))
    return claims


def test_of_fifty_calls_at_once_exactly_those_that_fit_are_made() -> None:
    session = with_budget(f.created(f.UserFactory()), 7 * 140 + 139)
    claims = running_calls(session, CALLS)
    with Crowd(CALLS) as crowd:
        told = crowd.at_once([partial(operations.reserve, claimed, Estimate(100, 40)) for claimed in claims])
    assert sorted(map(str, told)) == ["False"] * (CALLS - 7) + ["True"] * 7
    assert tokens(session) == (0, 7 * 140)
    assert_balanced(session)


def test_of_fifty_calls_of_different_size_none_overdraws() -> None:
    session = with_budget(f.created(f.UserFactory()), 1_000)
    claims = running_calls(session, CALLS)
    sizes = [Estimate(30 + 7 * n, 10) for n in range(CALLS)]
    with Crowd(CALLS) as crowd:
        told = crowd.at_once([partial(operations.reserve, *pair) for pair in zip(claims, sizes, strict=True)])
    held = sum(size.as_usage.total for size, fits in zip(sizes, told, strict=True) if fits is True)
    assert {type(one) for one in told} == {bool}
    assert tokens(session) == (0, held)
    assert held <= 1_000
    refused = [size.as_usage.total for size, fits in zip(sizes, told, strict=True) if not fits]
    assert all(size > 1_000 - held for size in refused)


def at_work(rounds: int) -> Any:
    """Sessions whose question is being written, with the tokens of that call held."""
    for _ in range(rounds):
        session = with_budget(f.generating(f.UserFactory()), 1_000)
        claimed = operations.claim(session.turn_id)
        assert claimed is not None
        assert operations.reserve(claimed, Estimate(100, 40))
        yield session, claimed


def test_an_attempt_that_is_finished_failed_and_stopped_at_once_is_charged_once() -> None:
    error = ProviderError("X", "X", retryable=True, usage=Usage(9, 0))
    with Crowd(4) as crowd:
        for session, claimed in at_work(8):
            told = crowd.at_once(
                [
                    partial(operations.finish, claimed, "A question?", Outcome("technical", input_tokens=50)),
                    partial(operations.fail, claimed, error),
                    partial(operations.cancel_operation, session.turn_id),
                    partial(operations.release, claimed),
                ]
            )
            assert len(charges(session)) == 1, told
            assert tokens(session) in ((50, 0), (9, 0), (140, 0))
            assert_balanced(session)


def test_a_reservation_and_a_takeover_at_once_leave_no_token_behind() -> None:
    """Either it is held and then charged by whoever takes over, or the overtaken one gets nothing."""
    with Crowd(2) as crowd:
        for _ in range(10):
            session = with_budget(f.generating(f.UserFactory()), 1_000)
            old = operations.claim(session.turn_id)
            assert old is not None
            Operation.objects.filter(pk=session.turn_id).update(lease_until=F("created_at"))
            told, new = crowd.at_once(
                [partial(operations.reserve, old, Estimate(100, 40)), partial(operations.claim, session.turn_id)]
            )
            assert isinstance(new, Claim)
            expected = (140, 0) if told is True else (0, 0)
            assert told is True or isinstance(told, LeaseLost)
            assert tokens(session) == expected
            assert_balanced(session)


def test_a_reservation_and_a_pause_at_once_lose_neither() -> None:
    """A change that read the session before the tokens were held must not write the old number back."""
    from sessions_app.services import sessions

    with Crowd(2) as crowd:
        for _ in range(10):
            session = with_budget(f.generating(f.UserFactory()), 1_000)
            claimed = operations.claim(session.turn_id)
            assert claimed is not None
            crowd.at_once(
                [
                    partial(operations.reserve, claimed, Estimate(100, 40)),
                    partial(sessions.pause_session, session.pk),
                ]
            )
            assert tokens(session) == (0, 140)
            assert f.fresh(session).status == "paused"
    assert SessionMessage.objects.exists()
