"""The shipped dimensions, and what the built-in analyser finds in answers, and what it leaves out."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from sessions_app.ai.dimensions import COMPETENCY, TRAIT, Dimension, as_key, dimension, dimensions, keys_of
from sessions_app.ai.signs import MAX_QUOTE, MOST_PER_SENTENCE, Sign, signs
from sessions_app.models.limits import TRAITS

from .labelled_answers import RANK, labelled

ALL = list(dimensions().values())
OF_PEOPLE = [dimension(key) for key in TRAITS]


def found(answer: str, question: str = "") -> list[Sign]:
    return signs(answer, ALL, question)


def leanings(answer: str, question: str = "") -> dict[str, int]:
    """By trait the side that the answer speaks for, 1 or -1; 0 for both."""
    sides: dict[str, float] = Counter()
    for sign in signs(answer, OF_PEOPLE, question):
        sides[sign.dimension] += sign.polarity * sign.strength
    return {key: (side > 0) - (side < 0) for key, side in sides.items()}


# -- the files -----------------------------------------------------------------------------------------------------


def test_the_five_traits_and_the_competencies_are_there() -> None:
    assert tuple(keys_of(TRAIT)) == TRAITS
    assert keys_of(COMPETENCY) == [
        "communication",
        "problem_solving",
        "ownership",
        "technical_depth",
        "collaboration",
    ]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.key)
def test_a_dimension_has_what_people_and_analysers_need(one: Dimension) -> None:
    assert one.kind in (TRAIT, COMPETENCY) and as_key(one.key.replace("_", " ")) == one.key
    assert all((one.title, one.about, one.low, one.high))
    assert all(marker.polarity in (1, -1) and 0 < marker.weight <= MOST_PER_SENTENCE for marker in one.markers)
    sides = Counter(marker.polarity for marker in one.markers)
    assert sides[1] >= 30 and sides[-1] >= 12
    again = [words for words, count in Counter(marker.words for marker in one.markers).items() if count > 1]
    assert again == []


def test_a_word_of_a_template_names_a_key_however_it_is_written() -> None:
    assert {as_key(name) for name in ("Problem solving", "problem-solving", "problem_solving")} == {"problem_solving"}
    assert dimension("leading_people").title == "Leading people"
    assert signs("I led people and planned ahead.", [dimension("leading_people")]) == []


# -- what speaks for what ------------------------------------------------------------------------------------------

TELLING = [
    ("I love exploring new ideas and I am curious about how other people live.", {"openness": 1}),
    ("I taught myself to paint, just to see the world from a different perspective.", {"openness": 1}),
    ("I stick to what works, and honestly I don't like change.", {"openness": -1}),
    ("I always make a list, and I finish what I start.", {"conscientiousness": 1}),
    ("My desk is a mess and I leave everything until the last minute.", {"conscientiousness": -1}),
    ("I enjoy meeting new people and I like to talk.", {"extraversion": 1}),
    ("After a long day people drain me, I need time alone.", {"extraversion": -1}),
    ("I listened to her and tried to understand her point of view.", {"agreeableness": 1}),
    ("I hold a grudge, and I have to win every argument.", {"agreeableness": -1}),
    ("I worry a lot, and I couldn't sleep the night before.", {"neuroticism": 1}),
    ("I stayed calm, took a deep breath and got over it.", {"neuroticism": -1}),
    ("I am not very organised, to be honest.", {"conscientiousness": -1}),
    ("I don't think I'm very organised.", {"conscientiousness": -1}),
    ("I don’t mind meeting new people.", {"extraversion": 1}),
    ("I am not only curious about art, I also plan ahead.", {"openness": 1, "conscientiousness": 1}),
    ("I'm not afraid of trying new things.", {"openness": 1, "neuroticism": -1}),
]


@pytest.mark.parametrize(("answer", "sides"), TELLING, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_it_finds_what_somebody_says_of_themselves(answer: str, sides: dict[str, int]) -> None:
    assert leanings(answer) == sides


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Hello",
        "The train leaves at nine and arrives at noon.",
        "She is curious, he plans ahead, and they stay calm.",
        "People who plan ahead are boring.",
        "My manager is stubborn.",
        "curious creative imaginative organised punctual outgoing friendly calm",
        "Plan ahead. organised organised organised organised organised organised organised",
        "creative " * 200,
    ],
)
def test_what_is_no_evidence_about_somebody_does_not_count(answer: str) -> None:
    assert sum(sign.strength for sign in signs(answer, OF_PEOPLE)) <= 0.4


def test_saying_it_twice_is_saying_it_once() -> None:
    once = found("I plan ahead.")
    assert found("I plan ahead. I plan ahead.") == once
    assert len(found("I plan ahead. And yesterday I said that I plan ahead.")) == len(once)


def test_giving_the_question_back_tells_nothing() -> None:
    question = "Tell me about a time when meeting new people was hard, or when you had to plan ahead."
    assert found("A time when meeting new people was hard.", question) == []
    assert leanings("I love meeting new people.", question) == {"extraversion": 1}


COMPETENT = [
    ("I explained it to the customer in plain words and sent a summary.", "communication"),
    ("I looked at the logs, narrowed it down and found the root cause.", "problem_solving"),
    ("It was my mistake, so I stepped in and made sure that it was fixed.", "ownership"),
    ("Under read committed there was a race condition, so I lock the row first.", "technical_depth"),
    ("We paired with another team and found a compromise.", "collaboration"),
]


@pytest.mark.parametrize(("answer", "key"), COMPETENT)
def test_a_competency_shows_in_what_was_done(answer: str, key: str) -> None:
    strongest = max(signs(answer, [dimension(key) for key in keys_of(COMPETENCY)]), key=lambda sign: sign.strength)
    assert (strongest.dimension, strongest.polarity) == (key, 1)


def test_answers_worth_nothing_show_next_to_no_competency() -> None:
    """On the labelled answers of ``test_coverage``, for which nothing here was tuned but the guards."""
    wanted, mean = [dimension(key) for key in keys_of(COMPETENCY)], {}
    entries = [entry for half in (True, False) for entry in labelled(held_out=half)]
    for kind in RANK:
        read = [signs(entry.answers[kind], wanted, entry.question.text) for entry in entries]
        mean[kind] = sum(sign.strength for told in read for sign in told if sign.polarity > 0) / len(entries)
    assert mean["strong"] > 0.4
    assert all(mean[kind] < mean["strong"] / 4 for kind in RANK if kind != "strong"), mean


def test_turning_round_and_round_tells_nothing() -> None:
    assert found("I plan ahead. " * 30) == [] == found("I like to plan ahead and " * 30)


# -- passages ------------------------------------------------------------------------------------------------------


def test_a_sign_is_the_sentence_in_code_points() -> None:
    answer = "🙂 Hm.\nI plan ahead, I really do!  Then I go home."
    (sign,) = signs(answer, [dimension("conscientiousness")])
    assert answer[sign.start : sign.end] == "I plan ahead, I really do!"


def test_a_long_sentence_gives_a_quote_that_has_the_marker() -> None:
    before, after = (" ".join(f"word{n}" for n in range(start, start + 60)) for start in (0, 60))
    answer = f"{before} I plan ahead {after}"
    (sign,) = signs(answer, [dimension("conscientiousness")])
    assert "plan ahead" in answer[sign.start : sign.end] and sign.end - sign.start <= MAX_QUOTE


def test_no_sentence_says_more_than_half_of_what_an_answer_can() -> None:
    everything = "I plan ahead, I make a list, I double check, I meet deadlines and I finish what I start."
    (sign,) = signs(everything, [dimension("conscientiousness")])
    assert sign.strength == MOST_PER_SENTENCE


def test_the_longest_answer_is_read_in_no_time() -> None:
    said = [entry.answers["strong"] for half in (True, False) for entry in labelled(held_out=half)]
    answer = ("\n".join(said) * 2)[:20_000]
    begun = time.process_time()
    assert found(answer)
    assert time.process_time() - begun < 1.0
