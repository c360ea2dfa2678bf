"""The letter that tells a candidate what became of something they asked for."""

from __future__ import annotations

import pytest

from sessions_app import errors
from sessions_app.models import OutgoingMessage, User
from sessions_app.services import candidate_requests, letters
from sessions_app.services.preferences import keep_preferences

from .factories import as_actor, waiting
from .invited import assessed

pytestmark = pytest.mark.django_db


def answer() -> OutgoingMessage:
    return OutgoingMessage.objects.get(kind="answered")


def test_who_asked_before_the_start_hears_the_answer_once(sam: User) -> None:
    asked = candidate_requests.ask(assessed(sam).pk, "human", "Please")
    candidate_requests.decline(asked.pk, answer="Nobody is free, sorry.", actor=as_actor(sam))
    with pytest.raises(errors.RequestAnswered):
        candidate_requests.decline(asked.pk, answer="Still nobody.", actor=as_actor(sam))
    assert answer().to == "kim@example.com"
    assert "You asked for: a human interview. Declined.\n\nNobody is free, sorry." in answer().text
    assert "Use the link in your invitation." in answer().text


def test_it_speaks_the_readers_language_and_leads_to_the_room(ann: User, sam: User) -> None:
    session = waiting(ann)
    type(session).objects.update(is_practice=False)
    keep_preferences({"language": "de"}, actor=as_actor(ann))
    asked = candidate_requests.ask(session.pk, "adjustment", "A larger font", actor=as_actor(ann))
    candidate_requests.grant(asked.pk, actor=as_actor(sam))
    assert (answer().language, answer().to) == ("de", ann.email)
    assert answer().subject.startswith("Antwort auf Ihre Anfrage")
    assert letters.address(f"/sessions/{session.pk}/") in answer().text


def test_more_time_is_told_together_with_what_staff_say(ann: User, sam: User) -> None:
    session = waiting(ann)
    type(session).objects.update(is_practice=False)
    asked = candidate_requests.ask(session.pk, "extra_time", "Slow", actor=as_actor(ann))
    candidate_requests.grant(asked.pk, minutes=10, answer="Take your time.", actor=as_actor(sam))
    assert "Granted.\n\nTake your time." in answer().text
