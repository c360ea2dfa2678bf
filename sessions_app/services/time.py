"""More time and more tokens for a session that is under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor
from sessions_app.errors import FieldError
from sessions_app.models import InterviewSession
from sessions_app.models.actions import Role, Status
from sessions_app.models.limits import EXTENSION_MINUTES, MAX_EXTRA_MINUTES, MAX_TOKENS

from . import budget
from .change import Change, changing, no_limit
from .turns import queue_what_is_missing


def extend_session(
    session_id: UUID | str,
    *,
    minutes: int | None = None,
    tokens: int | None = None,
    reason: str = "",
    once: UUID | None = None,
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    expect: int | None = None,
) -> InterviewSession:
    """More time, or more tokens. A running clock's deadline moves along, and warnings come again.

    Staff give a reason; the candidate of a practice session adds five minutes at a time, ten times, without one.
    ``once`` names the form or request; a second one of the same name adds nothing.

    Raises:
        SessionNotFound, SessionExpired, PermissionDenied, PreconditionFailed.
        InvalidSessionState: it is not under way, or has no time limit.
        ValidationFailed: with every wrong field.
    """
    with changing(session_id, actor, now=now) as change:
        change.expect_version(expect)
        if once and change.session.events.filter(type="time.extended", data__once=str(once)).exists():
            return change.session
        change.require("extend")
        as_candidate = _acts_as_candidate(change, minutes, reason)
        _check(change, minutes, tokens, reason, as_candidate=as_candidate)
        change.note_activity()
        if minutes is not None:
            _add_time(change, minutes, reason, once, as_candidate=as_candidate)
        else:
            _add_tokens(change, tokens or 0, reason)
    return change.session


def _acts_as_candidate(change: Change, minutes: int | None, reason: str) -> bool:
    """Staff practising for themselves are candidates, as far as a candidate could do the same."""
    session, roles = change.session, change.actor.roles_in(change.session)
    if Role.STAFF not in roles:
        return True
    for_self = Role.CANDIDATE in roles and not change.actor.is_system and session.may_add_time
    return for_self and minutes == EXTENSION_MINUTES and not reason.strip()


def _check(change: Change, minutes: int | None, tokens: int | None, reason: str, *, as_candidate: bool) -> None:
    """Raises PermissionDenied, InvalidSessionState (there is no limit to extend), ValidationFailed."""
    if as_candidate and tokens is not None:
        raise errors.PermissionDenied("Only staff can add tokens to a session.")
    if minutes is not None and change.session.time_limit_seconds is None:
        raise no_limit()
    if wrong := _wrong(change, minutes, tokens, reason, as_candidate=as_candidate):
        raise errors.ValidationFailed(wrong)


def _wrong(
    change: Change, minutes: int | None, tokens: int | None, reason: str, *, as_candidate: bool
) -> list[FieldError]:
    wrong = change.wrong_reason("extend", reason)
    if (minutes is None) == (tokens is None):
        wrong += [FieldError(name, "one_of_both", "Send either minutes or tokens.") for name in ("minutes", "tokens")]
    elif minutes is not None:
        wrong += wrong_minutes(minutes, at_least=1) if not as_candidate else _not_five(minutes)
    else:
        wrong += _wrong_tokens(tokens or 0, change.session.token_budget)
    return wrong


def wrong_minutes(minutes: int, *, at_least: int) -> list[FieldError]:
    """What is wrong with the minutes that staff add, if anything is."""
    if at_least <= minutes <= MAX_EXTRA_MINUTES:
        return []
    return [FieldError("minutes", "out_of_range", f"Add {at_least} to {MAX_EXTRA_MINUTES:,} minutes.")]


def _not_five(minutes: int) -> list[FieldError]:
    if minutes == EXTENSION_MINUTES:
        return []
    return [FieldError("minutes", "out_of_range", f"Add exactly {EXTENSION_MINUTES} minutes at a time.")]


def _wrong_tokens(tokens: int, budget_so_far: int) -> list[FieldError]:
    most = MAX_TOKENS - budget_so_far
    if 1 <= tokens <= most:
        return []
    message = f"Add 1 to {most:,} tokens." if most > 0 else f"The budget is {MAX_TOKENS:,} tokens already, the most."
    return [FieldError("tokens", "out_of_range", message)]


def _add_time(change: Change, minutes: int, reason: str, once: UUID | None, *, as_candidate: bool) -> None:
    session = change.session
    session.add_time(minutes * 60, change.now)
    session.extensions += int(as_candidate)
    code = "candidate" if as_candidate else "staff"
    named: dict[str, Any] = {"once": once} if once else {}
    change.record("time.extended", reason=reason, code=code, milliseconds=minutes * 60_000, **named)


def _add_tokens(change: Change, tokens: int, reason: str) -> None:
    """An interview that had come to its last question for want of tokens goes on."""
    session = change.session
    session.token_budget += tokens
    change.configure("token_budget")
    budget.reconsider(change)
    change.record("tokens.extended", reason=reason, code="staff", tokens=tokens)
    if session.status == Status.ACTIVE:
        queue_what_is_missing(change)
