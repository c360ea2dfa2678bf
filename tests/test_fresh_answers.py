"""The built-in evaluator on answers that no rule was tuned on; see ``labelled_answers``."""

from __future__ import annotations

from sessions_app.ai import bank

from .labelled_answers import RANK, fresh, labelled, strong_above

LEAST = 0.9  # Chosen before the first figure was seen; a bound of sanity and not a measure.


def test_the_fresh_set_is_a_set_of_its_own() -> None:
    entries = fresh()
    keys = {entry.question.key for entry in entries}
    areas = {area.slug for area in bank.areas() for row in area.questions if row.question.key in keys}
    others = {entry.question.key for half in (False, True) for entry in labelled(held_out=half)}
    assert len(keys) == len(entries) == 10
    assert len(areas) >= 6
    assert not keys & others
    assert all(set(entry.answers) == set(RANK) for entry in entries)


def test_a_strong_answer_covers_more_than_worthless_ones() -> None:
    assert strong_above(fresh()) >= LEAST
