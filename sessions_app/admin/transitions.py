"""What staff may do to a session: the buttons of its page and the actions of the list, both through the verbs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sessions_app import errors
from sessions_app.access import Actor, session_for
from sessions_app.models import InterviewSession
from sessions_app.models.actions import NEEDS_REASON, OPEN, Role
from sessions_app.models.limits import MAX_ACCOMMODATION, MAX_EXTRA_MINUTES, MAX_TOKENS
from sessions_app.services import operations, sessions
from sessions_app.services.change import no_limit, refusal
from sessions_app.services.erasure import anonymise_session, why_not_anonymise

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Verb:
    """``name`` is the action of the table; ``done`` completes "… was" and "… will be"; ``takes`` names its numbers.

    ``note`` is told before anybody decides.
    """

    name: str
    label: str
    done: str
    takes: tuple[str, ...] = ()
    note: str = ""


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
# No action of the table: it needs the right to delete, and a verdict to keep.
ANONYMISE = Verb(
    "anonymise",
    "Anonymise",
    "anonymised",
    note="Gone for good are the name, the address, the résumé, every question and answer, drafts, reasons, letters and "
    "links; in what reviewers wrote the name is blanked. Kept are the log's numbers, and the scores and ratings, as "
    "numbers about nobody: they count on in how far people and program agree. Nobody finds the interview itself any "
    "more, so it leaves this list. “Delete” takes the scores and ratings, too. Export first what you need.",
)
OF_THE_QUESTION = ("retry", "stop")
ERASING = ("delete", ANONYMISE.name)
VERBS = {verb.name: verb for verb in _ALL}
BUTTONS = {**VERBS, ANONYMISE.name: ANONYMISE}


@dataclass(frozen=True)
class Arguments:
    """What a verb is told besides the session. ``percent`` is of the time limit, in the place of minutes."""

    reason: str = ""
    minutes: int | None = None
    tokens: int | None = None
    percent: int | None = None

    def minutes_for(self, session: InterviewSession) -> int | None:
        """Whole minutes, rounded up; None where none are to be added. Raises InvalidSessionState: there is no limit."""
        if self.percent is None:
            return self.minutes
        if session.time_limit_seconds is None:
            raise no_limit()
        return math.ceil(session.time_limit_seconds * self.percent / 100 / 60)


def arguments_from(form: Mapping[str, str]) -> Arguments:
    """Read the fields of a verb's form; "other" minutes count when no ready-made number was chosen.

    A choice such as "50%", or the field of percents, is a share of each session's time limit.

    Raises:
        ValidationFailed: a number is none, or out of range.
    """
    minutes, percent = _time_in(form)
    wrong: list[errors.FieldError] = []
    told = Arguments(
        form.get("reason", "").strip(),
        _number(minutes, "minutes", MAX_EXTRA_MINUTES, wrong),
        _number(form.get("tokens", ""), "tokens", MAX_TOKENS, wrong),
        _percent(percent, wrong),
    )
    if wrong:
        raise errors.ValidationFailed(wrong)
    return told


def _time_in(form: Mapping[str, str]) -> tuple[str, str]:
    """Minutes and percent as they were typed, of which one is empty."""
    chosen = form.get("minutes", "")
    if chosen == "percent":
        return "", form.get("percent", "")
    if chosen.endswith("%"):
        return "", chosen
    return form.get("other_minutes", "") if chosen in ("", "other") else chosen, ""


def _percent(text: str, wrong: list[errors.FieldError]) -> int | None:
    text = text.strip().rstrip(" %")
    if not text:
        return None
    percent = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
    if 5 <= percent <= MAX_ACCOMMODATION and percent % 5 == 0:
        return percent
    wrong.append(errors.FieldError("percent", "out_of_range", f"Choose 5 to {MAX_ACCOMMODATION} % in steps of 5."))
    return None


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
    """The verbs that the table allows now."""
    allowed = session.allowed_actions(actor.roles_in(session), session.now)
    return [verb for verb in _ALL if verb.name in allowed]


def buttons(session: InterviewSession, actor: Actor) -> list[Verb]:
    """Those, and what else the page of one session has a button for."""
    verbs = offered(session, actor)
    may_erase = VERBS["delete"] in verbs and session.status not in OPEN
    return [*verbs, ANONYMISE] if may_erase and not why_not_anonymise([session]) else verbs


def needs_reason(verb: Verb, session: InterviewSession, actor: Actor) -> bool:
    """Whether the verb asks for a reason, which it does when staff decide about somebody else's interview."""
    return verb.name in (*NEEDS_REASON, ANONYMISE.name) and Role.CANDIDATE not in actor.roles_in(session)


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
    key, reason, minutes = session.pk, told.reason, told.minutes_for(session)
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
        case "anonymise":
            return anonymise_session(key, reason=reason, actor=actor, expect=expect)
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
