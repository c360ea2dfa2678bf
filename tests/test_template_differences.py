"""What differs between two versions of a template, as people are told."""

from __future__ import annotations

import pytest

from sessions_app.services.differences import Difference, differences

from .admin_forms import ADMIN, change, fields_of
from .factories import TemplateFactory


def question(key, text="Why?", points=()):
    return {"key": key, "type": "technical", "text": text, "skills": [], "criterion": "", "points": list(points)}


def point(statement, **parts):
    return {"statement": statement, "aliases": [], "follow_up": "", **parts}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([question("a")], [question("a")], []),
        (
            [question("a")],
            [question("a") | {"criterion": "depth"}],
            [Difference("a: criterion", "none", "depth")],
        ),
        ([question("a")], [question("a", "Why not?")], [Difference("a: text", "Why?", "Why not?")]),
        ([question("a")], [question("a"), question("b", "How?")], [Difference("b, added", "", "How?")]),
        ([question("a"), question("b", "How?")], [question("a")], [Difference("b, removed", "How?", "")]),
        (
            [question("a"), question("b")],
            [question("b"), question("a")],
            [Difference("order of the questions", "a, b", "b, a")],
        ),
        (
            [question("a", points=[point("One")])],
            [question("a", points=[point("Zero"), point("One", aliases=["1", "I"])])],
            [
                Difference("a: rubric point 1, added", "", "Zero"),
                Difference("a: rubric point 2, aliases", "none", "1, I"),
            ],
        ),
        (
            [question("a", points=[point("One"), point("Two")])],
            [question("a", points=[point("Uno")])],
            [
                Difference("a: rubric point 1, statement", "One", "Uno"),
                Difference("a: rubric point 2, removed", "Two", ""),
            ],
        ),
    ],
)
def test_differences_are_told_question_by_question(before, after, told):
    found = differences({"fields": {}, "questions": before}, {"fields": {}, "questions": after})
    assert found == told


def test_fields_are_told_in_words():
    before = {"fields": {"is_active": True, "time_limit_minutes": None, "gone": 1}, "questions": []}
    after = {"fields": {"is_active": False, "time_limit_minutes": 20}, "questions": []}
    assert [(row.where, row.before, row.after) for row in differences(before, after)] == [
        ("is active", "yes", "no"),
        ("time limit minutes", "none", "20"),
        ("gone", "1", "none"),
    ]


def test_words_that_stayed_are_told_once():
    pieces = Difference("text", "What does a lock cost?", "What does an index cost?").words
    assert "".join(text for what, text in pieces if what != "added") == "What does a lock cost?"
    assert "".join(text for what, text in pieces if what != "removed") == "What does an index cost?"
    assert pieces[0] == ("same", "What does ")


@pytest.mark.django_db
def test_staff_choose_a_questions_criterion_and_the_versions_tell_of_it(client, sam):
    client.force_login(sam)
    template = TemplateFactory(questions=1)
    question = template.questions.get()
    assert change(client, question, criterion="depth") == []
    assert question.criterion == "depth"
    told = client.get(f"{ADMIN}interviewtemplate/{template.pk}/versions/").content.decode()
    assert f"{question.key}: criterion" in told
    sent = fields_of(client.get(f"{ADMIN}interviewtemplate/{template.pk}/change/"))
    assert sent["questions-0-criterion"] == "depth"
