"""Erasing a whole account: every row that tells who somebody is or what they said, in one transaction, with a receipt.

What stays are numbers about nobody: the logs of sessions, whose chain still holds, and the scores and ratings of
interviews that others judged. Nothing in them leads back to the person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q

from sessions_app import errors
from sessions_app.access import Actor, refuse_token
from sessions_app.logs import log
from sessions_app.models import (
    CandidateRequest,
    Evaluation,
    IdempotencyKey,
    InterviewSession,
    Invitation,
    JobPosting,
    OutgoingMessage,
    Resume,
    Review,
    SessionMessage,
    User,
)
from sessions_app.models.actions import OPEN
from sessions_app.models.clock import database_now
from sessions_app.models.ids import new_id

from .erasure import empty_log_on_commit, erase_session, forget_answers, forget_console_log

Receipt = dict[str, Any]

_OF_SESSIONS: dict[str, Any] = {
    "questions_and_answers": SessionMessage,
    "requests": CandidateRequest,
    "invitations": Invitation,
    "letters": OutgoingMessage,
}


def sessions_about(user: User) -> Any:
    """Those the person takes part in, and those they made that nobody has claimed; what staff made is the site's."""
    mine = Q(candidate=user)
    unclaimed = Q(candidate=None, created_by=user)
    return InterviewSession.objects.kept().filter(mine if user.is_staff else mine | unclaimed).order_by("pk")


def erase_account(*, actor: Actor) -> Receipt:
    """Erase whoever this is, a guest, too. The front door has just asked for the password again.

    Returns the receipt: how many of what were removed and what was kept, with nothing about the person.

    Raises:
        PermissionDenied: the actor holds no more than a session's token.
        AccountNeeded: it is staff whom open interviews, reviews or the site itself depend on.
    """
    refuse_token(actor)
    if actor.user is None:
        raise errors.NotAuthenticated
    browsers = _Browsers(actor.user)
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=actor.user.pk).first()
        if user is None:
            raise errors.NotAuthenticated
        _refuse_while_needed(user)
        receipt = _erase(user, browsers, database_now())
        empty_log_on_commit()
    log.info("account.erased", account_id=str(actor.user.pk), component="accounts", **receipt["removed"])
    return receipt


class _Browsers:
    """The sign-ins of browsers. Django keeps them encoded, so each has to be read; that is done before any lock."""

    def __init__(self, user: User) -> None:
        ids = [str(user.pk), *map(str, sessions_about(user).values_list("pk", flat=True))]
        rows = Session.objects.iterator()
        self.keys = [row.pk for row in rows if _names(json.dumps(row.get_decoded(), default=str), ids)]

    def forget(self) -> int:
        return Session.objects.filter(pk__in=self.keys).delete()[0]


def _names(text: str, ids: Iterable[str]) -> bool:
    return any(one in text for one in ids)


def _refuse_while_needed(user: User) -> None:
    """Raises AccountNeeded."""
    if not user.is_staff:
        return
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    waiting = InterviewSession.objects.kept().filter(created_by=user, status__in=OPEN).exclude(candidate=user).count()
    reviews = Review.objects.filter(reviewer=user, status__in=("draft", "sealed")).count()
    reasons = [
        *(["it is the only one that may administer this site"] if user.is_superuser and not others.exists() else []),
        *([f"candidates are expected in interviews that it has made ({waiting})"] if waiting else []),
        *([f"reviews that it has begun are not submitted ({reviews})"] if reviews else []),
    ]
    if reasons:
        raise errors.AccountNeeded(reasons)


def _erase(user: User, browsers: _Browsers, now: datetime) -> Receipt:
    keys = list(sessions_about(user).values_list("pk", flat=True))
    ids = {str(user.pk), *map(str, keys)}
    removed = _counted(keys)
    kept = {"interviews_as_numbers": len(keys)}
    for key in keys:
        erase_session(key, keeps_verdict=True)
    kept |= {"scores": Evaluation.objects.filter(session__in=keys).count()}
    kept |= {"reviews_by_people": Review.objects.filter(session__in=keys).count()}
    removed |= {"resumes": _delete_owned(Resume, user), "job_postings": _delete_owned(JobPosting, user)}
    removed |= {"api_keys": user.api_keys.count(), "sign_ins": user.refresh_families.count()}
    removed |= {"browsers": browsers.forget(), "stored_answers": _forget_answers(user, ids)}
    _forget_address(user.email or "")
    forget_console_log(ids)
    user.delete()
    return {"reference": str(new_id()), "erased_at": now, "removed": {**removed, "account": 1}, "kept": kept}


def _counted(keys: list[Any]) -> dict[str, int]:
    counts = {name: model.objects.filter(session__in=keys).count() for name, model in _OF_SESSIONS.items()}
    return {"interviews": len(keys), **counts}


def _delete_owned(model: type[Resume] | type[JobPosting], user: User) -> int:
    """What an interview of somebody else is made from stays with that interview, and belongs to nobody."""
    name = "resume" if model is Resume else "job_posting"
    used = InterviewSession.objects.exclude(**{name: None}).values(name)
    rows: Any = model.objects
    rows.filter(owner=user, pk__in=used).update(owner=None)
    unused = list(rows.filter(owner=user).values_list("pk", flat=True))
    forget_console_log(unused)
    return int(rows.filter(pk__in=unused).delete()[0])


def _forget_answers(user: User, ids: set[str]) -> int:
    """Those given to the person, and those given to others about them: a registration, an invitation."""
    own = IdempotencyKey.objects.filter(caller=str(user.pk)).delete()[0]
    return own + forget_answers(IdempotencyKey.objects.all(), ids, user.email or "")


def _forget_address(address: str) -> None:
    """Failed sign-ins are counted by address, and a letter may go to one without a session."""
    if not address:
        return
    for attempts in (AccessAttempt, AccessFailureLog, AccessLog):
        attempts.objects.filter(username__iexact=address).delete()
    OutgoingMessage.objects.filter(session=None, to__iexact=address).delete()
