"""Who practises again is asked something else, as long as the bank has it."""

from __future__ import annotations

import pytest

from sessions_app.ai.builtin import BuiltInInterviewer
from sessions_app.models import InterviewSession, User
from tests import factories as f

pytestmark = pytest.mark.django_db


def interviewed(candidate: User) -> InterviewSession:
    """An interview of three questions by the built-in interviewer."""
    session = f.generating(candidate, planned_questions=3)
    for _ in range(3):
        f.write_question(session, BuiltInInterviewer())
        f.answer(session)
    return f.fresh(session)


def asked(session: InterviewSession) -> set[str]:
    return {message.payload["key"] for message in session.messages.filter(kind="question")} - {"opening"}


def planned(session: InterviewSession) -> list[str]:
    return [question["key"] for question in session.plan["questions"]]


def test_a_new_interview_begins_with_questions_that_the_candidate_does_not_know(ann: User) -> None:
    before = asked(interviewed(ann))
    assert before
    assert not before & set(planned(f.created(ann, planned_questions=3)))


def test_what_somebody_else_was_asked_changes_nothing(ann: User, ben: User) -> None:
    first = f.created(ben, planned_questions=30)
    interviewed(ann)
    again = f.created(ben, planned_questions=30)
    assert len(set(planned(first)) & set(planned(again))) > 0


def test_a_retake_asks_the_same(ann: User) -> None:
    from sessions_app.services.sessions import end_session, retake_session

    session = interviewed(ann)
    end_session(session.pk, actor=f.as_actor(ann))
    assert planned(retake_session(session.pk, actor=f.as_actor(ann))) == planned(session)
