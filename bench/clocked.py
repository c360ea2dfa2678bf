"""``manage.py serve`` with every word of the built-in interviewer timed: ``python -m bench.clocked PORT``.

A line a word goes to the file that BENCH_WORDS names: session, characters so far, monotonic time (one for all processes
of a Linux machine).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from sessions_app.ai.builtin import BuiltInInterviewer

_ask = BuiltInInterviewer.ask


def timed(self: BuiltInInterviewer, turn: Any) -> Iterator[Any]:
    characters = 0
    for piece in _ask(self, turn):
        if isinstance(piece, str):
            characters += len(piece)
            words.write(f"{turn.seed} {characters} {time.monotonic()}\n")
        yield piece


django.setup()
with Path(os.environ["BENCH_WORDS"]).open("w", buffering=1) as words:
    BuiltInInterviewer.ask = timed  # type: ignore[method-assign]
    call_command("serve", port=int(sys.argv[1]))
