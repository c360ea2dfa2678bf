"""Inviting many people by one template: a session and a link for each, in a transaction each.

A batch is confirmed under a token. Its rows are unique in the database, so a repeated confirmation, be it a double
click or the same form after a crash in the middle, creates what is missing and nothing twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from sessions_app import errors
from sessions_app.access import Actor, session_for, template_for
from sessions_app.models import InterviewTemplate, Invitation
from sessions_app.models.actions import OPEN
from sessions_app.models.clock import database_now
from sessions_app.models.ids import token_hash

from .config import SessionConfig, connected_models
from .invitations import BatchRow, create_invitation
from .moments import NotOnTheClock, is_zone, moment_of
from .people_list import Person
from .sessions import create_session

_FIELDS = {"candidate_name": "name", "candidate_email": "email"}


@dataclass(frozen=True)
class Invited:
    """What became of a row. ``token`` is empty when the row was stored by an earlier confirmation: it is shown once."""

    person: Person
    invitation: Invitation | None = None
    token: str = ""
    problems: Sequence[errors.FieldError] = field(default_factory=tuple)


def checked(template: Any, people: list[Person], *, actor: Actor, **shared: Any) -> list[Person]:
    """The people with all that is wrong about their rows, and a hint where somebody is invited already.

    Raises:
        PermissionDenied, TemplateNotFound, ValidationFailed: a moment that all share is none.
    """
    found, shared = _template(template, actor), _with_moments(shared)
    known, models, now = _already_invited(found, people), connected_models(), database_now()
    for person in people:
        wrong = _config(found, person, shared).problems(now=now, models=models)
        person.problems += [_of_row(problem) for problem in wrong]
        if person.email.lower() in known:
            person.hint = "Has an open invitation to this interview already."
    return people


def invite(template: Any, people: list[Person], *, actor: Actor, **more: Any) -> list[Invited]:
    """As ``invite_each``, all at once."""
    return list(invite_each(template, people, actor=actor, **more))


def invite_each(
    template: Any,
    people: list[Person],
    *,
    actor: Actor,
    batch: str = "",
    origin: str = "",
    letter: bool = True,
    **shared: Any,
) -> Iterator[Invited]:
    """A session by the template and an invitation for each of them, one after the other as the caller goes on.

    ``shared`` are fields of SessionConfig for all; without ``letter`` there are links alone. A row that is wrong is
    told, and keeps no other from being stored.

    Raises:
        PermissionDenied (not staff), TemplateNotFound, ValidationFailed (a moment that all share is none): at once,
        before the first row.
    """
    found, shared = _template(template, actor), _with_moments(shared)
    group, models = _group(batch, actor) if batch else "", connected_models()
    sending = {"origin": origin, "letter": letter}
    return (_invite_one(found, person, group, actor, sending, shared, models) for person in people)


def invite_one(
    *,
    actor: Actor,
    session_id: Any = None,
    config: SessionConfig | None = None,
    email: str | None = None,
    expires_at: datetime | None = None,
    origin: str = "",
    key: str = "",
    fingerprint: str = "",
) -> tuple[Invitation, str]:
    """An invitation to a session that is there, or to a new one of that configuration, in one transaction.

    ``email`` is the candidate's unless given; empty means a link alone. The same ``key`` again gives the invitation
    of the first time, without its token; ``fingerprint`` is of what it comes with.

    Raises:
        PermissionDenied, SessionNotFound, InvalidSessionState, ValidationFailed,
        IdempotencyKeyReused: the key came with another fingerprint before.
    """
    if config is not None and not (actor.is_staff or actor.is_system):
        raise errors.PermissionDenied("Only staff can invite people.")
    row = BatchRow(_group(f"key:{key}", actor), 0, fingerprint) if key else None
    if earlier := _under_key(row):
        return earlier, ""
    try:
        with transaction.atomic():
            session = create_session(config, actor=actor) if config is not None else session_for(session_id, actor)
            to = session.candidate_email if email is None else email
            return create_invitation(session.pk, actor=actor, email=to, expires_at=expires_at, origin=origin, batch=row)
    except IntegrityError:
        if earlier := _under_key(row):  # the other of two requests at the same moment was first
            return earlier, ""
        raise


def _under_key(row: BatchRow | None) -> Invitation | None:
    """What was stored under a key before. Raises IdempotencyKeyReused."""
    earlier = Invitation.objects.select_related("session").filter(batch=row.group).first() if row else None
    if row and earlier and earlier.fingerprint != row.fingerprint:
        raise errors.IdempotencyKeyReused
    return earlier


def _group(batch: str, actor: Actor) -> str:
    """A batch is its maker's: nobody can meet another's by its name."""
    return token_hash(f"{actor.user.pk if actor.user else ''}:{batch}")


def _template(reference: Any, actor: Actor) -> InterviewTemplate:
    if not (actor.is_staff or actor.is_system):
        raise errors.PermissionDenied("Only staff can invite people.")
    return template_for(reference.pk if isinstance(reference, InterviewTemplate) else reference, actor)


def _invite_one(
    template: InterviewTemplate,
    person: Person,
    group: str,
    actor: Actor,
    sending: dict[str, Any],
    shared: dict[str, Any],
    models: Collection[str],
) -> Invited:
    if done := _stored(group, person):
        return done
    if person.problems:
        return Invited(person, problems=person.problems)
    row = BatchRow(group, person.row) if group else None
    try:
        with transaction.atomic():
            session = create_session(_config(template, person, shared), actor=actor, models=models)
            invitation, token = create_invitation(session.pk, actor=actor, email=person.email, batch=row, **sending)
    except errors.ValidationFailed as error:
        return Invited(person, problems=[_of_row(wrong) for wrong in error.errors])
    except IntegrityError:
        if done := _stored(group, person):  # the same form, sent twice at once
            return done
        raise
    return Invited(person, invitation, token)


def _stored(group: str, person: Person) -> Invited | None:
    rows = Invitation.objects.select_related("session").filter(batch=group, batch_row=person.row)
    earlier = rows.first() if group else None
    return Invited(person, earlier) if earlier else None


def _with_moments(shared: dict[str, Any]) -> dict[str, Any]:
    """With the window that all share in UTC, by the zone it was meant in: a row's own zone must not move it.

    Raises ValidationFailed.
    """
    name = shared.get("time_zone")
    zone = ZoneInfo(name) if is_zone(name) and name else UTC
    moments: dict[str, Any] = {}
    for bound in ("opens_at", "closes_at"):
        try:
            if shared.get(bound):
                moments[bound] = moment_of(shared[bound], zone)
        except NotOnTheClock as error:
            raise errors.ValidationFailed([errors.FieldError(bound, error.code, str(error))]) from None
    return {**shared, **moments}


def _config(template: InterviewTemplate, person: Person, shared: dict[str, Any]) -> SessionConfig:
    """What the row says comes before what is the same for all."""
    own: dict[str, Any] = {
        "accommodation_percent": person.accommodation_percent.rstrip(" %"),
        "opens_at": person.opens_at,
        "closes_at": person.closes_at,
        "time_zone": person.time_zone,
    }
    given = {**shared, **{name: value for name, value in own.items() if value}}
    return SessionConfig(candidate_name=person.name, candidate_email=person.email, template_id=template.pk, **given)


def _of_row(wrong: errors.FieldError) -> errors.FieldError:
    """Named by the column of the list."""
    return errors.FieldError(_FIELDS.get(wrong.field, wrong.field), wrong.code, wrong.message)


def _already_invited(template: InterviewTemplate, people: list[Person]) -> frozenset[str]:
    addresses = {person.email.lower() for person in people if person.email}
    rows = Invitation.objects.filter(
        session__template=template, session__status__in=OPEN, session__erased_at=None, revoked_at=None
    )
    same = rows.annotate(address=Lower("email")).filter(address__in=addresses)
    return frozenset(same.values_list("address", flat=True))
