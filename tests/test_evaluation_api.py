"""The report over the API: its shape, who sees it, retrying it, and what the stream and the lists tell of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app import live
from sessions_app.access import Actor
from sessions_app.ai.protocol import ProviderError
from sessions_app.models import InterviewSession, User
from sessions_app.services import reviewing
from tests import factories as f
from tests.judges import Judge, connected, evaluate, finished

pytestmark = pytest.mark.django_db

NOT_FOUND = "EVALUATION_NOT_FOUND"


def path(session: InterviewSession, tail: str = "") -> str:
    return f"/api/v1/sessions/{session.pk}/evaluation{tail}"


def test_the_report_has_the_shape_of_the_contract(ann: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    body = as_(ann).get(path(session)).json()
    (only,) = body["criteria"]
    assert (body["overall_score"], body["method"]) == (50.0, "evidence_coverage")
    assert {"key", "title", "score", "level", "confidence", "evidence"} <= set(only)
    (evidence,) = only["evidence"]
    said = session.messages.get(pk=evidence["message_id"]).content
    assert said[evidence["start"] : evidence["end"]] == evidence["quote"]
    assert body["flags"] is None
    assert body["needs_human"] is True


@pytest.mark.parametrize("is_practice", [True, False])
def test_the_rubric_is_not_told_to_candidates_of_interviews_that_others_judge(
    is_practice: bool, ann: User, sam: User, as_: Any
) -> None:
    session = evaluate(finished(ann))
    type(session).objects.filter(pk=session.pk).update(is_practice=is_practice)
    reviewing.skip_review(session.pk, "I know her.", actor=Actor(sam))
    for who, is_told in ((ann, is_practice), (sam, True)):
        told = as_(who).get(f"/api/v1/sessions/{session.pk}/evaluation").json()
        exported = as_(who).get(f"/api/v1/sessions/{session.pk}/export").json()["evaluation"]
        for report in (told, exported):
            (criterion,) = report["criteria"]
            assert bool(criterion["points"]) == is_told and bool(criterion["evidence"][0]["point"]) == is_told
            assert ("Says what an index costs" in str(criterion)) == is_told


def test_a_criterion_without_evidence_has_no_score(ann: User, as_: Any) -> None:
    body = as_(ann).get(path(evaluate(finished(ann, "It was a nice day out.")))).json()
    (only,) = body["criteria"]
    assert (only["score"], only["verdict"], only["evidence"]) == (None, "not_enough_evidence", [])
    assert body["overall_score"] is None


def test_it_is_404_until_there_is_one(ann: User, as_: Any) -> None:
    for session in (f.waiting(ann), finished(ann)):
        answer = as_(ann).get(path(session))
        assert (answer.status_code, answer.json()["detail"]["code"]) == (404, NOT_FOUND)


def test_it_is_404_where_the_template_hides_it_and_nothing_can_be_retried(ann: User, as_: Any) -> None:
    session = evaluate(finished(ann, shows_report=False))
    assert as_(ann).get(path(session)).json()["detail"]["code"] == NOT_FOUND
    assert as_(ann).post(path(session, "/retry"), {}).json()["detail"]["code"] == NOT_FOUND


def test_what_is_hidden_cannot_be_tried_again_by_its_operation_either(ann: User, sam: User, as_: Any) -> None:
    operation = finished(ann, shows_report=False).evaluation_operation_id
    assert as_(ann).post(f"/api/v1/operations/{operation}/cancel", {}).status_code == 200
    refused = as_(ann).post(f"/api/v1/operations/{operation}/retry", {})
    assert (refused.status_code, refused.json()["detail"]["code"]) == (404, NOT_FOUND)
    assert as_(sam).post(f"/api/v1/operations/{operation}/retry", {}).status_code == 202


def test_strangers_learn_nothing(ann: User, ben: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    for answer in (as_(ben).get(path(session)), as_(ben).post(path(session, "/retry"), {})):
        assert (answer.status_code, answer.json()["detail"]["code"]) == (404, "SESSION_NOT_FOUND")


def test_staff_see_it_after_their_own_review_alone(ann: User, sam: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    assert as_(sam).get(path(session)).json()["detail"]["code"] == NOT_FOUND
    f.ReviewFactory(evaluation=session.evaluations.get(), reviewer=sam)
    body = as_(sam).get(path(session)).json()
    assert (body["flags"], body["overall_score"], body["standing"]["score"], body["standing"]["by"]) == (
        [],
        50,
        64,
        "people",
    )


def test_a_failed_one_can_be_tried_again(ann: User, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    away = ProviderError("WRONG_KEY", "The key is wrong.", retryable=False)
    connected(monkeypatch, Judge(error=away))
    session = evaluate(finished(ann, needs_model_score=True))
    operation = session.evaluation_operation_id
    shown = as_(ann).get(f"/api/v1/operations/{operation}").json()
    assert (shown["kind"], shown["status"], shown["error"]["code"]) == ("evaluation", "failed", "WRONG_KEY")
    queued = as_(ann).post(path(session, "/retry"), {})
    assert (queued.status_code, queued.json()["operation"]["status"]) == (202, "queued")
    again = as_(ann).post(path(session, "/retry"), {})
    assert (again.status_code, again.json()["detail"]["code"]) == (409, "EVALUATION_IN_PROGRESS")


def test_it_cannot_be_asked_for_before_the_end(ann: User, as_: Any) -> None:
    answer = as_(ann).post(path(f.waiting(ann), "/retry"), {})
    assert (answer.status_code, answer.json()["detail"]["code"]) == (400, "SESSION_NOT_COMPLETED")


# -- the stream and the lists ------------------------------------------------------------------------------------------


def frames(session: InterviewSession, actor: Actor) -> dict[str, dict[str, Any]]:
    """The last frame of each type that the session's stream has."""
    return {frame.event: frame.data for frame in live.read(session.pk, actor, live.Cursor(0)).frames}


