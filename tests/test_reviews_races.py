"""Reviews at the same moment, on real threads: one review a person, one event, and nothing of a reopened interview."""

from __future__ import annotations

from functools import partial

import pytest

from sessions_app import errors
from sessions_app.events import broken_links
from sessions_app.models import Review
from sessions_app.services import reviewing, scorecards, sessions
from sessions_app.services.disagreeing import disagree

from .factories import UserFactory, as_actor, fresh, types
from .judged import filled, judged
from .real_database import Crowd, real_database  # noqa: F401

pytestmark = pytest.mark.usefixtures("real_database")


def staff():
    return UserFactory(is_staff=True)


def test_a_double_click_submits_once() -> None:
    sam = staff()
    with Crowd(2) as crowd:
        for _ in range(6):
            session = judged(UserFactory())
            act = partial(reviewing.submit_review, session.pk, filled(), actor=as_actor(sam))
            got = crowd.at_once([act, act])
            assert sorted(type(what).__name__ for what in got) == ["Review", "ReviewSubmitted"]
            assert types(session).count("evaluation.reviewed") == 1
            assert Review.objects.filter(session=session).count() == 1
            assert list(broken_links(fresh(session))) == []


def test_two_windows_keep_one_draft_and_refuse_the_other() -> None:
    sam = staff()
    with Crowd(2) as crowd:
        for _ in range(6):
            session = judged(UserFactory())
            first = reviewing.save_review(session.pk, filled(), actor=as_actor(sam))
            act = partial(reviewing.save_review, session.pk, filled(revision=first.revision), actor=as_actor(sam))
            got = crowd.at_once([act, act])
            assert sorted(type(what).__name__ for what in got) == ["Review", "ReviewChanged"]


def test_submitting_and_opening_again_leave_one_truth() -> None:
    sam, ines = staff(), staff()
    with Crowd(2) as crowd:
        for _ in range(6):
            session = judged(UserFactory())
            review, reopened = crowd.at_once(
                [
                    partial(reviewing.submit_review, session.pk, filled(), actor=as_actor(sam)),
                    partial(sessions.reopen_session, session.pk, reason="More", actor=as_actor(ines)),
                ]
            )
            assert not isinstance(reopened, Exception), reopened
            came_first = isinstance(review, Review)
            assert came_first or isinstance(review, errors.EvaluationNotFound), review
            assert types(session).count("evaluation.reviewed") == came_first
            assert not scorecards.may_see_scores(fresh(session), as_actor(sam))


def test_the_same_objection_twice_at_once_is_one_request() -> None:
    with Crowd(2) as crowd:
        for _ in range(6):
            ann = UserFactory()
            session = judged(ann)
            act = partial(disagree, session.pk, "criterion-0", "I said more.", actor=as_actor(ann))
            first, second = crowd.at_once([act, act])
            assert first.pk == second.pk
            assert types(session).count("request.opened") == 1
