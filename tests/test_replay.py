"""The proof: what the rows say is what their log tells, through everything that can happen."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Operation, SessionMessage
from sessions_app.services import answers, operations, sessions
from sessions_app.services.replay import contradictions, fold

from . import factories as f

pytestmark = pytest.mark.django_db

PLACES = (f.created, f.generating, f.waiting, f.paused, f.closing, f.failed, f.ready_for_next, f.ended, f.expired)


def verify():
    errors = io.StringIO()
    try:
        call_command("verify_events", stderr=errors, stdout=io.StringIO())
    except CommandError:
        return errors.getvalue()
    return ""


@pytest.mark.parametrize("make", PLACES)
def test_every_place_is_told_by_its_log(make, ann):
    session = f.fresh(make(ann, **({"time_limit_minutes": 20} if make is f.expired else {})))
    assert list(contradictions(session)) == []
    assert verify() == ""


def test_a_whole_life_is_told_by_its_log(ann, sam):
    session = f.created(ann, time_limit_minutes=20)
    me, staff = Actor(ann), Actor(sam)
    sessions.update_session(session.pk, actor=me, time_limit_minutes=30, token_budget=5_000)
    sessions.start_session(session.pk, actor=me)
    f.write_question(session, f.broken())
    operations.cancel_operation(f.fresh(session).turn_id, actor=me)
    operations.retry_operation(f.fresh(session).turn_id, actor=me)
    f.write_question(session)
    sessions.extend_session(session.pk, minutes=7, reason="Fire drill", actor=staff)
    sessions.extend_session(session.pk, tokens=900, reason="Fire drill", actor=staff)
    sessions.pause_session(session.pk, actor=me)
    sessions.resume_session(session.pk, actor=me)
    f.answer(session, "One")
    f.write_question(session)
    answers.save_draft(session.pk, "Two, nearly", 3, actor=me)
    f.run_out(session)
    with pytest.raises(Exception, match="over"):
        f.answer(session, "Too late")
    sessions.reopen_session(session.pk, minutes=5, reason="The building was closed", actor=staff)
    sessions.resume_session(session.pk, actor=me)
    f.write_question(session)
    sessions.end_session(session.pk, actor=me)
    sessions.retake_session(session.pk, actor=me)
    told = fold(session.events.order_by("seq"))
    assert (told.status, told.extra_seconds, told.token_budget) == ("completed", 12 * 60, 5_900)
    assert verify() == ""
    sessions.erase_session(session.pk, actor=me)
    assert verify() == ""


@pytest.mark.parametrize("verb", ["end_session", "cancel_session"])
def test_what_ends_while_paused_is_paused_no_longer(ann, verb):
    session = f.paused(ann)
    getattr(sessions, verb)(session.pk, reason="No need to wait")
    assert f.fresh(session).paused_at is None
    assert verify() == ""


def test_the_log_can_be_told_up_to_any_event(ann):
    session = f.closing(ann)
    log = list(session.events.order_by("seq"))
    statuses = [fold(log[:length]).status for length in range(1, len(log) + 1)]
    assert statuses[0] == "created"
    assert set(statuses[1:]) == {"active"}
    counts = [fold(log[:length]).message_count for length in range(len(log) + 1)]
    assert counts == sorted(counts)
    assert counts[-1] == f.fresh(session).message_count


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"status": "completed"}, "status is completed in the session, active by its log"),
        ({"message_count": 1}, "message_count is 1 in the session, 3 by its log"),
        ({"current_question_number": 5}, "current_question_number is 5 in the session, 2 by its log"),
        ({"extra_seconds": 600}, "extra_seconds is 600 in the session, 0 by its log"),
        ({"token_budget": 200_000}, "token_budget is 200000 in the session, 50000 by its log"),
        ({"tokens_used": 9}, "tokens_used is 9 in the session, 0 by its log"),
        ({"started_at": None}, "started_at is empty in the session"),
        ({"ended_at": f.utc(2020, 1, 1)}, "ended_at is 2020-01-01T00:00:00.000000+00:00 in the session, empty"),
        ({"turn": None}, "the newest operation is none in the session"),
    ],
)
def test_a_changed_session_is_found(ann, columns, said):
    session = f.waiting(ann, questions=2)
    if columns.get("status") == "completed":
        InterviewSession.objects.filter(pk=session.pk).update(running_since=None)
    InterviewSession.objects.filter(pk=session.pk).update(**columns)
    assert f"session {session.pk}: {said}" in verify()


def test_a_removed_or_renumbered_or_added_message_is_found(ann):
    session, other, third = f.waiting(ann, questions=2), f.waiting(ann, questions=2), f.waiting(ann)
    session.messages.get(seq=2).delete()
    other.messages.filter(seq=3).update(seq=7)
    extra = SessionMessage(session=third, seq=2, role="user", kind="answer", created_at=third.now, state="complete")
    extra.save()
    found = verify()
    assert f"session {session.pk}: message 2 is missing" in found
    assert f"session {other.pk}: message 3 has the number 7 now" in found
    assert f"session {third.pk}: message 2 is in no entry of the log" in found


def test_a_changed_operation_is_found(ann):
    session = f.waiting(ann)
    Operation.objects.filter(pk=session.turn_id).update(status="failed")
    assert f"the newest operation is {session.turn_id} (failed) in the session" in verify()


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE sessions_app_sessionevent SET type = 'session.paused' WHERE type = 'session.started'", "was changed"),
        ("DELETE FROM sessions_app_sessionevent WHERE seq = 3", "event 3 is missing"),
    ],
)
def test_a_changed_or_removed_event_is_found_by_the_command(ann, tampering, said):
    f.waiting(ann)
    with connection.cursor() as cursor:
        cursor.execute(tampering)
        assert cursor.rowcount == 1
    assert said in verify()


def test_a_log_from_before_such_entries_is_not_held_against_a_session(ann):
    session = f.waiting(ann)
    log = list(session.events.order_by("seq"))
    log[0].data = {"planned_questions": 6}
    assert (fold(log).extra_seconds, fold(log).token_budget) == (None, None)
