"""Who is told how well somebody is known: the stream, the API, the room, and staff with the quotes it rests on."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app import live
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.models.limits import TRAITS
from sessions_app.services import reviewing, sessions
from sessions_app.services.dimensions import dimensions_of, known_of

from . import factories as f
from .factories import EvaluationFactory

pytestmark = pytest.mark.django_db

OPEN_AND_CAREFUL = "I love exploring new ideas. Before a trip I plan ahead and I make a list."


@pytest.fixture
def assessed(ann: User) -> InterviewSession:
    """A session that is read for the traits, with one answer read."""
    return told(ann)


def told(candidate: User, **template: Any) -> InterviewSession:
    traits = f.TemplateFactory(dimensions=list(TRAITS), **template)
    session = f.waiting(candidate, template_id=traits.pk)
    f.answer(session, OPEN_AND_CAREFUL)
    f.analyse(session)
    f.write_question(session)
    return f.fresh(session)


def room(session: InterviewSession, user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.get(f"/sessions/{session.pk}/").content.decode()


def frames(session: InterviewSession, user: User) -> list[live.Frame]:
    batch = live.read(session.pk, Actor(user), live.Cursor(0))
    return [frame for frame in batch.frames if frame.event == "precision.updated"]


def test_it_is_streamed(assessed: InterviewSession, ann: User) -> None:
    session = assessed
    (frame,) = frames(session, ann)
    assert frame.data == {
        "session_id": session.pk,
        "precision": session.precision,
        "estimates": session.estimates,
    }


def test_candidates_are_not_told_where_the_template_hides_it(ann: User, sam: User, as_: Any) -> None:
    session = told(ann, shows_precision=False)
    shown, staff = (as_(who).get(f"/api/v1/sessions/{session.pk}").json() for who in (ann, sam))
    assert (shown["precision"], shown["estimates"]) == (None, None)
    assert staff["precision"]["openness"] > 0.5
    assert frames(session, ann) == [] and len(frames(session, sam)) == 1
    page = as_(ann).get(f"/api/v1/sessions/{session.pk}/events").json()["results"]
    assert {entry["data"] for entry in page if entry["type"] == "precision.updated"} == {None}


def test_candidates_who_may_not_read_the_report_are_not_told_where_they_stand(ann: User, sam: User, as_: Any) -> None:
    """How much is known is no verdict. Where they stand is one, before and after the end; so nothing is told of it."""
    session = told(ann, shows_report=False)
    shown = as_(ann).get(f"/api/v1/sessions/{session.pk}").json()
    assert shown["precision"]["openness"] > 0.5 and shown["estimates"] is None
    (frame,) = frames(session, ann)
    assert frame.data["precision"] == session.precision and frame.data["estimates"] is None
    unread = f.waiting(ann, template_id=f.TemplateFactory(dimensions=list(TRAITS), shows_report=False).pk)
    assert as_(ann).get(f"/api/v1/sessions/{unread.pk}").json()["estimates"] is None
    sessions.end_session(session.pk, actor=Actor(ann))
    EvaluationFactory(session=session)
    assert as_(ann).get(f"/api/v1/sessions/{session.pk}").json()["estimates"] is None
    reviewing.skip_review(session.pk, "I know her.", actor=Actor(sam))
    assert as_(sam).get(f"/api/v1/sessions/{session.pk}").json()["estimates"]["openness"] > 0


def test_staff_see_the_quotes_it_rests_on(assessed: InterviewSession) -> None:
    with CaptureQueriesContext(connection) as statements:
        known = dimensions_of(assessed)
    assert len(statements) == 1
    assert [one.dimension.key for one in known] == list(TRAITS)
    openness, extraversion = known[0], known[2]
    assert openness.evidence[0].quote == "I love exploring new ideas." and openness.leaning == openness.dimension.high
    assert (extraversion.sureness, extraversion.leaning, extraversion.evidence) == ("not known yet", "", ())


def test_staff_are_told_where_somebody_stands_once_they_have_rated(
    assessed: InterviewSession, ann: User, sam: User, as_: Any
) -> None:
    """How much is known is no verdict, so staff see it; estimates and quotes are one, and wait like the scores do."""
    InterviewSession.objects.filter(pk=assessed.pk).update(is_practice=False)

    def surfaces() -> tuple[Any, Any, str]:
        client = as_(sam)
        client.force_login(sam)
        page = client.get(f"/admin/sessions_app/interviewsession/{assessed.pk}/change/").content.decode()
        (frame,) = frames(assessed, sam)
        assert frame.data["precision"]["openness"] > 0.5 and f"{assessed.precision['openness']:.2f}" in page
        return client.get(f"/api/v1/sessions/{assessed.pk}").json()["estimates"], frame.data["estimates"], page

    estimates, streamed, page = surfaces()
    assert estimates is None and streamed is None
    assert "I love exploring" not in page and "speaks" not in page and "Rate first" in page
    sessions.end_session(assessed.pk, actor=Actor(sam), reason="Enough")
    EvaluationFactory(session=assessed)
    reviewing.skip_review(assessed.pk, "I know her.", actor=Actor(sam))
    estimates, streamed, page = surfaces()
    assert estimates["openness"] > 0 and streamed["openness"] > 0 and "I love exploring" in page
    own = as_(ann).get(f"/api/v1/sessions/{assessed.pk}").json()
    assert own["estimates"]["openness"] > 0


@pytest.mark.parametrize(
    ("precision", "words"),
    [
        (0.5, "not known yet"),
        (0.55, "a first impression"),
        (0.6, "a rough idea"),
        (0.75, "fairly sure"),
        (0.9, "quite sure"),
    ],
)
def test_precision_in_words(assessed: InterviewSession, precision: float, words: str) -> None:
    assessed.precision["openness"] = precision
    assert known_of(assessed)[0].sureness == words


def test_the_room_says_it_in_words(assessed: InterviewSession, ann: User) -> None:
    page = " ".join(room(assessed, ann).split())
    assert "How well we know you so far" in page and "it is no diagnosis" in page
    assert page.count("known__row") == 5 and page.count("not known yet") == 3
    assert page.count('value="0.600"') == page.count("a rough idea") == 2


def test_the_room_is_silent_where_the_template_hides_it(ann: User, sam: User) -> None:
    session = told(ann, shows_precision=False)
    assert "How well we know you" not in room(session, ann)
    assert "How well we know you" in room(session, sam)


def test_the_room_reads_it_from_rows_that_it_has_anyway(assessed: InterviewSession, ann: User) -> None:
    with CaptureQueriesContext(connection) as statements:
        assert len(known_of(assessed)) == 5
    assert len(statements) == 0


def test_the_console_shows_numbers_words_and_quotes(assessed: InterviewSession) -> None:
    shown = {"dimensions": dimensions_of(assessed), "sees_estimates": True}
    page = render_to_string("admin/sessions_app/_dimensions.html", shown)
    for words in ("Openness", "I love exploring new ideas.", "speaks for it", "read by built-in", "Nothing yet."):
        assert words in " ".join(page.split())


def test_the_console_shows_words_of_an_answer_as_words(ann: User) -> None:
    session = f.waiting(ann, template_id=f.TemplateFactory(dimensions=list(TRAITS)).pk)
    f.answer(session, "<b>I plan ahead</b> and I make a list")
    f.analyse(session)
    shown = {"dimensions": dimensions_of(f.fresh(session)), "sees_estimates": True}
    page = render_to_string("admin/sessions_app/_dimensions.html", shown)
    assert "<b>" not in page and "I plan ahead&lt;/b&gt;" in page
