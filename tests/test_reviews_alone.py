"""An interview that no program has scored: a person can rate it, and is enough for its final score."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_app import errors
from sessions_app.events import broken_links
from sessions_app.models import Evaluation, InterviewSession, Operation, Review, User
from sessions_app.models.actions import Phase
from sessions_app.services import reviewing, scorecards
from sessions_app.services.evaluating import retry_evaluation
from sessions_app.services.replay import contradictions
from sessions_app.services.reviewing import Given, Rated
from sessions_app.services.running import run_operation
from tests import factories as f

from .judged import set_evaluation_operation

pytestmark = pytest.mark.django_db


def unscored(candidate: User, status: str = "failed", **config: Any) -> InterviewSession:
    """It has ended with one answer, and its evaluation came to nothing."""
    session = f.ended(candidate, **config)
    set_evaluation_operation(session, status)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=False)
    return f.fresh(session)


def given(session: InterviewSession, word: str = "solid", **fields: Any) -> Given:
    ratings = {one.key: Rated(word) for one in scorecards.rated_criteria(session)}
    return Given(**{"ratings": ratings, "takeaways": "Weighs costs.", "recommendation": "yes", **fields})


def queue(user: User) -> list[Any]:
    return [row.pk for row in scorecards.review_queue(f.as_actor(user))]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_person_alone_gives_the_final_score(ann: User, sam: User, status: str) -> None:
    session = unscored(ann, status)
    assert queue(sam) == [session.pk]
    review = reviewing.submit_review(session.pk, given(session), actor=f.as_actor(sam))
    assert (review.status, review.final_score) == ("submitted", 70.0)
    counted = scorecards.standings([session])[session.pk]
    assert (counted.score, counted.by, counted.reviews) == (70.0, "people", 1)
    assert queue(sam) == []


def test_nothing_in_it_is_passed_off_as_a_programs(ann: User, sam: User, as_: Any) -> None:
    session = unscored(ann)
    reviewing.submit_review(session.pk, given(session), actor=f.as_actor(sam))
    told = as_(sam).get(f"/api/v1/sessions/{session.pk}/evaluation").json()
    assert (told["method"], told["model_name"], told["overall_score"]) == ("people", "", None)
    assert told["standing"] == {"score": 70.0, "by": "people", "reviews": 1}
    assert {(one["verdict"], one["score"]) for one in told["criteria"]} == {("left_to_human", None)}
    session = f.fresh(session)
    assert session.phase is None
    assert f.types(session)[-2:] == ["evaluation.completed", "evaluation.reviewed"]
    assert list(broken_links(session)) == list(contradictions(session)) == []


def test_no_other_score_is_there_to_differ_from(ann: User, sam: User) -> None:
    """So no reason is asked for, whatever the words are."""
    session = unscored(ann)
    review = reviewing.submit_review(session.pk, given(session, "no"), actor=f.as_actor(sam))
    assert (review.status, review.final_score, review.reason) == ("submitted", 0.0, "")


def test_a_draft_is_kept_without_an_evaluation_and_tells_nobody(ann: User, sam: User, as_: Any) -> None:
    session = unscored(ann)
    reviewing.save_review(session.pk, given(session), actor=f.as_actor(sam))
    assert not Evaluation.objects.exists()
    assert f.fresh(session).phase == Phase.EVALUATION_FAILED
    assert as_(ann).get(f"/api/v1/sessions/{session.pk}/evaluation").status_code == 404
    told = as_(sam).get(f"/api/v1/sessions/{session.pk}/review").json()
    assert (told["evaluation_id"], told["review"]["status"], told["method"]) == (None, "draft", None)


def test_every_criterion_of_the_plan_wants_a_word(ann: User, sam: User) -> None:
    session = unscored(ann)
    keys = {one.key for one in scorecards.rated_criteria(session)}
    with pytest.raises(errors.ValidationFailed) as caught:
        reviewing.submit_review(session.pk, Given(), actor=f.as_actor(sam))
    assert keys and {f"ratings.{key}" for key in keys} <= {error.field for error in caught.value.errors}
    assert not Review.objects.exists() and not Evaluation.objects.exists()


def test_what_is_being_scored_or_has_no_answer_cannot_be_rated(ann: User, sam: User) -> None:
    for session in (unscored(ann, "queued"), unscored(ann, "running"), f.waiting(ann)):
        with pytest.raises(errors.EvaluationNotFound):
            reviewing.save_review(session.pk, Given(), actor=f.as_actor(sam))
    assert queue(sam) == []


def test_who_has_begun_goes_on_while_it_is_tried_once_more(ann: User, sam: User) -> None:
    session = unscored(ann)
    reviewing.save_review(session.pk, given(session), actor=f.as_actor(sam))
    operation = retry_evaluation(session.pk)
    reviewing.submit_review(session.pk, given(session, "strong"), actor=f.as_actor(sam))
    assert f.fresh(session).evaluation_operation_id == operation.pk
    assert run_operation(operation.pk)
    counted = scorecards.standings([session])[session.pk]
    assert (counted.score, counted.by) == (100.0, "people")
    assert Evaluation.objects.current().get(session=session).method == "evidence_coverage"


def test_a_draft_stands_beside_the_score_that_comes_after_all(ann: User, sam: User) -> None:
    session = unscored(ann)
    reviewing.save_review(session.pk, given(session), actor=f.as_actor(sam))
    assert run_operation(retry_evaluation(session.pk).pk)
    Evaluation.objects.update(overall_score=5.0)
    review = reviewing.submit_review(session.pk, None, actor=f.as_actor(sam))
    assert (review.status, review.evaluation) == ("sealed", Evaluation.objects.current().get(session=session))


def test_it_can_be_scored_by_a_program_later(ann: User, sam: User) -> None:
    session = unscored(ann)
    reviewing.submit_review(session.pk, given(session), actor=f.as_actor(sam))
    assert run_operation(retry_evaluation(session.pk, actor=f.as_actor(sam)).pk)
    assert Operation.objects.filter(session=session, kind="evaluation").count() == 2
    assert f.fresh(session).phase == Phase.EVALUATED
    assert scorecards.standings([session])[session.pk].by == "people"


def test_two_people_make_one_evaluation_and_a_mean(ann: User, sam: User) -> None:
    session = unscored(ann)
    ines = f.UserFactory(name="Ines", is_staff=True)
    reviewing.assign_reviewer(session.pk, ines.pk, actor=f.as_actor(sam))
    reviewing.submit_review(session.pk, given(session, "strong"), actor=f.as_actor(sam))
    assert queue(ines) == [session.pk]
    reviewing.submit_review(session.pk, given(session, "solid"), actor=f.as_actor(ines))
    assert Evaluation.objects.count() == 1
    counted = scorecards.standings([session])[session.pk]
    assert (counted.score, counted.reviews) == (85.0, 2)


def test_the_pages_say_who_rated(ann: User, sam: User, client: Client) -> None:
    session = unscored(ann)
    client.force_login(sam, backend="django.contrib.auth.backends.ModelBackend")
    assert b"no program has scored it" in client.get("/admin/review/").content
    html = client.get(f"/admin/review/{session.pk}/").content.decode()
    assert "Your ratings alone are enough" in html
    sent = {"do": "submit", "evaluation": "", "takeaways": "Weighs costs.", "recommendation": "yes"}
    keys = [one.key for one in scorecards.rated_criteria(session)]
    words = {f"rating-{key}": "solid" for key in keys}
    said = client.post(f"/admin/review/{session.pk}/", {**sent, **words, "criterion": keys}, follow=True)
    html = said.content.decode()
    assert "Submitted. Thank you." in html
    assert "mean of 1 review" in html
    assert "Scored by AI" not in html and "Practice engine" not in html
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    InterviewSession.objects.filter(pk=session.pk).update(shows_report=True)
    report = client.get(f"/sessions/{session.pk}/report").content.decode()
    assert "Rated by people; no program scored it" in report
    assert "70 of 100" in report and "automatic score" not in report and "partial" not in report
    assert "70" in client.get("/sessions/").content.decode()
    assert "Rated by people" in client.get(f"/sessions/{session.pk}/export.md").content.decode()
