"""The coverage map: what staff see of rubric points and answers, once they have judged for themselves."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.ai import bank
from sessions_app.services import sessions
from sessions_app.services.coverage import coverage_of
from sessions_app.services.templates import load_template

from .factories import ReviewFactory, answer, as_actor, created, fresh, write_question

pytestmark = pytest.mark.django_db
SLOW, FORGOT = bank.question("databases-slow-filter-sort"), bank.question("databases-forgot-where")
FIRST = "<b>Well</b>, I would read the execution plan with EXPLAIN ANALYZE to see how it does it."
SECOND = "I'd create a composite index on customer and date, both columns together."


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


@pytest.fixture
def told(ann):
    """Two answers about the first question, the second one to a follow-up."""
    fields = {"title": "SQL", "planned_questions": 2, "time_limit_minutes": 10}
    template, _ = load_template("sql", fields, [SLOW, FORGOT])
    session = created(ann, template_id=template.pk)
    sessions.start_session(session.pk, actor=as_actor(ann))
    for words in (FIRST, SECOND):
        write_question(fresh(session))
        answer(session, words)
    sessions.end_session(session.pk, actor=as_actor(ann))
    return fresh(session)


def page(session):
    return f"/admin/sessions_app/interviewsession/{session.pk}/change/?tab=coverage"


def test_it_has_a_row_for_each_point_and_a_column_for_each_answer(told):
    (mapped,) = coverage_of(told)
    assert mapped.question == SLOW
    assert [message.content for message in mapped.answers] == [FIRST, SECOND]
    assert [[bool(cell.quote) for cell in row.cells] for row in mapped.rows] == [
        [True, False],
        [False, True],
        [False, False],
        [False, False],
    ]
    assert mapped.rows[1].cells[1].quote == SECOND
    assert (mapped.covered, [row.is_open for row in mapped.rows]) == (2, [False, False, True, True])


def test_it_costs_one_query(told):
    with CaptureQueriesContext(connection) as captured:
        coverage_of(told)
    assert len(captured) == 1


def test_staff_see_it_once_they_have_judged_or_declined_to(console, told, sam):
    html = console.get(page(told)).content.decode()
    assert "once your own ratings of the session are fixed" in html
    assert "EXPLAIN ANALYZE" not in html
    ReviewFactory(session=told, reviewer=sam, status="skipped")
    html = console.get(page(told)).content.decode()
    assert "“&lt;b&gt;Well&lt;/b&gt;, I would read the execution plan with EXPLAIN ANALYZE" in html
    for words in ("found by rules and not by an AI", "2 of 4 points have a passage", "Nothing found.", SLOW.text[:20]):
        assert words in html


def test_it_is_empty_while_nothing_is_answered(console, ann, sam):
    session = created(ann)
    assert coverage_of(session) == []
    assert console.get(page(session)).status_code == 200


def test_skipped_questions_are_no_columns(ann):
    fields = {"title": "SQL", "planned_questions": 1, "time_limit_minutes": 10}
    template, _ = load_template("sql", fields, [SLOW])
    session = created(ann, template_id=template.pk)
    sessions.start_session(session.pk, actor=as_actor(ann))
    write_question(fresh(session))
    answer(session, "", skip=True)
    assert coverage_of(fresh(session)) == []
