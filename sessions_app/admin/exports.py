"""Sessions as files: CSV with one row a session, JSON with their transcripts, a ZIP with a PDF of each."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from typing import Any

from django.http import FileResponse, HttpResponse

from sessions_app import export, represent
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, SessionMessage
from sessions_app.services.spreadsheets import plain

SCHEMA_VERSION = 1
MOST_PDFS = 50  # some 30 ms each, while somebody waits for the download
IN_MEMORY = 4_000_000  # bytes of the ZIP; more of it goes to a temporary file


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


def as_zip(sessions: list[InterviewSession], actor: Actor) -> FileResponse:
    """A PDF of each, with the report where the actor may see it. PDFs are compressed already."""
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the response closes it)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for session in sessions:
            name = export.file_name(session, "pdf").removesuffix(".pdf")
            archive.writestr(f"{name}-{session.pk.hex[-8:]}.pdf", export.as_pdf(export.interview_for(session, actor)))
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename="sessions.zip", content_type="application/zip")


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
