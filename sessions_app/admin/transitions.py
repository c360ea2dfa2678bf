"""What staff may do to a session: the buttons of its page and the actions of the list, both through the verbs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sessions_app import errors
from sessions_app.access import Actor, session_for
from sessions_app.models import InterviewSession
from sessions_app.models.actions import NEEDS_REASON, Role
from sessions_app.services import operations, sessions
from sessions_app.services.change import refusal

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Verb:
    """``name`` is the action of the table; ``done`` completes "… was" and "… will be"."""

    name: str
    label: str
    done: str


_ALL = (
    Verb("start", "Start", "started"),
    Verb("pause", "Pause", "paused"),
    Verb("resume", "Resume", "resumed"),
    Verb("retry", "Try the question again", "sent back to the interviewer"),
    Verb("stop", "Stop the question", "stopped"),
    Verb("complete", "Complete", "completed"),
    Verb("cancel", "Cancel", "cancelled"),
)
OF_THE_QUESTION = ("retry", "stop")
VERBS = {verb.name: verb for verb in _ALL}


def offered(session: InterviewSession, actor: Actor) -> list[Verb]:
    """The verbs that the table allows now, for the buttons of the page."""
    allowed = session.allowed_actions(actor.roles_in(session), session.now)
    return [verb for verb in _ALL if verb.name in allowed]


def needs_reason(verb: Verb, session: InterviewSession, actor: Actor) -> bool:
    """Whether the verb asks for a reason, which it does when staff decide about somebody else's interview."""
    return verb.name in NEEDS_REASON and Role.CANDIDATE not in actor.roles_in(session)


def carry_out(session_id: UUID | str, verb: Verb, actor: Actor, reason: str = "", expect: int | None = None) -> None:
    """Do it, if the session is still the one that the form was made for.

    The verbs of the question compare no versions, so that is done here first; what changes between here and there is
    caught by their own look at the state, under the lock.

    Raises:
        DomainError: whatever the verb refuses.
    """
    session = session_for(session_id, actor)
    if expect is not None and expect != session.version:
        raise errors.PreconditionFailed
    _do(verb, session, actor, reason, expect)


def _do(verb: Verb, session: InterviewSession, actor: Actor, reason: str, expect: int | None) -> None:
    match verb.name:
        case "start":
            sessions.start_session(session.pk, actor=actor, expect=expect)
        case "pause":
            sessions.pause_session(session.pk, actor=actor, expect=expect)
        case "resume":
            sessions.resume_session(session.pk, actor=actor, expect=expect)
        case "retry":
            operations.retry_operation(session.turn_id or "", actor=actor)
        case "stop":
            operations.cancel_operation(session.turn_id or "", actor=actor)
        case "complete":
            sessions.end_session(session.pk, actor=actor, reason=reason, expect=expect)
        case "cancel":
            sessions.cancel_session(session.pk, actor=actor, reason=reason, expect=expect)


def why_not(session: InterviewSession, verb: Verb, actor: Actor) -> str:
    """The sentence of the refusal, or nothing if the verb is allowed now."""
    if verb in offered(session, actor):
        return ""
    return sentence_of(refusal(session, verb.name, actor, session.now))


def sentence_of(error: errors.DomainError) -> str:
    """What to tell the person at the screen."""
    if isinstance(error, errors.PreconditionFailed):
        return "This session has changed since you opened the page. Nothing was done; look again and repeat it."
    if isinstance(error, errors.ValidationFailed):
        return " ".join(wrong.message for wrong in error.errors)
    return error.message
