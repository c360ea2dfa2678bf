"""What the one table of allowed actions means for whoever tries one: carried out, or refused with which code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from sessions_app import events
from sessions_app.models import InterviewSession
from sessions_app.models.actions import ALLOWED, NOT_OPEN_YET, OPEN, Phase, Role, Status, refused_to

from . import factories as f

Place = tuple[str, str | None]
Roles = frozenset[Role]

CANDIDATE, STAFF = frozenset({Role.CANDIDATE}), frozenset({Role.STAFF})

TARGET = {
    "start": ("session.started", Status.ACTIVE),
    "edit": ("session.updated", Status.CREATED),
    "pause": ("session.paused", Status.PAUSED),
    "resume": ("session.resumed", Status.ACTIVE),
    "complete": ("session.completed", Status.COMPLETED),
    "cancel": ("session.cancelled", Status.CANCELLED),
    "reopen": ("session.reopened", Status.PAUSED),
}
# The verbs that leave the status as it is, and what they write.
ALSO = {"extend": ["time.extended"], "retake": []}
OF_THE_CANDIDATE = {"answer", "skip", "save_draft", "generate_question"}


def is_allowed(place: Place, action: str, roles: Roles, *, is_practice: bool = True) -> bool:
    """By the table. Asking for a question that failed is trying it again."""
    again = action == "generate_question" and "retry" in ALLOWED[place]
    refused = [refused_to(role, is_practice=is_practice) for role in roles]
    return (action in ALLOWED[place] or again) and not all(action in names for names in refused)


def code_of_refusal(place: Place, action: str, *, is_practice: bool = True) -> str:
    """Of an action that is not allowed to whoever tries it; the others' actions are named as such."""
    others = any(is_allowed(place, action, frozenset({role}), is_practice=is_practice) for role in Role)
    return "PERMISSION_DENIED" if others else _code_for_everybody(*place, action)


def _code_for_everybody(status: str, phase: str | None, action: str) -> str:
    """The code of 1-product, "Codes", for an action that the place does not allow to anybody."""
    if action in OF_THE_CANDIDATE:
        if status != Status.ACTIVE:
            return "SESSION_EXPIRED" if status == Status.EXPIRED else "SESSION_NOT_ACTIVE"
        if action != "generate_question":
            return "NOTHING_TO_ANSWER"
        in_the_way = {Phase.GENERATING: "GENERATION_IN_PROGRESS", Phase.WAITING_FOR_ANSWER: "QUESTION_OPEN"}
        return in_the_way.get(phase or "", "INVALID_SESSION_STATE")
    codes = {
        ("complete", Status.COMPLETED): "SESSION_ALREADY_COMPLETED",
        ("start", NOT_OPEN_YET): "SESSION_NOT_OPEN",
        ("retry", Phase.GENERATING): "GENERATION_IN_PROGRESS",
    }
    return codes.get((action, status)) or codes.get((action, phase or "")) or "INVALID_SESSION_STATE"


def keeps_a_note(place: Place, action: str, roles: Roles) -> bool:
    """Whether the refused text is stored all the same: what a candidate sends too late is shown to the reviewer."""
    return place[0] == Status.EXPIRED and action == "answer" and Role.CANDIDATE in roles


def status_after(action: str, before: str) -> str:
    if action == "delete":
        return Status.CANCELLED if before in OPEN else before
    return TARGET.get(action, (None, before))[1]


def assert_carried_out(session: InterviewSession, action: str, before: dict[str, Any]) -> None:
    """The status that the action leads to, its one entry in the log, and a whole chain."""
    after = f.fresh(session)
    assert after.status == status_after(action, before["status"]), action
    written = after.events.filter(seq__gt=before["last_seq"]).order_by("seq").values_list("type", flat=True)
    about_it = [type for type in written if type.startswith(("session.", "time."))]
    assert about_it == _entries(action, before["status"]), action
    assert list(events.broken_links(after)) == [], action


def _entries(action: str, before: str) -> list[str]:
    if action == "delete":
        return ["session.cancelled", "session.erased"] if before in OPEN else ["session.erased"]
    return ALSO.get(action, [TARGET[action][0]] if action in TARGET else [])


@contextmanager
def undone() -> Iterator[None]:
    """Everything that is stored in here is taken back, so that one session serves for many tries."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
