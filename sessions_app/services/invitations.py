"""Invitations: links by which one candidate joins one session. Opening a link starts nothing.

Each change locks the session first, then touches the invitation. ``now`` replaces the database's clock in tests;
``origin`` is the address that the request came to, for links where SITE_URL is not set.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from sessions_app import errors
from sessions_app.access import Actor, invitation_by_token, invitation_for
from sessions_app.models import InterviewSession, Invitation, User
from sessions_app.models.actions import OPEN, Status
from sessions_app.models.ids import token_hash

from . import letters, outbox
from .change import Change, changing
from .guests import move_guest
from .moments import TOO_FAR, is_too_far

LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class Joined:
    """``user`` takes part: the account that was signed in, or the guest whom the browser has to be signed in as."""

    session: InterviewSession
    user: User


class BatchRow(NamedTuple):
    """What a repetition is known by: a row of what was confirmed together, or an Idempotency-Key and its request."""

    group: str
    row: int
    fingerprint: str = ""


def create_invitation(
    session_id: Any,
    *,
    actor: Actor,
    email: str = "",
    expires_at: datetime | None = None,
    origin: str = "",
    batch: BatchRow | None = None,
    letter: bool = True,
    seed: str = "",
    now: datetime | None = None,
) -> tuple[Invitation, str]:
    """A link to a session that nobody has joined yet, and its token, which is never shown again.

    With ``email`` a letter is written, unless ``letter`` is off, and no account with another address can join. It
    expires when the session closes, or after 30 days. ``batch`` names the row of a list, so that a repetition cannot
    store it twice. Whoever gives a ``seed`` of their own can make the link from it again (``letters.token_of``).

    Raises:
        SessionNotFound, PermissionDenied (neither staff nor who created the session), InvalidSessionState,
        ValidationFailed, django.db.IntegrityError (that row of the batch is stored already).
    """
    with changing(session_id, actor, now=now) as change:
        _require_invitable(change)
        return _issue(change, email.strip(), expires_at, origin, batch, letter=letter, seed=seed)


def resend_invitation(
    invitation_id: Any,
    *,
    actor: Actor,
    origin: str = "",
    letter: bool = True,
    seed: str = "",
    now: datetime | None = None,
) -> tuple[Invitation, str]:
    """A new link in the place of the old one, which is dead from now on; with a letter if there is an address.

    Without ``letter`` the link is for whoever asked, to be passed on by hand. ``seed`` as in ``create_invitation``.

    Raises:
        InvitationNotFound, PermissionDenied, InvalidSessionState.
    """
    old = invitation_for(invitation_id, actor)
    with changing(old.session_id, now=now) as change:
        change.actor = actor
        _require_invitable(change)
        _end(change, old.pk, code="replaced")
        return _issue(change, old.email, None, origin, letter=letter, seed=seed)


def send_invitation(
    invitation_id: Any, *, actor: Actor, seed: str = "", origin: str = "", now: datetime | None = None
) -> Invitation:
    """Write the letter to the invitation's address, once however often it is asked for.

    With the ``seed`` of its link the letter has that link. Without, nobody can know the link any more: the letter has
    a new one, and the old one is dead. Returns the invitation that the letter is about.

    Raises:
        InvitationNotFound, PermissionDenied, InvalidSessionState, ValidationFailed (there is no address).
    """
    invitation = invitation_for(invitation_id, actor)
    with changing(invitation.session_id, now=now) as change:
        change.actor = actor
        _require_invitable(change)
        _require_address(invitation)
        valid = change.session.invitations.filter(revoked_at=None).first()
        if valid is None or valid.letters.exists() or valid.pk != invitation.pk:
            return valid or invitation  # a click of the same page was first
        if token_hash(letters.token_of(seed)) != invitation.token_hash:
            _end(change, invitation.pk, code="replaced")
            return _issue(change, invitation.email, None, origin, letter=True)[0]
        letters.write_invitation(change.session, invitation, seed, origin=origin, now=change.now)
        change.record("invitation.sent", invitation=invitation.pk)
    return invitation


def revoke_invitation(invitation_id: Any, *, actor: Actor, now: datetime | None = None) -> Invitation:
    """The link is dead from now on. Whoever has joined already stays. Revoking twice changes nothing.

    Raises:
        InvitationNotFound.
    """
    invitation = invitation_for(invitation_id, actor)
    with changing(invitation.session_id, now=now) as change:
        change.actor = actor
        _end(change, invitation.pk)
    return Invitation.objects.select_related("session").get(pk=invitation.pk)


def open_invitation(token: str, *, user: User | None = None, now: datetime | None = None) -> Invitation:
    """What the link leads to. The first opening is noted; a mail program that looks ahead does no harm by it.

    Raises:
        InvitationNotFound.
    """
    invitation = invitation_by_token(token)
    if invitation.opened_at or invitation.revoked_at or invitation.session.status not in OPEN:
        return invitation
    with changing(invitation.session_id, now=now) as change:
        unopened = Invitation.objects.filter(pk=invitation.pk, opened_at=None)
        if change.session.status in OPEN and unopened.update(opened_at=change.now):
            change.actor = Actor(user)
            change.record("invitation.opened", invitation=invitation.pk)
    return invitation_by_token(token)


def accept_invitation(token: str, *, user: User | None = None, now: datetime | None = None) -> Joined:
    """Join, with the account that is signed in or as a guest. The same link lets a guest back in on any device.

    A guest gets a user of their own for this session, so that the link reaches nothing else that the browser's owner
    may have practised before.

    Raises:
        InvitationNotFound, InvitationGone, InvitationUsed, WrongAccount, InvalidSessionState, SessionNotOpen.
    """
    account = user if user is not None and not user.is_guest else None
    session_id = invitation_by_token(token).session_id
    with changing(session_id, now=now) as change:
        invitation = invitation_by_token(token)
        _require_good(standing(invitation, user, change.now), invitation)
        who = change.session.candidate or _take_place(change, account)
        if invitation.accepted_at is None:
            Invitation.objects.filter(pk=invitation.pk).update(accepted_at=change.now)
            change.record("invitation.accepted", invitation=invitation.pk)
    if account is not None and who.is_guest:
        move_guest(who.pk, to=account)  # locks the guest before the session, hence not inside the change
        who = account
    return Joined(change.session, who)


def standing(invitation: Invitation, user: User | None, now: datetime) -> str:
    """What the link is good for to this visitor.

    ``revoked``, ``cancelled``, ``closed`` (never begun in time), ``finished``, ``expired``; ``joined`` (takes part
    already), ``wrong_account``, ``used`` (by an account), ``again`` (a guest who comes back), ``early``, ``open``.
    """
    session = invitation.session
    if invitation.revoked_at is not None:
        return "revoked"
    if over := _how_it_ended(session, now):
        return over
    if user is not None and session.candidate_id == user.pk:
        return "joined"
    if invitation.state(now) == "expired":
        return "expired"
    if _is_wrong(invitation, user):
        return "wrong_account"
    if session.candidate is not None:
        return "again" if session.candidate.is_guest else "used"
    return "early" if session.opens_at and now < session.opens_at else "open"


def _how_it_ended(session: InterviewSession, now: datetime) -> str:
    if session.status == Status.CANCELLED:
        return "cancelled"
    never_begun = session.started_at is None
    if never_begun and (session.status == Status.EXPIRED or (session.closes_at and now >= session.closes_at)):
        return "closed"
    return "" if session.status in OPEN else "finished"


def _is_wrong(invitation: Invitation, user: User | None) -> bool:
    if user is None or user.is_guest or not invitation.email:
        return False
    return (user.email or "").lower() != invitation.email.lower()


def _require_good(found: str, invitation: Invitation) -> None:
    if found in ("open", "joined", "again"):
        return
    if found in ("revoked", "expired"):
        raise errors.InvitationGone
    if found == "wrong_account":
        raise errors.WrongAccount
    if found == "used":
        raise errors.InvitationUsed
    if found == "early":
        opens = invitation.session.opens_at
        raise errors.SessionNotOpen(f"The session opens at {opens:%Y-%m-%d %H:%M} UTC. Join it then.")
    raise errors.InvalidSessionState(f"Cannot join {invitation.session.status} session. It takes no more answers.")


def _take_place(change: Change, account: User | None) -> User:
    """The session gets its candidate. Names and addresses that staff gave stay as they are."""
    user = account or User.objects.create_guest()
    session = change.session
    session.candidate = user
    session.candidate_name = session.candidate_name or (account.display_name if account else "")
    session.candidate_email = session.candidate_email or user.email or ""
    change.actor = Actor(user)
    change.record("session.claimed")
    return user


def why_not_invite(session: InterviewSession, actor: Actor) -> errors.DomainError | None:
    """Why nobody can be invited to that session now, as the error to raise; None if somebody can."""
    user = actor.user
    if user is not None and not user.is_staff and session.created_by_id != user.pk:
        return errors.PermissionDenied("Only staff, or whoever created the session, can invite to it.")
    if session.status not in OPEN:
        return errors.InvalidSessionState(
            f"Cannot invite to {session.status} session. Only created, active and paused sessions can be joined."
        )
    candidate = session.candidate
    if candidate is not None and (session.is_practice or not candidate.is_guest):
        sentence = "Cannot invite to a session that has its candidate. They sign in to reach it."
        return errors.InvalidSessionState(sentence)
    return None


def _require_address(invitation: Invitation) -> None:
    if not invitation.email:
        sentence = "There is no address to write to. Copy the link, and pass it on."
        raise errors.ValidationFailed([errors.FieldError("email", "required", sentence)])


def _require_invitable(change: Change) -> None:
    if refused := why_not_invite(change.session, change.actor):
        raise refused


def _issue(
    change: Change,
    email: str,
    expires_at: datetime | None,
    origin: str,
    batch: BatchRow | None = None,
    *,
    letter: bool,
    seed: str = "",
) -> tuple[Invitation, str]:
    _check(email, expires_at, change.now)
    token, seed = (letters.token_of(seed), seed) if seed else letters.new_link()
    group, row, fingerprint = batch or ("", None, "")
    invitation = Invitation.objects.create(
        session=change.session,
        email=email,
        token_hash=token_hash(token),
        created_by=change.actor.user,
        created_at=change.now,
        expires_at=expires_at or change.session.closes_at or change.now + LIFETIME,
        batch=group,
        batch_row=row,
        fingerprint=fingerprint,
    )
    # Later letters, such as reminders, go to the session's address.
    change.session.candidate_email = change.session.candidate_email or email
    change.record("invitation.created", invitation=invitation.pk)
    if email and letter:
        letters.write_invitation(change.session, invitation, seed, origin=origin, now=change.now)
    return invitation, token


def _check(email: str, expires_at: datetime | None, now: datetime) -> None:
    wrong = []
    try:
        if email:
            validate_email(email)
    except ValidationError:
        wrong.append(errors.FieldError("email", "invalid", "Enter an address like name@example.com."))
    if expires_at is not None and expires_at <= now:
        wrong.append(errors.FieldError("expires_at", "in_the_past", "Choose a time in the future."))
    elif expires_at is not None and is_too_far(expires_at, now):
        wrong.append(errors.FieldError("expires_at", "too_far", str(TOO_FAR)))
    if wrong:
        raise errors.ValidationFailed(wrong)


def _end(change: Change, invitation_id: Any, code: str = "revoked") -> None:
    """Revoke, once; a letter that still waits is not sent."""
    valid = Invitation.objects.filter(pk=invitation_id, revoked_at=None)
    if valid.update(revoked_at=change.now):
        outbox.withhold(Invitation(pk=invitation_id), "The invitation was revoked before this letter was sent.")
        change.record("invitation.revoked", invitation=invitation_id, code=code)
