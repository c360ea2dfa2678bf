"""What every question of the bank must have, and how a plan is made from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sessions_app.ai import bank, practice
from sessions_app.ai.protocol import Posting, Question

AREAS = bank.areas()
ENTRIES = [entry for area in AREAS for entry in area.questions]
TYPES = {"technical", "behavioral", "situational"}


def by_key(entry):
    return entry.question.key


# -- the questions -----------------------------------------------------------------------------------------------------


def test_there_are_60_questions_in_10_areas():
    assert len(ENTRIES) >= 60
    assert len(AREAS) >= 10
    assert set(bank.FOR_EVERYBODY) <= {area.slug for area in AREAS}


def test_keys_are_unique_and_name_their_area():
    keys = [by_key(entry) for entry in ENTRIES]
    assert len(keys) == len(set(keys))
    assert all(by_key(entry).startswith(f"{entry.area}-") for entry in ENTRIES)


def test_texts_are_unique():
    texts = [entry.question.text.casefold() for entry in ENTRIES]
    assert len(texts) == len(set(texts))


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
    with pytest.raises(KeyError):
        bank.question("no-such-question")


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
    assert 5 <= template.fields["time_limit_minutes"] <= 180
    assert set(template.fields["enabled_modes"]) <= {"text", "code"}
    assert template.fields["title"] and template.fields["summary"]


def test_templates_are_in_the_order_of_their_cards():
    assert [template.slug for template in practice.shipped()] == ["system-design", "tell-me-about", "python-and-sql"]
