"""A scorecard: drafts, what is missing, fixed ratings, the reason for a difference, and who may rate at all."""

from __future__ import annotations

import pytest

from sessions_app import errors
from sessions_app.ai import quotes
from sessions_app.events import broken_links
from sessions_app.models import CriterionScore, Evaluation, Review
from sessions_app.services import reviewing, scorecards, sessions
from sessions_app.services.replay import contradictions
from sessions_app.services.reviewing import Given, Rated
from sessions_app.services.scorecards import standings

from .factories import EvaluationFactory, UserFactory, as_actor, ended, fresh, types
from .judged import answers, evaluation_of, filled, judged

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(db):
    return UserFactory(email="ines@example.com", name="Ines Second", is_staff=True)


def wrong_fields(caught):
    return {error.field: error.code for error in caught.value.errors}


def test_a_draft_keeps_what_is_there_and_tells_nobody(ann, sam):
    session = judged(ann)
    before = types(session)
    review = reviewing.save_review(
        session.pk, Given(ratings={"criterion-0": Rated("solid", note="Good probing.")}), actor=as_actor(sam)
    )
    assert (review.status, review.revision, review.final_score) == ("draft", 1, None)
    assert [(row.key, row.rating, row.note) for row in review.ratings.all()] == [
        ("criterion-0", "solid", "Good probing.")
    ]
    assert types(session) == before
    assert not scorecards.may_see_scores(session, as_actor(sam))


def test_a_complete_one_is_submitted_with_its_score_and_an_event(ann, sam):
    session = judged(ann, overall=66)
    review = reviewing.submit_review(session.pk, filled("strong", "weak", "not_enough_evidence"), actor=as_actor(sam))
    assert (review.status, review.final_score) == ("submitted", 67.5)
    assert review.submitted_at is not None
    event = session.events.get(type="evaluation.reviewed")
    assert event.data == {
        "evaluation": str(evaluation_of(session).pk),
        "review": str(review.pk),
        "criteria": 3,
        "quotes": 0,
    }
    assert event.actor == f"staff:{sam.pk}"
    assert list(broken_links(fresh(session))) == []
    assert list(contradictions(fresh(session))) == []


def test_weights_count(ann, sam):
    session = judged(ann, overall=50, scores=[80.0, 40.0])
    CriterionScore.objects.filter(evaluation__session=session, key="criterion-1").update(weight=3)
    review = reviewing.submit_review(session.pk, filled("strong", "weak"), actor=as_actor(sam))
    assert review.final_score == (100 + 3 * 35) / 4


def test_everything_that_is_missing_is_told_at_once_and_nothing_is_stored(ann, sam):
    session = judged(ann)
    with pytest.raises(errors.ValidationFailed) as caught:
        reviewing.submit_review(session.pk, Given(ratings={"criterion-1": Rated("weak")}), actor=as_actor(sam))
    assert wrong_fields(caught) == {
        "ratings.criterion-0": "required",
        "ratings.criterion-2": "required",
        "takeaways": "required",
        "recommendation": "required",
    }
    assert not Review.objects.exists()


def test_nonsense_is_refused_by_name(ann, sam):
    session = judged(ann)
    given = Given(
        ratings={
            "criterion-0": Rated("brilliant", note="x" * 2_001, quotes=[{"quote": "never said"}]),
            "other": Rated("weak"),
        },
        takeaways="x" * 4_001,
        recommendation="maybe",
    )
    with pytest.raises(errors.ValidationFailed) as caught:
        reviewing.save_review(session.pk, given, actor=as_actor(sam))
    assert wrong_fields(caught) == {
        "takeaways": "max_length",
        "recommendation": "invalid_choice",
        "ratings.criterion-0.note": "max_length",
        "ratings.criterion-0": "invalid_choice",
        "ratings.criterion-0.quotes": "not_their_words",
        "ratings.other": "unknown",
    }


def test_a_difference_of_more_than_ten_points_fixes_the_ratings_and_asks_why(ann, sam):
    session = judged(ann, overall=90)
    review = reviewing.submit_review(session.pk, filled("weak", "weak", "weak"), actor=as_actor(sam))
    assert (review.status, review.final_score, review.submitted_at) == ("sealed", 35, None)
    assert types(session)[-1] == "review.sealed"
    assert scorecards.may_see_scores(session, as_actor(sam))
    with pytest.raises(errors.ReviewSealed):
        reviewing.save_review(session.pk, filled("strong", "strong", "strong"), actor=as_actor(sam))
    with pytest.raises(errors.ValidationFailed) as caught:
        reviewing.submit_review(session.pk, filled("strong", "strong", "strong"), actor=as_actor(sam))
    assert wrong_fields(caught) == {"reason": "required"}
    review = reviewing.submit_review(session.pk, Given(reason="It names terms only."), actor=as_actor(sam))
    assert (review.status, review.final_score, review.reason) == ("submitted", 35, "It names terms only.")
    assert {row.rating for row in review.ratings.all()} == {"weak"}
    assert types(session)[-2:] == ["review.sealed", "evaluation.reviewed"]


