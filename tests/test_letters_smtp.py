"""Letters over SMTP, to a server that really listens: one connection for many, and no lease that is over too early."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessions_app.models import OutgoingMessage, User
from sessions_app.models.clock import database_now
from sessions_app.services import outbox

from .invited import invited
from .mail_server import MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def over_smtp(settings: Any) -> None:
    settings.SENDS_LETTERS = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "127.0.0.1", False, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 5


def send_to(server: MailServer, settings: Any) -> int:
    settings.EMAIL_PORT = server.port
    with server:
        return outbox.send_due()


def test_many_letters_go_through_one_connection(sam: User, settings: Any) -> None:
    for n in range(3):
        invited(sam, email=f"person{n}@example.com")
    server = MailServer()
    assert send_to(server, settings) == 3
    assert (server.connections, len(server.letters)) == (1, 3)
    letter = server.letters[0]
    assert letter["To"] == "person0@example.com" and letter["Message-ID"] and letter["Auto-Submitted"]
    kinds = [part.get_content_type() for part in letter.walk() if not part.is_multipart()]
    assert kinds[:2] == ["text/plain", "text/html"]
    assert "/invite/" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert not OutgoingMessage.objects.filter(sent_at=None).exists()


def test_a_server_that_hangs_up_is_called_again(sam: User, settings: Any) -> None:
    """The letter that met the closed line waits for the next round; those behind it go out over a new one."""
    for n in range(4):
        invited(sam, email=f"person{n}@example.com")
    server = MailServer(hangs_up_after=1)
    assert send_to(server, settings) == len(server.letters) >= 2
    waiting = OutgoingMessage.objects.filter(sent_at=None)
    assert waiting.count() == 4 - len(server.letters)


def test_an_address_that_the_server_refuses_holds_up_nobody_else(sam: User, settings: Any) -> None:
    for name in ("gone", "kim"):
        invited(sam, email=f"{name}@example.com")
    server = MailServer(unknown="gone@")
    assert send_to(server, settings) == 1
    assert [letter["To"] for letter in server.letters] == ["kim@example.com"]
    assert "550" in OutgoingMessage.objects.get(sent_at=None).error or OutgoingMessage.objects.get(sent_at=None).error


def test_without_a_server_every_letter_waits(sam: User, settings: Any) -> None:
    invited(sam)
    settings.EMAIL_PORT = 9  # nobody listens
    assert outbox.send_due() == 0
    assert "refused" in OutgoingMessage.objects.get().error


def test_the_lease_of_a_letter_begins_when_its_turn_comes(sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round may take longer than a lease: what was read first is claimed late."""
    for n in range(2):
        invited(sam, email=f"person{n}@example.com")
    later = database_now() + outbox.LEASE * 2
    moments = iter([later - outbox.LEASE * 2, later, later + timedelta(seconds=1)])
    monkeypatch.setattr(outbox, "database_now", lambda: next(moments, later))
    seen = []
    monkeypatch.setattr(outbox, "_deliver", lambda letter, *_: seen.append(letter.pk) or False)
    outbox.send_due()
    leases = [OutgoingMessage.objects.get(pk=pk).not_before for pk in seen]
    assert leases[0] >= later + outbox.LEASE and leases[1] > leases[0]
