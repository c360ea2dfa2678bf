"""How far people and the machine are apart: the mathematics by hand-counted cases, and the figures over reviews."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app import scoring
from sessions_app.models import Review
from sessions_app.services import reviewing
from sessions_app.services.agreement import ENOUGH, by_method, figures_of

from .factories import UserFactory, as_actor
from .judged import filled, judged

WORD = st.sampled_from(scoring.WORDS)


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (0, "no"),
        (17, "no"),
        (17.5, "weak"),
        (35, "weak"),
        (52, "weak"),
        (52.5, "solid"),
        (84, "solid"),
        (100, "strong"),
    ],
)
def test_a_score_has_its_nearest_word(score, word):
    assert scoring.word_of(score) == word


@given(WORD)
def test_a_words_own_points_lead_back_to_it(word):
    assert scoring.word_of(scoring.WORD_POINTS[word]) == word


def test_the_final_score_is_the_weighted_mean_without_what_has_no_evidence():
    assert scoring.score_of_ratings([("solid", 2), ("weak", 3), ("not_enough_evidence", 9)]) == 49
    assert scoring.score_of_ratings([("no", 1), ("strong", 1)]) == 50
    assert scoring.score_of_ratings([("not_enough_evidence", 1), ("", 1)]) is None
    assert scoring.score_of_ratings([("strong", 0)]) is None
    assert scoring.score_of_ratings([]) is None


@given(st.lists(st.tuples(WORD, st.floats(0.1, 10)), min_size=1), st.randoms())
def test_the_final_score_is_the_same_in_any_order_and_in_range(ratings, random):
    shuffled = list(ratings)
    random.shuffle(shuffled)
    assert scoring.score_of_ratings(ratings) == scoring.score_of_ratings(shuffled)
    assert -1e-9 <= scoring.score_of_ratings(ratings) <= 100 + 1e-9


def test_ten_points_are_not_more_than_ten():
    assert not scoring.differs(60, 70)
    assert scoring.differs(60, 70.1)
    assert not scoring.differs(None, 70)
    assert not scoring.differs(70, None)


def test_gap_lean_and_agreement_by_hand():
    pairs = [(80.0, 70.0), (40.0, 70.0), (35.0, 35.0)]
    assert scoring.mean_gap(pairs) == pytest.approx(40 / 3)
    assert scoring.mean_lean(pairs) == pytest.approx(20 / 3)
    assert scoring.agreement([("weak", "weak"), ("weak", "solid"), ("no", "no"), ("no", "strong")]) == 0.5
    assert scoring.mean_gap([]) is scoring.mean_lean([]) is scoring.agreement([]) is None


def test_weighted_kappa_by_hand():
    """Three of four alike, one off by one: seen 1/4, by chance 20/16 over all sixteen pairs; 1 - 4/20."""
    pairs = [("no", "no"), ("weak", "weak"), ("solid", "solid"), ("weak", "solid")]
    ones, others = [0, 1, 2, 1], [0, 1, 2, 2]
    by_chance = sum((a - b) ** 2 for a in ones for b in others) / 16
    assert scoring.weighted_kappa(pairs) == pytest.approx(1 - 0.25 / by_chance)
    assert scoring.weighted_kappa([("no", "strong"), ("strong", "no")]) == -1


@given(st.lists(WORD, min_size=2).filter(lambda words: len(set(words)) > 1))
def test_kappa_of_the_same_words_is_one(words):
    assert scoring.weighted_kappa([(word, word) for word in words]) == pytest.approx(1)


def test_kappa_says_nothing_where_there_is_nothing_to_compare():
    assert scoring.weighted_kappa([]) is None
    assert scoring.weighted_kappa([("solid", "solid")] * 3) is None
    with pytest.raises(ValueError, match="not in tuple"):
        scoring.weighted_kappa([("solid", "brilliant")])


@pytest.mark.django_db
def test_the_figures_come_from_submitted_reviews(ann, sam):
    for _ in range(ENOUGH):
        session = judged(ann, overall=60)
        given_words = filled("strong", "solid", "not_enough_evidence", reason="Said well.")
        reviewing.submit_review(session.pk, given_words, actor=as_actor(sam))
    reviewing.save_review(judged(ann).pk, filled("no", "no", "no"), actor=as_actor(sam))
    whole, widest, *_ = figures_of("model")
    assert (whole.interviews, whole.rated, whole.words) == (5, 10, 15)
    assert (whole.gap, whole.lean) == (25, 25)  # 80 beside strong, 40 beside solid
    assert whole.same == pytest.approx(1 / 3)  # both say "not enough evidence"
    assert (widest.name, widest.gap) == ("Criterion 1", 30)
    assert figures_of("evidence_coverage")[0].interviews == 0
    assert [label for label, _ in by_method()] == ["Scored by AI", "Evidence coverage by the practice engine"]


@pytest.mark.django_db
def test_a_criterion_of_few_interviews_is_not_told_alone(ann, sam):
    session = judged(ann)
    reviewing.submit_review(session.pk, filled("strong", "weak", "solid"), actor=as_actor(sam))
    (whole,) = figures_of("model")
    assert not whole.is_enough


@pytest.mark.django_db
def test_two_reviews_of_one_interview_are_one_interview(ann, sam):
    session = judged(ann)
    for reviewer in (sam, UserFactory(is_staff=True)):
        reviewing.submit_review(session.pk, filled("strong", "weak", "solid"), actor=as_actor(reviewer))
    assert Review.objects.filter(status="submitted").count() == 2
    assert (figures_of("model")[0].interviews, figures_of("model")[0].rated) == (1, 4)


@pytest.mark.django_db
def test_the_figures_cost_two_queries(ann, sam, django_assert_num_queries):
    for _ in range(2):
        reviewing.submit_review(judged(ann).pk, filled("strong", "weak", "solid"), actor=as_actor(sam))
    with django_assert_num_queries(2):
        figures_of("model")
