"""Cells of files that spreadsheets open."""

from __future__ import annotations

from typing import Any

# What a spreadsheet would take for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain(value: Any) -> str:
    """A cell that no spreadsheet carries out: an apostrophe before what looks like a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
