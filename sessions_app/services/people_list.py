"""Lists of people to invite, as spreadsheets write them: comma or semicolon, quoted, with or without a byte order mark.

Reading stores nothing. What is wrong is said per row, so that all of it can be mended at once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sessions_app.errors import FieldError, ValidationFailed

from .spreadsheets import plain

MAX_BYTES = 1_000_000
MAX_ROWS = 1_000
COLUMNS = ("name", "email", "accommodation_percent", "opens_at", "closes_at", "time_zone")
_NEEDED = ("name", "email")


@dataclass
class Person:
    """A row, as it was typed. ``row`` counts as a spreadsheet does: the line with the column names is 1."""

    row: int
    name: str = ""
    email: str = ""
    accommodation_percent: str = ""
    opens_at: str = ""
    closes_at: str = ""
    time_zone: str = ""
    problems: list[FieldError] = field(default_factory=list)
    hint: str = ""

    def typed(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in COLUMNS}


def decoded(content: bytes) -> str:
    """The text of an uploaded file.

    Raises:
        ValidationFailed: it is larger than 1 MB, or not UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise _refused("too_large", "This list is larger than 1 MB. Split it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        sentence = (
            "This file is not in UTF-8; its letters would be wrong. Save it as “CSV UTF-8”, then choose it again."
        )
        raise _refused("encoding", sentence) from None


def read_people(text: str) -> list[Person]:
    """The people of a list, each with what is wrong about their row as far as the list itself tells.

    Raises:
        ValidationFailed: it is no list at all, its columns are unknown, or it has more than 1,000 rows.
    """
    if len(text.encode()) > MAX_BYTES:
        raise _refused("too_large", "This list is larger than 1 MB. Split it.")
    if "\0" in text:
        raise _refused("not_text", "This is not a text file. Save the list as CSV.")
    lines = [(number, cells) for number, cells in enumerate(_cells(text.lstrip("\ufeff")), 1) if any(cells)]
    if not lines:
        raise _refused("empty", "There is nobody in this list.")
    columns, people = _columns(lines[0][1]), lines[1:]
    if columns is None:
        columns, people = list(_NEEDED), lines
    if not people:
        raise _refused("empty", "There is nobody in this list.")
    if len(people) > MAX_ROWS:
        raise _refused("too_many", f"This list has {len(people):,} rows. Invite at most {MAX_ROWS:,} at a time.")
    return _flagged([_person(number, cells, columns) for number, cells in people])


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV that spreadsheets open as text: what would be taken for a formula gets an apostrophe in front."""
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[plain(cell) for cell in row] for row in rows])
    return "\ufeff" + target.getvalue()


def _cells(text: str) -> list[list[str]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _refused("malformed", f"The quotation marks of this list do not match ({error}).") from None
    return [[cell.strip() for cell in row] for row in rows]


def _columns(cells: list[str]) -> list[str] | None:
    """The names of the columns; None when the first line is a person already, in the order name, email."""
    names = [cell.lower().replace(" ", "_").replace("-", "_") for cell in cells]
    names = ["email" if name in ("e_mail", "mail") else name for name in names]
    if not set(names) & set(COLUMNS) and len(cells) <= len(_NEEDED) and "@" in cells[-1]:
        return None
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or len(set(names)) < len(names) or "name" not in names:
        known = ", ".join(COLUMNS)
        raise _refused("columns", f"The first line names the columns: name, and any of {known}, each once.")
    return names


def _person(number: int, cells: list[str], columns: list[str]) -> Person:
    person = Person(number)
    for name, cell in zip(columns, cells, strict=False):
        setattr(person, name, cell)
    if any(cells[len(columns) :]):
        person.problems.append(FieldError("name", "too_many_cells", "This row has more cells than there are columns."))
    return person


def _flagged(people: list[Person]) -> list[Person]:
    """An address that comes twice is invited once: its later rows are wrong."""
    first: dict[str, int] = {}
    for person in people:
        address = person.email.lower()
        if address and address in first:
            sentence = f"This address is in row {first[address]} already."
            person.problems.append(FieldError("email", "duplicate", sentence))
        first.setdefault(address, person.row)
    return people


def _refused(code: str, sentence: str) -> ValidationFailed:
    return ValidationFailed([FieldError("people", code, sentence)])
