"""What can follow the end of a session: it is opened again, or taken again as a new one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, refuse_token
from sessions_app.ai import bank
from sessions_app.errors import FieldError
from sessions_app.models import InterviewSession
from sessions_app.models.actions import Status

from . import budget
from .change import Change, changing
from .creation import CONFIGURATION, as_posting, logged_configuration, starting_precision
from .evaluation_queue import supersede
from .time import wrong_minutes

# What a retake has in common with the session before: whose it is, and its configuration. Not the window, which would
# be over; nor the number of questions, of which a spent budget may have left some out.
COPIED = (
    *("candidate", "candidate_name", "candidate_email", "is_practice", "is_demo", "time_zone"),
    *(name for name in CONFIGURATION if name not in ("opens_at", "closes_at", "planned_questions")),
)


def reopen_session(
    session_id: UUID | str,
    *,
    minutes: int = 0,
    reason: str = "",
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    expect: int | None = None,
) -> InterviewSession:
    """Open a completed or expired session again, paused where it stopped. Staff only, with a reason.

    The clock starts when the candidate resumes. That also queues the next question, if the newest one is answered;
    where all planned ones are answered, one more is planned: one of those that the spent budget left out, if it did.
    With tokens left all of those are asked. ``minutes`` come on top; what ran out of time needs some.

    Raises:
        SessionNotFound, InvalidSessionState, PermissionDenied, ValidationFailed, PreconditionFailed.
    """
    with changing(session_id, actor, now=now) as change:
        change.expect_version(expect)
        change.require("reopen")
        if wrong := change.wrong_reason("reopen", reason) + _wrong_minutes(change.session, minutes):
            raise errors.ValidationFailed(wrong)
        session = change.session
        session.reopen(change.now)
        supersede(change)
        if minutes and session.time_limit_seconds is not None:
            session.add_time(minutes * 60, change.now)
        budget.reconsider(change)
        _plan_one_more(change)
        change.record("session.reopened", reason=reason, milliseconds=minutes * 60_000)
    return change.session


def retake_session(
    session_id: UUID | str,
    *,
    once: bool = False,
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    expect: int | None = None,
) -> InterviewSession:
    """A new session in ``created`` with the same frozen plan and configuration, for the same candidate.

    The finished one is locked meanwhile, so that nobody erases what is being copied. With ``once``, a retake that the
    actor made and that has not begun yet is the one.

    Raises:
        SessionNotFound, InvalidSessionState, PreconditionFailed.
        PermissionDenied: it is no practice session, or the caller holds no more than a session's token.
    """
    refuse_token(actor)
    with changing(session_id, actor, now=now) as change:
        change.expect_version(expect)
        change.require("retake")
        if once and (waiting := _not_begun(change)):
            return waiting
        again = _again(change)
        again.save(force_insert=True)
        made = Change(again, actor, change.now)
        number = again.retake_number
        made.record("session.created", **logged_configuration(again), retake_of=session_id, retake=number)
        again.save(update_fields=["last_seq", "last_hash"])
    return again


def _wrong_minutes(session: InterviewSession, minutes: int) -> list[FieldError]:
    """A session whose time ran out would end again at once; one without a limit takes any number, without effect."""
    needs_time = session.status == Status.EXPIRED and session.time_limit_seconds is not None
    return wrong_minutes(minutes, at_least=int(needs_time))


def _plan_one_more(change: Change) -> None:
    """An interview whose planned questions are all answered needs something to go on with."""
    session, turn = change.session, change.session.turn
    if turn is None or not turn.has_succeeded or session.open_question_id is not None:
        return
    if session.current_question_number < session.planned_questions:
        return
    session.planned_questions = session.current_question_number + 1
    session.questions_left_out = max(0, session.questions_left_out - 1)
    questions = session.plan.get("questions", [])
    if all(question["key"] in _asked(session) for question in questions):
        session.plan = {**session.plan, "questions": [*questions, *_from_the_bank(session, questions)]}
        change.configure("plan")


def _asked(session: InterviewSession) -> set[str]:
    asked = session.messages.history().filter(kind="question")
    return {payload.get("key", "") for payload in asked.values_list("payload", flat=True)}


def _from_the_bank(session: InterviewSession, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One question that the plan does not have yet; none if the bank has no other."""
    taken = {question["key"] for question in questions}
    more = bank.plan(as_posting(session.job_posting), len(taken) + 1, str(session.pk))
    return [question.as_json() for question in more if question.key not in taken][:1]


def _not_begun(change: Change) -> InterviewSession | None:
    made = change.session.retakes.filter(created_by=change.actor.user, status=Status.CREATED)
    waiting: InterviewSession | None = made.first()
    return waiting


def _again(change: Change) -> InterviewSession:
    before, now = change.session, change.now
    return InterviewSession(
        **{name: getattr(before, name) for name in COPIED},
        planned_questions=before.planned_questions + before.questions_left_out,
        extra_seconds=before.accommodation_seconds,
        precision=starting_precision(before.plan.get("dimensions", ())),
        created_by=change.actor.user,
        retake_of=before,
        retake_number=before.retake_number + 1,
        created_at=now,
        updated_at=now,
        last_activity_at=now,
    )
