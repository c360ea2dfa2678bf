"""What differs between two versions of a template, told for people. Pure: no rows, no Django."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

_POINT_PARTS = ("statement", "aliases", "follow_up", "developing", "solid", "strong")
_QUESTION_PARTS = ("type", "criterion", "text", "skills")


@dataclass(frozen=True)
class Difference:
    """``where`` names the part; an empty ``before`` means it was added, an empty ``after`` that it was removed."""

    where: str
    before: str
    after: str

    @property
    def words(self) -> list[tuple[str, str]]:
        """The text in pieces: (``same`` | ``removed`` | ``added``, words), in reading order."""
        before, after = (re.findall(r"\s+|\S+", text) for text in (self.before, self.after))
        pieces = []
        for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if what == "equal":
                pieces.append(("same", "".join(before[a:b])))
                continue
            pieces += [("removed", "".join(before[a:b])), ("added", "".join(after[c:d]))]
        return [(kind, text) for kind, text in pieces if text]


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """Two contents, as ``services.templates.content_of`` makes them: fields first, then question by question."""
    return [*_of_fields(before["fields"], after["fields"]), *_of_questions(before["questions"], after["questions"])]


def _of_fields(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*after, *before]):
        yield from _if_different(name.replace("_", " "), before.get(name), after.get(name))


def _of_questions(before: list[Any], after: list[Any]) -> Iterator[Difference]:
    old, new = ({row["key"]: row for row in rows} for rows in (before, after))
    stayed = ([key for key in old if key in new], [key for key in new if key in old])
    yield from _if_different("order of the questions", *stayed)
    for key in [key for key in old if key not in new]:
        yield Difference(f"{key}, removed", _told(old[key]["text"]), "")
    for key, row in new.items():
        if key not in old:
            yield Difference(f"{key}, added", "", _told(row["text"]))
            continue
        for part in _QUESTION_PARTS:
            yield from _if_different(f"{key}: {part}", old[key].get(part), row.get(part))
        yield from _of_points(key, old[key].get("points", []), row.get("points", []))


def _of_points(key: str, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    """Points have no name of their own: they are matched by what they state, else by their place."""
    old, new = ([point["statement"] for point in points] for points in (before, after))
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        pairs = min(b - a, d - c) if what in ("equal", "replace") else 0
        for i in range(pairs):
            for part in _POINT_PARTS:
                where = f"{key}: rubric point {c + i + 1}, {part.replace('_', ' ')}"
                yield from _if_different(where, before[a + i].get(part), after[c + i].get(part))
        for i in range(a + pairs, b):
            yield Difference(f"{key}: rubric point {i + 1}, removed", old[i], "")
        for i in range(c + pairs, d):
            yield Difference(f"{key}: rubric point {i + 1}, added", "", new[i])


def _if_different(where: str, before: Any, after: Any) -> Iterator[Difference]:
    if before != after:
        yield Difference(where, _told(before), _told(after))


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None or value == "" else str(value)
