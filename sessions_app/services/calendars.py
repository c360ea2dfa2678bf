"""The window of an interview as an iCalendar file (RFC 5545), to be put into any calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from sessions_app.models import InterviewSession

_LINE = 75  # octets, by section 3.1


def calendar_of(session: InterviewSession, now: datetime) -> str:
    """One entry from opening to closing; empty when the session has no opening time.

    It holds no link: calendars are copied to many places, and the link is the candidate's key.
    """
    if session.opens_at is None:
        return ""
    closes = session.closes_at or session.opens_at + timedelta(milliseconds=session.limit_ms or 3_600_000)
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Interviewer//EN", "METHOD:PUBLISH", "BEGIN:VEVENT"),
        f"UID:{session.pk}@interviewer",
        f"DTSTAMP:{_stamp(now)}",
        f"DTSTART:{_stamp(session.opens_at)}",
        f"DTEND:{_stamp(closes)}",
        f"SUMMARY:{_text(_('Interview: %(title)s') % {'title': session.title})}",
        f"DESCRIPTION:{_text(_('Start at any time in this window, with the link in your invitation.'))}",
        *("TRANSP:TRANSPARENT", "END:VEVENT", "END:VCALENDAR"),
    ]
    return "".join(_folded(line) + "\r\n" for line in lines)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "")):
        words = words.replace(plain, escaped)
    return words


def _folded(line: str) -> str:
    """Lines of at most 75 octets, going on after a space; no character is cut in two."""
    parts, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _LINE:
            parts.append("")
            size = 1
        parts[-1] += character
        size += octets
    return "\r\n ".join(parts)
