"""Scores in lists: what orders and narrows them is what may be seen, and what is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from sessions_app.access import SYSTEM, Actor
from sessions_app.models import Evaluation, InterviewSession, Review, User
from sessions_app.models.clock import database_now
from sessions_app.services import reviewing, scored_sessions, sessions
from sessions_app.services.scorecards import open_scores, standings

from .factories import EvaluationFactory, ReviewFactory, UserFactory, as_actor, created
from .judged import evaluation_of, filled, judged
from .test_api_sessions import URL

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(db):
    return UserFactory(email="ines@example.com", name="Ines Second", is_staff=True)


def update(session, **columns):
    InterviewSession.objects.filter(pk=session.pk).update(**columns)
    return session


@pytest.fixture
def cast(ann, ben, sam, ines):
    """Sessions in every relation to those who may want to see their scores."""
    update(judged(ann), shows_report=False)
    judged(sam, overall=12.0)
    update(judged(ben), candidate=None, created_by=ann)
    update(judged(ben), candidate=None, created_by=sam)
    rated, skipped, drafted, reopened, retold = (judged(ann) for _ in range(5))
    reviewing.submit_review(rated.pk, filled(reason="Far apart."), actor=as_actor(sam))
    reviewing.submit_review(rated.pk, filled("no", "no", "weak", reason="Further."), actor=as_actor(ines))
    reviewing.skip_review(skipped.pk, "I know her.", actor=as_actor(sam))
    reviewing.save_review(drafted.pk, filled(), actor=as_actor(sam))
    reviewing.submit_review(reopened.pk, filled(reason="Far apart."), actor=as_actor(sam))
    again(reopened)
    unrated = ("not_enough_evidence",) * 3
    reviewing.submit_review(retold.pk, filled(*unrated), actor=as_actor(sam))
    created(ann)
    return list(InterviewSession.objects.with_turn())


def again(session):
    """Opened once more, ended once more, and judged once more; earlier reviews do not count."""
    sessions.reopen_session(session.pk, reason="Too early", actor=SYSTEM)
    sessions.end_session(session.pk, actor=SYSTEM)
    Evaluation.objects.filter(session=session).update(superseded_at=database_now())
    Review.objects.filter(session=session).update(created_at=database_now() - timedelta(days=1))
    EvaluationFactory(session=session, overall_score=33.0)


def actors():
    return [SYSTEM, *(Actor(user) for user in User.objects.all())]


def test_the_condition_is_the_rule_of_the_rows(cast):
    for actor in actors():
        by_rows = open_scores(cast, actor)
        found = InterviewSession.objects.filter(pk__in=scored_sessions.open_to(actor))
        assert set(found.values_list("pk", flat=True)) == by_rows, actor
    assert {len(open_scores(cast, actor)) for actor in actors()} > {0, len(cast)}


def test_the_score_in_the_database_is_the_one_that_is_told(cast):
    scored = standings(cast)
    for actor in actors():
        seen = open_scores(cast, actor)
        rows = scored_sessions.with_open_score(InterviewSession.objects.all(), actor)
        told = dict(rows.annotate(told=F("open_score")).values_list("pk", "told"))
        for session in cast:
            wanted = scored[session.pk].score if session.pk in seen and session.pk in scored else None
            assert told[session.pk] == (None if wanted is None else pytest.approx(wanted)), session


def test_a_range_has_both_its_ends_and_rounds_as_the_list_does(ann):
    rows = [judged(ann, overall=score) for score in (49.4, 49.6, 70.4, 70.6, None)]

    def between(lowest, highest):
        found = InterviewSession.objects.filter(pk__in=scored_sessions.scored_between(as_actor(ann), lowest, highest))
        return [rows.index(session) for session in found.order_by("created_at")]

    assert between(50, 70) == [1, 2]
    assert between(0, 49) == [0]
    assert between(71, 100) == [3]
    assert between(0, 100) == [0, 1, 2, 3]


# -- the API's list ----------------------------------------------------------------------------------------------------


def ids(client, **query):
    response = client.get(URL, query)
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]]


def test_a_candidates_list_is_ordered_by_the_scores_they_may_see(ann, as_):
    none, low, high = created(ann), judged(ann, overall=20.0), judged(ann, overall=90.0)
    hidden = update(judged(ann, overall=55.0), shows_report=False)
    without = [str(hidden.pk), str(none.pk)]  # by their ids, the newest first
    assert ids(as_(ann), ordering="score") == [str(low.pk), str(high.pk), *without]
    assert ids(as_(ann), ordering="-score") == [str(high.pk), str(low.pk), *without]
    rows = as_(ann).get(URL, {"ordering": "-score,created_at"}).json()["results"]
    assert [row["score"] for row in rows] == [90.0, 20.0, None, None]
    assert [row["id"] for row in rows[2:]] == without[::-1]


def test_a_hidden_score_moves_no_row_of_the_staffs_list(ann, ben, sam, as_):
    first, second, third = judged(ann, overall=10.0), judged(ben, overall=99.0), judged(ann, overall=50.0)
    newest = [str(session.pk) for session in (third, second, first)]
    assert ids(as_(sam), ordering="score,-created_at") == newest
    assert ids(as_(sam), ordering="-score,-created_at") == newest
    reviewing.skip_review(first.pk, "I know her.", actor=as_actor(sam))
    assert ids(as_(sam), ordering="score,-created_at") == [str(first.pk), str(third.pk), str(second.pk)]


def test_peoples_mean_goes_before_the_machines_score(ann, ines, as_):
    low, high = judged(ann, overall=40.0), judged(ann, overall=60.0)
    for score in (80.0, 90.0):
        ReviewFactory(
            evaluation=evaluation_of(low), reviewer=UserFactory(), final_score=score, created_at=database_now()
        )
    assert ids(as_(ann), ordering="-score") == [str(low.pk), str(high.pk)]


def test_the_other_filters_and_pages_go_along(ann, as_):
    low, high, _ = judged(ann, overall=20.0), judged(ann, overall=90.0), created(ann)
    body = as_(ann).get(URL, {"ordering": "-score", "status": "completed", "limit": 1}).json()
    assert (body["count"], body["results"][0]["id"]) == (2, str(high.pk))
    assert as_(ann).get(body["next"]).json()["results"][0]["id"] == str(low.pk)


@pytest.mark.parametrize("rows", [2, 12])
def test_it_costs_the_same_queries_however_long(ann, as_, django_assert_num_queries, rows):
    for _ in range(rows):
        judged(ann)
    client = as_(ann)
    with django_assert_num_queries(4):  # the count, the rows, and of their scores: evaluations and reviews
        client.get(URL, {"ordering": "-score"})
