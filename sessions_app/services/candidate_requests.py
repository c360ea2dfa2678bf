"""What candidates ask for on the way: more time, another adjustment, a human interviewer; and what staff answer.

The words of both sides live in the row, which can be erased; the log holds ids and codes.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, invitation_by_token, request_for
from sessions_app.models import CandidateRequest, InterviewSession
from sessions_app.models.actions import OPEN, Role, Status
from sessions_app.models.clock import database_now
from sessions_app.models.limits import MAX_ACCOMMODATION, MAX_EXTRA_MINUTES

from . import letters, sessions
from .change import Change, changing

KINDS = {kind: word for kind, word in CandidateRequest.KINDS if kind != "score"}  # that one: ``disagreeing.py``
_OVER = {
    Status.COMPLETED: gettext_lazy(
        "This session is completed. Nothing can be changed about it any more: write to whoever invited you."
    ),
    Status.EXPIRED: gettext_lazy(
        "This session is expired. Nothing can be changed about it any more: write to whoever invited you."
    ),
    Status.CANCELLED: gettext_lazy(
        "This session is cancelled. Nothing can be changed about it any more: write to whoever invited you."
    ),
}
MAX_WORDS = 2_000
STEP_PERCENT = 5


def ask(
    session_id: Any, kind: str, text: str = "", *, actor: Actor = SYSTEM, now: datetime | None = None
) -> CandidateRequest:
    """Put a candidate's wish into the staff's queue. The same words again are the same request.

    Raises:
        SessionNotFound, PermissionDenied (not the candidate), InvalidSessionState (practice, or over for good),
        ValidationFailed, RequestOpen (asked already in other words, and not answered yet).
    """
    text = text.replace("\0", "").strip()
    with changing(session_id, actor, now=now) as change:
        if Role.CANDIDATE not in actor.roles_in(change.session):
            raise errors.PermissionDenied(_("Only the candidate can ask for this."))
        _check(change.session, kind, text)
        change.note_activity()
        return ask_once(change, kind, text)


def ask_by_link(token: str, kind: str, text: str = "", *, now: datetime | None = None) -> CandidateRequest:
    """Ask before joining, on the page of an invitation. Raises InvitationNotFound, InvitationGone, and as ``ask``."""
    invitation = invitation_by_token(token)
    if invitation.state(now or database_now()) in ("revoked", "expired"):
        raise errors.InvitationGone
    return ask(invitation.session_id, kind, text, now=now)


def grant(
    request_id: Any, *, actor: Actor, answer: str = "", minutes: int | None = None, now: datetime | None = None
) -> CandidateRequest:
    """Say yes. A wish for more time needs ``minutes``, which are added in the same transaction: the clock of an open
    session is extended, an expired session is opened again, and one that has not begun gets an accommodation of as
    many percent (rounded up to a multiple of 5).

    Raises:
        RequestNotFound, PermissionDenied, RequestAnswered, ValidationFailed, and what those verbs raise.
    """
    asked = _for_staff(request_id, actor)
    wrong = _wrong_words(answer, "answer")
    wants_time = asked.kind == "extra_time"
    if wants_time and not (minutes and 1 <= minutes <= MAX_EXTRA_MINUTES):
        wrong.append(errors.FieldError("minutes", "out_of_range", f"Choose 1 to {MAX_EXTRA_MINUTES} minutes."))
    if not wants_time and minutes is not None:
        wrong.append(errors.FieldError("minutes", "not_for_this", "Only a wish for more time takes minutes."))
    if wrong:
        raise errors.ValidationFailed(wrong)
    with transaction.atomic():
        if wants_time and minutes:
            _add_time(asked, minutes, actor, now)
        return _answer(asked, "granted", answer, actor, now)


def decline(request_id: Any, *, actor: Actor, answer: str, now: datetime | None = None) -> CandidateRequest:
    """Say no, in words that the candidate reads.

    Raises:
        RequestNotFound, PermissionDenied, RequestAnswered, ValidationFailed (no words).
    """
    asked = _for_staff(request_id, actor)
    if wrong := _wrong_words(answer, "answer", required=True):
        raise errors.ValidationFailed(wrong)
    return _answer(asked, "declined", answer, actor, now)


def open_requests() -> int:
    """How many wait for an answer."""
    return CandidateRequest.objects.filter(status="open", session__erased_at=None).count()


def _check(session: InterviewSession, kind: str, text: str) -> None:
    wrong = _wrong_words(text, "text")
    if kind not in KINDS:
        wrong.append(
            errors.FieldError("kind", "invalid_choice", _("Choose one of %(names)s.") % {"names": ", ".join(KINDS)})
        )
    if wrong:
        raise errors.ValidationFailed(wrong)
    if session.is_practice:
        raise errors.InvalidSessionState(
            _("This is practice: nobody judges it, and you can add time or pause yourself.")
        )
    if session.status not in OPEN and not (kind == "extra_time" and session.status == Status.EXPIRED):
        raise errors.InvalidSessionState(str(_OVER[session.status]))
    if kind == "extra_time" and session.time_limit_seconds is None:
        raise errors.InvalidSessionState(_("This session has no time limit: take the time you need."))


def ask_once(change: Change, kind: str, text: str, *, subject: str = "") -> CandidateRequest:
    """Put it into the queue. The same words again are the same request; others are refused while it is open.

    Raises:
        RequestOpen
    """
    earlier = change.session.requests.filter(kind=kind, subject=subject, status="open").first()
    if earlier is not None and earlier.text == text:
        return earlier
    if earlier is not None:
        raise errors.RequestOpen
    asked = CandidateRequest.objects.create(
        session=change.session, kind=kind, subject=subject, text=text, created_at=change.now
    )
    change.record("request.opened", request=asked.pk, kind=kind)
    return asked


def _for_staff(request_id: Any, actor: Actor) -> CandidateRequest:
    asked = request_for(request_id, actor)
    if not (actor.is_staff or actor.is_system):
        raise errors.PermissionDenied("Only staff can answer a request.")
    return asked


def _answer(asked: CandidateRequest, status: str, answer: str, actor: Actor, now: datetime | None) -> CandidateRequest:
    """Two who answer at once: the second is told that it is answered, and changes nothing."""
    with changing(asked.session_id, actor, now=now) as change:
        still_open = CandidateRequest.objects.filter(pk=asked.pk, status="open")
        words = answer.replace("\0", "").strip()
        if not still_open.update(status=status, answer=words, handled_at=change.now, handled_by=actor.user):
            raise errors.RequestAnswered
        change.record("request.answered", request=asked.pk, kind=asked.kind, status=status)
        answered = request_for(asked.pk, actor)
        letters.write_answer(answered, change.session, change.now)
    return answered


def _add_time(asked: CandidateRequest, minutes: int, actor: Actor, now: datetime | None) -> None:
    """By the verb that fits the state; the reason in the log names the request, whose words can be erased."""
    session = sessions.get_session(asked.session_id, actor=actor)
    reason = f"Request {asked.pk}"
    if session.status == Status.CREATED:
        sessions.update_session(session.pk, actor=actor, now=now, accommodation_percent=_percent(session, minutes))
    elif session.status == Status.EXPIRED:
        sessions.reopen_session(session.pk, minutes=minutes, reason=reason, actor=actor, now=now)
    else:
        sessions.extend_session(session.pk, minutes=minutes, reason=reason, actor=actor, now=now)


def _percent(session: InterviewSession, minutes: int) -> int:
    """The accommodation that gives at least that many minutes more than now."""
    limit = session.time_limit_seconds or 60
    more = math.ceil(minutes * 60 * 100 / limit / STEP_PERCENT) * STEP_PERCENT
    return min(session.accommodation_percent + more, MAX_ACCOMMODATION)


def _wrong_words(text: str, name: str, *, required: bool = False) -> list[errors.FieldError]:
    if required and not text.strip():
        return [errors.FieldError(name, "required", "Say why; the candidate reads it.")]
    if len(text) > MAX_WORDS:
        return [errors.FieldError.too_long(name, MAX_WORDS)]
    return []
