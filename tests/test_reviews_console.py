"""The scorecard and the review queue in the console: blind first, without scripts, and on to the next."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from sessions_app.models import CandidateRequest, CriterionScore, Evaluation, Review
from sessions_app.services import disagreeing, reviewing, scorecards, sessions
from sessions_app.services.running import run_operation

from .factories import TemplateFactory, UserFactory, answer, as_actor, fresh, waiting
from .judged import FIRST, answers, evaluation_of, filled, judged

pytestmark = pytest.mark.django_db


def signed_in(user):
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def console(sam):
    return signed_in(sam)


@pytest.fixture
def ines(db):
    return UserFactory(name="Ines Second", is_staff=True, is_superuser=True)


def address(session, rest=""):
    return f"/admin/review/{session.pk}/{rest}"


def form(session, *words, do="submit", **fields):
    sent = {"evaluation": str(evaluation_of(session).pk), "do": do, "takeaways": "Weighs costs."}
    sent |= {"criterion": [f"criterion-{n}" for n in range(3)], "recommendation": "yes"}
    sent |= {f"rating-criterion-{n}": word for n, word in enumerate(words or ("strong", "weak", "solid"))}
    return {**sent, **fields}


def marked(session):
    """Give the machine's side values that nothing else on a page can hold. Returns them."""
    Evaluation.objects.filter(session=session).update(
        overall_score=68.123, summary="Secretsummary", went_well=["Sweet"]
    )
    CriterionScore.objects.filter(evaluation__session=session, position=0).update(score=83.456, rationale="Secretwhy")
    return ("68.1", "68.123", "83.4", "Secretsummary", "Sweet", "Secretwhy", "developing<", "Developing")


def test_before_rating_no_byte_of_the_page_tells_a_score(ann, console):
    session = judged(ann)
    secrets = marked(session)
    html = console.get(address(session)).content.decode()
    assert "Criterion 0" in html
    assert FIRST in html
    assert not [secret for secret in secrets if secret in html]
    assert "AI ✧" not in html


def test_after_submitting_both_stand_side_by_side(ann, console):
    session = judged(ann)
    response = console.post(address(session), form(session), follow=True)
    html = response.content.decode()
    assert response.redirect_chain[-1][0] == address(session)
    assert "Submitted. Thank you." in html
    assert "Final score" in html
    assert "mean of 1 review" in html
    assert "Scored by AI" in html
    assert re.search(r"71\s+of 100", html)
    assert "No quote given" in html
    first = answers(session)[0]
    assert f'href="#m-{first.seq}"' in html
    assert f'id="m-{first.seq}"' in html


def test_the_second_reviewer_sees_nothing_of_the_first(ann, sam, console, ines):
    session = judged(ann)
    console.post(address(session), form(session, takeaways="Firstperson"))
    reviewing.assign_reviewer(session.pk, ines.pk, actor=as_actor(sam))
    second = signed_in(ines)
    assert "Firstperson" not in second.get(address(session)).content.decode()
    html = second.post(address(session), form(session), follow=True).content.decode()
    assert "Firstperson" in html
    assert "mean of 2 reviews" in html


def test_errors_come_together_and_keep_what_was_filled_in(ann, console):
    session = judged(ann)
    sent = form(
        session, takeaways="", **{"note-criterion-1": "Kept <b>note</b>", "words-criterion-1": "never said that"}
    )
    del sent["rating-criterion-0"]
    response = console.post(address(session), sent)
    html = response.content.decode()
    assert response.status_code == 400
    assert "Kept &lt;b&gt;note&lt;/b&gt;" in html
    assert "never said that</textarea>" in html
    for target in ("rated-criterion-0", "rated-criterion-1", "takeaways"):
        assert f'href="#{target}"' in html
    assert not Review.objects.exists()
    for link in re.findall(r'<a href="#([\w-]+)">', html.split("errornote")[1].split("</ul>")[0]):
        assert f'id="{link}"' in html


def test_sentences_are_ticked_and_words_are_pasted(ann, console):
    session = judged(ann)
    first = answers(session)[0]
    html = console.get(address(session)).content.decode()
    value = f"{first.pk}:0-21"
    assert f'value="{value}"' in html
    quotes = {"pick-criterion-0": [value], "words-criterion-1": "Nobody measures enough!\n\nit makes writes slower"}
    console.post(address(session), form(session, do="save", **quotes))
    stored = {row.key: [quote["quote"] for quote in row.quotes] for row in Review.objects.get().ratings.all()}
    assert stored["criterion-0"] == ["I would add an index."]
    assert stored["criterion-1"] == ["Nobody measures enough!", "It makes writes slower"]
    html = console.get(address(session)).content.decode()
    assert len(re.findall(r'name="pick-criterion-\d"\s+value="[^"]+"\s+checked', html)) == 3


