"""More time, opened again, taken again, erased; warnings, idle sessions and pauses that have an end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessions_app import errors, events
from sessions_app.access import Actor
from sessions_app.ai.protocol import Outcome
from sessions_app.live import read
from sessions_app.models import IdempotencyKey, InterviewSession, InterviewTemplate, Operation, Resume, User
from sessions_app.models.actions import Phase, Status
from sessions_app.services import answers, operations, sessions
from sessions_app.services.change import _MOVING
from sessions_app.services.lifecycle import COPIED
from sessions_app.services.sweep import sweep

from . import factories as f
from .clockwork import T0, after, server_alive, waiting_at

pytestmark = pytest.mark.django_db
URL = "/api/v1/sessions"


def wrong_fields(call: Any) -> list[str]:
    with pytest.raises(errors.ValidationFailed) as refused:
        call()
    return sorted(error.field for error in refused.value.errors)


def set_to(session: InterviewSession, **fields: Any) -> None:
    InterviewSession.objects.filter(pk=session.pk).update(**fields)


def seconds_warned(session: InterviewSession) -> list[int]:
    return [e.data["seconds"] for e in session.events.filter(type="time.warning").order_by("seq")]


# -- extend --------------------------------------------------------------------------------------------------------


def test_the_deadline_of_a_running_clock_moves_with_the_time_that_staff_add(ann: User, sam: User) -> None:
    session = waiting_at(ann, time_limit_minutes=20)
    done = sessions.extend_session(session.pk, minutes=15, reason="Fire alarm", actor=Actor(sam), now=after(seconds=5))
    assert (done.deadline, done.extra_seconds, done.extensions) == (after(minutes=35), 900, 0)
    event = session.events.get(type="time.extended")
    assert (event.data["code"], event.data["milliseconds"], event.reason_row.text) == ("staff", 900_000, "Fire alarm")


def test_the_candidate_of_a_practice_session_adds_five_minutes_ten_times(ann: User) -> None:
    session, actor = f.waiting(ann), Actor(ann)
    assert wrong_fields(lambda: sessions.extend_session(session.pk, minutes=6, actor=actor)) == ["minutes"]
    for count in range(1, 11):
        assert sessions.extend_session(session.pk, minutes=5, actor=actor).extensions == count
    with pytest.raises(errors.PermissionDenied, match="as often as you can"):
        sessions.extend_session(session.pk, minutes=5, actor=actor)
    assert "extend" not in f.fresh(session).allowed_actions(actor.roles_in(session), session.now)
    assert f.fresh(session).extra_seconds == 3000
    assert {e.data["code"] for e in session.events.filter(type="time.extended")} == {"candidate"}


def test_what_cannot_be_extended_says_why(ann: User, sam: User) -> None:
    untimed = f.waiting(ann, time_limit_minutes=None)
    for user in (ann, sam):
        with pytest.raises(errors.InvalidSessionState, match="no time limit"):
            sessions.extend_session(untimed.pk, minutes=5, reason="x" * (user == sam), actor=Actor(user))
    with pytest.raises(errors.PermissionDenied):
        sessions.extend_session(f.waiting(ann).pk, tokens=5, actor=Actor(ann))
    assessed = f.waiting(ann)
    set_to(assessed, is_practice=False)
    with pytest.raises(errors.PermissionDenied):
        sessions.extend_session(assessed.pk, minutes=5, actor=Actor(ann))


def test_every_wrong_field_of_an_extension_is_named(ann: User, sam: User) -> None:
    session = f.waiting(ann)
    extend = lambda **more: lambda: sessions.extend_session(session.pk, actor=Actor(sam), **more)  # noqa: E731
    assert wrong_fields(extend()) == ["minutes", "reason", "tokens"]
    assert wrong_fields(extend(minutes=5, tokens=5, reason="x")) == ["minutes", "tokens"]
    assert wrong_fields(extend(minutes=0)) == wrong_fields(extend(minutes=1441)) == ["minutes", "reason"]
    assert wrong_fields(extend(tokens=150_001, reason="x")) == ["tokens"]


def test_tokens_are_added_up_to_the_most_and_a_spent_session_goes_on(ann: User, sam: User) -> None:
    session = f.closing(ann)
    set_to(session, is_budget_spent=True, questions_left_out=3, tokens_used=50_000)
    done = sessions.extend_session(session.pk, tokens=150_000, reason="More", actor=Actor(sam))
    stored = f.fresh(session)
    assert (stored.token_budget, stored.is_budget_spent, stored.planned_questions) == (200_000, False, 4)
    assert stored.phase == Phase.GENERATING
    assert session.events.get(type="tokens.extended").data["tokens"] == 150_000
    assert done.pk == session.pk


# -- reopen --------------------------------------------------------------------------------------------------------


def reopen(session: InterviewSession, sam: User, **more: Any) -> InterviewSession:
    return sessions.reopen_session(session.pk, reason="By mistake", actor=Actor(sam), **more)


def test_an_expired_session_needs_minutes_and_goes_on_when_the_candidate_resumes(ann: User, sam: User) -> None:
    session = f.expired(ann)
    assert wrong_fields(lambda: reopen(session, sam)) == ["minutes"]
    assert wrong_fields(lambda: sessions.reopen_session(session.pk, actor=Actor(sam))) == ["minutes", "reason"]
    opened = reopen(session, sam, minutes=7)
    assert (opened.status, opened.running_since, opened.ended_at) == (Status.PAUSED, None, None)
    assert opened.remaining_ms(opened.now) == 7 * 60_000
    resumed = sessions.resume_session(session.pk, actor=Actor(ann))
    assert resumed.phase == Phase.WAITING_FOR_ANSWER  # nobody had answered question 2
    assert resumed.deadline is not None


def test_after_the_last_planned_answer_one_more_question_is_planned_and_can_be_asked(ann: User, sam: User) -> None:
    for template in (None, f.TemplateFactory(planned_questions=1, questions=1).pk):
        session = f.closing(ann, template_id=template)
        sessions.end_session(session.pk)
        assert reopen(session, sam).planned_questions == 2
        assert sessions.resume_session(session.pk, actor=Actor(ann)).phase == Phase.GENERATING
        f.write_question(session)
        assert f.fresh(session).phase == Phase.WAITING_FOR_ANSWER


def test_a_question_that_the_end_cut_off_is_written_again(ann: User, sam: User) -> None:
    session = f.generating(ann)
    claimed = operations.claim(session.turn_id)
    sessions.end_session(session.pk)
    assert Operation.objects.get(pk=session.turn_id).error_code == "SESSION_ENDED"
    reopen(session, sam)
    assert sessions.resume_session(session.pk, actor=Actor(ann)).phase == Phase.GENERATING
    with pytest.raises(operations.LeaseLost):
        operations.write(claimed, "From before")
    f.write_question(session)
    assert f.fresh(session).current_question_number == 1


def test_one_that_never_began_begins_with_its_first_question(ann: User, sam: User) -> None:
    session = f.created(ann, now=T0, closes_at=after(hours=1))
    sweep(now=after(hours=2))
    opened = reopen(session, sam, minutes=5, now=after(hours=3))
    assert (opened.closes_at, opened.phase) == (None, None)
    resumed = sessions.resume_session(session.pk, actor=Actor(ann), now=after(hours=4))
    assert (resumed.phase, resumed.started_at) == (Phase.GENERATING, after(hours=4))


def test_what_came_too_late_can_be_sent_again_under_its_name(ann: User, sam: User) -> None:
    session = f.expired(ann)
    with pytest.raises(errors.SessionExpired):
        f.answer(session, "Too late", client_message_id="late")
    reopen(session, sam, minutes=5)
    sessions.resume_session(session.pk, actor=Actor(ann))
    given, again = (f.answer(session, "Too late", client_message_id="late") for _ in range(2))
    assert (given.is_new, again.is_new, given.message.pk) == (True, False, again.message.pk)
    assert [note.content for note in session.messages.notes()] == ["Too late"]


# -- retake --------------------------------------------------------------------------------------------------------


def test_a_retake_is_the_same_interview_as_a_new_session(ann: User, as_: Any) -> None:
    session = f.ended(ann, accommodation_percent=50, time_limit_minutes=30)
    set_to(session, extra_seconds=900 + 300, idle_minutes=7, closes_at=session.ended_at)
    answer = as_(ann).post(f"{URL}/{session.pk}/retake", headers={"Idempotency-Key": "one"})
    again = as_(ann).post(f"{URL}/{session.pk}/retake", headers={"Idempotency-Key": "one"})
    body = answer.json()
    assert (answer.status_code, again.json()) == (201, body)
    assert answer["Location"] == f"{URL}/{body['id']}"
    made, before = InterviewSession.objects.get(pk=body["id"]), f.fresh(session)
    assert (made.status, made.retake_of_id, made.retake_number) == ("created", session.pk, 1)
    assert [getattr(made, name) for name in COPIED] == [getattr(before, name) for name in COPIED]
    assert (made.extra_seconds, made.closes_at, made.message_count) == (900, None, 0)
    assert list(events.broken_links(made)) == []
    sessions.cancel_session(made.pk, reason="x")
    second = sessions.retake_session(made.pk, actor=Actor(ann))
    assert (second.retake_of_id, second.retake_number) == (made.pk, 2)


def test_what_the_template_said_then_is_frozen_and_stays_through_a_retake(ann: User) -> None:
    frozen = {"may_fall_back": False, "needs_model_score": True, "shows_report": False, "shows_precision": False}
    session = f.created(ann, template_id=f.TemplateFactory(**frozen).pk)
    sessions.cancel_session(session.pk, reason="x")
    InterviewTemplate.objects.update(**{name: not value for name, value in frozen.items()})
    for stored in (session, sessions.retake_session(session.pk, actor=Actor(ann))):
        assert {name: getattr(f.fresh(stored), name) for name in frozen} == frozen


def test_every_field_of_a_session_is_copied_by_a_retake_or_begins_anew() -> None:
    """A new field must be put into one of the two: a frozen rule that a retake forgot would be another interview."""
    fields = {field.name for field in InterviewSession._meta.concrete_fields}
    anew = {"id", "created_by", "created_at", "retake_of", "retake_number", "opens_at", "closes_at"}
    assert fields - set(COPIED) == anew | (set(_MOVING) - set(COPIED))


# -- erase ---------------------------------------------------------------------------------------------------------


def test_words_and_names_go_and_the_chain_stays(ann: User, sam: User, as_: Any) -> None:
    resume = f.ResumeFactory(owner=ann)
    session = f.waiting(ann, questions=2, resume_id=resume.pk, challenge_text="A task")
    sessions.extend_session(session.pk, minutes=5, reason="Ann Smith was ill", actor=Actor(sam))
    url = f"{URL}/{session.pk}"
    as_(ann).post(f"{url}/answers", {"answer_text": "My words"}, headers={"Idempotency-Key": "k"})
    assert as_(ann).delete(url).status_code == 204
    for user in (ann, sam):
        assert as_(user).get(url).status_code == 404
        assert as_(user).get(f"/api/v1/operations/{session.turn_id}").status_code == 404
    stored = InterviewSession.objects.get(pk=session.pk)
    assert (stored.status, stored.candidate, stored.created_by, stored.resume) == ("cancelled", None, None, None)
    assert f"{stored.candidate_name}{stored.candidate_email}{stored.challenge_text}{stored.draft_text}" == ""
    assert (stored.messages.count(), Resume.objects.count(), IdempotencyKey.objects.count()) == (0, 0, 0)
    assert not stored.events.filter(reason_row__isnull=False).exists()
    assert f.types(stored)[-2:] == ["session.cancelled", "session.erased"]
    assert list(events.broken_links(stored)) == []


def test_a_worker_that_writes_for_an_erased_session_loses_its_lease(ann: User) -> None:
    session = f.generating(ann)
    claimed = operations.claim(session.turn_id)
    sessions.erase_session(session.pk, actor=Actor(ann))
    with pytest.raises(operations.LeaseLost):
        operations.write(claimed, "Half")
    with pytest.raises(operations.LeaseLost):
        operations.finish(claimed, "Whole", Outcome("technical"))
    assert operations.claim(session.turn_id) is None
    assert not session.messages.exists()


def test_a_resume_that_another_session_uses_stays(ann: User) -> None:
    resume = f.ResumeFactory(owner=ann)
    first, _ = f.ended(ann, resume_id=resume.pk), f.created(ann, resume_id=resume.pk)
    sessions.erase_session(first.pk, actor=Actor(ann))
    assert Resume.objects.filter(pk=resume.pk).exists()


def test_staff_say_why_and_a_candidate_keeps_what_others_judge(ann: User, sam: User, as_: Any) -> None:
    session = f.ended(ann)
    set_to(session, is_practice=False)
    assert as_(ann).delete(f"{URL}/{session.pk}").status_code == 403
    assert as_(sam).delete(f"{URL}/{session.pk}").json()["detail"]["errors"][0]["field"] == "reason"
    assert as_(sam).delete(f"{URL}/{session.pk}", {"reason": "Asked to"}).status_code == 204


# -- warnings ------------------------------------------------------------------------------------------------------


def test_every_warning_comes_once_and_leaves_the_version_alone(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=10)
    version = session.version
    for seconds in range(0, 600, 10):
        server_alive(after(seconds=seconds))
        sweep(now=after(seconds=seconds))
    assert seconds_warned(session) == [300, 120, 60]
    assert f.fresh(session).version == version


def test_of_several_that_are_due_the_smallest_is_given_also_by_a_command(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=20)
    server_alive(after(minutes=18, seconds=30))
    answers.save_draft(session.pk, "Words", 1, actor=Actor(ann), now=after(minutes=18, seconds=30))
    assert seconds_warned(session) == [120]


def test_after_more_time_they_come_again(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=10)
    for seconds in (301, 302, 303, 800, 801):
        server_alive(after(seconds=seconds))
        if seconds == 302:
            sessions.extend_session(session.pk, minutes=5, actor=Actor(ann), now=after(seconds=302))
        sweep(now=after(seconds=seconds))
    assert seconds_warned(session) == [300, 120]


# -- idle and long pauses ------------------------------------------------------------------------------------------


def test_a_session_left_alone_is_paused_and_the_idle_time_was_used(ann: User) -> None:
    session = waiting_at(ann)
    set_to(session, idle_minutes=5)
    for minutes in (4, 5):
        server_alive(after(minutes=minutes))
        sweep(now=after(minutes=minutes))
        assert f.fresh(session).status == (Status.ACTIVE if minutes == 4 else Status.PAUSED)
    assert f.fresh(session).active_ms == 5 * 60_000
    assert session.events.get(type="session.paused").data == {"code": "idle"}


def test_a_draft_and_an_open_stream_are_signs_of_life(ann: User) -> None:
    session = waiting_at(ann)
    set_to(session, idle_minutes=5)
    answers.save_draft(session.pk, "I am here", 1, actor=Actor(ann), now=after(seconds=10))
    set_to(session, last_seen_at=after(minutes=3))
    server_alive(after(minutes=7))
    sweep(now=after(minutes=7))
    assert f.fresh(session).status == Status.ACTIVE


def test_the_candidates_stream_is_stamped_once_a_minute_where_it_matters(ann: User, sam: User) -> None:
    session = f.waiting(ann)
    set_to(session, last_seen_at=None)
    read(session.pk, Actor(ann), None)
    assert f.fresh(session).last_seen_at is None  # it would never be paused
    set_to(session, idle_minutes=5)
    read(session.pk, Actor(sam), None)
    assert f.fresh(session).last_seen_at is None
    read(session.pk, Actor(ann), None)
    seen, version = f.fresh(session).last_seen_at, f.fresh(session).version
    read(session.pk, Actor(ann), None)
    assert (f.fresh(session).last_seen_at, f.fresh(session).version) == (seen, version)
    assert seen is not None


@pytest.mark.parametrize("draft", ["", "What I had"])
def test_a_pause_longer_than_allowed_ends_the_interview_at_that_moment(draft: str, ann: User) -> None:
    session = waiting_at(ann)
    set_to(session, max_pause_minutes=60)
    answers.save_draft(session.pk, draft, 1, actor=Actor(ann), now=after(seconds=1))
    sessions.pause_session(session.pk, now=after(seconds=2))
    sweep(now=after(hours=1, seconds=1))
    assert f.fresh(session).status == Status.PAUSED
    with pytest.raises(errors.InvalidSessionState):
        sessions.resume_session(session.pk, actor=Actor(ann), now=after(hours=2))
    stored = f.fresh(session)
    assert (stored.status, stored.ended_at) == (Status.EXPIRED, after(hours=1, seconds=2))
    assert (stored.active_ms, stored.paused_ms) == (2_000, 3_600_000)
    assert [m.content for m in session.messages.filter(kind="answer")] == ([draft] if draft else [])


# -- the clock -----------------------------------------------------------------------------------------------------


def test_an_outage_that_a_failing_command_meets_stays_credited(ann: User) -> None:
    session = waiting_at(ann, time_limit_minutes=30)
    with pytest.raises(errors.InvalidSessionState):
        sessions.resume_session(session.pk, actor=Actor(ann), now=after(minutes=2))
    assert session.events.get(type="time.extended").data["milliseconds"] == 120_000
    assert f.fresh(session).used_ms(after(minutes=2)) == 0


def test_pauses_are_counted_exactly(ann: User) -> None:
    session, now = waiting_at(ann), T0
    for minutes in (1, 2, 3):
        sessions.pause_session(session.pk, now=now)
        now += timedelta(minutes=minutes)
        sessions.resume_session(session.pk, now=now)
    stored = f.fresh(session)
    assert (stored.paused_ms, stored.active_ms) == (6 * 60_000, 0)
