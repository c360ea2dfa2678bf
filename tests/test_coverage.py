"""Evidence coverage: which rubric points an answer shows, and what must not count as showing one."""

from __future__ import annotations

import pytest

from sessions_app.ai import bank
from sessions_app.ai.coverage import (
    LONGEST_PASSAGE,
    SEEN,
    Shown,
    level_of,
    open_points,
    shown,
    touched,
)
from sessions_app.ai.protocol import Point, Question
from sessions_app.ai.senses import groups
from sessions_app.ai.wording import COMMON, sentences, stem

from .labelled_answers import WORTHLESS, covered_share, labelled, mean_shares, pairwise_order

SLOW = bank.question("databases-slow-filter-sort")
FORGOT = bank.question("databases-forgot-where")
SHARED = bank.question("python-shared-default")
OUTSIDER = bank.question("teamwork-explain-to-outsider")


def points_of(question, answer):
    return [passage.point_index for passage in shown(question, answer)]


# -- what counts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "answer", "points"),
    [
        (SLOW, "I'd run EXPLAIN ANALYZE first and see whether it does a sequential scan.", [0]),
        (SLOW, "The sort cannot use the current index, so I'd create a composite index on customer and date.", [1]),
        (SLOW, "I would show one page only, with keyset pagination, and select the needed columns.", [2]),
        (SLOW, "Bear in mind that each index makes for slower writes and needs disk space.", [3]),
        (FORGOT, "If the transaction is still open and uncommitted, I roll it back.", [0]),
        (FORGOT, "I would let my boss and the other people on call know, and raise an incident.", [1]),
        (SHARED, "I would use None as the default and make a new list inside the function.", [2]),
        (OUTSIDER, "I use an analogy from their kitchen rather than the jargon of my trade.", [1]),
    ],
)
def test_a_point_is_shown_by_a_sentence_about_it(question, answer, points):
    assert points_of(question, answer) == points


@pytest.mark.parametrize(
    "answer",
    [
        "I would have indexed both columns together, in a multi-column index.",
        "A compound INDEX, with the column order customer then date, would do.",
        "I'd create one composit index on customer_id and created_at.",
    ],
)
def test_inflections_cases_and_misspelt_ends_are_forgiven(answer):
    assert 1 in points_of(SLOW, answer)


def test_more_said_is_more_strength():
    little = "I would read the execution plan."
    more = "I would read the execution plan with EXPLAIN ANALYZE to see whether it is a sequential scan of all rows."
    most = f"{more} Then I would compare its estimates with the actual rows, as a gap in the query plan means a lot."
    strengths = [max(passage.strength for passage in shown(SLOW, said)) for said in (little, more, most)]
    assert strengths == sorted(set(strengths))
    assert all(SEEN <= strength < 1 for strength in strengths)


def test_a_passage_is_the_sentence_in_code_points():
    said = "Zuerst 🙂 schaue ich. I’d run EXPLAIN ANALYZE and look for a sequential scan. Dann 👍 weiter."
    (passage,) = shown(SLOW, said)
    assert said[passage.start : passage.end] == "I’d run EXPLAIN ANALYZE and look for a sequential scan."


def test_a_long_sentence_is_cut_to_whole_words_around_the_evidence():
    before = "the web shop was very slow on a Monday in spring when most people buy their tools and pots and seeds and "
    after = " which the older man from the second floor once put in for a report that no one reads any more these days"
    found_it = "wait for minutes until I ran EXPLAIN ANALYZE to see the sequential scan on orders"
    said = f"Once, if I remember it rightly, {before}{found_it}{after}"
    assert len(said) > LONGEST_PASSAGE
    (passage,) = [found for found in shown(SLOW, said) if found.point_index == 0]
    cut = said[passage.start : passage.end]
    assert "EXPLAIN ANALYZE" in cut
    assert 200 < len(cut) <= LONGEST_PASSAGE
    assert cut in said and not cut.startswith(" ") and said[passage.end :][:1] in (" ", "")


def test_each_point_has_one_passage_in_the_rubrics_order():
    said = "An index makes for slower writes. I'd look at the query plan. The query plan tells how the rows are found."
    found = shown(SLOW, said)
    assert [passage.point_index for passage in found] == [0, 3]
    assert all(isinstance(passage, Shown) and 0 <= passage.start < passage.end <= len(said) for passage in found)


@pytest.mark.parametrize(
    "answer", ["", "   \n\t", "?", "…", "I don't know.", "👍" * 50, "a" * 20_000, "\x00\x01 - - -"]
)
def test_nothing_said_shows_nothing(answer):
    assert shown(SLOW, answer) == []
    assert covered_share(SLOW, answer) == 0


