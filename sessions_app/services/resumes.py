"""Résumés and job postings: text that was pasted, or a file that a child program with little memory and time reads.

What comes out is text for people and models; what hides in a file is told to staff.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app import errors
from sessions_app.access import Actor, refuse_token
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.logs import log
from sessions_app.models import Resume
from sessions_app.models.limits import MAX_POSTING, MAX_RESUME

from .resume_reader import clean

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_BYTES = 5 * 1024 * 1024
SECONDS = 20.0  # by the clock on the wall; the child's processor time is limited by itself
MAX_ANSWER = 8 * 1024 * 1024
CHILDREN = 2
PATIENCE = 30.0

_PROGRAM = (sys.executable, "-E", "-s", "-B", "-m", "sessions_app.services.resume_reader")
_children = threading.BoundedSemaphore(CHILDREN)

_REMEDIES = {
    "unsupported": gettext_lazy(
        "This is no PDF, Word (.docx) or text file. Save it as one of these, or paste the text instead."
    ),
    "old_word": gettext_lazy(
        "This is an old Word file, or one with a password. Save it as PDF without one, or paste the text."
    ),
    "encrypted": gettext_lazy("This file is protected by a password. Save it without one, or paste the text instead."),
    "no_text": gettext_lazy("There is no text in this file, perhaps only a picture of it. Paste the text instead."),
    "unreadable": gettext_lazy(
        "This file is damaged, or too complicated to read. Save it again as PDF, or paste the text instead."
    ),
}

_LONG_RESUME = gettext_lazy("This résumé has %(number)s characters; at most %(most)s fit. Leave out what counts least.")
_LONG_POSTING = gettext_lazy(
    "This job posting has %(number)s characters; at most %(most)s fit. Leave out what counts least."
)

FLAGS = {
    "hidden_text": gettext_lazy("Has text that people who look at the file cannot see"),
    "hidden_characters": gettext_lazy("Had characters that nobody sees; they were taken out"),
}


def read_resume(file: BinaryIO | Any, *, field: str = "file") -> tuple[str, list[str]]:
    """The text of an uploaded résumé, at most 50,000 characters, and flags for staff. Raises as ``read_document``."""
    text, flags = read_document(file, field=field)
    _check_length(text, field, MAX_RESUME, _LONG_RESUME)
    return text, flags


def read_posting(file: BinaryIO | Any, *, field: str = "file") -> tuple[str, list[str]]:
    """The text of an uploaded job posting, at most 20,000 characters, and flags. Raises as ``read_document``."""
    text, flags = read_document(file, field=field)
    _check_length(text, field, MAX_POSTING, _LONG_POSTING)
    return text, flags


def read_document(file: BinaryIO | Any, *, field: str) -> tuple[str, list[str]]:
    """The text of an uploaded PDF, DOCX or text file, and flags for staff: ``hidden_text``, ``hidden_characters``.

    ``field`` names the upload in errors. Not to be called in a transaction: it takes up to 20 seconds.

    Raises:
        PayloadTooLarge: more than 5 MB.
        ValidationFailed: it cannot be read, has no text, or too much; with a remedy.
        Unavailable: too many files are being read at once.
    """
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise errors.PayloadTooLarge(_("The file is larger than 5 MB. Save a smaller one, or paste the text instead."))
    told = _told(_run(content))
    if "text" not in told:
        code = told.get("error") if told.get("error") in _REMEDIES else "unreadable"
        raise ValidationFailed([FieldError(field, str(code), str(_REMEDIES[str(code)]))])
    text, flags = clean(str(told["text"]))
    return _tidy(text), [str(flag) for flag in told.get("flags", [])] + flags


def noticed(flags: Iterable[str]) -> str:
    """What the reader of a file noticed, in words for staff; empty if there was nothing."""
    return " · ".join(str(FLAGS.get(flag, flag)) for flag in flags)


def store_resume(text: str, *, actor: Actor, source_name: str = "", flags: Sequence[str] = ()) -> Resume:
    """A résumé of the actor. Characters that nobody sees are taken out, and staff are told.

    Raises:
        PermissionDenied: the actor holds a session's token.
        ValidationFailed: there is no text, or too much.
    """
    refuse_token(actor)
    text, more = clean(text)
    if not text.strip():
        raise ValidationFailed([FieldError("content", "blank", _("Paste the text of the résumé."))])
    _check_length(text, "content", MAX_RESUME, _LONG_RESUME)
    name = re.sub(r"[\x00-\x1f\x7f]", "", source_name.replace("\\", "/").rpartition("/")[2])[:200]
    return Resume.objects.create(
        owner=actor.user, content=text, source_name=name, flags=list(dict.fromkeys([*flags, *more]))
    )


def _check_length(text: str, field: str, most: int, words: StrOrPromise) -> None:
    """Refused and not cut: what would be missing might be what counts."""
    if len(text) > most:
        counts = {"number": len(text), "most": most}
        told = {name: number_format(count, force_grouping=True) for name, count in counts.items()}
        raise ValidationFailed([FieldError(field, "max_length", str(words) % told)])


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
        raise errors.Unavailable(_("Too many files are being read at this moment. Send yours again in a few seconds."))
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