def test_the_stream_tells_of_it_and_claims_no_question(ann: User) -> None:
    session = evaluate(finished(ann))
    told = frames(session, Actor(ann))
    report = session.evaluations.get()
    assert told["evaluation.completed"] == {
        "evaluation_id": str(report.pk), "overall_score": 50.0, "method": "evidence_coverage",
    }  # fmt: skip
    started = told["operation.started"]
    assert (started["operation"]["kind"], started["message"]) == ("evaluation", None)
    assert (told["operation.queued"]["kind"], told["operation.queued"]["message_id"]) == ("evaluation", None)


def test_the_stream_keeps_the_score_from_whoever_may_not_see_it(ann: User, sam: User) -> None:
    session = evaluate(finished(ann, shows_report=False))
    for person in (ann, sam):
        assert frames(session, Actor(person))["evaluation.completed"]["overall_score"] is None


def test_lists_have_the_score_for_whoever_may_see_it(ann: User, sam: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    score = lambda person: as_(person).get("/api/v1/sessions").json()["results"][0]["score"]  # noqa: E731
    assert (score(ann), score(sam)) == (50.0, None)
    f.ReviewFactory(evaluation=session.evaluations.get(), reviewer=sam, final_score=80.0)
    assert (score(ann), score(sam)) == (80.0, 80.0)  # a person's verdict comes first


def test_scores_cost_a_list_no_query_for_every_row(ann: User, as_: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert as_(ann).get("/api/v1/sessions").status_code == 200
        return len(seen)

    evaluate(finished(ann))
    few = queries()
    for _ in range(3):
        evaluate(finished(ann))
    assert queries() == few


def test_the_console_lists_it_for_whoever_has_rated(ann: User, sam: User, client: Any) -> None:
    session = evaluate(finished(ann))
    client.force_login(sam)
    assert "rate first" in client.get("/admin/sessions_app/interviewsession/").content.decode()
    f.ReviewFactory(evaluation=session.evaluations.get(), reviewer=sam, final_score=None)
    assert "50 (practice engine)" in client.get("/admin/sessions_app/interviewsession/").content.decode()


def test_the_longest_address_of_a_template_fits_its_rubrics_name(ann: User) -> None:
    session = finished(ann)
    session.plan["template"] |= {"slug": "s" * 80, "version": 1234}
    InterviewSession.objects.filter(pk=session.pk).update(plan=session.plan)
    found = evaluate(session).evaluations.get()
    assert found.rubric_version == "s" * 80 + ".v1234"
    found.clean_fields()
    for criterion in found.criteria.all():
        criterion.clean_fields()
