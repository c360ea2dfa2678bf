"""The floor: the resume context with nothing between the socket and the database. Bare ASGI, psycopg, orjson."""

from __future__ import annotations

import os
from typing import Any

import jwt
import orjson
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

POOL_SIZE = 16
USER = "SELECT id FROM sessions_app_user WHERE id = %s AND is_active"
SESSION = """
    SELECT id, title, status, version, current_question_number, planned_questions, message_count, candidate_name,
           candidate_email, model_name, enabled_modes, challenge_text, language, auto_advance, is_practice, template_id,
           time_limit_seconds, extra_seconds, active_ms, running_since, deadline, opens_at, closes_at, token_budget,
           tokens_used, precision, draft_text, draft_revision, last_seq, retake_of_id, retake_number, created_at,
           updated_at, started_at, paused_at, ended_at, last_activity_at, job_posting_id, resume_id
    FROM sessions_app_interviewsession WHERE id = %s AND candidate_id = %s"""
POSTING = """
    SELECT id, title, company, description, tech_stack, experience_level, language
    FROM sessions_app_jobposting WHERE id = %s"""
RESUME = "SELECT id, content FROM sessions_app_resume WHERE id = %s"
MESSAGES = """
    SELECT id, seq, role, kind, question_number, question_type, in_reply_to_id AS in_reply_to, mode, content, state,
           created_at, client_message_id, payload
    FROM sessions_app_sessionmessage WHERE session_id = %s AND seq IS NOT NULL ORDER BY seq"""

_pool = AsyncConnectionPool(
    os.environ["DATABASE_URL"],
    min_size=POOL_SIZE,
    max_size=POOL_SIZE,
    open=False,
    kwargs={"autocommit": True, "row_factory": dict_row},
)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    headers = dict(scope["headers"])
    token = headers[b"authorization"].removeprefix(b"Bearer ")
    claims = jwt.decode(token, os.environ["SECRET_KEY"], algorithms=["HS256"])
    body = orjson.dumps(await _context(scope["path"].rpartition("/")[2], claims["user_id"]), option=orjson.OPT_UTC_Z)
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def _context(session_id: str, user_id: str) -> Any:
    async with _pool.connection() as connection:

        async def one(query: str, *values: Any) -> Any:
            return await (await connection.execute(query, values)).fetchone()

        user = await one(USER, user_id)
        session = await one(SESSION, session_id, user["id"])
        session["job_posting"] = await one(POSTING, session.pop("job_posting_id"))
        session["resume"] = await one(RESUME, session.pop("resume_id"))
        session["messages"] = await (await connection.execute(MESSAGES, (session_id,))).fetchall()
        return session


async def _live(receive: Any, send: Any) -> None:
    while True:
        kind = (await receive())["type"]
        await (_pool.open(wait=True) if kind == "lifespan.startup" else _pool.close())
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
