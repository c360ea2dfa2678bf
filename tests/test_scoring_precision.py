"""The rule of precision: 0.5 without evidence, grows with it, stays below 1, the same bits whoever adds it up."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app import scoring

ROOT = Path(__file__).resolve().parents[1]
strengths = st.lists(st.floats(min_value=0.01, max_value=1.0), max_size=90)
evidence = st.lists(
    st.tuples(st.floats(min_value=-1, max_value=1), st.floats(min_value=0.01, max_value=1)), max_size=60
)


@pytest.mark.parametrize(
    ("information", "precision"), [(0, 0.5), (0.5, 0.6), (1, 2 / 3), (3, 0.8), (8, 0.9), (98, 0.99)]
)
def test_what_the_docstring_says_of_information_and_precision(information: float, precision: float) -> None:
    assert scoring.precision([information] if information else []) == precision


@given(strengths, st.floats(min_value=0.01, max_value=1.0))
def test_it_starts_at_a_half_grows_with_every_piece_and_stays_below_one(before: list[float], more: float) -> None:
    now = scoring.precision(before)
    assert scoring.BASELINE <= now < scoring.precision([*before, more]) < 1


@given(evidence, st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_changes_no_bit(found: list[tuple[float, float]], chance: random.Random) -> None:
    shuffled = chance.sample(found, len(found))
    assert scoring.precision(s for _, s in shuffled).hex() == scoring.precision(s for _, s in found).hex()
    assert scoring.estimate(shuffled).hex() == scoring.estimate(found).hex()


ELSEWHERE = """
import json, sys
from sessions_app import scoring
found = json.load(sys.stdin)
print(scoring.precision(s for _, s in found).hex(), scoring.estimate(found).hex())
"""


def test_another_process_that_reads_it_from_json_comes_to_the_same_bits() -> None:
    chance = random.Random(7)
    found = [(chance.uniform(-1, 1), chance.uniform(0.01, 1)) for _ in range(200)]
    told = json.dumps(chance.sample(found, len(found)))
    run = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], input=told, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.split() == [scoring.precision(s for _, s in found).hex(), scoring.estimate(found).hex()]


@given(evidence)
def test_an_estimate_is_between_its_ends_and_nearer_to_zero_than_the_evidence(found: list[tuple[float, float]]) -> None:
    estimate = scoring.estimate(found)
    assert -1 < estimate < 1
    if found:
        lowest, highest = min(p for p, _ in found), max(p for p, _ in found)
        assert min(0, lowest) <= estimate <= max(0, highest)


def test_an_estimate_is_drawn_towards_zero_while_little_is_known() -> None:
    assert scoring.estimate([]) == 0
    assert scoring.estimate([(1, 0.5)]) == pytest.approx(1 / 3)
    assert scoring.estimate([(1, 1.0)] * 9) == pytest.approx(0.9)
    assert scoring.estimate([(1, 0.5), (-1, 0.5)]) == 0


@given(st.lists(st.floats(min_value=0, max_value=1), max_size=40))
def test_one_answer_is_worth_one_at_most(found: list[float]) -> None:
    lowered = scoring.capped(found)
    assert sum(lowered) <= scoring.MOST_PER_ANSWER + 1e-9
    assert all(after <= before for after, before in zip(lowered, found, strict=True))
    assert lowered == found or sum(found) > scoring.MOST_PER_ANSWER