@pytest.mark.parametrize(
    "value", ["", "x", "x:1-2", ":-", "01940000-0000-7000-8000-000000000000:0-4", "{first}:0-9999"]
)
def test_a_forged_place_is_refused(ann, console, value):
    session = judged(ann)
    forged = value.format(first=answers(session)[0].pk)
    response = console.post(address(session), form(session, do="save", **{"pick-criterion-0": [forged]}))
    assert response.status_code == 400
    assert not Review.objects.exists()


def test_a_wide_difference_asks_why_with_both_scores(ann, console):
    session = judged(ann, overall=15)
    html = console.post(address(session), form(session), follow=True).content.decode()
    assert "One thing is missing" in html
    assert re.search(r"come to 68[.,]3, the other score is\s+15", html)
    review = Review.objects.get()
    sent = {"evaluation": str(review.evaluation_id), "revision": review.revision, "do": "submit"}
    refused = console.post(address(session), {**sent, "reason": " "})
    assert refused.status_code == 400
    console.post(address(session), {**sent, "reason": "Said it all."})
    review.refresh_from_db()
    assert (review.status, review.reason) == ("submitted", "Said it all.")


def test_two_windows_do_not_overwrite_each_other_unasked(ann, console):
    session = judged(ann)
    assert 'name="revision" value="0"' in " ".join(console.get(address(session)).content.decode().split())
    console.post(address(session), form(session, do="save"))
    late = console.post(
        address(session), form(session, "no", "no", "no", do="save", revision=0, takeaways="Typed late")
    )
    assert late.status_code == 409
    assert b"You saved this scorecard in another window meanwhile" in late.content
    assert b"Typed late</textarea>" in late.content
    assert 'name="revision" value="1"' in " ".join(late.content.decode().split())
    assert not Review.objects.get().ratings.filter(rating="no").exists()


def test_a_form_of_a_superseded_evaluation_says_so(ann, console):
    session = judged(ann)
    sent = form(session, evaluation=str(session.pk))
    assert b"was scored anew" in console.post(address(session), sent, follow=True).content


def test_skipping_with_a_reason_shows_the_scores(ann, console):
    session = judged(ann)
    console.post(address(session, "skip/"), {"reason": ""})
    assert not Review.objects.exists()
    html = console.post(address(session, "skip/"), {"reason": "I know her."}, follow=True).content.decode()
    assert "You skipped this review: I know her." in html
    assert "Scored by AI" in html
    assert "data-scorecard" not in html


def test_ones_own_interview_cannot_be_rated(sam, console):
    session = judged(sam)
    assert "data-scorecard" not in console.get(address(session)).content.decode()
    assert b"Somebody else has to review it" in console.post(address(session), form(session), follow=True).content


def test_an_interview_without_scores_has_no_scorecard(ann, console):
    session = judged(ann)
    Evaluation.objects.all().delete()
    for response in (console.get(address(session), follow=True), console.post(address(session), {}, follow=True)):
        assert b"There is nothing to rate" in response.content
    assert console.get(f"/admin/review/{ann.pk}/").status_code == 404


def test_staff_without_the_right_can_neither_rate_nor_see_the_queue(ann):
    browser = signed_in(UserFactory(is_staff=True))
    session = judged(ann)
    for path in (address(session), "/admin/review/", "/admin/review/agreement/"):
        assert browser.get(path).status_code == 403
    assert browser.post(address(session), form(session)).status_code == 403
    assert not Review.objects.exists()


def test_a_real_interview_brings_its_rubric_as_anchors_and_its_report(ann, sam, console):
    """Nothing by factories: the practice engine asks and counts."""
    session = waiting(ann, template_id=TemplateFactory().pk)
    answer(session, "I would not guess. An index makes for slower writes, so the write cost decides.")
    sessions.end_session(session.pk)
    run_operation(fresh(session).evaluation_operation_id)
    html = console.get(address(session)).content.decode()
    assert "What the words mean here" in html
    assert "Says what an index costs" in html
    assert "data-scorecard" in html
    found = evaluation_of(session)
    for row in found.criteria.all():
        assert f'name="rating-{row.key}"' in html
    words = {row.key: reviewing.Rated("weak") for row in found.criteria.all()}
    given_words = reviewing.Given(ratings=words, takeaways="x", recommendation="no", reason="Thin.")
    review = reviewing.submit_review(session.pk, given_words, actor=as_actor(sam))
    assert (review.status, review.final_score) == ("submitted", 35)
    page = signed_in(ann).get(f"/sessions/{session.pk}/report").content.decode()
    assert "Evidence coverage by the practice engine, not an AI" in page
    assert "Overall, by a person" in page


