"""Résumés: text that somebody pasted, or a file that is read by a child program with little memory and time."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from django.conf import settings

from sessions_app import errors
from sessions_app.access import Actor, refuse_token
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.logs import log
from sessions_app.models import Resume

from .resume_reader import clean

MAX_BYTES = 5 * 1024 * 1024
MAX_CHARACTERS = 50_000
SECONDS = 20.0  # by the clock on the wall; the child's processor time is limited by itself
MAX_ANSWER = 8 * 1024 * 1024
CHILDREN = 2
PATIENCE = 30.0

_PROGRAM = (sys.executable, "-E", "-s", "-B", "-m", "sessions_app.services.resume_reader")
_children = threading.BoundedSemaphore(CHILDREN)

_REMEDIES = {
    "unsupported": "This is no PDF, Word (.docx) or text file. Save it as one of these, or paste the text instead.",
    "old_word": "This is an old Word file, or one with a password. Save it as PDF without one, or paste the text.",
    "encrypted": "This file is protected by a password. Save it without one, or paste the text instead.",
    "no_text": "There is no text in this file, perhaps only a picture of it. Paste the text instead.",
    "unreadable": "This file is damaged, or too complicated to read. Save it again as PDF, or paste the text instead.",
}


def read_resume(file: BinaryIO | Any, *, field: str = "file") -> tuple[str, list[str]]:
    """The text of an uploaded PDF, DOCX or text file, and flags for staff: ``hidden_text``, ``hidden_characters``.

    ``field`` names the upload in errors. Not to be called in a transaction: it takes up to 20 seconds.

    Raises:
        PayloadTooLarge: more than 5 MB.
        ValidationFailed: it cannot be read, has no text, or more than 50,000 characters; with a remedy.
        Unavailable: too many files are being read at once.
    """
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise errors.PayloadTooLarge("The file is larger than 5 MB. Save a smaller one, or paste the text instead.")
    told = _told(_run(content))
    if "text" not in told:
        code = told.get("error") if told.get("error") in _REMEDIES else "unreadable"
        raise ValidationFailed([FieldError(field, str(code), _REMEDIES[str(code)])])
    text, flags = clean(str(told["text"]))
    text = _tidy(text)
    _check_length(text, field)
    return text, [str(flag) for flag in told.get("flags", [])] + flags


def store_resume(text: str, *, actor: Actor, source_name: str = "", flags: Sequence[str] = ()) -> Resume:
    """A résumé of the actor. Characters that nobody sees are taken out, and staff are told.

    Raises:
        PermissionDenied: the actor holds a session's token.
        ValidationFailed: there is no text, or too much.
    """
    refuse_token(actor)
    text, more = clean(text)
    if not text.strip():
        raise ValidationFailed([FieldError("content", "blank", "Paste the text of the résumé.")])
    _check_length(text, "content")
    name = re.sub(r"[\x00-\x1f\x7f]", "", source_name.replace("\\", "/").rpartition("/")[2])[:200]
    return Resume.objects.create(
        owner=actor.user, content=text, source_name=name, flags=list(dict.fromkeys([*flags, *more]))
    )


def _check_length(text: str, field: str) -> None:
    """Refused and not cut: what would be missing might be what counts."""
    if len(text) > MAX_CHARACTERS:
        words = (
            f"This résumé has {len(text):,} characters; at most {MAX_CHARACTERS:,} fit. Leave out what counts least."
        )
        raise ValidationFailed([FieldError(field, "max_length", words)])


def _tidy(text: str) -> str:
    """Without the blank space that the layout of a page leaves behind."""
    lines = (line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _told(said: bytes) -> dict[str, Any]:
    try:
        told = json.loads(said)
    except ValueError:  # killed for its memory or time, or it fell over
        return {"error": "unreadable"}
    return told if isinstance(told, dict) else {}


def _run(content: bytes) -> bytes:
    """What the child program says about a file; nothing if it had to be killed. Raises Unavailable."""
    if not _children.acquire(timeout=PATIENCE):
        raise errors.Unavailable("Too many files are being read at this moment. Send yours again in a few seconds.")
    try:
        child = subprocess.Popen(
            _PROGRAM,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        return _converse(child, content)
    finally:
        _children.release()


def _converse(child: subprocess.Popen[bytes], content: bytes) -> bytes:
    stop = threading.Timer(SECONDS, _kill, [child])
    stop.start()
    try:
        if child.stdin is None or child.stdout is None:
            return b""
        with suppress(BrokenPipeError), child.stdin as file:
            file.write(content)
        with child.stdout as said:
            return said.read(MAX_ANSWER)
    finally:
        stop.cancel()
        _kill(child)
        child.wait()
        log.info("resume.read", size=len(content), exit=child.returncode, component="resumes")


def _kill(child: subprocess.Popen[bytes]) -> None:
    """The whole group, which is the child's own."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