def test_a_question_without_a_rubric_has_no_coverage():
    assert covered_share(Question("own", "technical", "What is a lock?"), "A lock keeps others out.") == 0


def test_it_is_the_same_every_time():
    said = labelled(held_out=False)[0].answers["strong"]
    assert shown(FORGOT, said) == shown(FORGOT, said)


# -- what does not count -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        "I would not use a composite index on anything, and I have never heard of EXPLAIN ANALYZE.",
        "I've never used an execution plan, a composite index, or a covering index.",
        "I don't believe in composite indexes or in looking at the query plan.",
        "Without an execution plan and without a composite index you can go on as well.",
        "There is no need to look at the execution plan.",
        "Composite indexes are overkill.",
        "An execution plan wouldn't help here at all.",
        "EXPLAIN ANALYZE is something I've never used.",
        "I'd rather guess than look at the execution plan.",
        "I skip the execution plan and the composite index.",
        "Execution plans? No. Composite indexes? No.",
    ],
)
def test_what_is_denied_does_not_count(answer):
    assert shown(SLOW, answer) == []


@pytest.mark.parametrize(
    "answer",
    [
        "I would not guess but look at the execution plan.",
        "I never add an index without reading the execution plan first.",
        "Not only would I read the execution plan, I would also compare the estimates in it.",
        "Instead of guessing I'd run EXPLAIN ANALYZE and read how the rows are found.",
        "I wouldn't hesitate to run EXPLAIN ANALYZE on it in production.",
        "I can't tell from here, so I would look at the execution plan.",
    ],
)
def test_a_denial_of_something_else_does_not_stand_in_the_way(answer):
    assert points_of(SLOW, answer) == [0]


def test_what_the_rubric_denies_may_be_denied():
    assert points_of(OUTSIDER, "I write it without jargon and take examples from everyday life.") == [1]


@pytest.mark.parametrize(
    "answer",
    [
        "rollback, backup, restore, WAL, binlog, snapshot, permissions, peer review",
        "Rollback. Backup. Restore. Escalate. Permissions.",
        "I know rollback, backup, restore, WAL, binlog and snapshot very well.",
        "In my career I have used rollback and backup and restore and snapshot and binlog and permissions.",
        "I would use rollback. I would use backup. I would use restore. I would use binlog. I would use peer review.",
        "rollback the rollback and rollback the backup to the backup and restore the restore of the backup",
        "- rollback\n- backup\n- restore\n- peer review",
    ],
)
def test_a_list_of_terms_does_not_count(answer):
    assert shown(FORGOT, answer) == []


def test_saying_it_twice_is_saying_it_once():
    once = "I would restore last night's backup on another server and copy the old values."
    assert covered_share(FORGOT, f"{once} {once} {once}") == covered_share(FORGOT, once)


@pytest.mark.parametrize("question", [entry.question for area in bank.areas() for entry in area.questions[:3]])
def test_repeating_the_question_or_a_follow_up_shows_nothing(question):
    assert shown(question, question.text) == []
    assert shown(question, " ".join(point.follow_up for point in question.points)) == []


def test_quoting_the_rubric_is_no_stronger_than_saying_it():
    said = "I would read the execution plan with EXPLAIN ANALYZE to see whether it is a sequential scan of all rows."
    (own_words,) = shown(SLOW, said)
    for point in SLOW.points:
        for quoted in (point.statement, point.solid, point.strong):
            assert all(passage.strength < own_words.strength for passage in shown(SLOW, quoted))


def test_the_words_of_the_question_are_nobodys_evidence():
    question = Question(
        "own", "technical", "How does a row lock work?", (), (Point("Knows locks", ("row lock", "mutex")),)
    )
    assert shown(question, "Well, a row lock is a lock for a row of something, and it works quite well for me.") == []
    assert points_of(question, "It is like a mutex: the second one has to stay outside until the first is done.") == [0]


def test_a_good_answer_to_another_question_shows_little():
    """Pasting prepared text: mean coverage stays far below that of the right answer."""
    halves = labelled(held_out=False) + labelled(held_out=True)
    right = [entry.shares["strong"] for entry in halves]
    pasted = [
        covered_share(other.question, entry.answers["strong"])
        for entry in halves
        for other in halves
        if other.question.criterion != entry.question.criterion
    ]
    assert sum(pasted) / len(pasted) < 0.2 * sum(right) / len(right)


# -- the labelled answers ----------------------------------------------------------------------------------------------


