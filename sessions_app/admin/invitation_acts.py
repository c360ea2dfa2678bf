"""What staff may do to invitations, each with a look ahead at whom it leaves out and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from sessions_app.access import Actor
from sessions_app.models import Invitation
from sessions_app.models.clock import database_now
from sessions_app.services import reminding
from sessions_app.services.invitations import resend_invitation, revoke_invitation, why_not_invite

MOST_LINKS = 50
Done = tuple[Invitation, str]  # with the token of a new link


@dataclass(frozen=True)
class Act:
    """``name`` is of the action, ``done`` completes "… will be", ``verb`` takes the invitation, actor and origin."""

    name: str
    label: str
    done: str
    verb: Callable[[Invitation, Actor, str], Done]
    note: str
    shows_links: bool = False
    takes: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        return f"{self.name}_selected"


def _send_again(invitation: Invitation, actor: Actor, origin: str) -> Done:
    return resend_invitation(invitation.pk, actor=actor, origin=origin)


def _new_link(invitation: Invitation, actor: Actor, origin: str) -> Done:
    return resend_invitation(invitation.pk, actor=actor, origin=origin, letter=False)


def _revoke(invitation: Invitation, actor: Actor, origin: str) -> Done:
    return revoke_invitation(invitation.pk, actor=actor), ""


def _remind(invitation: Invitation, actor: Actor, origin: str) -> Done:
    reminding.remind(invitation.session_id, actor=actor, origin=origin)
    return invitation, ""


_OLD_ONE = "Links are kept as hashes only, so this makes a new one, and the old one is dead from then on."
_ALL = (
    Act("resend", "Send again", "sent again", _send_again, f"A letter with the link goes out. {_OLD_ONE}"),
    Act(
        "new_link",
        "New link",
        "given a new link",
        _new_link,
        f"No letter is sent: the next page shows the links, once. {_OLD_ONE}",
        shows_links=True,
    ),
    Act("revoke", "Revoke", "revoked", _revoke, "The link is dead from then on. Whoever has joined already stays."),
    Act("remind", "Send a reminder", "followed by a reminder", _remind, "The letter has no new link."),
)
ACTS = {act.name: act for act in _ALL}


def why_not_each(act: Act, chosen: Sequence[Invitation], actor: Actor) -> dict[UUID, str]:
    """Whom it leaves out, and why, by the invitation's id."""
    now = database_now()
    if act.name == "remind":
        return _not_reminded(chosen, now)
    told = {invitation.pk: _why_not(act, invitation, actor, now) for invitation in chosen}
    return {key: sentence for key, sentence in told.items() if sentence}


def _not_reminded(chosen: Sequence[Invitation], now: datetime) -> dict[UUID, str]:
    by_session = reminding.why_not([invitation.session for invitation in chosen], now)
    told: dict[UUID, str] = {}
    seen: set[Any] = set()
    for invitation in chosen:
        sentence = by_session.get(invitation.session_id, "")
        if not sentence and invitation.session_id in seen:
            sentence = "The same interview is in this list already."
        seen.add(invitation.session_id)
        if sentence:
            told[invitation.pk] = sentence
    return told


def _why_not(act: Act, invitation: Invitation, actor: Actor, now: datetime) -> str:
    if act.name == "revoke":
        return "It is revoked already." if invitation.revoked_at else ""
    if act.name == "resend" and not invitation.email:
        return "There is no address to write to. Make a new link, and pass it on."
    if act.name == "resend" and not settings.SENDS_LETTERS:
        return "No mail server is set up, so nothing can be sent. Make a new link, and pass it on."
    refused = why_not_invite(invitation.session, actor)
    return refused.message if refused else ""
