"""The scorecard over the API, and blind-first on every surface that tells a score."""

from __future__ import annotations

import pytest

from sessions_app.models import CandidateRequest

from .factories import ReviewFactory, UserFactory
from .judged import FIRST, answers, evaluation_of, judged

pytestmark = pytest.mark.django_db

SCORECARD = {
    "ratings": [
        {"key": f"criterion-{number}", "rating": word} for number, word in enumerate(("strong", "weak", "solid"))
    ],
    "takeaways": "Weighs costs.",
    "recommendation": "yes",
}


def url(session, rest=""):
    return f"/api/v1/sessions/{session.pk}/review{rest}"


def test_a_scorecard_from_blank_to_submitted(ann, sam, as_):
    session = judged(ann)
    client = as_(sam)
    blank = client.get(url(session)).json()
    assert blank["review"] is None
    assert blank["sees_scores"] is False
    assert (blank["overall_score"], blank["scores"], blank["others"], blank["standing"]) == (None, [], [], None)
    assert [row["key"] for row in blank["criteria"]] == ["criterion-0", "criterion-1", "criterion-2"]

    quote = {"quote": "it makes writes slower"}
    draft = {**SCORECARD, "ratings": [{"key": "criterion-0", "rating": "strong", "note": "Clear.", "quotes": [quote]}]}
    saved = client.put(url(session), draft, format="json").json()
    assert saved["review"]["status"] == "draft"
    assert saved["review"]["ratings"][0]["quotes"] == [
        {"message_id": str(answers(session)[0].pk), "start": 22, "end": 44, "quote": FIRST[22:44]}
    ]
    assert saved["overall_score"] is None

    done = client.post(url(session, "/submit"), SCORECARD, format="json")
    assert done.status_code == 200
    assert done.json()["review"]["status"] == "submitted"
    assert done.json()["overall_score"] == 71
    assert done.json()["standing"] == {"score": pytest.approx(205 / 3), "by": "people", "reviews": 1}
    assert [row["score"] for row in done.json()["scores"]] == [80, 40, None]
    again = client.post(url(session, "/submit"), SCORECARD, format="json")
    assert (again.status_code, again.json()["detail"]["code"]) == (409, "REVIEW_SUBMITTED")


def test_the_draft_is_submitted_as_it_is_without_a_body(ann, sam, as_):
    session = judged(ann)
    as_(sam).put(url(session), SCORECARD, format="json")
    assert as_(sam).post(url(session, "/submit")).json()["review"]["status"] == "submitted"


def test_what_is_missing_is_named(ann, sam, as_):
    response = as_(sam).post(url(judged(ann), "/submit"), {"takeaways": "x"}, format="json")
    assert response.status_code == 400
    fields = {error["field"] for error in response.json()["detail"]["errors"]}
    assert fields == {"ratings.criterion-0", "ratings.criterion-1", "ratings.criterion-2", "recommendation"}


def test_a_wide_difference_comes_back_sealed_and_takes_a_reason(ann, sam, as_):
    session = judged(ann, overall=20)
    sealed = as_(sam).post(url(session, "/submit"), SCORECARD, format="json")
    assert (sealed.status_code, sealed.json()["review"]["status"]) == (200, "sealed")
    assert sealed.json()["sees_scores"] is True
    fixed = as_(sam).put(url(session), SCORECARD, format="json")
    assert (fixed.status_code, fixed.json()["detail"]["code"]) == (409, "REVIEW_SEALED")
    done = as_(sam).post(url(session, "/submit"), {"reason": "Said it all."}, format="json")
    assert (done.json()["review"]["status"], done.json()["review"]["reason"]) == ("submitted", "Said it all.")


def test_stale_and_superseded_forms_are_409(ann, sam, as_):
    session = judged(ann)
    as_(sam).put(url(session), SCORECARD, format="json")
    stale = as_(sam).put(url(session), {**SCORECARD, "revision": 0}, format="json")
    assert (stale.status_code, stale.json()["detail"]["code"]) == (409, "REVIEW_CHANGED")
    other = as_(sam).put(url(session), {**SCORECARD, "evaluation_id": str(session.pk)}, format="json")
    assert (other.status_code, other.json()["detail"]["code"]) == (409, "EVALUATION_SUPERSEDED")


@pytest.mark.parametrize(
    "body",
    [
        {"ratings": "x"},
        {"ratings": [{"key": "criterion-0", "rating": "good"}]},
        {"ratings": [{"rating": "solid"}]},
        {"ratings": [{"key": "criterion-0", "quotes": [{"start": -1}]}]},
        {"takeaways": 7, "colour": "red"},
        {"recommendation": "hire"},
        [],
    ],
)
def test_malformed_bodies_are_400(ann, sam, as_, body):
    response = as_(sam).put(url(judged(ann)), body, format="json")
    assert (response.status_code, response.json()["detail"]["code"]) == (400, "VALIDATION_ERROR")


