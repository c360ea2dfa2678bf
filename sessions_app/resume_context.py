"""The resume context in one statement, its history built as JSON by PostgreSQL: the read that every return begins with.

The ORM would spend most of such a read on writing its SQL anew and on making a row of every message. SQLite has other
functions and no such load, so it goes the ORM's way; a test holds the two answers side by side.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Field

from . import errors
from .access import Actor, as_uuid, session_for
from .models import InterviewSession, Operation, SessionMessage
from .models.rows import made

# Every column but the plan, which nobody is shown.
_OWN: list[Field[Any, Any]] = [field for field in InterviewSession._meta.concrete_fields if field.name != "plan"]
_TURN: list[Field[Any, Any]] = list(Operation._meta.concrete_fields)
_BESIDE = ("now", "text_id", "text_seq", "text_content", "judging", "history_json", "posting_json", "resume_json")

# As ``represent.message`` says it.
_SAID = """
    'id', m.id, 'seq', m.seq, 'role', m.role, 'kind', m.kind, 'question_number', m.question_number,
    'question_type', nullif(m.question_type, ''), 'in_reply_to', m.in_reply_to_id, 'mode', m.mode,
    'content', m.content, 'state', m.state,
    'created_at', to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_ANSWERED = """
    'client_message_id', nullif(m.client_message_id, ''), 'payload', m.payload - 'skipped' - 'auto_submitted',
    'auto_submitted', m.payload @> '{"auto_submitted": true}', 'skipped', m.payload @> '{"skipped": true}'"""
_ASKED = "'asked_by', m.payload ->> 'by'"

_CONTEXT = f"""
SELECT {", ".join(f"s.{field.column}" for field in _OWN)},
    {", ".join(f"o.{field.column}" for field in _TURN)},
    statement_timestamp(), t.id, t.seq, t.content, e.status,
    (SELECT json_agg(CASE m.kind WHEN 'answer' THEN json_build_object({_SAID}, {_ANSWERED})
                                 WHEN 'question' THEN json_build_object({_SAID}, {_ASKED})
                                 ELSE json_build_object({_SAID}) END ORDER BY m.seq)::text
        FROM sessions_app_sessionmessage m WHERE m.session_id = s.id AND m.seq <= s.message_count),
    (SELECT json_build_object('id', p.id, 'title', p.title, 'company', p.company, 'description', p.description,
        'tech_stack', p.tech_stack, 'experience_level', p.experience_level, 'language', p.language)::text
        FROM sessions_app_jobposting p WHERE p.id = s.job_posting_id),
    (SELECT json_build_object('id', r.id, 'content', r.content)::text
        FROM sessions_app_resume r WHERE r.id = s.resume_id)
FROM sessions_app_interviewsession s
    LEFT JOIN sessions_app_operation o ON o.id = s.turn_id
    LEFT JOIN sessions_app_sessionmessage t ON t.id = o.message_id
    LEFT JOIN sessions_app_operation e ON e.id = s.evaluation_operation_id
WHERE s.id = %s"""  # noqa: S608 (names of columns)


def whole_session_for(session_id: Any, actor: Actor) -> InterviewSession:
    """The session as ``session_for`` gives it; on PostgreSQL with posting, résumé and history as JSON texts.

    Raises:
        SessionNotFound: it does not exist, or is somebody else's.
    """
    if connection.vendor != "postgresql":
        return session_for(session_id, actor)
    key = as_uuid(session_id)
    session = _read(key) if key else None
    if session is None or not actor.sees(session):
        raise errors.SessionNotFound
    return session


def _read(key: UUID) -> InterviewSession | None:
    with connection.cursor() as cursor:
        cursor.execute(_CONTEXT, [key])
        row = cursor.fetchone()
    if row is None:
        return None
    turn_at, beside_at = len(_OWN), len(_OWN) + len(_TURN)
    session = made(InterviewSession, _OWN, row[:turn_at])
    vars(session).update(zip(_BESIDE, row[beside_at:], strict=True))
    session.turn = made(Operation, _TURN, row[turn_at:beside_at]) if session.turn_id else None
    if session.turn is not None and session.text_id is not None:
        session.turn.message = SessionMessage(
            id=session.text_id, seq=session.text_seq, content=session.text_content, session_id=key
        )
    if session.evaluation_operation_id:
        session.evaluation_operation = Operation(id=session.evaluation_operation_id, status=session.judging)
    whole: InterviewSession = session
    return whole
