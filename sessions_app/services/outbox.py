"""Sending letters: claimed by a guarded UPDATE, so that two sweepers never knowingly send one twice.

A process that dies between the mail server's "250" and the row's ``sent_at`` cannot know: the letter goes out again
after the lease, with the same Message-ID, by which mail programs tell that it is the same one.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPResponseException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.db.models import F
from django.template.loader import render_to_string
from django.utils.translation import override

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.logs import log
from sessions_app.models import Invitation, OutgoingMessage
from sessions_app.models.clock import database_now
from sessions_app.models.ids import token_hash

from .letters import SECRET, token_of

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 8
LONGEST_WAIT = timedelta(hours=4)
PER_ROUND = 50

_sending = threading.Lock()


def send_in_background() -> None:
    """Send what is due on a thread of its own: a mail server that does not answer must not hold up the sweep."""
    if not settings.SENDS_LETTERS or not due(database_now()).exists():
        return
    if _sending.acquire(blocking=False):
        threading.Thread(target=_send_and_close, name="letters", daemon=True).start()


def send_due(*, now: datetime | None = None) -> int:
    """Send the letters that are due, outside any transaction, over one connection. Returns how many went out.

    A round with a slow mail server takes longer than a lease, so the lease of each letter begins with its turn.
    """
    server = get_connection()
    sent = 0
    try:
        for letter in due(now or database_now())[:PER_ROUND]:
            moment = now or database_now()
            if claim(letter, moment):
                sent += _deliver(letter, server, moment)
    finally:
        _hang_up(server)
    return sent


def due(now: datetime) -> Any:
    waiting = OutgoingMessage.objects.filter(sent_at=None, is_held=False, attempts__lt=MOST_ATTEMPTS)
    return waiting.filter(not_before__lte=now).order_by("not_before")


def claim(letter: OutgoingMessage, now: datetime) -> bool:
    """Whether this process may send it now. One statement; ``attempts`` is the fencing number."""
    mine = due(now).filter(pk=letter.pk, attempts=letter.attempts).order_by()
    if not mine.update(attempts=F("attempts") + 1, not_before=now + LEASE):
        return False
    letter.attempts += 1
    return True


def withhold(invitation: Invitation, why: str) -> None:
    """Its letter is not sent any more, if it is not on its way already."""
    OutgoingMessage.objects.filter(invitation=invitation, sent_at=None).update(is_held=True, link_seed="", error=why)


def given_up(letter: OutgoingMessage) -> bool:
    """Whether nothing will send it any more, although nobody withheld it."""
    return letter.sent_at is None and not letter.is_held and letter.attempts >= MOST_ATTEMPTS


def try_again(letter_id: Any, *, actor: Actor, now: datetime | None = None) -> None:
    """Send a letter that was given up once more, at the next sweep. Twice does it once.

    Raises:
        PermissionDenied (not staff), InvalidSessionState (it was not given up, or its link was forgotten with it).
    """
    if not (actor.is_staff or actor.is_system):
        raise errors.PermissionDenied("Only staff can send letters again.")
    lost = OutgoingMessage.objects.filter(pk=letter_id, sent_at=None, is_held=False, attempts__gte=MOST_ATTEMPTS)
    if lost.filter(invitation__isnull=False).exists():
        raise errors.InvalidSessionState("The link of this letter is forgotten. Send the invitation again instead.")
    if not lost.update(attempts=0, not_before=now or database_now()):
        raise errors.InvalidSessionState("This letter was not given up: it was sent, is held, or still waits.")


def _deliver(letter: OutgoingMessage, server: Any, now: datetime) -> bool:
    try:
        server.open()
        _mail(letter, server).send()
    except Exception as error:  # a library's or the network's: whatever it is, the letter waits and the next one goes
        _hang_up(server)  # the line may be dead: the next letter opens a new one
        _put_off(letter, error, now)
        return False
    _mine(letter).update(sent_at=now, link_seed="", error="")
    if letter.invitation_id:
        Invitation.objects.filter(pk=letter.invitation_id).update(sent_at=now)
    log.info("letter.sent", letter_id=str(letter.pk), kind=letter.kind, attempt=letter.attempts, component="letters")
    return True


def _hang_up(server: Any) -> None:
    with suppress(Exception):
        server.close()


def _mail(letter: OutgoingMessage, server: Any) -> EmailMultiAlternatives:
    text = letter.text
    if letter.invitation_id:
        token = token_of(letter.link_seed)
        if not Invitation.objects.filter(pk=letter.invitation_id, token_hash=token_hash(token)).exists():
            raise ValueError("The secret key has changed since; resend the invitation.")
        text = text.replace(SECRET, token)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    headers = {"Message-ID": f"<{letter.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(letter.subject, text, None, [letter.to], connection=server, headers=headers)
    mail.attach_alternative(_as_html(letter, text), "text/html")
    if letter.calendar:
        mail.attach("interview.ics", letter.calendar, "text/calendar")
    return mail


def _as_html(letter: OutgoingMessage, text: str) -> str:
    """Addresses read from left to right in every language. That is said in the place of the one attribute that
    ``urlize`` writes, which is for search engines.
    """
    with override(letter.language):
        page = render_to_string("letters/letter.html", {"subject": letter.subject, "text": text})
    return page.replace('rel="nofollow"', 'dir="ltr"')


def _put_off(letter: OutgoingMessage, error: Exception, now: datetime) -> None:
    """Later again, each time after a longer wait: 2, 4, 8 … minutes. After the last attempt the link is forgotten."""
    wait = min(timedelta(minutes=2**letter.attempts), LONGEST_WAIT)
    gives_up = {"link_seed": ""} if letter.attempts >= MOST_ATTEMPTS else {}
    _mine(letter).update(error=_sentence(error), not_before=now + wait, **gives_up)
    log.warning(
        "letter.failed",
        letter_id=str(letter.pk),
        attempt=letter.attempts,
        error=type(error).__name__,
        component="letters",
    )


def _sentence(error: Exception) -> str:
    """For staff in the console. What a mail server says may name addresses, so the log only gets the type."""
    said = error.smtp_error if isinstance(error, SMTPResponseException) else str(error)
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{type(error).__name__}: {words}"[:300]


def _mine(letter: OutgoingMessage) -> Any:
    return OutgoingMessage.objects.filter(pk=letter.pk, attempts=letter.attempts, sent_at=None)


def _send_and_close() -> None:
    try:
        send_due()
    except Exception:
        log.exception("letters.failed", component="letters")
    finally:
        connection.close()
        _sending.release()
