"""Code inside an answer: fenced blocks as in Markdown, so that one text holds everything and whoever reads it sees it.

The workspace of the room is the fenced block at the end of the text. ``static/js/fences.js`` does the same by script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .markdown import as_prose, coloured

LANGUAGES = {
    "bash": "Bash",
    "c": "C",
    "cpp": "C++",
    "csharp": "C#",
    "go": "Go",
    "java": "Java",
    "javascript": "JavaScript",
    "kotlin": "Kotlin",
    "php": "PHP",
    "python": "Python",
    "ruby": "Ruby",
    "rust": "Rust",
    "sql": "SQL",
    "swift": "Swift",
    "typescript": "TypeScript",
}
_OPENS = re.compile(r" {0,3}(`{3,})[ \t]*([\w+#.-]*)[^`]*")
_RUNS = re.compile("`+")


@dataclass(frozen=True)
class Piece:
    """A part of an answer: prose, or a block of code with what its fence says of its language."""

    text: str
    is_code: bool = False
    language: str = ""

    @property
    def language_name(self) -> str:
        return LANGUAGES.get(self.language.lower(), self.language)

    @property
    def prose(self) -> SafeString:
        return as_prose(self.text)

    @property
    def coloured(self) -> SafeString:
        return coloured(self.text, self.language)


@dataclass(frozen=True)
class _Block:
    """Lines ``first`` (the fence) to ``last`` of a text; the code is between."""

    first: int
    last: int
    language: str
    is_closed: bool


def language_choices() -> list[tuple[str, str]]:
    return [("", _("Plain text")), *LANGUAGES.items()]


def join(prose: str, code: str, language: str = "") -> str:
    """One text: the prose, and after it the code in a fence that nothing in the code ends."""
    if not code.strip():
        return prose
    fence = "`" * max(3, *(len(run) + 1 for run in _RUNS.findall(code)), 0)
    block = f"{fence}{language if language in LANGUAGES else ''}\n{code}\n{fence}"
    return f"{prose}\n\n{block}" if prose.strip() else block


def split(text: str) -> tuple[str, str, str]:
    """Prose, code and language again, of a text that ends with what ``join`` put there; else all of it is prose."""
    lines = text.split("\n")
    last = next(reversed(list(_blocks(lines))), None)
    if last is None or not last.is_closed or last.last != len(lines) - 1:
        return text, "", ""
    prose = "\n".join(lines[: max(0, last.first - 1)])
    code = "\n".join(lines[last.first + 1 : last.last])
    return (prose, code, last.language) if join(prose, code, last.language) == text else (text, "", "")


def pieces(text: str) -> list[Piece]:
    """The text in parts as it is shown; a block that was not closed goes on to the end."""
    lines, at, found = text.split("\n"), 0, []
    for block in _blocks(lines):
        found.append(Piece("\n".join(lines[at : block.first]).strip("\n")))
        end = block.last if block.is_closed else block.last + 1
        found.append(Piece("\n".join(lines[block.first + 1 : end]), True, block.language))
        at = block.last + 1
    found.append(Piece("\n".join(lines[at:]).strip("\n")))
    return [piece for piece in found if piece.text.strip()]


def prose_of(text: str) -> str:
    """What is not code."""
    return "\n\n".join(piece.text for piece in pieces(text) if not piece.is_code)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    first, fence, language = -1, "", ""
    for number, line in enumerate(lines):
        if first < 0:
            if opened := _OPENS.fullmatch(line):
                first, fence, language = number, opened[1], opened[2]
        elif _closes(line, fence):
            yield _Block(first, number, language, True)
            first = -1
    if first >= 0:
        yield _Block(first, len(lines) - 1, language, False)


def _closes(line: str, fence: str) -> bool:
    bare = line.strip(" \t")
    return len(bare) >= len(fence) and not bare.strip("`") and not line.startswith("    ")
