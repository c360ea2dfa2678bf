"""The report, the steps towards it, disagreeing with it, and one's own trend, as pages that work without scripts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from sessions_app.models import CandidateRequest, CriterionScore, Evaluation, InterviewSession, Operation
from sessions_app.services import candidate_requests, erasure, reviewing, sessions

from .factories import EvaluationFactory, as_actor, ended, fresh, types, waiting
from .judged import FIRST, answers, evaluation_of, filled, judged, set_evaluation_operation
from .page_forms import Page

pytestmark = pytest.mark.django_db


def browser(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def report(user, session):
    return browser(user).get(f"/sessions/{session.pk}/report")


def html_of(response):
    return " ".join(response.content.decode().split())


def test_words_come_first_with_evidence_that_leads_to_the_transcript(ann):
    session = judged(ann)
    Evaluation.objects.update(went_well=["Weighs costs"], improvement_plan=["Measure first"], knowledge_gaps=["Locks"])
    page = report(ann, session)
    html = html_of(page)
    assert page.status_code == 200
    assert re.search(r"Solid <span class=\"verdict__score\">· 71 of 100", html)
    assert "The candidate weighs reads against writes." in html
    assert "Scored by AI (a-model, rubric databases v1)" in html
    assert "Confidence: medium" in html
    first = answers(session)[0]
    assert f'<q dir="auto">{FIRST[:20]}</q>' in html
    assert f'href="#m-{first.seq}"' in html
    assert Page(page).ids.count(f"m-{first.seq}") == 1
    for words in ("Weighs costs", "Measure first", "Locks", "Not enough evidence", "No quote given"):
        assert words in html
    assert html.count('class="score__bar"') == 2
    assert "/how-scoring-works" in Page(page).links


def test_counted_evidence_is_never_called_an_ai(ann):
    html = html_of(report(ann, judged(ann, method="evidence_coverage")))
    assert "Evidence coverage by the practice engine, not an AI" in html
    assert "Scored by AI" not in html
    assert "no AI took part" in html
    assert "Solid" not in html
    assert "Partly shown" in html


def test_a_persons_verdict_stands_first_and_the_automatic_one_beside_it(ann, sam):
    session = judged(ann)
    reviewing.submit_review(session.pk, filled("strong", "no", "solid", reason="?"), actor=as_actor(sam))
    html = html_of(report(ann, session))
    assert "Overall, by a person" in html
    assert "57 of 100" in html
    assert "The automatic score stays beside it: Solid, 71 of 100." in html
    assert "<strong>A person:</strong> Strong" in html
    assert "Weighs costs." not in html  # take-aways and recommendation are for those who decide


def test_no_report_before_the_end(ann):
    session = waiting(ann)
    assert report(ann, session)["Location"] == f"/sessions/{session.pk}/"


def test_hidden_by_policy(ann):
    session = judged(ann)
    InterviewSession.objects.update(shows_report=False)
    html = html_of(report(ann, session))
    assert "The hiring team will share the outcome" in html
    assert "71" not in html.split("Transcript")[0].replace(str(session.pk), "")
    assert FIRST in html
    assert "The hiring team will share" in html_of(browser(ann).get(f"/sessions/{session.pk}/done"))


def test_staff_who_have_not_rated_see_no_score_here_either(ann, sam):
    session = judged(ann)
    Evaluation.objects.update(overall_score=68.123, summary="Secretsummary")
    html = html_of(report(sam, session))
    assert "Rate before you see" in html
    assert f"/admin/review/{session.pk}/" in html
    assert "68" not in html.replace(str(session.pk), "").split("Transcript")[0]
    assert "Secretsummary" not in html
    reviewing.submit_review(session.pk, filled(), actor=as_actor(sam))
    assert "Secretsummary" in html_of(report(sam, session))


@pytest.mark.parametrize(("status", "words"), [("queued", "Scoring…"), ("running", "Scoring…")])
def test_while_it_is_scored_there_are_steps_and_a_link_to_look_again(ann, status, words):
    session = judged(ann)
    Evaluation.objects.all().delete()
    set_evaluation_operation(session, status)
    for where in ("report", "done"):
        response = browser(ann).get(f"/sessions/{session.pk}/{where}")
        html = html_of(response)
        assert words in html
        assert "Transcript saved" in html
        assert "Check again" in html
        assert "done.js" in html
        assert f"/sessions/{session.pk}/report" in Page(response).links


def test_a_try_that_waits_says_when(ann):
    session = judged(ann)
    Evaluation.objects.all().delete()
    operation = set_evaluation_operation(session, "queued")
    Operation.objects.filter(pk=operation.pk).update(not_before=session.now + timedelta(minutes=5))
    assert "We'll try again at" in html_of(report(ann, session)).replace("&#x27;", "'")


def test_failed_scoring_keeps_the_interview_and_can_be_tried_again(ann):
    session = judged(ann)
    Evaluation.objects.all().delete()
    operation = set_evaluation_operation(session, "failed")
    page = report(ann, session)
    assert "Your interview is safe" in html_of(page)
    assert FIRST in html_of(page)
    assert Page(page).form("/evaluate")
    again = browser(ann).post(f"/sessions/{session.pk}/evaluate")
    assert (again.status_code, again["Location"]) == (303, f"/sessions/{session.pk}/report")
    operation.refresh_from_db()
    assert operation.status == "queued"


def test_nothing_to_score(ann):
    session = waiting(ann)
    sessions.end_session(session.pk)
    assert "Nothing to score" in html_of(report(ann, session))
    assert "Nothing to score" in html_of(browser(ann).get(f"/sessions/{session.pk}/done"))
    cancelled = ended(ann, "cancel_session")
    assert "was cancelled, so it is not scored" in html_of(report(ann, cancelled))


def test_a_partial_report_says_so(ann):
    session = judged(ann)
    CriterionScore.objects.filter(position=2).update(verdict="left_to_human")
    Evaluation.objects.update(needs_human=True)
    html = html_of(report(ann, session))
    assert "This report is partial" in html
    assert "Left to a person" in html
    assert "It asks for one" in html


def test_a_judge_without_a_usable_reply_is_not_called_a_lack_of_evidence(ann, sam):
    session = judged(ann, overall=None, scores=[None])
    assert "Not enough evidence for a score" in html_of(report(ann, session))
    CriterionScore.objects.update(verdict="left_to_human")
    html = html_of(report(ann, session))
    assert "Not enough evidence" not in html and html.count("Left to a person") == 2
    reviewing.submit_review(session.pk, filled("solid", reason="?"), actor=as_actor(sam))
    html = html_of(report(ann, session))
    assert "There is no automatic score beside it: the judge gave no usable reply." in html
    assert "The automatic score stays" not in html


def test_where_there_are_no_right_answers_it_says_how_much_was_told(ann, sam):
    session = judged(ann, overall=None, scores=[33.0], method="evidence_coverage")
    rows = [{"key": "criterion-0", "title": "Yourself", "is_judged": False}]
    InterviewSession.objects.filter(pk=session.pk).update(plan={**session.plan, "criteria": rows})
    html = html_of(report(ann, session))
    assert "Not scored: there are no right answers" in html and "Little told" in html
    assert "shown" not in html.split("Who did what")[0] and "33 %" not in html
    file = browser(ann).get(f"/sessions/{session.pk}/export.md")
    assert file.status_code == 200 and "Little told" in file.content.decode() and "of 100" not in file.content.decode()
    reviewing.submit_review(session.pk, filled("solid", reason="?"), actor=as_actor(sam))
    assert "automatic score" not in html_of(report(ann, session))


def test_the_done_page_leads_to_the_report(ann):
    session = judged(ann)
    page = browser(ann).get(f"/sessions/{session.pk}/done")
    assert "Read the report" in html_of(page)
    assert "done.js" not in html_of(page)


def test_how_well_one_is_known_is_told_where_the_template_shows_it(ann):
    session = judged(ann)
    plan = {**session.plan, "dimensions": ["openness"]}
    InterviewSession.objects.filter(pk=session.pk).update(plan=plan, precision={"openness": 0.75})
    assert "How well we know you so far" in html_of(report(ann, session))
    InterviewSession.objects.update(shows_precision=False)
    assert "How well we know you so far" not in html_of(report(ann, session))


# -- disagreeing -------------------------------------------------------------------------------------------------------


def disagree(user, session, text="I said more than that.", criterion="criterion-0"):
    return browser(user).post(f"/sessions/{session.pk}/disagree", {"criterion": criterion, "text": text})


def test_i_disagree_lands_in_the_requests_with_its_event(ann):
    session = judged(ann)
    assert disagree(ann, session).status_code == 303
    asked = CandidateRequest.objects.get()
    assert (asked.kind, asked.subject, asked.text, asked.status) == (
        "score",
        "criterion-0",
        "I said more than that.",
        "open",
    )
    assert types(session)[-1] == "request.opened"
    html = html_of(report(ann, session))
    assert "You disagree:" in html
    assert html.count("<summary>I disagree</summary>") == 2


def test_the_same_words_twice_are_one_request_and_others_wait_for_the_answer(ann):
    session = judged(ann)
    for text in ("I said more.", "I said more.", "Other words."):
        assert disagree(ann, session, text).status_code == 303
    assert CandidateRequest.objects.get().text == "I said more."
    disagree(ann, session, criterion="criterion-1")
    assert CandidateRequest.objects.count() == 2


def test_the_answer_stands_beside_the_score(ann, sam):
    session = judged(ann)
    disagree(ann, session)
    asked = CandidateRequest.objects.get()
    candidate_requests.decline(asked.pk, actor=as_actor(sam), answer="We looked again; it stays.")
    html = html_of(report(ann, session))
    assert "We looked again; it stays." in html
    assert html.count("<summary>I disagree</summary>") == 3


@pytest.mark.parametrize(("text", "criterion"), [("  ", "criterion-0"), ("x" * 2_001, "criterion-0"), ("x", "other")])
def test_what_cannot_be_taken_comes_back(ann, text, criterion):
    session = judged(ann)
    response = disagree(ann, session, text, criterion)
    assert response.status_code == 400
    assert "Something needs your attention" in html_of(response)
    if criterion == "criterion-0" and text.strip():
        assert text in response.content.decode()
    assert not CandidateRequest.objects.exists()


def test_only_the_candidate_who_may_read_the_report_disagrees(ann, ben, sam):
    session = judged(ann)
    assert disagree(ben, session).status_code == 404
    disagree(sam, session)
    InterviewSession.objects.update(shows_report=False)
    disagree(ann, session)
    assert not CandidateRequest.objects.exists()


# -- around it ---------------------------------------------------------------------------------------------------------


def test_texts_of_people_and_judges_are_shown_as_text(ann):
    session = judged(ann)
    bad = "<script>alert(1)</script>"
    Evaluation.objects.update(summary=bad, went_well=[bad], model_name=bad)
    CriterionScore.objects.update(title=bad, rationale=bad)
    assert bad not in report(ann, session).content.decode()


def test_it_costs_the_same_however_long_the_interview(ann, django_assert_max_num_queries):
    session = judged(ann)
    client = browser(ann)
    with django_assert_max_num_queries(12):  # a page's budget (4-pages, 12)
        client.get(f"/sessions/{session.pk}/report")
    for position in range(3, 9):
        Evaluation.objects.get().criteria.create(
            position=position, key=f"more-{position}", title="More", verdict="not_enough_evidence", method="model"
        )
    with django_assert_max_num_queries(12):
        client.get(f"/sessions/{session.pk}/report")


def test_erasing_takes_reviews_quotes_and_objections_along(ann, sam):
    session = judged(ann)
    given = filled()
    quote = {"quote": "it makes writes slower"}
    given.ratings["criterion-0"] = reviewing.Rated("strong", quotes=[quote])
    reviewing.submit_review(session.pk, given, actor=as_actor(sam))
    disagree(ann, session)
    erasure.erase_session(session.pk, actor=as_actor(sam), reason="Asked for it")
    assert not CandidateRequest.objects.exists()
    assert not reviewing.Review.objects.exists()
    assert not Evaluation.objects.exists()


def test_how_scoring_works_tells_the_figures_from_five_interviews_on(ann, sam, client):
    for _ in range(5):
        session = judged(ann)
        reviewing.submit_review(session.pk, filled("strong", "weak", "solid"), actor=as_actor(sam))
    html = html_of(client.get("/how-scoring-works"))
    assert "In 5 interviews the two were 13 points of 100 apart" in html or "were 12 points" in html
    assert "0 interviews reviewed so far" in html


# -- insights ----------------------------------------------------------------------------------------------------------


def course(ann, *overall, **config):
    found = []
    for n, score in enumerate(overall):
        session = judged(ann, overall=score, scores=[score, None], **config)
        InterviewSession.objects.filter(pk=session.pk).update(ended_at=session.now - timedelta(days=50 - n))
        found.append(session)
    return found


def test_two_interviews_are_no_trend(ann):
    course(ann, 40, 50)
    assert "Finish 1 more to see a trend" in html_of(browser(ann).get("/sessions/insights"))
    Evaluation.objects.all().delete()
    assert "Finish 3 more to see a trend. Only interviews with a score count." in html_of(
        browser(ann).get("/sessions/insights")
    )


def test_three_are_a_line_with_its_table_and_what_improved_most(ann, ben):
    found = course(ann, 40, 55, 80)
    course(ben, 1, 2, 3)
    response = browser(ann).get("/sessions/insights")
    html = html_of(response)
    assert "Most improved criterion: Criterion 0, from 40 when it was first scored to 80 most recently" in html
    assert html.count("<circle") == 3
    assert 'points="28.0,114.4 320.0,92.8 612.0,56.8"' in html
    for session in found:
        assert f"/sessions/{session.pk}/report" in Page(response).links
    table = re.findall(r'data-label="Score">(\d+)<', html)
    assert table == ["80", "55", "40"]


def test_what_may_not_be_read_is_in_no_trend(ann):
    course(ann, 40, 55, 80)
    InterviewSession.objects.update(shows_report=False)
    assert "Finish 3 more" in html_of(browser(ann).get("/sessions/insights"))


def test_a_trend_costs_the_same_at_any_length(ann, django_assert_max_num_queries):
    course(ann, 40, 55, 80, 60, 70)
    client = browser(ann)
    with django_assert_max_num_queries(8):
        client.get("/sessions/insights")


def test_fresh_evaluations_replace_superseded_ones_in_the_report(ann):
    session = judged(ann)
    Evaluation.objects.update(superseded_at=session.now, summary="Oldsummary")
    EvaluationFactory(session=session, summary="Newsummary")
    html = html_of(report(ann, fresh(session)))
    assert "Newsummary" in html
    assert "Oldsummary" not in html
    assert evaluation_of(session).summary == "Newsummary"


def test_the_list_of_ones_interviews_has_the_score_and_leads_to_the_report(ann):
    session, hidden = judged(ann), judged(ann)
    InterviewSession.objects.filter(pk=hidden.pk).update(shows_report=False)
    response = browser(ann).get("/sessions/")
    assert "71 (AI)" in html_of(response)
    assert f"/sessions/{session.pk}/report" in Page(response).links
    assert f"/sessions/{hidden.pk}/report" not in Page(response).links
    assert "rate first" not in html_of(response)
