"""Evaluations and what else happens to their session at the same moment, on real threads and both databases."""

from __future__ import annotations

from functools import partial

import pytest

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.events import broken_links
from sessions_app.models import Evaluation, InterviewSession, Operation
from sessions_app.services import sessions
from sessions_app.services.erasure import erase_session
from sessions_app.services.evaluating import retry_evaluation
from sessions_app.services.replay import contradictions
from sessions_app.services.running import run_operation
from tests import factories as f
from tests.judges import evaluate, finished
from tests.real_database import Crowd, real_database  # noqa: F401

pytestmark = pytest.mark.usefixtures("real_database")

ROUNDS = 5


def whole(session: InterviewSession) -> InterviewSession:
    """The session as it is stored, with a log that is unbroken and tells the same."""
    stored = f.fresh(session)
    assert list(broken_links(stored)) == []
    assert list(contradictions(stored)) == []
    return stored


def test_of_four_workers_one_evaluates() -> None:
    ann = f.UserFactory()
    with Crowd(4) as crowd:
        for _ in range(ROUNDS):
            session = finished(ann)
            crowd.at_once([partial(run_operation, session.evaluation_operation_id)] * 4)
            assert session.evaluations.count() == 1
            assert f.types(session).count("evaluation.completed") == 1
            assert whole(session).phase == "evaluated"


def test_of_four_retries_one_is_queued() -> None:
    ann, sam = f.UserFactory(), f.UserFactory(is_staff=True)
    with Crowd(4) as crowd:
        for _ in range(ROUNDS):
            session = evaluate(finished(ann))
            got = crowd.at_once([partial(retry_evaluation, session.pk, actor=Actor(sam))] * 4)
            refused = [what for what in got if not isinstance(what, Operation)]
            assert [type(what) for what in refused] == [errors.EvaluationInProgress] * 3
            assert session.operations.live().filter(kind="evaluation").count() == 1
            whole(session)


def test_reopening_and_evaluating_at_once_leave_no_report_that_counts() -> None:
    ann = f.UserFactory()
    with Crowd(2) as crowd:
        for _ in range(ROUNDS):
            session = finished(ann)
            reopen = partial(sessions.reopen_session, session.pk, minutes=5, reason="A call")
            crowd.at_once([reopen, partial(run_operation, session.evaluation_operation_id)])
            stored = whole(session)
            assert (stored.status, stored.evaluation_operation) == ("paused", None)
            assert not Evaluation.objects.current().filter(session=session).exists()
            assert not session.operations.live().filter(kind="evaluation").exists()


def test_erasing_and_evaluating_at_once_leave_no_word() -> None:
    with Crowd(2) as crowd:
        for _ in range(ROUNDS):
            ann = f.UserFactory()
            session = finished(ann)
            erase = partial(erase_session, session.pk, actor=Actor(ann))
            got = crowd.at_once([erase, partial(run_operation, session.evaluation_operation_id)])
            assert not [what for what in got if isinstance(what, Exception)], got
            assert not Evaluation.objects.filter(session=session).exists()
            assert not session.operations.live().exists()
