"""The child program that reads an uploaded résumé: file on stdin, JSON on stdout.

    python -m sessions_app.services.resume_reader < file

Files come from anybody, and readers of PDF and ZIP have been fooled before. So this runs in a process of its own that
knows no database, no settings and no secrets, may not write files, and has little memory and time. It answers
``{"text", "flags"}`` or ``{"error"}``; whoever called it takes anything else, or silence, for an unreadable file.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 5
OPEN_FILES = 32
MAX_TEXT = 1_000_000  # characters; far above what is accepted, so that a refusal can name the length

# Zero-width characters, bidirectional overrides and isolates, and the "tag" characters: text that people do not see.
_UNSEEN = re.compile("[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\U000e0000-\U000e007f]")
# Joiners that Persian, Indic scripts and emoji need; between Latin letters they only break words for searching.
_JOINERS_IN_LATIN = re.compile("(?<=[\u0021-\u024f])[\u200c\u200d]|[\u200c\u200d](?=[\u0021-\u024f])")
# Marks of direction and soft hyphens are common and harmless; control characters are neither seen nor storable.
_DROPPED = re.compile("[\u00ad\u061c\u200e\u200f\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

HIDDEN_TEXT, HIDDEN_CHARACTERS = "hidden_text", "hidden_characters"


class Unreadable(Exception):
    """Why a file cannot be read: ``unsupported``, ``old_word``, ``encrypted``, ``no_text`` or ``unreadable``."""


def read(content: bytes) -> tuple[str, list[str]]:
    """The text of a PDF, DOCX or plain text, told apart by content, and what staff should know about it.

    Raises:
        Unreadable
    """
    text, has_hidden = _reader_of(content)(content)
    text, flags = clean(text)
    if not text.strip():
        raise Unreadable("no_text")
    return text, ([HIDDEN_TEXT] if has_hidden else []) + flags


def clean(text: str) -> tuple[str, list[str]]:
    """The text without characters that nobody sees, and a flag if there were any that hide something."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\v", "\n")
    body = text.removeprefix("\ufeff")  # a byte order mark at the beginning is what Windows writes
    shown = _JOINERS_IN_LATIN.sub("", _UNSEEN.sub("", body))
    flags = [HIDDEN_CHARACTERS] if shown != body else []
    return _DROPPED.sub("", shown), flags


def _reader_of(content: bytes) -> Callable[[bytes], tuple[str, bool]]:
    if b"%PDF-" in content[:1024]:
        from . import resume_pdf

        return resume_pdf.read
    if content.startswith(b"PK\x03\x04"):
        from . import resume_docx

        return resume_docx.read
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):  # .doc, and .docx with a password
        raise Unreadable("old_word")
    return _plain


def _plain(content: bytes) -> tuple[str, bool]:
    """UTF-8, UTF-16 with its mark, or Windows-1252; not something binary."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "strict")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "strict")
    odd = sum(1 for character in text if character < " " and character not in "\t\n\r\f\v\x1a")
    if text.startswith("{\\rtf") or odd:
        raise Unreadable("unsupported")
    return text, False


def answer(content: bytes) -> dict[str, object]:
    """What is told to the parent. Whatever goes wrong in a library is the file's fault."""
    try:
        text, flags = read(content)
    except Unreadable as error:
        return {"error": str(error)}
    except UnicodeDecodeError:
        return {"error": "unsupported"}
    except (Exception, MemoryError, RecursionError):
        return {"error": "unreadable"}
    return {"text": text[:MAX_TEXT], "flags": flags}


def limit_this_process() -> None:
    """Little memory, little time, no files. For good: a process cannot raise its hard limits again."""
    import resource

    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
    }
    if sys.platform != "darwin":  # which refuses this one
        limits[resource.RLIMIT_AS] = MEMORY_BYTES
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))


def main() -> None:
    limit_this_process()
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read())))


if __name__ == "__main__":
    from sessions_app.services import resume_reader  # by its name, or its errors would not be those that are raised

    resume_reader.main()
