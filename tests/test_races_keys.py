"""The same request under the same ``Idempotency-Key``, several times at the same moment, on real threads."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from rest_framework.test import APIClient

from sessions_app import events
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Phase, Status

from . import factories as f
from .places import PLACES
from .real_database import Crowd, real_database  # noqa: F401

pytestmark = pytest.mark.usefixtures("real_database")

CROWD = 4
REASON = {"reason": "A reason"}

# Where, what is sent, and the one entry of the log that it leaves (a retake leaves another session).
CASES: dict[str, tuple[tuple[str, str | None], dict[str, Any], str]] = {
    "pause": ((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), {}, "session.paused"),
    "extend": ((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), {"minutes": 5, **REASON}, "time.extended"),
    "answers": ((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), {"answer_text": "Words"}, "message.created"),
    "generate-question": ((Status.ACTIVE, Phase.READY_FOR_NEXT), {}, "operation.queued"),
    "reopen": ((Status.EXPIRED, None), {"minutes": 5, **REASON}, "session.reopened"),
    "retake": ((Status.COMPLETED, None), {}, ""),
}


def send(user: User, path: str, body: dict[str, Any], key: str) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.post(path, body, format="json", headers={"Idempotency-Key": key})


@pytest.mark.parametrize("verb", CASES)
def test_it_is_carried_out_once_and_everybody_is_told_the_same_or_to_wait(verb: str) -> None:
    place, body, event = CASES[verb]
    ann = f.UserFactory(is_staff=True, email="ann@example.com")  # her own practice, and staff
    with Crowd(CROWD) as crowd:
        for round_ in range(3):
            session = PLACES[place](ann)
            before = f.types(session).count(event)
            path = f"/api/v1/sessions/{session.pk}/{verb}"
            told = crowd.at_once([partial(send, ann, path, body, f"{verb}-{round_}")] * CROWD)
            assert [one for one in told if isinstance(one, Exception)] == []
            assert_one_answer(told)
            assert f.types(session).count(event) == before + bool(event)
            assert InterviewSession.objects.filter(retake_of=session).count() == (verb == "retake")
            assert list(events.broken_links(f.fresh(session))) == []
            assert send(ann, path, body, f"{verb}-{round_}")["Idempotent-Replayed"] == "true"


def assert_one_answer(told: list[Any]) -> None:
    """One was carried out; the others were told its words again, or that it is still running."""
    done = [one for one in told if one.status_code < 300]
    waiting = [one.json()["detail"]["code"] for one in told if one.status_code >= 300]
    assert set(waiting) <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert sum("Idempotent-Replayed" not in one for one in done) == 1
    assert len({one.content for one in done}) == 1
