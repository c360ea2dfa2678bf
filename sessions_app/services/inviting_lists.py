"""A confirmed list of people, worked off row by row: at once as far as a request may take, the rest by the sweep.

Nothing is remembered about how far a worker came: a row is done when its invitation is there, or when the list says
why there is none. So any worker can die anywhere and be followed by another, and two at once invite nobody twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from sessions_app.access import Actor
from sessions_app.errors import FieldError
from sessions_app.logs import log
from sessions_app.models import Invitation, InvitationList
from sessions_app.models.clock import database_now
from sessions_app.models.ids import new_token, token_hash

from .inviting import Invited, Inviter, group_of, inviter, template_of, with_moments
from .letters import token_of
from .people_list import Person

SHOWN_FOR = timedelta(days=1)
PATIENCE = timedelta(minutes=10)  # with a row that fails by an error of ours
OURS = "An error of ours kept this row from being stored, several times. Invite this person again."
NO_STAFF = "Whoever confirmed this list is no longer staff. Somebody else has to invite this person."


def confirm_list(
    template: Any,
    people: Sequence[Person],
    *,
    actor: Actor,
    batch: str,
    origin: str = "",
    letter: bool = True,
    now: datetime | None = None,
    **shared: Any,
) -> InvitationList:
    """Store a list for ``work_off``; the same ``batch`` again is the same list. Those with problems are left out.

    Raises:
        PermissionDenied (not staff), TemplateNotFound, ValidationFailed (a moment that all share is none).
    """
    found, shared = template_of(template, actor), with_moments(shared)
    given = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in shared.items()}
    stored, _ = InvitationList.objects.get_or_create(
        group=group_of(batch, actor),
        defaults={
            "seed": new_token(),
            "created_by": actor.user,
            "template": found,
            "people": [{"row": one.row, **one.typed()} for one in people if not one.problems],
            "left_out": [_left_out(one, one.problems) for one in people if one.problems],
            "shared": given,
            "total": len(people),
            "sends_letters": letter,
            "origin": origin,
            "created_at": now or database_now(),
        },
    )
    return stored


def work_off(list_id: UUID, *, seconds: float, now: datetime | None = None) -> bool:
    """Invite those of a list who are not yet, for about so many seconds. Returns whether all are worked off."""
    until = time.monotonic() + seconds
    waiting = InvitationList.objects.select_related("template", "created_by").get(pk=list_id)
    if waiting.done_at:
        return True
    moment, way = now or database_now(), _inviter(waiting)
    for person in _waiting(waiting):
        _invite(waiting, person, way, moment)
        if time.monotonic() >= until:
            break
    if _waiting(InvitationList.objects.get(pk=list_id)):
        return False
    InvitationList.objects.filter(pk=list_id, done_at=None).update(done_at=moment, people=[])
    return True


def work_off_all(*, seconds: float, now: datetime | None = None) -> None:
    """The sweep's share: what waits, oldest first; and what was shown for long enough is forgotten.

    One list's trouble is not another's.
    """
    moment, until = now or database_now(), time.monotonic() + seconds
    InvitationList.objects.filter(done_at__lt=moment - SHOWN_FOR).delete()
    for list_id in InvitationList.objects.filter(done_at=None).order_by("created_at").values_list("pk", flat=True):
        if (left := until - time.monotonic()) <= 0:
            return
        try:
            work_off(list_id, seconds=left, now=now)
        except Exception:
            log.exception("inviting.failed", list_id=str(list_id), component="invitations")


def results_of(stored: InvitationList) -> list[Invited]:
    """Who is invited, with their link as long as it is good, and who was left out; in the order of the list."""
    rows = Invitation.objects.filter(batch=stored.group, session__erased_at=None).select_related("session")
    told = [_invited(stored, invitation) for invitation in rows]
    told += [Invited(_person(row), problems=_problems(row)) for row in stored.left_out]
    return sorted(told, key=lambda one: one.person.row)


def _waiting(stored: InvitationList) -> list[Person]:
    done = {row["row"] for row in stored.left_out}
    done |= set(Invitation.objects.filter(batch=stored.group).values_list("batch_row", flat=True))
    return [_person(row) for row in stored.people if row["row"] not in done]


def _inviter(waiting: InvitationList) -> Inviter | None:
    """None when whoever confirmed it may not invite any more."""
    maker = waiting.created_by
    if maker is None or not (maker.is_staff and maker.is_active):
        return None
    how: dict[str, Any] = {"origin": waiting.origin, "letter": waiting.sends_letters, "group": waiting.group}
    return inviter(waiting.template, actor=Actor(maker), **how, **waiting.shared)


def _invite(waiting: InvitationList, person: Person, way: Inviter | None, now: datetime) -> None:
    """One row, for which nothing that goes wrong keeps the next ones from being invited."""
    if way is None:
        _leave_out(waiting.pk, person, [FieldError("name", "not_staff", NO_STAFF)])
        return
    try:
        told = way.invite(person, _seed(waiting, person.row))
    except Exception:
        log.exception("inviting.failed", list_id=str(waiting.pk), row=person.row, component="invitations")
        if now - waiting.created_at > PATIENCE:
            _leave_out(waiting.pk, person, [FieldError("name", "error", OURS)])
        return
    if told.problems:
        _leave_out(waiting.pk, person, told.problems)


def _leave_out(list_id: UUID, person: Person, problems: Sequence[FieldError]) -> None:
    with transaction.atomic():
        stored = InvitationList.objects.select_for_update().get(pk=list_id)
        if all(row["row"] != person.row for row in stored.left_out):
            stored.left_out = [*stored.left_out, _left_out(person, problems)]
            stored.save(update_fields=["left_out"])


def _left_out(person: Person, problems: Sequence[FieldError]) -> dict[str, Any]:
    return {"row": person.row, **person.typed(), "problems": [asdict(problem) for problem in problems]}


def _person(row: dict[str, Any]) -> Person:
    return Person(**{name: value for name, value in row.items() if name != "problems"})


def _problems(row: dict[str, Any]) -> list[FieldError]:
    return [FieldError(**problem) for problem in row["problems"]]


def _seed(stored: InvitationList, row: int | None) -> str:
    """Of the link of a row."""
    return token_hash(f"{stored.seed}:{row}")


def _invited(stored: InvitationList, invitation: Invitation) -> Invited:
    token = token_of(_seed(stored, invitation.batch_row))
    is_good = invitation.revoked_at is None and token_hash(token) == invitation.token_hash
    person = Person(invitation.batch_row or 0, invitation.session.candidate_name, invitation.email)
    return Invited(person, invitation, token if is_good else "")