def test_the_reviewer_is_told_of_instructions_to_the_judge_and_of_late_notes(ann, console):
    session = judged(ann)
    flag = {"code": "INSTRUCTIONS", "message_id": str(answers(session)[1].pk), "start": 0, "end": 4}
    Evaluation.objects.update(flags=[flag, {"code": "MODEL_AWAY", "reason": "x"}])
    session.messages.create(kind="note", role="user", content="Sent too late", state="complete", created_at=session.now)
    html = console.get(address(session)).content.decode()
    assert html.count("speak to the judge") == 1
    assert "Sent too late" in html


# -- the queue ---------------------------------------------------------------------------------------------------------


def queue(user):
    return [row.pk for row in scorecards.review_queue(as_actor(user))]


def test_the_oldest_comes_first_and_submit_and_next_goes_on(ann, ben, sam, console):
    first, second = judged(ann), judged(ben)
    assert queue(sam) == [first.pk, second.pk]
    html = console.get("/admin/review/").content.decode()
    assert "0 of 2 done today" in html
    there = console.post(address(first), form(first, do="next"))
    assert there["Location"] == address(second)
    there = console.post(address(second), form(second, do="next"), follow=True)
    assert there.redirect_chain[-1][0] == "/admin/review/"
    assert "All caught up" in there.content.decode()
    assert "2 of 2 done today" in there.content.decode()


def test_who_has_it_in_the_queue(ann, sam, ines):
    session = judged(ann)
    assert queue(sam) == queue(ines) == [session.pk]
    reviewing.assign_reviewer(session.pk, ines.pk, actor=as_actor(sam))
    assert (queue(sam), queue(ines)) == ([], [session.pk])
    reviewing.submit_review(session.pk, filled(), actor=as_actor(ines))
    assert (queue(sam), queue(ines)) == ([], [])
    reviewing.assign_reviewer(session.pk, sam.pk, actor=as_actor(ines))
    assert queue(sam) == [session.pk]


def test_a_skipped_one_waits_for_others(ann, sam, ines):
    session = judged(ann)
    reviewing.skip_review(session.pk, "I know her.", actor=as_actor(sam))
    assert (queue(sam), queue(ines)) == ([], [session.pk])


def test_a_sealed_one_stays_with_its_reviewer(ann, sam):
    session = judged(ann, overall=0)
    reviewing.submit_review(session.pk, filled(), actor=as_actor(sam))
    assert queue(sam) == [session.pk]


def test_practice_waits_only_where_its_candidate_disagrees(ann, sam):
    session = judged(ann, assessed=False)
    assert queue(sam) == []
    disagreeing.disagree(session.pk, "criterion-1", "I said more.", actor=as_actor(ann))
    assert queue(sam) == [session.pk]
    CandidateRequest.objects.update(status="declined")
    assert queue(sam) == []


def test_superseded_and_own_interviews_do_not_wait(ann, sam):
    session = judged(ann)
    Evaluation.objects.update(superseded_at=session.now)
    judged(sam)
    assert queue(sam) == []


def test_the_queue_says_why_and_no_score(ann, ben, sam, console, ines):
    session, other = judged(ann), judged(ben)
    secrets = marked(session)
    reviewing.save_review(session.pk, filled(), actor=as_actor(ines))
    disagreeing.disagree(other.pk, "criterion-1", "I said more.", actor=as_actor(ben))
    html = console.get("/admin/review/").content.decode()
    assert "Ines Second has begun" in html
    assert "the candidate disagrees with a score" in html
    assert not [secret for secret in secrets if secret in html]


def test_the_queue_costs_the_same_at_any_length(ann, console, django_assert_max_num_queries):
    for _ in range(4):
        judged(ann)
    with django_assert_max_num_queries(10):  # sign-in 2, count, page, today, drafts, disputes, time, menu
        console.get("/admin/review/")


def test_the_consoles_home_says_how_many_wait(ann, console):
    judged(ann)
    assert b"1 review to write" in console.get("/admin/").content


def test_the_agreement_page_tells_figures_from_five_interviews_on(ann, sam, console):
    for _ in range(4):
        reviewing.submit_review(judged(ann).pk, filled("strong", "weak", "solid"), actor=as_actor(sam))
    assert b"4 of 5 reviewed interviews" in console.get("/admin/review/agreement/").content
    reviewing.submit_review(judged(ann).pk, filled("strong", "weak", "solid"), actor=as_actor(sam))
    html = console.get("/admin/review/agreement/").content.decode()
    assert "All criteria" in html
    assert "12,5 points" in html or "12.5 points" in html