@pytest.mark.parametrize(
    ("overall", "status"), [(45, "submitted"), (45.01, "sealed"), (25, "submitted"), (24, "sealed")]
)
def test_ten_points_apart_need_no_reason(ann, sam, overall, status):
    session = judged(ann, overall=overall)
    assert reviewing.submit_review(session.pk, filled("weak", "weak", "weak"), actor=as_actor(sam)).status == status


def test_a_reason_given_beforehand_is_enough(ann, sam):
    session = judged(ann, overall=90)
    review = reviewing.submit_review(session.pk, filled("weak", "no", "no", reason="Thin."), actor=as_actor(sam))
    assert review.status == "submitted"


@pytest.mark.parametrize("overall", [None, 90])
def test_without_two_scores_there_is_no_difference(ann, sam, overall):
    session = judged(ann, overall=overall)
    words = ("not_enough_evidence",) * 3 if overall else ("weak",) * 3
    review = reviewing.submit_review(session.pk, filled(*words), actor=as_actor(sam))
    assert (review.status, review.final_score) == ("submitted", None if overall else 35)


def test_the_machines_values_stay_beside_the_persons(ann, sam, ines):
    session = judged(ann, overall=71)
    before = list(CriterionScore.objects.values())
    assert standings([session])[session.pk].by == "ai"
    reviewing.submit_review(session.pk, filled("strong", "weak", "solid"), actor=as_actor(sam))
    reviewing.submit_review(session.pk, filled("no", "no", "weak", reason="Terms only."), actor=as_actor(ines))
    counted = standings([session])[session.pk]
    assert (counted.by, counted.reviews) == ("people", 2)
    assert counted.score == pytest.approx(((100 + 35 + 70) / 3 + 35 / 3) / 2)
    assert list(CriterionScore.objects.values()) == before
    assert evaluation_of(session).overall_score == 71


def test_the_practice_engines_score_is_not_called_an_ais(ann):
    session = judged(ann, method="evidence_coverage", overall=40)
    assert (standings([session])[session.pk].by, standings([session])[session.pk].score) == ("coverage", 40)


def test_submitting_twice_changes_nothing(ann, sam):
    session = judged(ann)
    reviewing.submit_review(session.pk, filled(), actor=as_actor(sam))
    before = types(session)
    for verb in (reviewing.submit_review, reviewing.save_review):
        with pytest.raises(errors.ReviewSubmitted):
            verb(session.pk, filled("no", "no", "no"), actor=as_actor(sam))
    assert types(session) == before
    assert Review.objects.get().ratings.filter(rating="no").count() == 0


def test_a_stale_form_is_refused(ann, sam):
    session = judged(ann)
    first = reviewing.save_review(session.pk, filled(), actor=as_actor(sam))
    reviewing.save_review(session.pk, filled("no", "no", "no", revision=first.revision), actor=as_actor(sam))
    with pytest.raises(errors.ReviewChanged):
        reviewing.save_review(session.pk, filled(revision=first.revision), actor=as_actor(sam))
    assert set(Review.objects.get().ratings.values_list("rating", flat=True)) == {"no"}


def test_a_scorecard_of_a_superseded_evaluation_is_refused(ann, sam):
    session = judged(ann)
    old = str(evaluation_of(session).pk)
    sessions.reopen_session(session.pk, reason="More to say", actor=as_actor(sam))
    Evaluation.objects.filter(pk=old).update(superseded_at=session.now)
    with pytest.raises(errors.EvaluationSuperseded):
        reviewing.submit_review(session.pk, filled(evaluation_id=old), actor=as_actor(sam))
    with pytest.raises(errors.EvaluationNotFound):
        reviewing.submit_review(session.pk, filled(), actor=as_actor(sam))


def test_who_is_not_staff_or_is_the_candidate_cannot_rate(ann, sam):
    session = judged(ann)
    with pytest.raises(errors.PermissionDenied):
        reviewing.save_review(session.pk, filled(), actor=as_actor(ann))
    with pytest.raises(errors.PermissionDenied):
        reviewing.save_review(judged(sam).pk, filled(), actor=as_actor(sam))


def test_an_interview_without_an_evaluation_has_nothing_to_rate(ann, sam):
    with pytest.raises(errors.EvaluationNotFound):
        reviewing.save_review(ended(ann).pk, filled(), actor=as_actor(sam))


def test_skipping_needs_a_reason_shows_the_scores_and_is_for_good(ann, sam):
    session = judged(ann)
    with pytest.raises(errors.ValidationFailed):
        reviewing.skip_review(session.pk, "  ", actor=as_actor(sam))
    assert not scorecards.may_see_scores(session, as_actor(sam))
    review = reviewing.skip_review(session.pk, "I know her.", actor=as_actor(sam))
    assert (review.status, review.skip_reason) == ("skipped", "I know her.")
    assert scorecards.may_see_scores(session, as_actor(sam))
    assert types(session)[-1] == "review.skipped"
    with pytest.raises(errors.ReviewSkipped):
        reviewing.submit_review(session.pk, filled(), actor=as_actor(sam))


