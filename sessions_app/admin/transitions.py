"""What staff may do to a session: the buttons of its page and the actions of the list, both through the verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sessions_app import errors
from sessions_app.access import Actor, session_for
from sessions_app.models import InterviewSession
from sessions_app.models.actions import NEEDS_REASON, Role
from sessions_app.models.limits import MAX_EXTRA_MINUTES, MAX_TOKENS
from sessions_app.services import operations, sessions
from sessions_app.services.change import refusal

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Verb:
    """``name`` is the action of the table; ``done`` completes "… was" and "… will be"; ``takes`` names its numbers."""

    name: str
    label: str
    done: str
    takes: tuple[str, ...] = ()


_ALL = (
    Verb("start", "Start", "started"),
    Verb("pause", "Pause", "paused"),
    Verb("resume", "Resume", "resumed"),
    Verb("retry", "Try the question again", "sent back to the interviewer"),
    Verb("stop", "Stop the question", "stopped"),
    Verb("extend", "Add time or tokens", "extended", ("minutes", "tokens")),
    Verb("complete", "Complete", "completed"),
    Verb("reopen", "Reopen", "reopened", ("minutes",)),
    Verb("retake", "Set up a retake", "set up again"),
    Verb("cancel", "Cancel", "cancelled"),
    Verb("delete", "Delete", "deleted"),
)
OF_THE_QUESTION = ("retry", "stop")
VERBS = {verb.name: verb for verb in _ALL}


@dataclass(frozen=True)
class Arguments:
    """What a verb is told besides the session."""

    reason: str = ""
    minutes: int | None = None
    tokens: int | None = None


def arguments_from(form: Mapping[str, str]) -> Arguments:
    """Read the fields of a verb's form; "other" minutes count when no ready-made number was chosen.

    Raises:
        ValidationFailed: a number is none, or out of range.
    """
    chosen = form.get("minutes", "")
    minutes = form.get("other_minutes", "") if chosen in ("", "other") else chosen
    wrong: list[errors.FieldError] = []
    told = Arguments(
        form.get("reason", "").strip(),
        _number(minutes, "minutes", MAX_EXTRA_MINUTES, wrong),
        _number(form.get("tokens", ""), "tokens", MAX_TOKENS, wrong),
    )
    if wrong:
        raise errors.ValidationFailed(wrong)
    return told


def version_in(text: str) -> int | None:
    """The version of the session that a form was made for; None if it names none. Raises PreconditionFailed."""
    if text and not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise errors.PreconditionFailed
    return int(text) if text else None


def _number(text: str, name: str, most: int, wrong: list[errors.FieldError]) -> int | None:
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most:
        return int(text)
    wrong.append(errors.FieldError(name, "out_of_range", f"Choose 1 to {most:,} {name}."))
    return None


def offered(session: InterviewSession, actor: Actor) -> list[Verb]:
    """The verbs that the table allows now, for the buttons of the page."""
    allowed = session.allowed_actions(actor.roles_in(session), session.now)
    return [verb for verb in _ALL if verb.name in allowed]


def needs_reason(verb: Verb, session: InterviewSession, actor: Actor) -> bool:
    """Whether the verb asks for a reason, which it does when staff decide about somebody else's interview."""
    return verb.name in NEEDS_REASON and Role.CANDIDATE not in actor.roles_in(session)


def carry_out(
    session_id: UUID | str, verb: Verb, actor: Actor, told: Arguments = Arguments(), expect: int | None = None
) -> InterviewSession:
    """Do it, if the session is still the one that the form was made for. Returns it, or the retake.

    The verbs of the question compare no versions, so that is done here first; what changes between here and there is
    caught by their own look at the state, under the lock.

    Raises:
        DomainError: whatever the verb refuses.
    """
    session = session_for(session_id, actor)
    if expect is not None and expect != session.version:
        raise errors.PreconditionFailed
    if verb.name in OF_THE_QUESTION:
        act = operations.retry_operation if verb.name == "retry" else operations.cancel_operation
        act(session.turn_id or "", actor=actor)
        return session
    return _change(verb, session, actor, told, expect)


def _change(
    verb: Verb, session: InterviewSession, actor: Actor, told: Arguments, expect: int | None
) -> InterviewSession:
    key, reason, minutes = session.pk, told.reason, told.minutes
    match verb.name:
        case "start":
            return sessions.start_session(key, actor=actor, expect=expect)
        case "pause":
            return sessions.pause_session(key, actor=actor, expect=expect)
        case "resume":
            return sessions.resume_session(key, actor=actor, expect=expect)
        case "extend":
            return sessions.extend_session(
                key, minutes=minutes, tokens=told.tokens, reason=reason, actor=actor, expect=expect
            )
        case "complete":
            return sessions.end_session(key, actor=actor, reason=reason, expect=expect)
        case "reopen":
            return sessions.reopen_session(key, minutes=minutes or 0, reason=reason, actor=actor, expect=expect)
        case "retake":
            return sessions.retake_session(key, actor=actor)
        case "cancel":
            return sessions.cancel_session(key, actor=actor, reason=reason, expect=expect)
    sessions.erase_session(key, reason=reason, actor=actor, expect=expect)
    return session


def why_not(session: InterviewSession, verb: Verb, actor: Actor) -> str:
    """The sentence of the refusal, or nothing if the verb is allowed now."""
    if verb in offered(session, actor):
        return ""
    return sentence_of(refusal(session, verb.name, actor, session.now))


def sentence_of(error: errors.DomainError) -> str:
    """What to tell the person at the screen."""
    if isinstance(error, errors.ValidationFailed):
        return " ".join(wrong.message for wrong in error.errors)
    return error.message
