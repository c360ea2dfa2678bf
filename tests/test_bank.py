"""What every question of the bank must have, and how a plan is made from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest

from sessions_app.ai import bank, practice
from sessions_app.ai.protocol import Posting, Question
from sessions_app.ai.wording import COMMON, SMALL, stems_of

AREAS = bank.areas()
ENTRIES = [entry for area in AREAS for entry in area.questions]
TYPES = {"technical", "behavioral", "situational"}


def by_key(entry):
    return entry.question.key


# -- the questions -----------------------------------------------------------------------------------------------------


def test_there_are_200_questions_in_16_areas():
    assert len(ENTRIES) >= 200
    assert len(AREAS) >= 16
    assert {"mobile", "cloud", "product", "leadership", "customer-support", "sales"} <= {area.slug for area in AREAS}
    assert set(bank.FOR_EVERYBODY) <= {area.slug for area in AREAS}


def test_keys_are_unique_and_name_their_area():
    keys = [by_key(entry) for entry in ENTRIES]
    assert len(keys) == len(set(keys))
    assert all(by_key(entry).startswith(f"{entry.area}-") for entry in ENTRIES)


def test_texts_are_unique():
    texts = [entry.question.text.casefold() for entry in ENTRIES]
    assert len(texts) == len(set(texts))


def test_no_two_questions_are_nearly_the_same():
    """By the words that carry the sense, without everyday ones: two texts share fewer than four, or than a third."""
    told = {by_key(entry): frozenset(stems_of(entry.question.text)) - COMMON for entry in ENTRIES}
    alike = [
        (one, other)
        for one, other in combinations(told, 2)
        if len(told[one] & told[other]) >= max(4, len(told[one] | told[other]) / 3)
    ]
    assert alike == []


def test_no_follow_up_or_statement_serves_two_points_of_a_question():
    for entry in ENTRIES:
        for texts in ([p.follow_up for p in entry.question.points], [p.statement for p in entry.question.points]):
            assert len({text.casefold() for text in texts}) == len(texts), by_key(entry)


def test_every_level_has_as_many_questions_as_the_others():
    for area in AREAS:
        counts = Counter((level, e.question.type) for e in area.questions for level in e.levels)
        assert set(counts.values()) == {2}, area.slug


@pytest.mark.parametrize("level", ["junior", "mid", "senior"])
@pytest.mark.parametrize("skill", ["Python", "Sales", "Data analysis", "Kubernetes", "Leadership"])
def test_a_long_interview_stays_with_the_level(level, skill):
    levels = {by_key(entry): entry.levels for entry in ENTRIES}
    plan = bank.plan(Posting(f"{skill} role", tech_stack=(skill,), level=level), 18, "seed")
    assert len({question.key for question in plan}) == 18
    assert all(level in levels[question.key] for question in plan)


@pytest.mark.parametrize("entry", ENTRIES, ids=by_key)
def test_answers_count_for_the_area(entry):
    assert entry.question.criterion == entry.area


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.slug)
def test_every_area_has_every_type_for_every_level(area):
    assert {entry.question.type for entry in area.questions} == TYPES
    for level in ("junior", "mid", "senior"):
        assert {e.question.type for e in area.questions if level in e.levels} == TYPES
    assert area.title
    assert all(skill == skill.casefold().strip() for skill in area.skills)


@pytest.mark.parametrize("entry", ENTRIES, ids=by_key)
def test_every_question_has_a_rubric(entry):
    question = entry.question
    assert question.type in TYPES
    assert entry.levels <= {"junior", "mid", "senior"} and entry.levels
    assert 20 <= len(question.text) <= 400
    assert question.text.endswith((".", "?"))
    assert question.skills
    assert 3 <= len(question.points) <= 5
    assert len({point.statement for point in question.points}) == len(question.points)


@pytest.mark.parametrize("entry", ENTRIES, ids=by_key)
def test_every_point_has_words_a_follow_up_and_anchors(entry):
    for point in entry.question.points:
        assert len(point.aliases) >= 5
        assert len({alias.casefold() for alias in point.aliases}) == len(point.aliases)
        assert SMALL.isdisjoint(point.aliases)  # "who" is in answers to anything
        assert point.follow_up.endswith("?")
        assert len({point.developing, point.solid, point.strong} - {""}) == 3
        stored = (point.statement, point.follow_up, point.developing, point.solid, point.strong, *point.aliases)
        assert all(text == text.strip() and len(text) <= 400 for text in stored)
        assert all(len(alias) <= 80 for alias in point.aliases)


@pytest.mark.parametrize("entry", ENTRIES, ids=by_key)
def test_no_question_gives_its_own_answer_away(entry):
    """What a question says itself shows nothing about the candidate who repeats it."""
    for point in entry.question.points:
        assert not [alias for alias in point.aliases if bank.mentions(entry.question.text, alias)]


def test_a_question_is_the_same_after_being_stored():
    for entry in ENTRIES:
        assert Question.from_json(entry.question.as_json()) == entry.question


def test_an_unknown_key_is_an_error():
    assert bank.has(by_key(ENTRIES[0]))
    assert not bank.has("no-such-question")
    with pytest.raises(KeyError):
        bank.question("no-such-question")


@pytest.mark.parametrize(
    ("language", "known"), [("en", True), ("en-GB", True), ("EN", True), ("de", False), ("", False)]
)
def test_it_knows_which_languages_it_has(language, known):
    assert bank.speaks(language) is known


# -- the plan ----------------------------------------------------------------------------------------------------------

SENIOR_PYTHON = Posting(
    "Senior Python developer", "Acme", "You design APIs and look after PostgreSQL.", ("Python", "PostgreSQL"), "senior"
)


def areas_of(plan):
    where = {by_key(entry): entry.area for entry in ENTRIES}
    return [where[question.key] for question in plan]


@pytest.mark.parametrize("count", [1, 3, 6, 13, 30])
@pytest.mark.parametrize("posting", [None, SENIOR_PYTHON], ids=["without", "with posting"])
def test_types_take_turns_and_nothing_repeats(count, posting):
    plan = bank.plan(posting, count, "seed")
    assert len({question.key for question in plan}) == len(plan) == count
    turns = [bank.ROTATION[slot % 3] for slot in range(count)]
    assert [question.type for question in plan] == turns


def test_the_same_seed_is_the_same_plan():
    posting = replace(SENIOR_PYTHON, level="mid")
    plans = [[question.key for question in bank.plan(posting, 6, seed)] for seed in ("a", "a", "b", "c", "d")]
    assert plans[0] == plans[1]
    assert len({tuple(plan) for plan in plans}) > 1


def test_a_plan_suits_the_skills():
    best = [area.slug for area in bank.matched_areas(SENIOR_PYTHON)]
    assert best[0] == "python"
    assert {"databases", "apis"} <= set(best)
    assert "frontend" not in best
    assert set(areas_of(bank.plan(SENIOR_PYTHON, 9, "seed"))) <= set(best)


def test_a_plan_suits_the_level():
    levels = {by_key(entry): entry.levels for entry in ENTRIES}
    for level in ("junior", "mid", "senior"):
        posting = Posting("Python developer", tech_stack=("Python", "SQL"), level=level)
        plan = bank.plan(posting, 3, "seed")
        assert all(level in levels[question.key] for question in plan)


def test_what_was_asked_before_comes_last():
    first = bank.plan(SENIOR_PYTHON, 9, "seed")
    second = bank.plan(SENIOR_PYTHON, 9, "another", asked={question.key for question in first})
    assert not {question.key for question in first} & {question.key for question in second}
    assert set(areas_of(second)) <= {area.slug for area in bank.matched_areas(SENIOR_PYTHON)}
    everything = bank.plan(None, len(ENTRIES), "seed", asked={by_key(entry) for entry in ENTRIES})
    assert len(everything) == len(ENTRIES)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Key account manager", "sales"),
        ("Team lead, customer service", "customer-support"),
        ("Junior data analyst", "data-analysis"),
        ("Android developer", "mobile"),
        ("Product owner", "product"),
        ("Network engineer", "cloud"),
        ("Head of finance", "leadership"),
    ],
)
def test_it_is_not_for_programmers_alone(title, slug):
    assert slug in areas_of(bank.plan(Posting(title), 6, "seed"))


def test_without_a_posting_the_plan_is_for_everybody():
    assert set(areas_of(bank.plan(None, 2, "seed"))) <= {area.slug for area in AREAS}
    behavioral = [q for q in bank.plan(None, 3, "seed") if q.type == "behavioral"]
    assert set(areas_of(behavioral)) <= set(bank.FOR_EVERYBODY)


def test_a_plan_ends_with_the_bank():
    plan = bank.plan(None, len(ENTRIES) + 5, "seed")
    assert sorted(question.key for question in plan) == sorted(map(by_key, ENTRIES))


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("We use SQL daily", "sql", True),
        ("We use NoSQL", "sql", False),
        ("JavaScript", "java", False),
        ("C++ and C", "c++", True),
        ("C++", "c", False),
        ("select  for\nupdate", "select for update", True),
        ("Straße", "STRASSE", True),
        ("(redis)", "redis", True),
        ("", "redis", False),
    ],
)
def test_words_are_found_whole(text, phrase, found):
    assert bank.mentions(text, phrase) is found


# -- the templates that come with the product --------------------------------------------------------------------------


@pytest.mark.parametrize("template", practice.shipped(), ids=lambda template: template.slug)
def test_templates_have_enough_good_questions(template):
    assert len(template.questions) >= template.fields["planned_questions"]
    assert len({question.key for question in template.questions}) == len(template.questions)
    assert 5 <= template.fields.get("time_limit_minutes", 5) <= 180
    assert set(template.fields["enabled_modes"]) <= {"text", "code"}
    assert template.fields["title"] and template.fields["summary"]
    assert all(question.criterion for question in template.questions)


def test_templates_are_in_the_order_of_their_cards():
    assert [template.slug for template in practice.shipped()] == [
        "system-design",
        "tell-me-about",
        "python-and-sql",
        "leading-people",
        "customers",
        "data-analysis",
        "personality",
    ]


def test_the_personality_template_asks_for_every_trait_twice_and_diagnoses_nothing():
    (template,) = [template for template in practice.shipped() if template.slug == "personality"]
    traits = ["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"]
    assert template.fields["dimensions"] == traits
    assert Counter(skill for question in template.questions for skill in question.skills) == dict.fromkeys(traits, 2)
    assert {question.type for question in template.questions} == {"behavioral", "situational"}
    assert {question.criterion for question in template.questions} == {"self-description"}
    assert [(row["key"], row["is_judged"]) for row in template.fields["criteria"]] == [("self-description", False)]
    assert template.fields["shows_precision"] is True
    assert "no diagnosis" in template.fields["summary"]
    assert not any(bank.has(question.key) for question in template.questions)  # no job interview asks them


def test_questions_of_a_template_alone_are_as_good_as_the_banks():
    own = [q for template in practice.shipped() for q in template.questions if not bank.has(q.key)]
    assert own
    for question in own:
        assert 3 <= len(question.points) <= 5
        for point in question.points:
            assert len(point.aliases) >= 5
            assert point.follow_up.endswith("?")
            assert not [alias for alias in point.aliases if bank.mentions(question.text, alias)]
            assert len({point.developing, point.solid, point.strong} - {""}) == 3
