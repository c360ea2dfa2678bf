"""Inviting many people by one template: a session and a link for each, in a transaction each.

A batch is confirmed under a token. Its rows are unique in the database, so a repetition, be it a double click, the
same form once more or another worker after a crash (``inviting_lists``), creates what is missing and nothing twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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
    found, shared = template_of(template, actor), with_moments(shared)
    known, models, now = _already_invited(found, people), connected_models(), database_now()
    for person in people:
        wrong = _config(found, person, shared).problems(now=now, models=models)
        person.problems += [_of_row(problem) for problem in wrong]
        if person.email.lower() in known:
            person.hint = "Has an open invitation to this interview already."
    return people


@dataclass(frozen=True)
class Inviter:
    """What the people of a list have in common; ``inviter`` makes it."""

    template: InterviewTemplate
    actor: Actor
    group: str
    models: Collection[str]
    shared: dict[str, Any]
    sending: dict[str, Any]

    def invite(self, person: Person, seed: str = "") -> Invited:
        """A session by the template and an invitation, once for each row. What is wrong about the row is told."""
        if done := _stored(self.group, person):
            return done
        if person.problems:
            return Invited(person, problems=person.problems)
        try:
            invitation, token = self._store(person, seed)
        except errors.ValidationFailed as error:
            return Invited(person, problems=[_of_row(wrong) for wrong in error.errors])
        except IntegrityError:
            if done := _stored(self.group, person):  # the same form, sent twice at once
                return done
            raise
        return Invited(person, invitation, token)

    def _store(self, person: Person, seed: str) -> tuple[Invitation, str]:
        row = BatchRow(self.group, person.row) if self.group else None
        config = _config(self.template, person, self.shared)
        with transaction.atomic():
            session = create_session(config, actor=self.actor, models=self.models)
            return create_invitation(
                session.pk, actor=self.actor, email=person.email, batch=row, seed=seed, **self.sending
            )


def inviter(
    template: Any, *, actor: Actor, group: str = "", origin: str = "", letter: bool = True, **shared: Any
) -> Inviter:
    """Whoever invites people by the template. ``shared`` are fields of SessionConfig for all; without ``letter``
    there are links alone.

    Raises:
        PermissionDenied (not staff), TemplateNotFound, ValidationFailed (a moment that all share is none).
    """
    found, shared = template_of(template, actor), with_moments(shared)
    return Inviter(found, actor, group, connected_models(), shared, {"origin": origin, "letter": letter})


def invite(template: Any, people: Iterable[Person], *, actor: Actor, batch: str = "", **more: Any) -> list[Invited]:
    """Each of them, one after the other. A row that is wrong is told, and keeps no other from being stored.

    Raises: as ``inviter``, before the first row.
    """
    way = inviter(template, actor=actor, group=group_of(batch, actor) if batch else "", **more)
    return [way.invite(person) for person in people]


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
    row = BatchRow(group_of(f"key:{key}", actor), 0, fingerprint) if key else None
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


def group_of(batch: str, actor: Actor) -> str:
    """A batch is its maker's: nobody can meet another's by its name."""
    return token_hash(f"{actor.user.pk if actor.user else ''}:{batch}")


def template_of(reference: Any, actor: Actor) -> InterviewTemplate:
    if not (actor.is_staff or actor.is_system):
        raise errors.PermissionDenied("Only staff can invite people.")
    return template_for(reference.pk if isinstance(reference, InterviewTemplate) else reference, actor)


def _stored(group: str, person: Person) -> Invited | None:
    rows = Invitation.objects.select_related("session").filter(batch=group, batch_row=person.row)
    earlier = rows.first() if group else None
    return Invited(person, earlier) if earlier else None


def with_moments(shared: dict[str, Any]) -> dict[str, Any]:
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
