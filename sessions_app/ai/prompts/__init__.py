"""Prompts as files: ``<name>.v<number>.md`` here. A new wording is a new file, never a change of an old one.

What was written with a prompt keeps its id, such as ``ask.v1``, so that it can be told which words led to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Prompt:
    name: str
    version: int
    text: str

    @property
    def id(self) -> str:
        return f"{self.name}.v{self.version}"

    def filled(self, **values: str) -> str:
        """Its text with every ``$name`` replaced; what is put in is not looked at again. Raises KeyError."""
        return Template(self.text).substitute(values)


@cache
def prompt(name: str, version: int | None = None) -> Prompt:
    """That version of a prompt, else its newest. Raises FileNotFoundError."""
    found = {int(match[1]): path for path in FOLDER.glob(f"{name}.v*.md") if (match := _numbered(path))}
    if not found or version not in (None, *found):
        raise FileNotFoundError(f"There is no prompt {name}" + (f".v{version}" if version else ""))
    chosen = max(found) if version is None else version
    return Prompt(name, chosen, found[chosen].read_text(encoding="utf-8").strip())


def _numbered(path: Path) -> re.Match[str] | None:
    return re.fullmatch(r".+\.v(\d+)\.md", path.name)
