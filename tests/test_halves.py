"""The list of what runs once is about tests that exist, and none of them is for PostgreSQL alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from .halves import BROWSER, ONCE, is_repeated

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", [*ONCE, *(f"tests/browser/{file}" for file in BROWSER)])
def test_what_is_listed_is_there(name: str) -> None:
    file, _, test = name.partition("::")
    assert f"def {test}" in (ROOT / file).read_text()


@pytest.mark.parametrize("file", sorted({name.partition("::")[0] for name in ONCE if "::" not in name}))
def test_a_file_of_the_first_half_skips_nothing_there(file: str) -> None:
    text = (ROOT / file).read_text()
    assert not [word for word in ("postgres_wanted", "connection.vendor", '"postgresql"') if word in text]


def test_a_test_is_known_by_its_file_or_by_its_name_whatever_its_parameters() -> None:
    assert is_repeated("tests/test_races.py::test_two_verbs[pause-cancel]")
    assert not is_repeated("tests/test_pages_room.py::test_a_draft[x]")
    assert not is_repeated("tests/crash/test_kill.py::test_ctrl_c_ends_it_cleanly[idle]")
    assert is_repeated("tests/crash/test_kill.py::test_kill_9_around_an_answer")
    assert is_repeated("tests/browser/test_live_room.py::test_it_grows")
    assert not is_repeated("tests/browser/test_page_modes.py::test_it_prints")
