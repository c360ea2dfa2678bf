"""Which actions are allowed when, and to whom: the one table.

It drives the guards of the verbs, the buttons of the pages, the admin's actions, ``allowed_actions`` in the API
and the parametrised tests, so that no surface can offer what another refuses.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    CREATED = "created"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """What a session is waiting for. Derived from rows, never stored."""

    WAITING_FOR_ANSWER = "waiting_for_answer"
    GENERATING = "generating"
    GENERATION_FAILED = "generation_failed"
    READY_FOR_NEXT = "ready_for_next"
    CLOSING = "closing"
    EVALUATING = "evaluating"
    EVALUATED = "evaluated"
    EVALUATION_FAILED = "evaluation_failed"


class Role(StrEnum):
    """What somebody is to one session."""

    CANDIDATE = "candidate"
    STAFF = "staff"


NOT_OPEN_YET = "not_open_yet"
OPEN = frozenset({Status.CREATED, Status.ACTIVE, Status.PAUSED})

_ALWAYS = ("complete", "extend", "cancel", "delete")
_AGAIN = ("reopen", "retake", "delete")

ALLOWED: dict[tuple[str, str | None], tuple[str, ...]] = {
    (Status.CREATED, None): ("start", "edit", "cancel", "delete"),
    (Status.CREATED, NOT_OPEN_YET): ("edit", "cancel", "delete"),
    (Status.ACTIVE, Phase.WAITING_FOR_ANSWER): ("answer", "skip", "save_draft", "pause", *_ALWAYS),
    (Status.ACTIVE, Phase.GENERATING): ("save_draft", "pause", "stop", *_ALWAYS),
    (Status.ACTIVE, Phase.GENERATION_FAILED): ("save_draft", "retry", "pause", *_ALWAYS),
    (Status.ACTIVE, Phase.READY_FOR_NEXT): ("save_draft", "generate_question", "pause", *_ALWAYS),
    (Status.ACTIVE, Phase.CLOSING): ("pause", *_ALWAYS),
    (Status.PAUSED, None): ("resume", *_ALWAYS),
    (Status.PAUSED, Phase.GENERATING): ("resume", *_ALWAYS),
    (Status.PAUSED, Phase.GENERATION_FAILED): ("resume", *_ALWAYS),
    **{
        (ended, phase): _AGAIN
        for ended in (Status.COMPLETED, Status.EXPIRED)
        for phase in (None, Phase.EVALUATING, Phase.EVALUATED, Phase.EVALUATION_FAILED)
    },
    (Status.CANCELLED, None): ("retake", "delete"),
}

# Only the candidate speaks for the candidate; only staff may call an interview off, or open it again.
NOT_FOR: dict[Role, frozenset[str]] = {
    Role.CANDIDATE: frozenset({"cancel", "reopen"}),
    Role.STAFF: frozenset({"answer", "skip", "save_draft"}),
}

# What candidates may do with a practice session, but not with an interview that somebody else will judge.
PRACTICE_ONLY = frozenset({"edit", "extend", "retake", "delete"})

# These need a reason when staff do them to somebody else's session (1-product, "Rules").
NEEDS_REASON = frozenset({"cancel", "complete", "extend", "reopen", "delete"})


def allowed_actions(status: str, phase: str | None, roles: frozenset[Role], *, is_practice: bool = True) -> list[str]:
    """The actions open to somebody with these roles, in the order of the table."""
    if not roles:
        return []
    refused = frozenset.intersection(*(refused_to(role, is_practice=is_practice) for role in roles))
    return [action for action in ALLOWED[status, phase] if action not in refused]


def refused_to(role: Role, *, is_practice: bool) -> frozenset[str]:
    """The actions that nobody of this role may take, wherever the session stands."""
    own = PRACTICE_ONLY if role == Role.CANDIDATE and not is_practice else frozenset()
    return NOT_FOR[role] | own


def statuses_allowing(action: str) -> list[str]:
    """The statuses in which the table allows an action in at least one phase; the FSM's sources."""
    return sorted({str(status) for (status, _), actions in ALLOWED.items() if action in actions})
