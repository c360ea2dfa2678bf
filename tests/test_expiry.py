"""When time runs out: at the deadline, with nobody watching, and without losing a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from sessions_app import errors, events
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Phase, Role, Status
from sessions_app.services import answers, operations, sessions
from sessions_app.services.answers import MAX_NOTES, NewAnswer
from sessions_app.services.sweep import sweep

from . import factories as f
from .clockwork import T0, after, claim, server_alive, waiting_at
from .places import VERBS, rows_of

pytestmark = pytest.mark.django_db

DEADLINE = after(minutes=5)
IN_GRACE = [timedelta(0), timedelta(seconds=9, milliseconds=999)]
TOO_LATE = DEADLINE + timedelta(seconds=10)


@pytest.fixture
def five_minutes(ann: User) -> InterviewSession:
    """Question 1 is open, and the deadline has just come with the server alive all the time."""
    session = waiting_at(ann, time_limit_minutes=5)
    server_alive(DEADLINE)
    return session


def send(session: InterviewSession, now: datetime, text: str = "An answer", **fields: Any) -> answers.Answered:
    user = User.objects.get(pk=session.candidate_id)
    return answers.submit_answer(session.pk, NewAnswer(text, **fields), actor=Actor(user), now=now)


def assert_expired_at(session: InterviewSession, moment: datetime) -> None:
    stored = f.fresh(session)
    assert (stored.status, stored.ended_at) == (Status.EXPIRED, moment)
    assert (stored.running_since, stored.deadline) == (None, None)
    assert stored.phase in (None, Phase.EVALUATING)  # the latter where something was answered
    entries = session.events.filter(type="session.expired")
    assert [(entry.at, entry.actor) for entry in entries] == [(moment, "system")]
    assert list(events.broken_links(stored)) == []


# -- who notices it ------------------------------------------------------------------------------------------------


def test_a_sweep_ends_it_at_the_deadline_with_no_browser_open(five_minutes: InterviewSession) -> None:
    sweep(now=TOO_LATE - timedelta(milliseconds=1))
    assert f.fresh(five_minutes).status == Status.ACTIVE
    sweep(now=TOO_LATE)
    assert_expired_at(five_minutes, DEADLINE)
    assert f.fresh(five_minutes).active_ms == 5 * 60_000


def test_a_late_sweep_records_the_deadline_and_not_itself(five_minutes: InterviewSession) -> None:
    server_alive(after(hours=1))
    sweep(now=after(hours=1, seconds=5))
    assert_expired_at(five_minutes, DEADLINE)
    assert f.fresh(five_minutes).remaining_ms(after(hours=2)) == 0


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("pause", "INVALID_SESSION_STATE"),
        ("complete", "INVALID_SESSION_STATE"),
        ("answer", "SESSION_EXPIRED"),
        ("skip", "SESSION_EXPIRED"),
        ("save_draft", "SESSION_EXPIRED"),
        ("generate_question", "SESSION_EXPIRED"),
    ],
)
def test_a_command_that_meets_it_fails_and_the_expiry_stays(action: str, code: str, ann: User) -> None:
    session = f.waiting(ann)
    over = session.deadline + timedelta(seconds=11) - session.now
    InterviewSession.objects.filter(pk=session.pk).update(
        running_since=session.running_since - over, deadline=session.deadline - over, alive_at=session.now
    )
    with pytest.raises(errors.DomainError) as refused:
        VERBS[action](session, Actor(ann))
    assert refused.value.code == code
    assert_expired_at(session, session.deadline - over)


def test_it_happens_once_however_often_it_is_noticed(five_minutes: InterviewSession) -> None:
    for seconds in range(5):
        sweep(now=TOO_LATE + timedelta(seconds=seconds))
        with pytest.raises(errors.SessionExpired):
            send(five_minutes, TOO_LATE + timedelta(seconds=seconds), client_message_id="same")
    assert_expired_at(five_minutes, DEADLINE)


def test_reading_an_overdue_session_changes_nothing(five_minutes: InterviewSession, ann: User) -> None:
    before = rows_of(five_minutes)
    session = sessions.get_session(five_minutes.pk, actor=Actor(ann))
    assert sessions.is_session_expired(session.pk, now=DEADLINE)
    assert not sessions.is_session_expired(session.pk, now=DEADLINE - timedelta(milliseconds=1))
    assert session.remaining_ms(TOO_LATE) == 0
    assert rows_of(five_minutes) == before


# -- the ten seconds of grace --------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", IN_GRACE)
def test_an_answer_on_its_way_is_taken_and_is_the_last(
    late: timedelta, five_minutes: InterviewSession, ann: User
) -> None:
    given = send(five_minutes, DEADLINE + late, "Just in time")
    assert (given.is_new, given.operation) == (True, None)
    assert_expired_at(five_minutes, DEADLINE)
    stored = f.fresh(five_minutes)
    assert (stored.active_ms, stored.message_count, stored.current_question_number) == (5 * 60_000, 2, 1)
    assert five_minutes.messages.history().last().content == "Just in time"
    assert not five_minutes.operations.live().filter(kind="question").exists()


def test_a_skip_on_its_way_is_taken(five_minutes: InterviewSession) -> None:
    send(five_minutes, DEADLINE + timedelta(seconds=1), "", skip=True)
    assert_expired_at(five_minutes, DEADLINE)
    assert five_minutes.messages.history().last().is_skip


def test_the_last_answer_of_the_plan_in_the_grace_brings_no_closing_words(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=5, planned_questions=1)
    server_alive(DEADLINE)
    send(session, DEADLINE + timedelta(seconds=1))
    assert [m.kind for m in session.messages.history()] == ["question", "answer"]
    assert_expired_at(session, DEADLINE)


@pytest.mark.parametrize("late", IN_GRACE)
def test_a_draft_on_its_way_is_kept_and_becomes_the_answer(
    late: timedelta, five_minutes: InterviewSession, ann: User
) -> None:
    answers.save_draft(five_minutes.pk, "Half a sent", 1, actor=Actor(ann), now=DEADLINE - timedelta(seconds=3))
    answers.save_draft(five_minutes.pk, "Half a sentence", 2, actor=Actor(ann), now=DEADLINE + late)
    assert f.fresh(five_minutes).status == Status.ACTIVE
    sweep(now=TOO_LATE)
    last = five_minutes.messages.history().last()
    assert (last.content, last.payload, last.created_at) == ("Half a sentence", {"auto_submitted": True}, DEADLINE)
    assert_expired_at(five_minutes, DEADLINE)


@pytest.mark.parametrize("action", ["pause", "complete", "cancel", "generate_question"])
def test_everything_else_is_refused_in_the_grace(
    action: str, five_minutes: InterviewSession, ann: User, sam: User
) -> None:
    actor = Actor(sam if action == "cancel" else ann)
    verb = {
        "pause": sessions.pause_session,
        "complete": sessions.end_session,
        "cancel": lambda pk, **k: sessions.cancel_session(pk, reason="A reason", **k),
        "generate_question": answers.generate_question,
    }[action]
    before = rows_of(five_minutes)
    with pytest.raises(errors.SessionExpired):
        verb(five_minutes.pk, actor=actor, now=DEADLINE + timedelta(seconds=1))
    assert rows_of(five_minutes) == before
    offered = f.fresh(five_minutes).allowed_actions(actor.roles_in(five_minutes), DEADLINE)
    assert offered == ([] if action == "cancel" else ["answer", "save_draft"])


# -- what was being written ----------------------------------------------------------------------------------------


def test_the_saved_draft_becomes_the_final_answer(five_minutes: InterviewSession, ann: User) -> None:
    answers.save_draft(five_minutes.pk, "What I had so far", 7, actor=Actor(ann), now=after(minutes=4))
    question = five_minutes.messages.get()
    sweep(now=TOO_LATE)
    last = five_minutes.messages.history().last()
    assert (last.role, last.kind, last.seq, last.content) == ("user", "answer", 2, "What I had so far")
    assert last.in_reply_to_id == question.pk
    assert last.payload == {"auto_submitted": True}
    assert last.created_at == last.completed_at == DEADLINE
    stored = f.fresh(five_minutes)
    assert (stored.draft_text, stored.message_count, stored.active_ms) == ("", 2, 5 * 60_000)
    assert f.types(five_minutes)[-3:] == ["message.created", "session.expired", "operation.queued"]  # to be judged


@pytest.mark.parametrize("draft", ["", "   \n"])
def test_an_empty_draft_is_no_answer(draft: str, five_minutes: InterviewSession, ann: User) -> None:
    answers.save_draft(five_minutes.pk, draft, 1, actor=Actor(ann), now=after(minutes=4))
    sweep(now=TOO_LATE)
    assert_expired_at(five_minutes, DEADLINE)
    assert five_minutes.messages.count() == 1


# -- what came too late --------------------------------------------------------------------------------------------


def test_a_late_answer_is_refused_and_kept_for_the_reviewer(five_minutes: InterviewSession) -> None:
    with pytest.raises(errors.SessionExpired):
        send(five_minutes, TOO_LATE, "Too late, but mine", client_message_id="late")
    assert_expired_at(five_minutes, DEADLINE)
    note = five_minutes.messages.notes().get()
    assert (note.content, note.seq, note.state) == ("Too late, but mine", None, "complete")
    assert [m.kind for m in five_minutes.messages.history()] == ["question"]
    assert f.fresh(five_minutes).message_count == 1


def test_a_late_answer_sent_again_is_one_note_and_another_text_a_conflict(five_minutes: InterviewSession) -> None:
    for _ in range(3):
        with pytest.raises(errors.SessionExpired):
            send(five_minutes, TOO_LATE, "Too late", client_message_id="late")
    with pytest.raises(errors.ClientIdConflict):
        send(five_minutes, TOO_LATE, "Something else", client_message_id="late")
    assert five_minutes.messages.notes().count() == 1


def test_twenty_notes_are_kept_and_no_more(five_minutes: InterviewSession) -> None:
    for number in range(MAX_NOTES + 3):
        with pytest.raises(errors.SessionExpired):
            send(five_minutes, TOO_LATE, f"Note {number}", client_message_id=str(number))
    kept = list(five_minutes.messages.notes().values_list("content", flat=True))
    assert kept == [f"Note {number}" for number in range(20)]


def test_a_late_skip_leaves_no_empty_note(five_minutes: InterviewSession) -> None:
    with pytest.raises(errors.SessionExpired):
        send(five_minutes, TOO_LATE, "", skip=True)
    assert not five_minutes.messages.notes().exists()


def test_an_answer_taken_in_time_is_acknowledged_again_however_late(five_minutes: InterviewSession) -> None:
    first = send(five_minutes, after(minutes=1), "In time", client_message_id="one")
    InterviewSession.objects.filter(pk=five_minutes.pk).update(closes_at=after(minutes=2))
    sessions.pause_session(five_minutes.pk, now=after(minutes=1))
    sweep(now=after(minutes=3))
    assert f.fresh(five_minutes).status == Status.EXPIRED
    again = send(five_minutes, after(minutes=9), "In time", client_message_id="one")
    assert (again.is_new, again.message.pk, again.operation) == (False, first.message.pk, first.operation)
    assert not five_minutes.messages.notes().exists()


def test_nobody_else_leaves_notes(five_minutes: InterviewSession, ben: User, sam: User) -> None:
    sweep(now=TOO_LATE)
    before = rows_of(five_minutes)
    for user, error in ((ben, errors.SessionNotFound), (sam, errors.SessionExpired)):
        with pytest.raises(error):
            answers.submit_answer(five_minutes.pk, NewAnswer("Hello"), actor=Actor(user), now=TOO_LATE)
    assert rows_of(five_minutes) == before


# -- the window ----------------------------------------------------------------------------------------------------

CLOSES = after(hours=1)


def test_a_session_that_was_never_started_expires_when_its_window_closes(ann: User) -> None:
    session = f.created(ann, now=T0, closes_at=CLOSES)
    sweep(now=CLOSES - timedelta(milliseconds=1))
    assert f.fresh(session).status == Status.CREATED
    sweep(now=CLOSES)
    assert_expired_at(session, CLOSES)
    assert f.fresh(session).active_ms == 0


def test_the_window_closes_without_grace(ann: User) -> None:
    session = f.created(ann, now=T0, closes_at=CLOSES)
    with pytest.raises(errors.InvalidSessionState):
        sessions.start_session(session.pk, actor=Actor(ann), now=CLOSES)
    assert_expired_at(session, CLOSES)
    other = f.created(ann, now=T0, closes_at=CLOSES)
    assert sessions.start_session(other.pk, now=CLOSES - timedelta(milliseconds=1)).status == Status.ACTIVE


def test_a_paused_session_expires_when_its_window_closes(ann: User) -> None:
    session = waiting_at(ann, closes_at=CLOSES)
    server_alive(after(minutes=1))
    sessions.pause_session(session.pk, actor=Actor(ann), now=after(minutes=1))
    with pytest.raises(errors.InvalidSessionState):
        sessions.resume_session(session.pk, actor=Actor(ann), now=CLOSES)
    assert_expired_at(session, CLOSES)
    assert f.fresh(session).active_ms == 60_000


def test_a_paused_candidates_draft_becomes_the_final_answer_when_the_window_closes(ann: User) -> None:
    session = waiting_at(ann, closes_at=CLOSES)
    answers.save_draft(session.pk, "Before the pause", 1, actor=Actor(ann), now=after(seconds=14))
    server_alive(after(minutes=1))
    sessions.pause_session(session.pk, actor=Actor(ann), now=after(minutes=1))
    sweep(now=after(hours=2))
    last = session.messages.history().last()
    assert (last.content, last.payload["auto_submitted"], last.created_at) == ("Before the pause", True, CLOSES)
    assert f.fresh(session).active_ms == 60_000


def test_a_question_in_the_making_is_dropped_when_the_window_closes(ann: User) -> None:
    session = f.generating(ann, now=T0, closes_at=CLOSES)
    claimed = claim(session, T0)
    operations.write(claimed, "Half a quest")
    sessions.pause_session(session.pk, now=after(seconds=1))
    sweep(now=CLOSES)
    assert_expired_at(session, CLOSES)
    message = session.messages.get()
    assert (message.state, message.content, message.seq) == ("failed", "", None)
    with pytest.raises(operations.LeaseLost):
        operations.write(claimed, "Half a question")
    assert operations.claim(claimed.operation_id, now=after(hours=2)) is None


def test_a_running_clock_goes_on_past_the_closing_of_the_window(ann: User) -> None:
    session = waiting_at(ann, closes_at=after(minutes=10), time_limit_minutes=30)
    server_alive(after(minutes=20))
    sweep(now=after(minutes=20))
    send(session, after(minutes=20))
    stored = f.fresh(session)
    assert (stored.status, stored.active_ms) == (Status.ACTIVE, 20 * 60_000)


@pytest.mark.parametrize("limit", [30, None])
def test_nobody_pauses_after_the_closing_since_nobody_could_resume(limit: int | None, ann: User, sam: User) -> None:
    session = waiting_at(ann, closes_at=after(minutes=10), time_limit_minutes=limit)
    server_alive(after(minutes=10))
    assert "pause" in session.allowed_actions(frozenset(Role), after(minutes=10) - timedelta(milliseconds=1))
    assert "pause" not in session.allowed_actions(frozenset(Role), after(minutes=10))
    before = rows_of(session)
    for user in (ann, sam):
        with pytest.raises(errors.WindowClosed, match="could not be resumed"):
            sessions.pause_session(session.pk, actor=Actor(user), now=after(minutes=10))
    assert rows_of(session) == before


def test_a_candidate_who_is_idle_after_the_closing_keeps_the_time_that_is_left(ann: User) -> None:
    session = waiting_at(ann, closes_at=after(minutes=10), time_limit_minutes=30)
    InterviewSession.objects.update(idle_minutes=5)
    server_alive(after(minutes=20))
    sweep(now=after(minutes=20))
    assert f.fresh(session).status == Status.ACTIVE
    send(session, after(minutes=20))


def test_an_interview_without_limit_ends_at_the_idle_pause_after_its_closing(ann: User) -> None:
    """Nothing else would end it. A session cannot have ended before its last answer."""
    session = waiting_at(ann, closes_at=after(minutes=10), time_limit_minutes=None)
    InterviewSession.objects.update(idle_minutes=5)
    answers.save_draft(session.pk, "Half an answer", 1, actor=Actor(ann), now=after(seconds=10))
    server_alive(after(minutes=13))
    sweep(now=after(minutes=13))
    sweep(now=after(minutes=14))
    assert_expired_at(session, after(minutes=13))
    assert session.messages.get(kind="answer").content == "Half an answer"


def test_a_session_without_limit_and_window_never_expires(ann: User) -> None:
    session = f.created(ann, now=T0)
    sweep(now=after(days=365))
    assert f.fresh(session).status == Status.CREATED
