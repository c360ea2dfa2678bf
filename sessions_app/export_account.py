"""Everything that is stored about one person, as one JSON text, written piece by piece.

Secrets are left out: hashes of passwords, keys and links help nobody but a thief. What the person may not see yet, such
as a score that waits for a review, is not in it either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sessions_app import represent
from sessions_app.access import Actor
from sessions_app.export import as_json, interview_for
from sessions_app.models import InterviewSession, JobPosting, Resume, Review, User
from sessions_app.models.clock import database_now
from sessions_app.services.personal_data import sessions_about

SCHEMA_VERSION = 1
AT_ONCE = 50  # sessions that are read together

_ACCOUNT = ("id", "email", "name", "time_zone", "preferences", "is_guest", "is_staff", "date_joined", "last_login")
_KEY = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
_SIGN_IN = ("created_at", "refreshed_at", "revoked_at")
_RESUME = ("id", "source_name", "content", "created_at")
_POSTING = ("id", "title", "company", "description", "tech_stack", "experience_level", "language", "created_at")
_INVITATION = ("id", "email", "created_at", "expires_at", "sent_at", "opened_at", "accepted_at", "revoked_at")
_REQUEST = ("id", "kind", "subject", "text", "status", "answer", "created_at", "handled_at")
_LETTER = ("kind", "to", "subject", "text", "created_at", "sent_at")
_REVIEW = ("id", "session_id", "status", "takeaways", "recommendation", "final_score", "reason", "submitted_at")


def as_chunks(actor: Actor) -> Iterator[bytes]:
    """The text, in pieces of no more than one interview each, so that a long history needs little memory."""
    user = actor.user
    if user is None:
        return
    yield b'{"schema_version":%d,"exported_at":%s,' % (SCHEMA_VERSION, represent.dumps(database_now()))
    yield b'"account":' + represent.dumps(_row(user, _ACCOUNT))
    for name, rows, fields in _lists(user):
        yield _named(name) + represent.dumps([_row(row, fields) for row in rows])
    yield _named("interviews") + b"["
    for number, session in enumerate(_interviews(user)):
        yield (b"," if number else b"") + _interview(session, actor)
    yield b"]}\n"


def _named(name: str) -> bytes:
    return b',"%s":' % name.encode()


def _lists(user: User) -> Iterable[tuple[str, Iterable[Any], tuple[str, ...]]]:
    return (
        ("api_keys", user.api_keys.all(), _KEY),
        ("sign_ins", user.refresh_families.order_by("created_at"), _SIGN_IN),
        ("resumes", Resume.objects.filter(owner=user), _RESUME),
        ("job_postings", JobPosting.objects.filter(owner=user), _POSTING),
        ("reviews_written", Review.objects.filter(reviewer=user), _REVIEW),
    )


def _interviews(user: User) -> Iterator[InterviewSession]:
    """Read some at a time, each with the database's time, as what represents a session needs it."""
    keys = list(sessions_about(user).values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        rows = sessions_about(user).with_turn().filter(pk__in=keys[start : start + AT_ONCE])
        yield from rows.select_related("candidate", "resume", "job_posting")


def _interview(session: InterviewSession, actor: Actor) -> bytes:
    """The file of the interview as its own page gives it, and what belongs to it but is not in that file."""
    events = session.events.select_related("reason_row").order_by("seq")
    more: dict[str, Any] = {
        "resume": session.resume and session.resume.content,
        "invitations": [_row(row, _INVITATION) for row in session.invitations.all()],
        "requests": [_row(row, _REQUEST) for row in session.requests.all()],
        "letters": [_row(row, _LETTER) for row in session.letters.all()],
        "log": [represent.event(row, for_staff=False) for row in events],
    }
    return b'{"file":' + as_json(interview_for(session, actor)).encode() + b"," + represent.dumps(more)[1:]


def _row(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def file_name(now: datetime) -> str:
    return f"my-data-{now:%Y-%m-%d}.json"
