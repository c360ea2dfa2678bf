"""Opened again, or given more tokens, after the budget was spent: no planned question is lost or asked for twice."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Phase
from sessions_app.services import operations, sessions

from . import factories as f
from .metered import Metered, assert_balanced, with_budget

pytestmark = pytest.mark.django_db

PLANNED = 6
TOO_MUCH = 10**6


def spent(ann: User, used: int = 600) -> InterviewSession:
    """Of 1 000 tokens so many are used, the prepared last question is answered, and the interview is finished."""
    session = with_budget(f.generating(ann, planned_questions=PLANNED), 1_000)
    f.write_question(session, Metered())
    f.answer(session, "My first answer")
    f.write_question(session, Metered())
    f.answer(session, "One last thing")
    InterviewSession.objects.filter(pk=session.pk).update(tokens_used=used)
    return sessions.end_session(session.pk, actor=Actor(ann))


def reopen(session: InterviewSession, sam: User) -> InterviewSession:
    return sessions.reopen_session(session.pk, reason="By mistake", actor=Actor(sam))


def more_tokens(session: InterviewSession, sam: User, tokens: int = 50_000) -> InterviewSession:
    return sessions.extend_session(session.pk, tokens=tokens, reason="More", actor=Actor(sam))


def plan_of(session: InterviewSession) -> tuple[int, int, bool]:
    """Planned questions, those left out, and whether the tokens count as spent."""
    stored = f.fresh(session)
    return stored.planned_questions, stored.questions_left_out, stored.is_budget_spent


def test_with_tokens_left_it_asks_what_was_left_out(ann: User, sam: User) -> None:
    session = spent(ann)
    assert plan_of(session) == (2, 4, True)
    reopen(session, sam)
    assert plan_of(session) == (PLANNED, 0, False)
    assert sessions.resume_session(session.pk, actor=Actor(ann)).phase == Phase.GENERATING
    f.write_question(session, Metered())
    assert plan_of(session) == (3, 3, True), "a model that needs more than is left makes it the last one again"


def test_with_nothing_left_one_of_what_was_left_out_is_asked_by_the_prepared_question(ann: User, sam: User) -> None:
    session = spent(ann, used=1_000)
    for number in range(3, PLANNED + 3):
        reopen(session, sam)
        assert plan_of(session) == (number, max(0, PLANNED - number), True)
        sessions.resume_session(session.pk, actor=Actor(ann))
        f.write_question(session, Metered())
        assert f.fresh(session).messages.history().last().payload["by"] == "built-in"
        f.answer(session, f"Answer {number}")
        assert f.fresh(session).phase == Phase.CLOSING
        sessions.end_session(session.pk, actor=Actor(ann))


def test_tokens_that_come_after_it_was_opened_again_bring_the_rest(ann: User, sam: User) -> None:
    session = spent(ann, used=1_000)
    reopen(session, sam)
    assert plan_of(session) == (3, 3, True)
    more_tokens(session, sam)
    assert plan_of(session) == (PLANNED, 0, False)
    sessions.resume_session(session.pk, actor=Actor(ann))
    for _ in range(3, PLANNED):
        f.write_question(session, Metered())
        f.answer(session)
    f.write_question(session, Metered())
    f.answer(session)
    stored = f.fresh(session)
    assert (stored.phase, stored.current_question_number) == (Phase.CLOSING, PLANNED)


def test_a_prepared_question_that_nobody_has_answered_is_not_the_last_any_more(ann: User, sam: User) -> None:
    session = with_budget(f.generating(ann, planned_questions=PLANNED), 1_000)
    f.write_question(session, Metered(estimate=f.Estimate(TOO_MUCH, 0)))
    sessions.end_session(session.pk, actor=Actor(ann))
    reopen(session, sam)
    assert plan_of(session) == (PLANNED, 0, False)
    sessions.resume_session(session.pk, actor=Actor(ann))
    assert f.answer(session).operation is not None


def test_a_retake_plans_all_of_it_once(ann: User, sam: User) -> None:
    session = spent(ann, used=1_000)
    reopen(session, sam)
    sessions.end_session(session.pk, actor=Actor(ann))
    again = sessions.retake_session(session.pk, actor=Actor(ann))
    assert (again.planned_questions, again.questions_left_out, again.is_budget_spent) == (PLANNED, 0, False)


def last_one_begun(ann: User) -> InterviewSession:
    session = with_budget(f.generating(ann, planned_questions=PLANNED), 1_000)
    f.write_question(session, Metered())
    f.answer(session, "My first answer")
    return session


def test_tokens_added_while_the_last_question_is_being_written_let_the_interview_go_on(
    ann: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = last_one_begun(ann)
    finishing = operations.finish

    def finish(*arguments: Any, **fields: Any) -> None:
        more_tokens(session, sam)
        finishing(*arguments, **fields)

    monkeypatch.setattr(operations, "finish", finish)
    f.write_question(session, Metered())
    assert plan_of(session) == (PLANNED, 0, False)
    assert "my last question" in f.fresh(session).messages.history().last().content
    assert f.answer(session).operation is not None
    f.write_question(session, Metered())
    assert f.fresh(session).messages.history().last().payload["by"] == "oracle-9"
    assert_balanced(session)


def test_tokens_added_before_it_was_begun_do_not_count_as_added_meanwhile(ann: User, sam: User) -> None:
    session = last_one_begun(ann)
    more_tokens(session, sam, tokens=1)
    f.write_question(session, Metered(estimate=f.Estimate(TOO_MUCH, 0)))
    assert plan_of(session) == (2, 4, True)