def test_the_second_reviewer_sees_nothing_of_the_first_before_submitting(ann, sam, as_):
    session = judged(ann)
    ines = UserFactory(is_staff=True, is_superuser=True)
    as_(sam).post(url(session, "/submit"), SCORECARD, format="json")
    asked = as_(sam).post(url(session, "/reviewers"), {"reviewer_id": str(ines.pk)}, format="json")
    assert (asked.status_code, asked.json()["reviewer_id"]) == (200, str(ines.pk))
    before = as_(ines).get(url(session)).content.decode()
    assert "Weighs costs" not in before
    assert '"others":[]' in before
    after = as_(ines).post(url(session, "/submit"), {**SCORECARD, "takeaways": "My own."}, format="json").json()
    assert [row["takeaways"] for row in after["others"]] == ["Weighs costs."]
    assert after["standing"]["reviews"] == 2


def test_skipping_shows_the_scores(ann, sam, as_):
    session = judged(ann)
    assert as_(sam).post(url(session, "/skip"), {"reason": ""}, format="json").status_code == 400
    skipped = as_(sam).post(url(session, "/skip"), {"reason": "I know her."}, format="json").json()
    assert (skipped["sees_scores"], skipped["overall_score"]) == (True, 71)


def test_candidates_and_strangers_have_no_scorecard(ann, ben, sam, as_):
    session = judged(ann)
    assert as_(ann).get(url(session)).status_code == 403
    assert as_(ben).get(url(session)).status_code == 404
    own = as_(sam).put(url(judged(sam)), SCORECARD, format="json")
    assert (own.status_code, own.json()["detail"]["code"]) == (403, "PERMISSION_DENIED")


def test_the_log_tells_that_it_was_reviewed_and_no_score(ann, sam, as_):
    session = judged(ann)
    as_(sam).post(url(session, "/submit"), SCORECARD, format="json")
    entry = as_(sam).get(f"/api/v1/sessions/{session.pk}/events").json()["results"][-1]
    assert entry["type"] == "evaluation.reviewed"
    assert set(entry["data"]) == {"evaluation", "review", "criteria", "quotes"}


def test_a_candidate_disagrees_over_the_api(ann, as_):
    session = judged(ann)
    body = {"kind": "score", "criterion": "criterion-0", "text": "I said more than that."}
    response = as_(ann).post(f"/api/v1/sessions/{session.pk}/requests", body, format="json")
    assert response.status_code == 201
    assert (response.json()["kind"], response.json()["criterion"]) == ("score", "criterion-0")
    for wrong in ({**body, "criterion": "other"}, {"kind": "score", "text": "x"}, {**body, "kind": "human"}):
        assert as_(ann).post(f"/api/v1/sessions/{session.pk}/requests", wrong, format="json").status_code == 400
    assert CandidateRequest.objects.count() == 1


def test_the_agreement_figures_are_for_staff(ann, sam, as_):
    ReviewFactory(evaluation=evaluation_of(judged(ann)))
    assert as_(ann).get("/api/v1/reviews/agreement").status_code == 403
    told = as_(sam).get("/api/v1/reviews/agreement").json()
    assert [row["method"] for row in told] == ["Scored by AI", "Evidence coverage by the practice engine"]
    assert told[0]["figures"][0]["mean_gap"] is None


def test_the_report_tells_both_verdicts_and_keeps_the_words_for_staff_to_staff(ann, sam, as_):
    session = judged(ann)
    address = f"/api/v1/sessions/{session.pk}/evaluation"
    assert as_(ann).get(address).json()["standing"] == {"score": 71, "by": "ai", "reviews": 0}
    as_(sam).post(url(session, "/submit"), SCORECARD, format="json")
    for user, takeaways in ((sam, "Weighs costs."), (ann, None)):
        told = as_(user).get(address).json()
        assert told["overall_score"] == 71
        assert told["standing"] == {"score": pytest.approx(205 / 3), "by": "people", "reviews": 1}
        (review,) = told["reviews"]
        assert [row["rating"] for row in review["ratings"]] == ["strong", "weak", "solid"]
        assert review["takeaways"] == takeaways
        assert (review["reviewer_id"] is None) == (user is ann)


@pytest.mark.parametrize("extension", ["md", "txt", "json"])
def test_files_hold_both_verdicts(ann, sam, as_, extension):
    session = judged(ann)
    as_(sam).post(url(session, "/submit"), SCORECARD, format="json")
    file = as_(ann).get(f"/api/v1/sessions/{session.pk}/export?format={extension}").content.decode()
    assert "71" in file
    assert ('"by": "people"' if extension == "json" else "68 of 100, by a person. Criterion 0: Strong") in file
    assert "Weighs costs." not in file


def test_real_scorecards_conform_to_the_openapi_file(ann, sam, as_):
    from drf_spectacular.generators import SchemaGenerator

    from .test_openapi import conforms

    schema = SchemaGenerator().get_schema(request=None, public=True)
    session = judged(ann)
    client = as_(sam)
    address = f"/api/v1/sessions/{session.pk}/review"
    conforms(schema, client.get(address), address)
    conforms(schema, client.put(address, SCORECARD, format="json"), address)
    conforms(schema, client.put(address, {"colour": 1}, format="json"), address)
    conforms(schema, client.post(f"{address}/submit", SCORECARD, format="json"), f"{address}/submit")
    conforms(schema, client.post(f"{address}/submit", SCORECARD, format="json"), f"{address}/submit")
    conforms(schema, client.get("/api/v1/reviews/agreement"), "/api/v1/reviews/agreement")
    for user in (sam, ann):
        evaluation = f"/api/v1/sessions/{session.pk}/evaluation"
        conforms(schema, as_(user).get(evaluation), evaluation)
