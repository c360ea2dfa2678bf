"""Sentences that count are said in the form that the page's language has for the number, as the server says them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SOURCE = (Path(__file__).resolve().parents[2] / "static" / "js" / "words.js").read_text()
SAMPLES = (0, 1, 2, 3, 11, 100)
SAY = """
async ([source, numbers]) => {
  const { say } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  return numbers.map((number) => say("minutes", { number }));
}
"""


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", {0: "0 of 0", 1: "1 of 1", 2: "2 of 0", 14: "14 of 0"}),
        ("de", {0: "0 of 0", 1: "1 of 1", 30: "30 of 0"}),
        (
            "ar",
            {0: "0 of 0", 1: "1 of 1", 2: "2 of 2", 7: "7 of 3", 45: "45 of 11", 100: "100 of 100", 105: "105 of 3"},
        ),
    ],
)
def test_a_number_has_its_form(chromium: Any, language: str, said: dict[int, str]) -> None:
    """Each form here is named by the number that the page gives it for."""
    words = {"counted": {str(sample): {"minutes": f"{{number}} of {sample}"} for sample in SAMPLES}}
    page = chromium.new_page()
    page.set_content(
        f'<!DOCTYPE html><html lang="{language}"><title>x</title>'
        f'<script type="application/json" id="words">{json.dumps(words)}</script></html>'
    )
    assert page.evaluate(SAY, [SOURCE, list(said)]) == list(said.values())
    page.close()
