"""Sessions as files: CSV with one row a session, JSON with their transcripts, too."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import HttpResponse

from sessions_app import represent
from sessions_app.models import InterviewSession, SessionMessage

SCHEMA_VERSION = 1
# What a spreadsheet would take for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(sessions: list[InterviewSession]) -> HttpResponse:
    """With a byte order mark, so that spreadsheets read it as UTF-8."""
    rows = [_row(session) for session in sessions]
    out = io.StringIO("\ufeff", newline="")
    out.seek(0, io.SEEK_END)
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: plain(value) for name, value in row.items()} for row in rows)
    return as_file(out.getvalue(), "text/csv; charset=utf-8", "sessions.csv")


def as_json(sessions: list[InterviewSession]) -> HttpResponse:
    said: dict[Any, list[Any]] = {session.pk: [] for session in sessions}
    for message in SessionMessage.objects.history().filter(session__in=sessions):
        said[message.session_id].append(represent.message(message))
    whole = {
        "schema_version": SCHEMA_VERSION,
        "sessions": [{**_row(session), "messages": said[session.pk]} for session in sessions],
    }
    return as_file(represent.dumps(whole).decode(), "application/json", "sessions.json")


def plain(value: Any) -> str:
    """A cell that no spreadsheet carries out: an apostrophe before what looks like a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _row(session: InterviewSession) -> dict[str, Any]:
    return {
        "id": str(session.pk),
        "candidate_name": session.candidate_name,
        "candidate_email": session.candidate_email,
        "title": session.title,
        "template": session.template.slug if session.template else None,
        "template_version": session.template_version,
        "status": str(session.status),
        "phase": str(session.phase) if session.phase else None,
        "current_question_number": session.current_question_number,
        "planned_questions": session.planned_questions,
        "time_limit_seconds": session.time_limit_seconds,
        "extra_seconds": session.extra_seconds,
        "accommodation_percent": session.accommodation_percent,
        "used_seconds": session.used_ms(session.now) // 1000,
        "token_budget": session.token_budget,
        "tokens_used": session.tokens_used,
        "model_name": session.model_name,
        "is_practice": session.is_practice,
        **{name: _iso(getattr(session, name)) for name in ("created_at", "started_at", "ended_at")},
    }


def _iso(at: Any) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def as_file(text: str, kind: str, name: str) -> HttpResponse:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=kind, headers=disposition)
