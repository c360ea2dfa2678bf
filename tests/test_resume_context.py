"""The resume context as the database builds it says what the rows say, in every place, to everybody."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.db import connection
from django.utils.dateparse import parse_datetime

from sessions_app import errors, represent
from sessions_app.access import SYSTEM, Actor, session_for, sessions_of
from sessions_app.models import InterviewSession, JobPosting, Resume, User
from sessions_app.resume_context import whole_session_for
from sessions_app.services import answers
from sessions_app.services.answers import NewAnswer

from . import factories as f
from .places import PLACES, name_of

pytestmark = pytest.mark.django_db


def said(session: Any, actor: Actor) -> Any:
    """The context without the moment it was read at, and with times as times: the two write their fractions apart."""
    context = orjson.loads(represent.dumps(represent.context(session, actor)))
    for name in ("server_time", "used_seconds", "remaining_seconds"):
        del context["clock"][name]
    for message in context["messages"]:
        message["created_at"] = parse_datetime(message["created_at"])
    return context


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_it_is_what_the_rows_say(place: Any, ann: User, sam: User) -> None:
    session_id = PLACES[place](ann).pk
    for actor in (Actor(ann), Actor(sam), SYSTEM):
        assert said(whole_session_for(session_id, actor), actor) == said(session_for(session_id, actor), actor)


def test_it_tells_answers_with_their_payload_posting_and_resume(ann: User) -> None:
    posting = JobPosting.objects.create(owner=ann, title="Engineer “é”", tech_stack=["Python", 'a "quoted" word'])
    resume = Resume.objects.create(owner=ann, content="Line one\nLine two \\ \t")
    session = f.waiting(ann, job_posting_id=posting.pk, resume_id=resume.pk, enabled_modes=["text", "code"])
    given = NewAnswer("x = 1", client_message_id="one", mode="code", payload={"language": "python"})
    answers.submit_answer(session.pk, given, actor=Actor(ann))
    f.write_question(session)
    answers.submit_answer(session.pk, NewAnswer(skip=True), actor=Actor(ann))
    told = said(whole_session_for(session.pk, Actor(ann)), Actor(ann))
    assert told == said(session_for(session.pk, Actor(ann)), Actor(ann))
    assert told["messages"][1]["payload"] == {"language": "python"}
    assert [message.get("skipped") for message in told["messages"]] == [None, False, None, True]
    assert told["resume"]["content"] == resume.content


def test_a_stranger_gets_the_same_error_as_for_a_missing_session(ann: User, ben: User) -> None:
    session = f.waiting(ann)
    for wrong in (session.pk, "01900000-0000-7000-8000-000000000000", "nonsense"):
        with pytest.raises(errors.SessionNotFound):
            whole_session_for(wrong, Actor(ben))


def test_who_sees_a_row_is_who_finds_it(ann: User, ben: User, sam: User) -> None:
    session, other = f.waiting(ann), f.waiting(ann)
    narrow = [Actor(ann, only_session=session.pk), Actor(ann, only_session=other.pk)]
    for actor in (SYSTEM, Actor(ann), Actor(ben), Actor(sam), *narrow):
        assert actor.sees(session) == sessions_of(actor).filter(pk=session.pk).exists()
    InterviewSession.objects.filter(pk=session.pk).update(erased_at=session.created_at)
    session = f.fresh(session)
    for actor in (SYSTEM, Actor(ann), Actor(sam)):
        assert actor.sees(session) == sessions_of(actor).filter(pk=session.pk).exists()


def test_it_is_one_statement_at_any_length(ann: User, django_assert_num_queries: Any) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite goes the ORM's way")
    session = f.waiting(ann)
    with django_assert_num_queries(1):
        represent.context(whole_session_for(session.pk, Actor(ann)), Actor(ann))