def test_quotes_are_kept_with_their_place(ann, sam):
    session = judged(ann)
    first, second = answers(session)
    quotes = [{"message_id": str(first.pk), "start": 0, "end": 21}, {"quote": "  nobody\nMEASURES enough "}]
    given = Given(ratings={"criterion-0": Rated("solid", quotes=[*quotes, quotes[0]])})
    review = reviewing.save_review(session.pk, given, actor=as_actor(sam))
    assert review.ratings.get().quotes == [
        {"message_id": str(first.pk), "start": 0, "end": 21, "quote": "I would add an index."},
        {"message_id": str(second.pk), "start": 22, "end": 44, "quote": "Nobody measures enough"},
    ]


@pytest.mark.parametrize(("start", "end"), [(5, 5), (-1, 4), (0, 100_000), ("0", 4), (None, None), (True, 4), (9, 2)])
def test_a_place_that_is_none_is_refused(ann, sam, start, end):
    session = judged(ann)
    quote = {"message_id": str(answers(session)[0].pk), "start": start, "end": end}
    with pytest.raises(errors.ValidationFailed):
        reviewing.save_review(
            session.pk, Given(ratings={"criterion-0": Rated("solid", quotes=[quote])}), actor=as_actor(sam)
        )


def test_an_answer_is_read_once_however_many_words_are_looked_up(ann, sam, monkeypatch):
    session = judged(ann)
    read = []

    class Counted(quotes.Folded):
        def __init__(self, text):
            read.append(text)
            super().__init__(text)

    monkeypatch.setattr(quotes, "Folded", Counted)
    words = ({"quote": "makes writes slower"}, {"quote": "I would add an index"}, {"quote": "Nobody measures enough"})
    given = Given(ratings={f"criterion-{n}": Rated("solid", quotes=words) for n in range(3)})
    review = reviewing.save_review(session.pk, given, actor=as_actor(sam))
    assert [len(row.quotes) for row in review.ratings.all()] == [3, 3, 3]
    assert sum(text in {row.content for row in answers(session)} for text in read) == 2


def test_somebody_elses_answer_is_no_quote(ann, ben, sam):
    session, other = judged(ann), judged(ben)
    quote = {"message_id": str(answers(other)[0].pk), "start": 0, "end": 4}
    with pytest.raises(errors.ValidationFailed):
        reviewing.save_review(
            session.pk, Given(ratings={"criterion-0": Rated("solid", quotes=[quote])}), actor=as_actor(sam)
        )


def test_asking_for_a_second_review_once(ann, sam, ines):
    session = judged(ann)
    first = reviewing.assign_reviewer(session.pk, ines.pk, actor=as_actor(sam))
    assert first == reviewing.assign_reviewer(session.pk, ines.pk, actor=as_actor(sam))
    assert (first.status, first.assigned_by) == ("draft", sam)
    assert types(session).count("review.assigned") == 1
    for nobody in (ann.pk, "x", session.pk):
        with pytest.raises(errors.ValidationFailed):
            reviewing.assign_reviewer(session.pk, nobody, actor=as_actor(sam))
    with pytest.raises(errors.PermissionDenied):
        reviewing.assign_reviewer(session.pk, ines.pk, actor=as_actor(ann))


def judge_again(session, **fields):
    """The session is judged once more; what was said is the same."""
    Evaluation.objects.filter(session=session).update(superseded_at=session.now)
    return EvaluationFactory(session=session, **fields)


def test_a_review_counts_on_when_the_same_answers_are_judged_once_more(ann, sam):
    session = judged(ann)
    reviewing.submit_review(session.pk, filled(), actor=as_actor(sam))
    judge_again(session, overall_score=10)
    counted = standings([session])[session.pk]
    assert (counted.by, counted.reviews) == ("people", 1)
    assert scorecards.may_see_scores(session, as_actor(sam))
    with pytest.raises(errors.ReviewSubmitted):
        reviewing.submit_review(session.pk, filled(), actor=as_actor(sam))


def test_a_draft_goes_along_to_the_new_evaluation(ann, sam):
    session = judged(ann)
    draft = reviewing.save_review(session.pk, filled(), actor=as_actor(sam))
    new = judge_again(session, overall_score=70)
    review = reviewing.submit_review(session.pk, None, actor=as_actor(sam))
    assert (review.pk, review.evaluation_id, review.status) == (draft.pk, new.pk, "submitted")


def test_opening_again_takes_earlier_reviews_out_of_the_count(ann, sam):
    session = judged(ann)
    reviewing.submit_review(session.pk, filled(), actor=as_actor(sam))
    sessions.reopen_session(session.pk, reason="More to say", actor=as_actor(sam))
    sessions.end_session(session.pk)
    session = fresh(session)
    judge_again(session, overall_score=10)
    assert standings([session])[session.pk].by == "ai"
    assert not scorecards.may_see_scores(session, as_actor(sam))
    assert reviewing.submit_review(session.pk, filled(reason="Better now."), actor=as_actor(sam)).status == "submitted"
    assert Review.objects.count() == 2
