"""An answer accepted: the verb against the same INSERTs, the same UPDATE and the same commit in bare psycopg."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from django.db import connection, models

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Operation, SessionEvent, SessionMessage
from sessions_app.models.ids import new_id
from sessions_app.services.answers import NewAnswer, submit_answer
from tests import factories

from .measure import ratio
from .report import Report
from .rows import ANSWER, QUESTION, Cast, interview

_WRITTEN = ("last_seq", "last_hash", "message_count", "version", "turn_id", "updated_at", "last_activity_at")
_UPDATE = (
    "UPDATE sessions_app_interviewsession SET "
    + ", ".join(f"{name} = %s" for name in _WRITTEN)
    + ", running_since = NULL, deadline = NULL, draft_revision = draft_revision + 1 WHERE id = %s"
)


def accepted(report: Report, cast: Cast, *, times: int) -> None:
    """In one process, without HTTP on either side, in turns."""
    ours, theirs = interview(cast.candidate, 5), interview(cast.candidate, 5)
    verb, floor = [], []
    connection.ensure_connection()
    for number in range(times):
        verb.append(_by_verb(ours, cast, number))
        floor.append(_by_hand(theirs, number))
    slower = ratio(verb[10:], floor[10:])
    measured = f"{slower:.2f} × ({median(verb) * 1000:.1f} ms ÷ {median(floor) * 1000:.1f} ms)"
    why = "eleven statements that the ORM builds anew each time, against seven that are ready: see below"
    report.goal("answer accepted: verb ÷ bare INSERTs and commit", measured, "≤ 2.5 ×", met=slower <= 2.5, why=why)
    report.text(
        "Answer accepted",
        f"Measured in one process, {times} times in turns, HTTP left out on both sides. Both write the answer, the "
        "operation that reads it, the next question, its operation and two events, update the session, and commit with "
        "`synchronous_commit=on`. The verb also locks and reads the session, looks for the client's id, checks the "
        "clock and the table of actions, chains the events' hashes, and logs.",
    )


def _by_verb(session: InterviewSession, cast: Cast, number: int) -> float:
    answer = NewAnswer(ANSWER, client_message_id=f"sent-{number}")
    start = time.perf_counter()
    submit_answer(session.pk, answer, actor=Actor(cast.candidate))
    took = time.perf_counter() - start
    factories.write_question(session, factories.Words(QUESTION))
    return took


def _by_hand(session: InterviewSession, number: int) -> float:
    """The rows are ready before the clock starts; they go again afterwards, so that the next ones fit."""
    rows = _rows(session, number)
    written = [_insert(row) for row in rows]
    new = (session.last_seq + 2, "0" * 64, session.message_count + 1, session.version + 1, rows[2].pk)
    update = (*new, session.now, session.now, session.pk)
    raw = connection.connection
    start = time.perf_counter()
    with raw.transaction(), raw.cursor() as cursor:
        for statement, values in written:
            cursor.execute(statement, values)
        cursor.execute(_UPDATE, update)
    took = time.perf_counter() - start
    _remove(session, rows)
    return took


def _rows(session: InterviewSession, number: int) -> list[models.Model]:
    now, seq = session.now, session.message_count + 1
    both = {"session": session, "created_at": now}
    answer = SessionMessage(
        **both,
        seq=seq,
        state="complete",
        role="user",
        kind="answer",
        content=ANSWER,
        completed_at=now,
        in_reply_to_id=session.open_question_id,
        client_message_id=f"sent-{number}",
        question_number=3,
    )
    question = SessionMessage(**both, role="assistant", kind="question", in_reply_to=answer)
    operation = Operation(**both, message=question, not_before=now)
    analysis = Operation(**both, message=answer, kind="analysis", not_before=now)
    told = {"message_id": str(answer.pk), "message_seq": seq, "kind": "answer", "question": 3}
    queued = {"operation_id": str(operation.pk), "message_id": str(question.pk), "kind": "question"}
    return [
        answer,
        question,
        operation,
        analysis,
        _event(session, 1, "message.created", told),
        _event(session, 2, "operation.queued", queued),
    ]


def _event(session: InterviewSession, after: int, type: str, told: dict[str, Any]) -> SessionEvent:
    who, chain = f"candidate:{new_id()}", {"previous_hash": "0" * 64, "hash": "0" * 64}
    return SessionEvent(
        session=session, seq=session.last_seq + after, type=type, at=session.now, actor=who, data=told, **chain
    )


def _insert(row: models.Model) -> tuple[str, list[Any]]:
    fields = [field for field in row._meta.concrete_fields if not isinstance(field, models.AutoField)]
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    return f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({', '.join(['%s'] * len(fields))})", values


def _remove(session: InterviewSession, rows: list[models.Model]) -> None:
    """As if nothing had been said; events are deleted by SQL, since their model refuses."""
    with connection.cursor() as cursor:
        values = [*[getattr(session, name) for name in _WRITTEN], session.pk]
        cursor.execute(_UPDATE, values)
        cursor.execute(
            "DELETE FROM sessions_app_sessionevent WHERE session_id = %s AND seq > %s", [session.pk, session.last_seq]
        )
        cursor.execute("DELETE FROM sessions_app_operation WHERE id IN (%s, %s)", [rows[2].pk, rows[3].pk])
        cursor.execute("DELETE FROM sessions_app_sessionmessage WHERE id IN (%s, %s)", [rows[0].pk, rows[1].pk])
