"""Letters: written once with what causes them, sent once, and held where there is no mail server."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from django.core import mail
from django.utils import timezone

from sessions_app.access import Actor
from sessions_app.management.commands.serve import origin
from sessions_app.models import Invitation, OutgoingMessage
from sessions_app.services import invitations, letters, outbox, reminding, sessions
from sessions_app.services.erasure import erase_session
from sessions_app.services.sweep import sweep

from .factories import fresh, write_question
from .invited import invited
from .real_database import Crowd, real_database  # noqa: F401


@pytest.fixture
def sends(settings):
    settings.SENDS_LETTERS = True
    settings.SITE_URL = "https://interviews.example.com"


def kinds():
    return list(OutgoingMessage.objects.order_by("pk").values_list("kind", flat=True))


def running(sam, **config):
    invitation, token = invited(sam, **config)
    invitations.accept_invitation(token)
    sessions.start_session(invitation.session_id)
    write_question(invitation.session)
    return fresh(invitation.session)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("127.0.0.1", "http://localhost:8720"),
        ("0.0.0.0", "http://localhost:8720"),
        ("fd00::1", "http://[fd00::1]:8720"),
        ("a.example", "http://a.example:8720"),
    ],
)
def test_a_letter_that_no_request_causes_links_to_where_it_is_served(sam, host, site, monkeypatch):
    monkeypatch.setattr(letters, "_served_at", [""])
    letters.served_at(origin(host, 8720))
    session = running(sam)
    sessions.cancel_session(session.pk, reason="Not needed")
    assert f"{site}/sessions/{session.pk}/" in OutgoingMessage.objects.get(kind="cancelled").text


@pytest.mark.django_db
def test_without_a_mail_server_letters_are_held_for_good(sam, settings):
    invited(sam)
    letter = OutgoingMessage.objects.get()
    assert letter.is_held and not letter.link_seed
    settings.SENDS_LETTERS = True
    assert outbox.send_due() == 0 and mail.outbox == []


@pytest.mark.django_db
def test_an_invitation_is_sent_with_its_link_and_the_window_in_the_candidates_zone(sam, sends):
    opens = timezone.now().replace(microsecond=0) + timedelta(days=2)
    invitation, token = invited(
        sam, opens_at=opens, closes_at=opens + timedelta(days=3), time_zone="Europe/Berlin", accommodation_percent=50
    )
    assert outbox.send_due() == 1
    (letter,) = mail.outbox
    link = f"https://interviews.example.com/invite/{token}/"
    assert letter.to == ["kim@example.com"] and letter.subject.startswith("Your interview: ")
    assert link in letter.body and "Europe/Berlin, UTC+" in letter.body and "= 67 min" in letter.body
    assert f'<a href="{link}"' in letter.alternatives[0][0] and f">{link}</a>" in letter.alternatives[0][0]
    name, content, kind = letter.attachments[0]
    assert (name, kind) == ("interview.ics", "text/calendar") and token not in content
    assert Invitation.objects.get(pk=invitation.pk).sent_at is not None
    assert OutgoingMessage.objects.get().link_seed == ""


@pytest.mark.django_db
def test_what_staff_decide_is_told_and_what_an_outage_gives_is_not(sam, sends):
    session = running(sam)
    sessions.extend_session(session.pk, minutes=10, reason="Noise", actor=Actor(sam))
    sessions.cancel_session(session.pk, reason="Filled", actor=Actor(sam))
    assert kinds() == ["invitation", "extended", "cancelled"]
    assert "10 more minutes" in OutgoingMessage.objects.get(kind="extended").text
    change = SimpleNamespace(session=session, now=timezone.now())
    letters.after_event(change, "time.extended", "outage", 60_000)
    assert len(kinds()) == 3
    assert "Filled" not in "".join(OutgoingMessage.objects.values_list("text", flat=True))


@pytest.mark.django_db
def test_reopened(sam, sends):
    session = running(sam)
    sessions.end_session(session.pk)
    sessions.reopen_session(session.pk, reason="Power cut", actor=Actor(sam))
    assert kinds()[-1] == "reopened"


@pytest.mark.django_db
def test_a_pause_is_told_after_an_hour_once_for_each_pause(sam, sends):
    session = running(sam)
    now = timezone.now()

    def paused(at):
        sessions.pause_session(session.pk, now=at)
        sweep(now=at + timedelta(minutes=59))
        before = kinds().count("paused")
        for minutes in (61, 62):
            sweep(now=at + timedelta(minutes=minutes))
        return kinds().count("paused") - before

    assert paused(now) == 1
    sessions.resume_session(session.pk, now=now + timedelta(hours=2))
    assert paused(now + timedelta(hours=2, seconds=1)) == 1
    assert "/sessions/" in OutgoingMessage.objects.filter(kind="paused").first().text


@pytest.mark.django_db
def test_a_day_before_closing_is_told_once(sam, sends):
    closes = timezone.now() + timedelta(days=5)
    invited(sam, closes_at=closes, time_zone="Asia/Tokyo")
    sweep(now=closes - timedelta(hours=25))
    assert "reminder" not in kinds()
    for hours in (23, 22):
        sweep(now=closes - timedelta(hours=hours))
    assert kinds() == ["invitation", "reminder"]
    reminder = OutgoingMessage.objects.get(kind="reminder")
    assert "Asia/Tokyo, UTC+9" in reminder.text


@pytest.mark.django_db
@pytest.mark.parametrize("meanwhile", ["erased", "cancelled"])
def test_nothing_is_written_to_somebody_whose_interview_is_gone_meanwhile(sam, sends, monkeypatch, meanwhile):
    closes = timezone.now() + timedelta(days=5)
    invitation, _ = invited(sam, closes_at=closes)
    locked = reminding.changing

    def overtaken(session_id, **fields):
        monkeypatch.setattr(reminding, "changing", locked)
        if meanwhile == "erased":
            erase_session(session_id, actor=Actor(sam), reason="Asked for")
        else:
            sessions.cancel_session(session_id, actor=Actor(sam), reason="Filled")
        return locked(session_id, **fields)

    monkeypatch.setattr(reminding, "changing", overtaken)
    assert reminding.write_due(closes - timedelta(hours=3)) == 0
    assert "reminder" not in kinds()


@pytest.mark.django_db
def test_practice_gets_no_reminders(ann, sends):
    from .factories import paused

    session = paused(ann)
    sweep(now=timezone.now() + timedelta(hours=2))
    assert kinds() == []
    assert session.is_practice


@pytest.mark.django_db
def test_a_revoked_invitation_is_not_sent_any_more(sam, sends):
    invitation, _ = invited(sam)
    invitations.revoke_invitation(invitation.pk, actor=Actor(sam))
    assert outbox.send_due() == 0 and mail.outbox == []


@pytest.mark.django_db
def test_a_failed_letter_waits_longer_each_time_and_is_given_up(sam, sends, monkeypatch):
    invited(sam)
    monkeypatch.setattr(outbox, "_mail", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError("no server")))
    now = timezone.now()
    waits = []
    for _ in range(outbox.MOST_ATTEMPTS):
        assert outbox.send_due(now=now) == 0
        letter = OutgoingMessage.objects.get()
        waits.append((letter.not_before - now).total_seconds() / 60)
        now = letter.not_before
    assert waits[:3] == [2, 4, 8] and waits == sorted(waits)
    assert letter.error == "ConnectionRefusedError: no server" and not letter.link_seed
    assert not outbox.due(now + timedelta(days=1)).exists()


@pytest.mark.django_db
def test_a_letter_whose_sender_died_is_sent_again_after_the_lease(sam, sends):
    invited(sam)
    now = timezone.now()
    letter = OutgoingMessage.objects.get()
    assert outbox.claim(letter, now)
    assert outbox.send_due(now=now) == 0
    assert outbox.send_due(now=now + outbox.LEASE) == 1
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<{letter.pk}@")


@pytest.mark.usefixtures("real_database")
def test_two_sweepers_at_once_send_every_letter_once(sam, sends):
    for n in range(12):
        invited(sam, email=f"person{n}@example.com")
    with Crowd(2) as crowd:
        sent = crowd.at_once([outbox.send_due, outbox.send_due])
    assert sum(sent) == 12
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(f"person{n}@example.com" for n in range(12))


@pytest.mark.usefixtures("real_database")
def test_two_sweepers_at_once_write_a_reminder_once(sam, sends):
    closes = timezone.now() + timedelta(days=5)
    invited(sam, closes_at=closes)
    write = partial(reminding.write_due, closes - timedelta(hours=3))
    with Crowd(2) as crowd:
        assert all(isinstance(count, int) for count in crowd.at_once([write, write]))
    assert kinds().count("reminder") == 1
