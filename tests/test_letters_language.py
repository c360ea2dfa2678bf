"""Letters speak the language of who reads them, not of who or what causes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from django.core import mail
from django.utils import timezone
from django.utils.translation import get_language, override

from sessions_app.access import Actor
from sessions_app.models import OutgoingMessage
from sessions_app.services import invitations, outbox, reminding, sessions
from sessions_app.services.preferences import keep_preferences

from .factories import UserFactory, fresh
from .invited import assessed, invited

pytestmark = pytest.mark.django_db

GERMAN = {
    "Hello %(name)s,": "Hallo %(name)s,",
    "Reset your password": "Ein neues Passwort",
    "Your interview: %(title)s": "Ihr Interview: %(title)s",
    "Your interview closes in less than a day: %(title)s": "Ihr Interview schließt bald: %(title)s",
    "from %(opens)s to %(closes)s": "von %(opens)s bis %(closes)s",
    ("you were given %(minutes)s more minute for your interview %(title)s.",) * 2: ("eine Minute", "mehrere Minuten"),
}


@pytest.fixture(autouse=True)
def german(tmp_path, settings):
    """A few sentences of our own, so that these tests say nothing about how well the shipped ones are translated."""
    catalog = Catalog(locale="de")
    for sentence, translation in GERMAN.items():
        catalog.add(sentence, translation)
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalog)
    settings.LOCALE_PATHS = [tmp_path, *settings.LOCALE_PATHS]
    settings.SENDS_LETTERS = True


def speaking(language, **fields):
    return UserFactory(preferences={"language": language}, **fields)


def letter():
    return OutgoingMessage.objects.latest("created_at")


def test_an_account_with_the_address_is_written_to_in_its_language(sam):
    speaking("de", email="kim@example.com")
    now = timezone.now()
    monday = now + timedelta(days=7 - now.weekday())
    with override("ar"):
        invited(sam, email="Kim@Example.com", opens_at=monday, closes_at=monday + timedelta(days=2))
        assert get_language() == "ar"
    assert letter().language == "de" and letter().subject.startswith("Ihr Interview: ")
    assert letter().text.startswith("Hallo Kim Lee,\n\n")
    assert "von Mo" in letter().text and " bis Mi" in letter().text and "(UTC)" in letter().text


@pytest.mark.parametrize(
    ("chosen", "interview", "language"),
    [
        ("auto", "de", "de"),
        ("auto", "de-AT", "de"),
        ("auto", "fr", "en"),
        ("auto", "", "en"),
        ("en", "de", "en"),
        ("ar", "de", "ar"),
        ("tlh", "ar", "ar"),
    ],
)
def test_a_choice_comes_before_the_interviews_language_and_that_before_english(sam, chosen, interview, language):
    speaking(chosen, email="kim@example.com")
    invited(sam, language=interview)
    assert letter().language == language


def test_somebody_unknown_is_written_to_in_the_language_of_the_interview(sam):
    invited(sam, email="new@example.com", language="de")
    assert letter().language == "de" and letter().text.startswith("Hallo ")


def test_what_a_guest_chose_holds_for_letters_to_them(sam):
    invitation, token = invited(sam)
    invitations.accept_invitation(token)
    guest = fresh(invitation.session).candidate
    assert guest.is_guest and keep_preferences({"language": "de"}, actor=Actor(guest)) is False
    sessions.start_session(invitation.session_id)
    sessions.extend_session(invitation.session_id, minutes=10, reason="Noise", actor=Actor(sam))
    assert letter().kind == "extended" and "mehrere Minuten" in letter().text


def test_the_sweep_writes_in_the_readers_language_and_leaves_its_own_alone(sam):
    closes = timezone.now() + timedelta(days=5)
    session = assessed(sam, closes_at=closes)
    _, token = invitations.create_invitation(session.pk, actor=Actor(sam))
    invitations.accept_invitation(token, user=speaking("de", email="kim@example.com"))
    assert reminding.write_due(closes - timedelta(hours=3)) == 1
    assert letter().subject.startswith("Ihr Interview schließt bald: ")
    assert get_language() == "en"


def test_arabic_is_set_from_right_to_left_with_addresses_from_left_to_right(sam, settings):
    settings.SITE_URL = "https://interviews.example.com"
    speaking("ar", email="kim@example.com")
    _, token = invited(sam)
    assert outbox.send_due() == 1
    page = mail.outbox[0].alternatives[0][0]
    link = f"https://interviews.example.com/invite/{token}/"
    assert '<html lang="ar" dir="rtl">' in " ".join(page.split())
    assert f'<a href="{link}" dir="ltr">{link}</a>' in page


def test_english_is_set_from_left_to_right(sam):
    invited(sam)
    outbox.send_due()
    assert '<html lang="en" dir="ltr">' in " ".join(mail.outbox[0].alternatives[0][0].split())


@pytest.mark.parametrize(
    ("chosen", "asks", "subject"),
    [("de", "en", "Ein neues Passwort"), ("en", "de", "Reset your password"), ("auto", "de", "Ein neues Passwort")],
)
def test_a_new_password_is_offered_in_the_accounts_language_whoever_asks(client, chosen, asks, subject):
    speaking(chosen, email="kim@example.com")
    client.post("/password/reset", {"email": "kim@example.com"}, headers={"Accept-Language": asks})
    assert mail.outbox[0].subject.endswith(subject)
