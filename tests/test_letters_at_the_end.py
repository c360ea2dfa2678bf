"""The letters at the end of an interview: that it is finished, and that a report is there which may be read."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_app.models import InterviewSession, OutgoingMessage, User
from sessions_app.services import reviewing, scorecards, sessions
from sessions_app.services.evaluating import retry_evaluation
from sessions_app.services.reviewing import Given, Rated
from sessions_app.services.running import run_operation
from tests import factories as f

from .judged import set_evaluation_operation

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(OutgoingMessage.objects.order_by("created_at", "kind").values_list("kind", flat=True))


def assessed(candidate: User, *, shows_report: bool = True, **fields: Any) -> InterviewSession:
    """An interview that others judge, ended by its candidate after one answer."""
    session = f.waiting(candidate, **fields)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=False, shows_report=shows_report)
    f.answer(session, "I would add an index.")
    return sessions.end_session(session.pk)


def evaluate(session: InterviewSession) -> None:
    assert run_operation(f.fresh(session).evaluation_operation_id)


def test_the_end_is_told_with_the_way_to_the_transcript_then_the_report(ann: User, settings: Any) -> None:
    settings.SITE_URL = "https://example.com"
    session = assessed(ann)
    (finished,) = OutgoingMessage.objects.all()
    assert (finished.kind, finished.to) == ("finished", ann.email)
    assert finished.subject == f"Finished: {session.title}"
    assert f"https://example.com/sessions/{session.pk}/transcript" in finished.text
    assert "we write to you again" in finished.text
    evaluate(session)
    report = OutgoingMessage.objects.get(kind="report")
    assert (report.to, report.subject) == (ann.email, f"Your report is ready: {session.title}")
    assert f"https://example.com/sessions/{session.pk}/report" in report.text


def test_no_letter_tells_a_score(ann: User) -> None:
    session = assessed(ann)
    evaluate(session)
    assert not any(char.isdigit() for char in OutgoingMessage.objects.get(kind="report").text.partition("http")[0])


def test_where_the_report_is_hidden_only_the_end_is_told(ann: User) -> None:
    session = assessed(ann, shows_report=False)
    evaluate(session)
    assert kinds() == ["finished"]
    assert "The hiring team will share the outcome." in OutgoingMessage.objects.get().text


def test_judging_it_once_more_is_no_news(ann: User, sam: User) -> None:
    session = assessed(ann)
    evaluate(session)
    assert run_operation(retry_evaluation(session.pk, actor=f.as_actor(sam)).pk)
    assert kinds() == ["finished", "report"]


def test_ending_it_again_after_a_reopening_is(ann: User, sam: User) -> None:
    session = assessed(ann)
    evaluate(session)
    sessions.reopen_session(session.pk, reason="More to say", actor=f.as_actor(sam))
    sessions.end_session(session.pk)
    evaluate(session)
    assert sorted(kinds()) == ["finished", "finished", "reopened", "report", "report"]


def test_of_ones_own_practice_only_the_report_is_told(ann: User) -> None:
    session = f.ended(ann)
    assert kinds() == []
    evaluate(session)
    assert kinds() == ["report"]


def test_a_failed_evaluation_is_told_once_people_have_rated(ann: User, sam: User) -> None:
    session = assessed(ann)
    set_evaluation_operation(session, "failed")
    assert kinds() == ["finished"]
    ratings = {one.key: Rated("solid") for one in scorecards.rated_criteria(f.fresh(session))}
    given = Given(ratings=ratings, takeaways="Weighs costs.", recommendation="yes")
    reviewing.submit_review(session.pk, given, actor=f.as_actor(sam))
    assert kinds() == ["finished", "report"]


def test_time_that_ran_out_is_called_that(ann: User) -> None:
    session = f.waiting(ann)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=False)
    f.run_out(session)
    letter = OutgoingMessage.objects.get(kind="finished")
    assert f"time ran out in your interview {session.title}" in letter.text


def test_who_has_no_way_in_gets_none(ann: User) -> None:
    """A program asks the questions there, and shows what comes of it."""
    session = f.waiting(ann)
    f.answer(session, "I would add an index.")
    own = {"candidate": None, "candidate_email": "kim@example.com", "is_practice": False}
    InterviewSession.objects.filter(pk=session.pk).update(**own)
    evaluate(sessions.end_session(session.pk))
    assert kinds() == []
