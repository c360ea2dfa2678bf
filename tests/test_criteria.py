"""What an interview is judged by: criteria out of the frozen plan, and which rubric points count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sessions_app import scoring
from sessions_app.ai import bank
from sessions_app.ai.criteria import (
    Criterion,
    PlacedPoint,
    Said,
    answered_share,
    answers_for,
    asked_points,
    criteria_of,
    rubric_version,
)
from sessions_app.ai.judging import Judgement, PointShown, Quotation, by_coverage, prepare
from sessions_app.ai.masking import MARK, masked
from sessions_app.ai.protocol import Point, Question
from sessions_app.ai.report import findings_of


def question(key: str, **fields: Any) -> Question:
    points = (Point("Says what it costs", aliases=("slower writes",)), Point("Measures it", aliases=("explain",)))
    return Question(key, fields.pop("type", "technical"), "When would you add an index?", points=points, **fields)


def plan(*questions: Question, **more: Any) -> dict[str, Any]:
    return {"questions": [one.as_json() for one in questions], **more}


def test_the_templates_own_criteria_come_first_and_no_others_count() -> None:
    rows = [{"key": "data", "title": "Data", "weight": 2}, {"key": "talk"}]
    made = criteria_of(plan(question("a", criterion="data"), question("b"), criteria=rows))
    assert [(one.key, one.title, one.weight, len(one.questions)) for one in made] == [
        ("data", "Data", 2.0, 1),
        ("talk", "Talk", 1.0, 0),
    ]


def test_else_every_area_is_one_and_what_has_none_goes_by_its_type() -> None:
    area = bank.areas()[0]
    made = criteria_of(plan(question("a", criterion=area.slug), question("b"), question("c", type="behavioral")))
    assert [(one.key, one.title) for one in made] == [
        (area.slug, area.title),
        ("technical", "Technical questions"),
        ("behavioral", "Questions about past work"),
    ]


@pytest.mark.parametrize("rows", [["x"], [{}], [{"title": "no key"}], None])
def test_criteria_that_are_none_are_passed_over(rows: Any) -> None:
    assert [one.key for one in criteria_of(plan(question("a"), criteria=rows))] == ["technical"]


def test_the_rubrics_version_is_the_templates_or_the_banks() -> None:
    assert rubric_version({"template": {"slug": "sql", "version": 3}}) == "sql.v3"
    assert rubric_version({"template": None}) == "bank"


def test_what_was_never_asked_counts_neither_way_but_a_skip_shows_nothing() -> None:
    (criterion,) = criteria_of(plan(question("asked"), question("skipped"), question("never")))
    said = [Said("asked", "?", "Slower writes.", "m1"), Said("skipped", "?")]
    assert [point.question.key for point in asked_points(criterion, said)] == ["asked", "asked", "skipped", "skipped"]
    assert [one.key for one in answers_for(criterion, said)] == ["asked"]
    assert answered_share(criterion, said) == 2 / 6


def test_a_follow_up_counts_for_its_question() -> None:
    (criterion,) = criteria_of(plan(question("a")))
    said = [
        Said("a", "?", "It would mean slower writes to that table.", "m1"),
        Said("a", "And then?", "I would run explain on the query and look at the plan.", "m2", is_follow_up=True),
    ]
    judged = by_coverage(criterion, prepare(said))
    assert (judged.score, [evidence.message_id for evidence in judged.evidence]) == (100.0, ["m1", "m2"])


def test_a_criterion_without_a_rubric_is_left_to_a_person_by_the_built_in_evaluator() -> None:
    (criterion,) = criteria_of(plan(criteria=[{"key": "talk"}]))
    judged = by_coverage(criterion, prepare([Said("opening", "?", "I listen first.", "m1")]))
    assert (judged.verdict, judged.score) == ("left_to_human", None)


def test_what_was_not_asked_about_is_told_apart_from_what_was_not_answered() -> None:
    asked, never = criteria_of(plan(question("a"), question("b", type="behavioral")))
    said = [Said("a", "?")]
    judged = [by_coverage(criterion, prepare(said)) for criterion in (asked, never)]
    assert [one.verdict for one in judged] == ["not_enough_evidence"] * 2
    assert [one.rationale for one in judged] == [
        "No question about this was answered.",
        "No question about this was asked.",
    ]
    told = findings_of(judged, said, tells_anchors=True, is_flagged=False)
    assert (told.overall_score, told.confidence, told.needs_human) == (None, 0.0, True)
    assert "Talk about Technical questions: there was not enough to go by." in told.recommendations


# -- the sums ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "score"),
    [
        ([], None),
        (["", ""], None),
        (["strong", "strong"], 100.0),
        (["strong", ""], 50.0),
        (["solid", "developing", ""], 35.0),
    ],
)
def test_the_score_is_the_mean_over_all_points_that_were_asked_for(levels: list[str], score: float | None) -> None:
    assert scoring.score_of_levels(levels) == score


def test_taking_evidence_away_never_raises_a_score() -> None:
    before = ["strong", "developing", "solid"]
    whole = scoring.score_of_levels(before) or 0.0
    for place in range(3):
        without = scoring.score_of_levels([*before[:place], "", *before[place + 1 :]])
        assert without is not None and without < whole


def test_the_overall_score_leaves_out_what_is_unknown_and_weighs_the_rest() -> None:
    assert scoring.overall([(80.0, 3.0), (40.0, 1.0), (None, 9.0)]) == 70.0
    assert scoring.overall([(None, 1.0)]) is None
    assert scoring.overall([(50.0, 0.0)]) is None
    assert scoring.overall_confidence([(0.8, 1.0), (None, 1.0)]) == 0.4


@pytest.mark.parametrize(
    ("score", "level"),
    [(0.0, "developing"), (52.4, "developing"), (52.5, "solid"), (84.9, "solid"), (85.0, "strong"), (100.0, "strong")],
)
def test_levels_are_the_nearest_words(score: float, level: str) -> None:
    assert scoring.level_of(score) == level


# -- in words ----------------------------------------------------------------------------------------------------------


def judged_one() -> tuple[Judgement, list[Said]]:
    (criterion,) = criteria_of(plan(question("a"), question("b")))
    said = [Said("a", "?", "It would mean slower writes to that table.", "m1"), Said("b", "?")]
    return by_coverage(criterion, prepare(said)), said


def test_the_report_says_what_was_shown_and_what_was_not() -> None:
    judged, said = judged_one()
    told = findings_of([judged], said, tells_anchors=True, is_flagged=False)
    assert told.summary.startswith("1 answer to 2 questions: evidence for 1 of 4 rubric points.")
    assert told.to_improve == ["Technical questions: 1 of 4 points shown, such as “says what it costs”."]
    assert told.knowledge_gaps[0] == "Technical questions: Measures it"
    assert told.recommendations[0] == "Answer every question, if only in part: 1 question had no answer."
    assert told.needs_human


def test_the_plan_gives_no_anchors_away_where_others_judge() -> None:
    rubric = Point("Says what it costs", follow_up="What does it cost?", solid="Names the cost.")
    (criterion,) = criteria_of(plan(Question("a", "technical", "When?", points=(rubric,))))
    said = [Said("a", "?", "I like bicycles and long walks.", "m1")]
    judged = by_coverage(criterion, prepare(said))
    in_practice = findings_of([judged], said, tells_anchors=True, is_flagged=False).improvement_plan
    assessed = findings_of([judged], said, tells_anchors=False, is_flagged=False).improvement_plan
    assert "Names the cost." in in_practice[0]
    assert assessed == ["Show this in an answer: Says what it costs."]


def shown(title: str, level: str, *words: str) -> Judgement:
    """A criterion with a point for each of the words, quoted for it."""
    points = [Point(f"Names {word}") for word in words]
    about = Question(title, "technical", "When?", points=tuple(points))
    told = tuple(
        PointShown(PlacedPoint(about, n, point), level, (Quotation("m1", 0, len(word), word, point.statement),))
        for n, (point, word) in enumerate(zip(points, words, strict=True))
    )
    return Judgement(Criterion(title, title, 1.0, (about,)), "scored", score=100.0, confidence=1.0, points=told)


def test_a_quote_stands_with_the_point_that_it_speaks_for() -> None:
    told = findings_of(
        [shown("Links", "solid", "collisions", "S3")], [Said("a", "?", "S3")], tells_anchors=True, is_flagged=False
    )
    assert told.went_well == ["Links: 2 of 2 points shown, such as “names S3”. You said: “S3”"]


def test_the_plan_does_not_ask_to_be_shown_what_was_shown() -> None:
    told = findings_of(
        [shown("Links", "developing", "S3")], [Said("a", "?", "S3")], tells_anchors=True, is_flagged=False
    )
    assert told.improvement_plan == ["Say more about this in an answer: Names S3."]


def test_what_is_shown_as_well_as_all_else_is_not_shown_least() -> None:
    alike = [shown("Links", "solid", "S3"), shown("Queues", "solid", "Kafka")]
    worse = replace(alike[1], score=50.0)
    summaries = [
        findings_of(judged, [], tells_anchors=True, is_flagged=False).summary for judged in (alike, [alike[0], worse])
    ]
    assert "Least" not in summaries[0] and "Most shown: Links. Least shown: Queues." in summaries[1]


def test_a_report_that_judged_nothing_advises_nothing() -> None:
    left = Judgement(Criterion("links", "Links", 1.0), "left_to_human", "model")
    told = findings_of([left], [Said("a", "?", "S3")], tells_anchors=True, is_flagged=False)
    assert told.recommendations == []
    assert told.summary == "1 answer to 1 question. Left to a person: Links."
    well = findings_of([shown("Links", "solid", "S3")], [Said("a", "?", "S3")], tells_anchors=True, is_flagged=False)
    assert well.recommendations == ["Try the same questions at the next level, with less time."]


def test_what_has_no_right_answers_is_not_judged() -> None:
    rows = [{"key": "technical", "title": "Yourself", "is_judged": False}]
    (criterion,) = criteria_of(plan(question("a"), question("b"), criteria=rows))
    said = [Said("a", "?", "It would mean slower writes to that table.", "m1"), Said("b", "?")]
    judged = by_coverage(criterion, prepare(said))
    told = findings_of([judged], said, tells_anchors=True, is_flagged=False)
    assert (judged.score, judged.level, told.overall_score, told.needs_human) == (25.0, "", None, False)
    assert told.summary.startswith("1 answer to 2 questions, which tell of 1 of 4 things that could be told.")
    parts = (told.went_well, told.okay, told.to_improve, told.improvement_plan, told.knowledge_gaps)
    assert not any((*parts, told.recommendations))
    other = shown("Links", "solid", "S3")
    assert findings_of([judged, other], said, tells_anchors=True, is_flagged=False).overall_score == 100.0


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("I am Ann Smith.", ["Ann", "Smith"]),
        ("ann smith here, ANN to friends", ["ann smith", "ANN"]),
        ("Write to ann.smith+jobs@mail.example.com", ["ann.smith+jobs@mail.example.com"]),
        ("Call +49 170 123 45 67 or 0170/1234567", ["+49 170 123 45 67", "0170/1234567"]),
        ("Call (555) 123-4567", ["(555) 123-4567"]),
        (
            "See https://www.linkedin.com/in/annsmith and github.com/anns",
            ["linkedin.com/in/annsmith", "github.com/anns"],
        ),
    ],
)
def test_names_and_contact_data_are_hidden_and_places_stay(said: str, hidden: list[str]) -> None:
    seen = masked(said, ["Ann Smith"])
    assert len(seen) == len(said)
    assert not any(part in seen for part in hidden)
    assert MARK in seen


@pytest.mark.parametrize(
    "said",
    [
        "We had 100 000 000 rows and 2 000 000 of them were stale.",
        "@dataclass\nclass Order: pass",
        "It took 1234567890 nanoseconds at 10.20.30.40 in 2024-11-21.",
        "The announcement annoyed everybody.",
    ],
)
def test_what_only_looks_like_it_stays(said: str) -> None:
    assert masked(said, ["Ann Smith"]) == said
