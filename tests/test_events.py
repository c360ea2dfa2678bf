"""The log of a session: append-only, chained, without personal data."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sessions_app import events
from sessions_app.access import Actor
from sessions_app.models import EventReason, InterviewSession, Resume, SessionEvent, User
from sessions_app.models.event import EventsAreForEver
from sessions_app.services import answers, operations, sessions
from sessions_app.services.answers import NewAnswer

from . import factories as f

pytestmark = pytest.mark.django_db

EVENTS = "sessions_app_sessionevent"


def chain(session: InterviewSession) -> list[str]:
    return list(events.broken_links(f.fresh(session)))


def run_sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1


def by_hex(session: InterviewSession) -> str:
    return session.pk.hex if connection.vendor == "sqlite" else str(session.pk)


def test_an_event_is_never_edited_or_deleted(ann: User) -> None:
    session = f.waiting(ann)
    event = session.events.first()
    assert event is not None
    event.type = "session.cancelled"
    for attempt in (
        event.save,
        event.delete,
        session.events.all().delete,
        SessionEvent.objects.all().delete,
        lambda: SessionEvent.objects.update(type="session.cancelled"),
        lambda: session.events.filter(seq=1).update(data={}),
        lambda: SessionEvent.objects.bulk_update([event], ["type"]),
    ):
        with pytest.raises(EventsAreForEver), transaction.atomic():
            attempt()
    assert session.events.get(seq=1).type == "session.created"
    assert chain(session) == []


def test_events_go_with_their_session(ann: User) -> None:
    session, other = f.waiting(ann), f.waiting(ann)
    session.delete()
    assert set(SessionEvent.objects.values_list("session_id", flat=True)) == {other.pk}


def test_numbers_have_no_gap_and_every_entry_follows_the_one_before(ann: User) -> None:
    session = f.closing(ann)
    rows = list(session.events.all())
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [row.previous_hash for row in rows] == ["", *(row.hash for row in rows[:-1])]
    assert (f.fresh(session).last_seq, f.fresh(session).last_hash) == (rows[-1].seq, rows[-1].hash)
    assert chain(session) == []


@pytest.mark.parametrize(
    "tampering",
    [
        "SET type = 'session.paused' WHERE seq = 2",
        "SET actor = 'system' WHERE seq = 2",
        "SET actor = 'staff:1' WHERE seq = (SELECT max(seq) FROM sessions_app_sessionevent)",
        "SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 3",
        """SET data = '{"attempt": 9}' WHERE seq = 4""",
        "SET seq = 99 WHERE seq = 3",
        "SET previous_hash = 'abc' WHERE seq = 3",
        "SET hash = 'abc' WHERE seq = 3",
    ],
)
def test_a_changed_entry_is_found(tampering: str, ann: User) -> None:
    session = f.waiting(ann)
    run_sql(f"UPDATE {EVENTS} {tampering}")
    assert chain(session) != []


@pytest.mark.parametrize("which", ["min(seq)", "max(3)", "max(seq)"])
def test_a_removed_entry_is_found(which: str, ann: User) -> None:
    session = f.waiting(ann)
    run_sql(f"DELETE FROM {EVENTS} WHERE seq = (SELECT {which} FROM {EVENTS})")
    assert chain(session) != []


def test_an_entry_that_was_changed_and_hashed_again_is_found_by_its_successor(ann: User) -> None:
    session = f.waiting(ann)
    event = session.events.get(seq=2)
    event.type = "session.paused"
    run_sql(f"UPDATE {EVENTS} SET type = %s, hash = %s WHERE seq = 2", event.type, events.hash_of(event))
    assert chain(session) == ["event 3 does not follow the one before it"]


def test_an_entry_that_was_slipped_in_is_found(ann: User) -> None:
    session = f.waiting(ann)
    last = session.events.last()
    extra = SessionEvent(
        session=session,
        seq=last.seq + 1,
        type="session.paused",
        at=timezone.now(),
        actor="system",
        previous_hash=last.hash,
    )
    extra.hash = events.hash_of(extra)
    extra.save()
    assert chain(session) == [f"the log ends at event {extra.seq}, the session says {last.seq}"]


def test_an_entry_moved_to_another_session_is_found(ann: User) -> None:
    session, other = f.created(ann), f.created(ann)
    run_sql(f"DELETE FROM {EVENTS} WHERE session_id = %s", by_hex(other))
    run_sql(f"UPDATE {EVENTS} SET session_id = %s WHERE session_id = %s", by_hex(other), by_hex(session))
    assert chain(other) != []
    assert chain(session) != []


def test_a_reason_can_be_erased_and_not_rewritten(ann: User, sam: User) -> None:
    session = f.waiting(ann)
    sessions.cancel_session(session.pk, actor=Actor(sam), reason="Ann was ill that day")
    row = EventReason.objects.get(event__session=session)
    assert row.text == "Ann was ill that day"
    assert chain(session) == []
    EventReason.objects.filter(pk=row.pk).update(text="Ann did not come")
    assert chain(session) == [f"the reason of event {row.event.seq} was changed"]
    EventReason.objects.filter(pk=row.pk).delete()
    assert chain(session) == []
    assert session.events.last().data["reason_hash"]


def test_the_same_reason_twice_has_two_hashes(ann: User, sam: User) -> None:
    hashes = set()
    for _ in range(2):
        session = f.created(ann)
        sessions.cancel_session(session.pk, actor=Actor(sam), reason="No show")
        hashes.add(session.events.last().data["reason_hash"])
    assert len(hashes) == 2


def test_an_unknown_type_is_a_mistake_of_ours(ann: User) -> None:
    session = f.created(ann)
    with pytest.raises(ValueError, match=r"session\.exploded"):
        events.append(session, "session.exploded", actor="system", at=timezone.now())
    assert session.events.count() == 1


def test_one_moment_stands_in_every_entry_of_a_change(ann: User) -> None:
    session = f.waiting(ann)
    at = session.now + timedelta(seconds=3)
    answers.submit_answer(session.pk, NewAnswer("An answer"), actor=Actor(ann), now=at)
    assert {row.at for row in session.events.filter(seq__gt=session.last_seq)} == {at}


CANARIES = {
    "name": "Zebulon Quagmire",
    "email": "zebulon@canary.example",
    "answer": "canary-answer-4711",
    "draft": "canary-draft-4711",
    "reason": "canary-reason-4711",
    "challenge": "canary-challenge-4711",
    "resume": "canary-resume-4711",
    "posting": "canary-posting-4711",
    "question": "canary-question-4711",
    "provider": "canary-provider-4711",
    "note": "canary-note-4711",
}


def live_a_life(user: User, staff: User) -> list[InterviewSession]:
    """Everything that can happen to a session, with personal words wherever words go."""
    actor = Actor(user)
    config = {
        "candidate_name": CANARIES["name"],
        "candidate_email": CANARIES["email"],
        "challenge_text": CANARIES["challenge"],
        "resume_id": Resume.objects.create(owner=user, content=CANARIES["resume"]).pk,
        "job_posting_id": f.JobPostingFactory(owner=user, title=CANARIES["posting"]).pk,
    }
    session = f.created(user, **config)
    sessions.update_session(session.pk, actor=actor, planned_questions=2)
    sessions.start_session(session.pk, actor=actor)
    f.write_question(session, f.Words("Half ", RuntimeError(CANARIES["provider"])))
    operations.cancel_operation(f.fresh(session).turn_id, actor=actor)
    operations.retry_operation(f.fresh(session).turn_id, actor=actor)
    f.write_question(session, f.Words(CANARIES["question"]))
    answers.save_draft(session.pk, CANARIES["draft"], 1, actor=actor)
    sessions.pause_session(session.pk, actor=actor)
    sessions.resume_session(session.pk, actor=actor)
    f.answer(session, CANARIES["answer"], client_message_id="one")
    f.write_question(session)
    sessions.end_session(session.pk, actor=Actor(staff), reason=CANARIES["reason"])
    called_off = f.created(user, **config)
    sessions.cancel_session(called_off.pk, actor=Actor(staff), reason=CANARIES["reason"])
    overdue = f.waiting(user, **config)
    answers.save_draft(overdue.pk, CANARIES["draft"], 1, actor=actor)
    f.run_out(overdue)
    with pytest.raises(Exception, match="over"):
        f.answer(overdue, CANARIES["note"])
    return [session, called_off, overdue]


def test_the_log_holds_no_personal_data(sam: User, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    caplog.set_level("DEBUG", logger="interviewer")
    zebulon = f.UserFactory(email=CANARIES["email"], name=CANARIES["name"])
    lives = live_a_life(zebulon, sam)
    for session in lives:
        assert chain(session) == []
    said = json.dumps([list(SessionEvent.objects.values_list("type", "actor", "data"))], default=str)
    lines = caplog.text + "".join(capfd.readouterr())
    for what, words in CANARIES.items():
        for word in words.split():
            assert word not in said, what
            if what != "provider":  # the trace of a crash, which is for whoever runs the server
                assert word not in lines, what
    assert str(zebulon.pk) in said


def test_every_type_in_the_log_is_known_and_every_actor_an_id(sam: User, ann: User) -> None:
    live_a_life(ann, sam)
    assert set(SessionEvent.objects.values_list("type", flat=True)) <= events.TYPES
    actors = set(SessionEvent.objects.values_list("actor", flat=True))
    assert actors == {"system", f"candidate:{ann.pk}", f"staff:{sam.pk}"}
