"""What is sent to candidates by e-mail. A letter is a row, written in the transaction that causes it; ``outbox`` sends.

The key of a letter is unique, so whatever causes it twice writes it once. Where no mail server is set up (EMAIL_URL),
letters are held: staff read them in the console, and nothing is sent, not even later.

A letter speaks its reader's language, whoever or whatever causes it.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import get_supported_language_variant, override

from sessions_app.models import CandidateRequest, InterviewSession, Invitation, OutgoingMessage, User
from sessions_app.models.ids import new_token

from .calendars import calendar_of
from .catalog import company_of
from .local_time import thinking_time, when, window, zone_of
from .preferences import language_of

if TYPE_CHECKING:
    from .change import Change

SECRET = "[secret]"  # noqa: S105 - stands in a stored letter where its link has the token

# Where this process serves, for letters that no request causes where SITE_URL is not set; ``serve`` says it.
_served_at = ["http://localhost:8000"]

# Which entries of the log are told to the candidate. Time that an outage or they themselves added is not news.
_AFTER = {
    "time.extended": "extended",
    "session.cancelled": "cancelled",
    "session.reopened": "reopened",
    "session.completed": "finished",
    "session.expired": "finished",
    "evaluation.completed": "report",
}


def address(path: str, origin: str = "") -> str:
    """An absolute address on this site: below SITE_URL, else below ``origin``, which the request came to.

    Without a request it is where this process serves.
    """
    return (settings.SITE_URL or origin.rstrip("/") or _served_at[0]) + path


def served_at(origin: str) -> None:
    """This process serves at that address."""
    _served_at[0] = origin


def new_link() -> tuple[str, str]:
    """A token for a link, and the seed it can be made from again while a letter with it waits.

    The database never has the token itself: only its hash, and until the letter is sent a seed that is worth nothing
    without the secret key.
    """
    seed = new_token()
    return token_of(seed), seed


def token_of(seed: str) -> str:
    """256 bits, fit for a URL."""
    digest = salted_hmac("sessions_app.invitation", seed, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def invite_address(token: str, origin: str = "") -> str:
    return address(reverse("invite", args=["token"]).replace("token", token), origin)


# -- one letter each ---------------------------------------------------------------------------------------------------


def write_invitation(
    session: InterviewSession, invitation: Invitation, seed: str, *, origin: str, now: datetime
) -> None:
    _write(
        "invitation",
        str(invitation.pk),
        session,
        now=now,
        to=invitation.email,
        origin=origin,
        invitation=invitation,
        link_seed=seed,
    )


def after_event(change: Change, type: str, code: Any = None, milliseconds: int = 0) -> None:
    """Tell the candidate what was decided about their interview, in the transaction that decides it."""
    kind, session = _AFTER.get(type), change.session
    if kind is None or (type == "time.extended" and code != "staff"):
        return
    if kind in ("finished", "report"):
        _write_of_the_end(kind, session, change.now)
    else:
        _write(kind, f"{session.pk}:{session.last_seq}", session, now=change.now, minutes=milliseconds // 60_000)


def _write_of_the_end(kind: str, session: InterviewSession, now: datetime) -> None:
    """That it is finished, which nobody has to be told of their own practice; that a report is there which they may
    read. Once for each end: judging it once more is no news. Only to who has a way in of their own.
    """
    is_told = session.shows_report if kind == "report" else not session.is_practice
    if is_told and session.candidate_id is not None and session.started_at and session.ended_at:
        _write(kind, f"{session.pk}:{session.ended_at:%Y%m%dT%H%M%S.%f}", session, now=now)


def write_nudge(session: InterviewSession, *, origin: str, now: datetime) -> None:
    """A reminder that staff ask for, see ``reminding``."""
    _write("nudge", f"{session.pk}:{now:%Y%m%dT%H%M%S.%f}", session, now=now, origin=origin)


def write_reminder(session: InterviewSession, now: datetime) -> None:
    """That it closes soon."""
    _write("reminder", str(session.pk), session, now=now)


def write_way_back(session: InterviewSession, now: datetime) -> None:
    """How to go on after a pause, once for each pause."""
    _write("paused", f"{session.pk}:{session.paused_at:%Y%m%dT%H%M%S.%f}", session, now=now)


def write_answer(asked: CandidateRequest, session: InterviewSession, now: datetime) -> None:
    """What became of something they asked for."""
    _write("answered", str(asked.pk), session, now=now, asked=asked)


# -- the row -----------------------------------------------------------------------------------------------------------


def recipient(session: InterviewSession) -> str:
    """The account's address, else the one that staff gave; empty for somebody without one."""
    return (session.candidate.email if session.candidate else "") or session.candidate_email


def language_for(session: InterviewSession, to: str = "") -> str:
    """What the reader chose for themselves, else the interview's language where it is shipped, else English."""
    reader = session.candidate or User.objects.filter(email=(to or recipient(session)).lower()).first()
    return language_of(reader) or _shipped(session.language)


def _shipped(language: str) -> str:
    """The language of our own pages that is nearest to this one."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return "en"


def _write(
    kind: str,
    cause: str,
    session: InterviewSession,
    *,
    now: datetime,
    to: str = "",
    origin: str = "",
    invitation: Invitation | None = None,
    link_seed: str = "",
    **words: Any,
) -> None:
    """Store the letter, once per kind and cause. Nothing for the demo's people and those without an address."""
    to = to or recipient(session)
    if not to or session.is_demo:
        return
    language = language_for(session, to)
    with override(language):
        subject, text = _composed(kind, session, invitation, origin, words)
        calendar = calendar_of(session, now) if invitation else ""
    letter = OutgoingMessage(
        key=f"{kind}:{cause}",
        kind=kind,
        session=session,
        invitation=invitation,
        to=to,
        subject=subject,
        text=text,
        language=language,
        calendar=calendar,
        created_at=now,
        not_before=now,
        is_held=not settings.SENDS_LETTERS,
        link_seed=link_seed if settings.SENDS_LETTERS else "",
    )
    OutgoingMessage.objects.bulk_create([letter], ignore_conflicts=True)


def _composed(
    kind: str, session: InterviewSession, invitation: Invitation | None, origin: str, words: dict[str, Any]
) -> tuple[str, str]:
    """Subject and text; the template's first line is the subject."""
    zone = zone_of(session)
    context = {
        "session": session,
        "name": session.candidate_name,
        "company": company_of(session),
        "room": address(reverse("session-room", args=[session.pk]), origin),
        "transcript": address(reverse("session-transcript", args=[session.pk]), origin),
        "report": address(reverse("session-report", args=[session.pk]), origin),
        "link": invite_address(SECRET, origin),
        "expires": when(invitation.expires_at, zone) if invitation else "",
        "window": window(session.opens_at, session.closes_at, zone),
        "time": thinking_time(session),
        "closes": when(session.closes_at, zone) if session.closes_at else "",
        "resume_until": when(session.end_of_time, zone) if session.end_of_time else "",
        "by_guest": session.candidate is None or session.candidate.is_guest,
        **words,
    }
    subject, _, text = render_to_string(f"letters/{kind}.txt", context).strip().partition("\n")
    return " ".join(subject.split())[:200], text.strip() + "\n"
