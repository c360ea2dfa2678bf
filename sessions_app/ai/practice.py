"""The practice interviews that come with the product: one readable TOML file each, in ``templates/``.

Add one by adding a file there; its questions are keys of the bank, or tables like those of the bank where they fit no
area of it. ``manage.py load_templates`` brings it in.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import bank
from .protocol import Question

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class PracticeTemplate:
    """``fields`` are named like those of the stored template."""

    slug: str
    fields: dict[str, Any]
    questions: tuple[Question, ...]


def shipped() -> list[PracticeTemplate]:
    """All of them, in the order of the front page.

    Raises:
        KeyError: a file names a question that the bank does not have.
    """
    found = [_read(path) for path in sorted(TEMPLATES.glob("*.toml"))]
    return sorted(found, key=lambda template: template.fields["position"])


def _read(path: Path) -> PracticeTemplate:
    row = tomllib.loads(path.read_text(encoding="utf-8"))
    criteria = [criterion["key"] for criterion in row.get("criteria", ())]
    questions = tuple(_question(entry, *criteria[:1]) for entry in row.pop("questions"))
    return PracticeTemplate(row.pop("slug"), row, questions)


def _question(entry: str | dict[str, Any], criterion: str = "") -> Question:
    """One of the bank's, or the file's own, whose answers count for the first criterion that the file names."""
    return bank.question(entry) if isinstance(entry, str) else bank.as_question(entry, criterion=criterion)
