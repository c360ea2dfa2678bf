"""What is read and written: one candidate with long interviews, and a crowd of other sessions around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

import psycopg
from django.db import connections
from rest_framework_simplejwt.tokens import AccessToken

from sessions_app.models import InterviewSession, SessionMessage, User
from tests import factories, servers

OWN_SESSIONS = 200  # of the crowd, the candidate's

QUESTION = (
    "Thank you. Let us turn to something else. You said that the import was slow — how did you find out which of its "
    "steps took the time, and what did you change first?"
)
ANSWER = (
    "I measured before I changed anything:\n- one query per row, 40 000 of them, came from the serializer;\n- the rest "
    "was the index on “customer”, rebuilt with every batch.\nSo I loaded the customers once, wrote in batches of 1 000 "
    "with COPY, and dropped the index while the import ran. From 40 minutes to 90 seconds. What I would do differently "
    "today: agree on a limit with the team beforehand, so that we know when it is good enough."
)


@dataclass(frozen=True)
class Cast:
    """Who asks, and for which sessions (by their number of messages). Tokens are good for 15 minutes."""

    candidate: User
    staff: User
    interviews: dict[int, str]

    @property
    def token(self) -> str:
        return str(AccessToken.for_user(self.candidate))

    @property
    def staff_token(self) -> str:
        return str(AccessToken.for_user(self.staff))


def fill(sizes: list[int]) -> Cast:
    candidate = factories.UserFactory(email="bench@example.com", name="Kim Bench")
    staff = factories.UserFactory(email="staff@example.com", is_staff=True)
    posting, resume = factories.JobPostingFactory(owner=candidate), factories.ResumeFactory(owner=candidate)
    about = {"job_posting_id": posting.pk, "resume_id": resume.pk}
    interviews = {size: str(interview(candidate, size, **about).pk) for size in sizes}
    return Cast(candidate, staff, interviews)


def interview(candidate: User, messages: int, **config: object) -> InterviewSession:
    """Active, with that many messages of which the last is the open question."""
    session = factories.generating(candidate, **config)
    said = [_said(session, seq, is_answer=(messages - seq) % 2 == 1) for seq in range(1, messages)]
    SessionMessage.objects.bulk_create(said)
    InterviewSession.objects.filter(pk=session.pk).update(
        message_count=messages - 1,
        current_question_number=(messages - 1) // 2,
        planned_questions=30_000,
        time_limit_seconds=None,
    )
    factories.write_question(session, factories.Words(QUESTION))
    return factories.fresh(session)


def _said(session: InterviewSession, seq: int, *, is_answer: bool) -> SessionMessage:
    return SessionMessage(
        session=session,
        seq=seq,
        state="complete",
        role="user" if is_answer else "assistant",
        kind="answer" if is_answer else "question",
        question_number=(seq + 1) // 2,
        question_type="technical",
        content=ANSWER if is_answer else QUESTION,
        client_message_id=f"client-{seq:08}" if is_answer else "",
        payload={} if is_answer else {"key": f"key-{seq}", "is_follow_up": False, "by": "built-in"},
        created_at=session.created_at,
        completed_at=session.created_at,
    )


# Every copy of the pattern has a question, the operation that wrote it, and a candidate: the first few, the pattern's.
_CROWD: dict[str, LiteralString] = {
    "people": """
        INSERT INTO sessions_app_user
        SELECT (jsonb_populate_record(u, jsonb_build_object(
            'id', md5('person' || n)::uuid, 'email', 'person' || n || '@example.org'))).*
        FROM sessions_app_interviewsession s JOIN sessions_app_user u ON u.id = s.candidate_id,
        generate_series(%(first)s::int, %(last)s::int) n
        WHERE s.id = %(pattern)s""",
    "sessions": """
        INSERT INTO sessions_app_interviewsession
        SELECT (jsonb_populate_record(s, jsonb_build_object(
            'id', md5('session' || n)::uuid, 'turn_id', NULL, 'plan', '{}'::jsonb, 'message_count', 1,
            'created_at', s.created_at - n * interval '1 minute', 'running_since', NULL, 'status', 'completed',
            'candidate_id', CASE WHEN n <= %(own)s THEN s.candidate_id ELSE md5('person' || n)::uuid END))).*
        FROM sessions_app_interviewsession s, generate_series(%(first)s::int, %(last)s::int) n
        WHERE s.id = %(pattern)s""",
    "messages": """
        INSERT INTO sessions_app_sessionmessage
        SELECT (jsonb_populate_record(m, jsonb_build_object(
            'id', md5('message' || n)::uuid, 'session_id', md5('session' || n), 'seq', 1, 'in_reply_to_id', NULL))).*
        FROM sessions_app_interviewsession s JOIN sessions_app_operation o ON o.id = s.turn_id
        JOIN sessions_app_sessionmessage m ON m.id = o.message_id,
        generate_series(%(first)s::int, %(last)s::int) n
        WHERE s.id = %(pattern)s""",
    "operations": """
        INSERT INTO sessions_app_operation
        SELECT (jsonb_populate_record(o, jsonb_build_object(
            'id', md5('operation' || n)::uuid, 'session_id', md5('session' || n), 'message_id', md5('message' || n),
            'started_at', o.started_at - n * interval '1 minute',
            'finished_at', o.finished_at - n * interval '1 minute'))).*
        FROM sessions_app_interviewsession s JOIN sessions_app_operation o ON o.id = s.turn_id,
        generate_series(%(first)s::int, %(last)s::int) n
        WHERE s.id = %(pattern)s""",
    "turns": """
        UPDATE sessions_app_interviewsession s SET turn_id = o.id FROM sessions_app_operation o
        WHERE o.session_id = s.id AND s.turn_id IS NULL""",
}


def crowd(url: str, pattern: str, first: int, last: int) -> None:
    """Copies number ``first`` to ``last`` of a session, with question and operation; then what VACUUM brings."""
    values = {"pattern": pattern, "first": first, "last": last, "own": OWN_SESSIONS}
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.transaction():
            for statement in _CROWD.values():
                connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE")


def ids_of_crowd(url: str, number: int) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT md5('session' || n)::uuid FROM generate_series(1, %s) n", (number,))
        return [str(row[0]) for row in rows]


def larger(environment: dict[str, str], cast: Cast, filled: int, number: int) -> dict[str, str]:
    """The environment of a copy of the database with a larger crowd."""
    connections.close_all()  # a database that is copied must have no visitors
    url = environment["DATABASE_URL"]
    with psycopg.connect(servers.start_postgres(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE test_bench_large TEMPLATE test_bench")
    large = url.replace("/test_bench", "/test_bench_large")
    crowd(large, cast.interviews[50], filled + 1, number)
    return {**environment, "DATABASE_URL": large}
