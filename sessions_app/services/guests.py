"""Candidates who start without an account, and what becomes of their sessions when they get one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from sessions_app import errors
from sessions_app.access import Actor, as_uuid, require_account, session_for
from sessions_app.models import InterviewSession, InterviewTemplate, JobPosting, Resume, SessionToken, User
from sessions_app.models.clock import database_now
from sessions_app.models.ids import new_token, token_hash

from .change import Change, changing
from .config import SessionConfig
from .creation import create_session

TOKEN_LIFE = timedelta(days=30)


def start_practice(slug: str, *, user: User | None) -> InterviewSession:
    """A new practice session of an offered template; for somebody unknown a guest is made with it.

    Raises:
        TemplateNotFound: there is no such practice interview, or it is not offered any more.
    """
    template = InterviewTemplate.objects.offered().filter(slug=slug).first()
    if template is None:
        raise errors.TemplateNotFound
    with transaction.atomic():
        actor = Actor(user or User.objects.create_guest())
        return create_session(SessionConfig(template_id=template.pk), actor=actor)


def issue_token(session: InterviewSession, guest: User) -> str:
    """A secret that reaches this one session as its guest, for 30 days. Only its hash is stored."""
    secret = SessionToken.PREFIX + new_token()
    now = database_now()
    SessionToken.objects.create(
        session=session, user=guest, token_hash=token_hash(secret), created_at=now, expires_at=now + TOKEN_LIFE
    )
    return secret


def claim_session(session_id: Any, access_token: str, *, actor: Actor) -> InterviewSession:
    """Give an anonymous session to the account whose owner holds its token; the token is spent.

    Claiming again what one has claimed changes nothing.

    Raises:
        PermissionDenied: the actor has no account.
        SessionNotFound: no such session, or the token is wrong, expired, or spent by somebody else.
    """
    account = require_account(actor)
    tokens = SessionToken.objects.filter(session_id=as_uuid(session_id), token_hash=token_hash(access_token))
    held = tokens.first()
    if held is None:
        raise errors.SessionNotFound
    with transaction.atomic():
        _lock_guest(held.user_id)
        with changing(session_id) as change:
            token = tokens.first()  # read again under the lock: of two who hold it, one is first
            if token is not None and change.session.candidate_id == account.pk:
                return session_for(session_id, actor)
            if token is None or not _is_good(token, change):
                raise errors.SessionNotFound
            _claim(change, account)
        _settle(token, account)
    return session_for(session_id, actor)


def _lock_guest(guest_id: Any) -> User | None:
    """The guest's row comes before their sessions, wherever both are locked."""
    return User.objects.select_for_update().filter(pk=guest_id, is_guest=True).first()


def _is_good(token: SessionToken, change: Change) -> bool:
    session = change.session
    is_open = token.revoked_at is None and change.now < token.expires_at
    return is_open and session.candidate_id == token.user_id and session.erased_at is None


def _settle(token: SessionToken, account: User) -> None:
    """After a claim: what hung on the guest hangs on the account, and a guest with nothing left goes."""
    guest = token.user
    InterviewSession.objects.filter(pk=token.session_id, created_by=guest).update(created_by=account)
    SessionToken.objects.filter(session_id=token.session_id).update(revoked_at=database_now(), user=account)
    has_more = InterviewSession.objects.filter(Q(candidate=guest) | Q(created_by=guest)).exists()
    if guest.is_guest and not has_more:
        for model in (Resume, JobPosting):
            model.objects.filter(owner=guest).update(owner=account)
        guest.delete()


def move_guest(guest_id: Any, *, to: User) -> int:
    """Give a guest's sessions, résumés and postings to an account, then remove the guest. All of it or nothing.

    The guest's row is locked first, so that a session being created meanwhile is either moved or refused.
    Returns how many sessions were moved; 0 when there is no such guest.
    """
    with transaction.atomic():
        guest = _lock_guest(guest_id)
        if guest is None or guest.pk == to.pk:
            return 0
        session_ids = list(InterviewSession.objects.filter(candidate=guest).order_by("pk").values_list("pk", flat=True))
        for session_id in session_ids:
            with changing(session_id) as change:
                _claim(change, to)
        InterviewSession.objects.filter(created_by=guest).update(created_by=to)
        for model in (Resume, JobPosting):
            model.objects.filter(owner=guest).update(owner=to)
        guest.delete()
    return len(session_ids)


def _claim(change: Change, to: User) -> None:
    session = change.session
    session.candidate = to
    session.candidate_name = session.candidate_name or to.display_name
    session.candidate_email = session.candidate_email or to.email or ""
    change.actor = Actor(to)
    change.record("session.claimed")