def test_the_labelled_set_is_large_enough():
    halves = [labelled(held_out=False), labelled(held_out=True)]
    entries = [entry for half in halves for entry in half]
    assert sum(len(entry.answers) for entry in entries) >= 60
    assert len(entries) >= 10
    assert len({entry.question.criterion for entry in entries}) >= 10
    assert min(len(half) for half in halves) >= 8
    assert all(len(entry.answers) == 8 for entry in entries)


@pytest.mark.parametrize(("held_out", "least"), [(False, 1.0), (True, 0.98)], ids=["tuning", "held out"])
def test_strong_answers_come_before_all_others(held_out, least):
    """Of the pairs of a strong answer and another to the same question; what it misses, it misses in stories told in
    words of their own."""
    assert pairwise_order(labelled(held_out=held_out))["strong"] >= least


@pytest.mark.parametrize(("held_out", "least"), [(False, 0.87), (True, 0.86)], ids=["tuning", "held out"])
def test_answers_with_one_good_point_come_before_worthless_ones(held_out, least):
    """A tie counts half: short answers in plain words are often missed. Weak ones, which make no point, mostly are:
    a quarter of them touch on one.
    """
    order = pairwise_order(labelled(held_out=held_out))
    assert order["partial"] >= least
    assert order["weak"] >= 0.62


@pytest.mark.parametrize("held_out", [False, True], ids=["tuning", "held out"])
def test_what_is_touched_on_is_no_coverage(held_out):
    """Off-topic answers touch on something now and then; what is stuffed, denied or given back never does."""
    for entry in labelled(held_out=held_out):
        for kind, said in entry.answers.items():
            found = touched(entry.question, said)
            assert kind in ("strong", "partial", "weak", "off_topic") or found == []
            assert not set(found) & {passage.point_index for passage in shown(entry.question, said)}


def test_a_word_of_the_rubric_touches_on_its_point():
    assert touched(SLOW, "Maybe there is some disk involved, I suppose.") == [3]
    for nothing in ("Is it the disk?", "I would not look at the disk.", "disk, overhead, lock, storage, insert", ""):
        assert touched(SLOW, nothing) == []


@pytest.mark.parametrize("held_out", [False, True], ids=["tuning", "held out"])
def test_worthless_answers_are_worth_nothing(held_out):
    entries = labelled(held_out=held_out)
    means = mean_shares(entries)
    assert all(means[kind] <= 0.02 for kind in WORTHLESS)
    assert means["strong"] > 4 * means["partial"] > 8 * max(means[kind] for kind in WORTHLESS)
    assert all(entry.shares["empty"] == entry.shares["echo"] == entry.shares["stuffed"] == 0 for entry in entries)


# -- what is made of it ------------------------------------------------------------------------------------------------


def test_open_points_are_those_that_no_answer_shows():
    told = ["I'd look at the execution plan.", "An index makes for slower writes."]
    assert [SLOW.points.index(point) for point in open_points(SLOW, told)] == [1, 2]
    assert open_points(SLOW, []) == list(SLOW.points)


@pytest.mark.parametrize(
    ("strength", "level"),
    [(0.0, ""), (0.24, ""), (0.25, "developing"), (0.5, "solid"), (0.74, "solid"), (0.75, "strong"), (0.99, "strong")],
)
def test_levels_say_how_much_was_said(strength, level):
    assert level_of(strength) == level


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family",
    [
        "index indexes indexed indexing",
        "isolate isolates isolated isolation",
        "normalise normalize normalised normalisation normalization",
        "retry retries retried retrying",
        "migrate migration migrations migrating",
        "stop stops stopped stopping",
        "measure measured measuring measurement",
        "batch batches batched",
    ],
)
def test_words_of_a_family_have_one_stem(family):
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize("pair", ["test text", "lock look", "post past", "c c++", "sql nosql"])
def test_other_words_have_other_stems(pair):
    assert len({stem(word) for word in pair.split()}) == 2


def test_no_word_has_two_senses():
    stems = [{stem(word) for word in group} for group in groups()]
    assert sum(map(len, stems)) == len(set().union(*stems))
    assert COMMON.isdisjoint({"index", "transact", "password"})


def test_sentences_end_at_signs_and_lines():
    text = "First, v1.2 runs. “Really?” Yes…\n- a bullet\n\n- another one; it goes on"
    found = [text[sentence.start : sentence.end] for sentence in sentences(text)]
    assert found[0] == "First, v1.2 runs."
    assert found[-2:] == ["- a bullet", "- another one; it goes on"]
