"""Document 3's contract: what runs in a conversation, and when it will be done."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from sessions_app.models import Operation

from .factories import created, ended, fresh, generating, paused, waiting, write_question

pytestmark = pytest.mark.django_db


def read(client, session_id, what):
    return client.get(f"/api/v1/conversations/{session_id}/{what}")


def ms(moment):
    return round(moment.timestamp() * 1000)


@pytest.mark.parametrize(
    ("make", "status"), [(generating, "active"), (waiting, "idle"), (paused, "idle"), (ended, "completed")]
)
def test_the_newest_operation_decides(ann, as_, make, status):
    session = fresh(make(ann))
    response = read(as_(ann), session.pk, "active-session")
    assert response.status_code == 200
    assert response.json() == {
        "sessionId": f"conversation:{ann.pk}:{session.turn.message_id}",
        "status": status,
        "cursor": str(session.last_seq),
        "conversationId": str(session.pk),
        "startedAt": ms(session.turn.created_at),
        "lastActivity": ms(session.last_activity_at),
    }


def test_a_task_is_estimated_from_recent_ones_and_then_real(ann, as_):
    session = generating(ann)
    running = read(as_(ann), session.pk, "task-status").json()
    turn = fresh(session).turn
    assert running == {
        "isActive": True,
        "sessionId": f"conversation:{ann.pk}:{turn.message_id}",
        "estimatedCompletion": ms(turn.created_at + timedelta(seconds=8)),
        "conversationId": str(session.pk),
    }
    write_question(session)
    finished = read(as_(ann), session.pk, "task-status").json()
    assert (finished["isActive"], finished["estimatedCompletion"]) == (False, ms(fresh(session).turn.finished_at))


def test_the_estimate_is_the_median_of_that_model(ann):
    for seconds in (1, 2, 9):
        turn = fresh(waiting(ann)).turn
        Operation.objects.filter(pk=turn.pk).update(finished_at=turn.started_at + timedelta(seconds=seconds))
    assert Operation.objects.usual_seconds("built-in") == 2
    assert Operation.objects.usual_seconds("another") == 8


@pytest.mark.parametrize(
    ("what", "error"), [("active-session", "No active session found"), ("task-status", "No background task found")]
)
def test_where_nothing_has_ever_run_the_body_is_theirs(ann, as_, what, error):
    session = created(ann)
    response = read(as_(ann), session.pk, what)
    assert response.status_code == 404
    assert json.loads(response.content) == {"error": error, "conversationId": str(session.pk)}


@pytest.mark.parametrize("what", ["active-session", "task-status"])
def test_no_access_and_no_such_conversation_are_the_same_403(ann, ben, as_, api, what):
    session = waiting(ann)
    for key in (session.pk, ben.pk, "not-an-id"):
        response = read(as_(ben), key, what)
        assert (response.status_code, response.content) == (403, b'{"detail":"Access denied to conversation"}')
    assert read(api, session.pk, what).status_code == 401


@pytest.mark.parametrize("what", ["active-session", "task-status"])
def test_it_is_one_small_read(ann, as_, django_assert_num_queries, what):
    session = waiting(ann)
    with django_assert_num_queries(1):
        read(as_(ann), session.pk, what)
