"""The page of an invitation in each of its states, joining by it, and its link as a key that is kept nowhere."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.utils import timezone

from interviewer.logging import without_tokens
from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Invitation, OutgoingMessage, User
from sessions_app.services import invitations, outbox, sessions
from sessions_app.services.guests import start_practice

from .factories import TemplateFactory, UserFactory, created, fresh, types, write_question
from .invited import assessed, invited
from .page_forms import Page

pytestmark = pytest.mark.django_db


def url(token, rest=""):
    return f"/invite/{token}/{rest}"


def join(token):
    client = Client()
    return client, client.post(url(token))


# -- what the page says ------------------------------------------------------------------------------------------------


def test_it_shows_what_awaits_the_candidate_and_starts_nothing(client, sam):
    from .factories import JobPostingFactory

    posting = JobPostingFactory(owner=sam, company="Acme")
    invitation, token = invited(sam, job_posting_id=posting.pk, accommodation_percent=50, planned_questions=4)
    response = client.get(url(token))
    page = response.content.decode()
    for words in ("Backend engineer", "Acme", "4 questions", "45 min + 50 % extra time = 67 min", "A person decides"):
        assert words in page
    assert "Practice engine" in page
    session = fresh(invitation.session)
    assert (session.status, session.candidate) == ("created", None)
    assert types(session)[-2:] == ["invitation.created", "invitation.opened"]


def test_opening_is_noted_once(client, sam):
    invitation, token = invited(sam)
    client.get(url(token))
    client.get(url(token))
    assert types(invitation.session).count("invitation.opened") == 1
    assert Invitation.objects.get(pk=invitation.pk).opened_at is not None


def test_the_link_is_kept_out_of_referrers_indexes_and_caches(client, sam):
    _, token = invited(sam)
    for path in (url(token), url(token, "ask"), url("unknown")):
        response = client.get(path)
        assert response["Referrer-Policy"] == "strict-origin"
        assert "noindex" in response["X-Robots-Tag"]
        assert response["Cache-Control"] == "private, no-store"


def test_an_unknown_link_is_the_404_of_every_page(client):
    response = client.get(url("nothing-like-this"))
    assert response.status_code == 404
    assert "We can’t find that" in response.content.decode()


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_dead_link_is_410(client, sam, end):
    invitation, token = invited(sam)
    if end == "revoked":
        invitations.revoke_invitation(invitation.pk, actor=Actor(sam))
    else:
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(url(token)).status_code == client.post(url(token)).status_code == 410
    assert fresh(invitation.session).candidate is None


def test_too_early_it_says_when_and_offers_a_calendar_but_no_start(client, sam):
    opens = timezone.now() + timedelta(days=2)
    invitation, token = invited(sam, opens_at=opens, closes_at=opens + timedelta(hours=9), time_zone="Europe/Berlin")
    page = Page(client.get(url(token)))
    assert "Opens " in page.html and "Europe/Berlin, UTC+" in page.html
    assert not [form for form in page.forms if form.action == url(token)]
    calendar = client.get(url(token, "calendar.ics"))
    assert calendar["Content-Type"].startswith("text/calendar")
    text = calendar.content.decode()
    assert f"DTSTART:{opens:%Y%m%dT%H%M%SZ}" in text and "\r\nEND:VCALENDAR\r\n" in text
    assert token not in text
    assert client.post(url(token)).status_code == 303
    assert fresh(invitation.session).candidate is None


def test_closed_before_it_was_begun(client, sam):
    invitation, token = invited(sam, closes_at=timezone.now() + timedelta(hours=1))
    InterviewSession.objects.update(closes_at=timezone.now() - timedelta(minutes=1))
    assert "Closed on" in client.get(url(token)).content.decode()
    client.post(url(token))
    assert fresh(invitation.session).candidate is None


def test_cancelled_and_finished(client, sam):
    invitation, token = invited(sam)
    _, other = invited(sam)
    sessions.cancel_session(invitation.session_id, actor=Actor(sam), reason="x")
    assert "was cancelled" in client.get(url(token)).content.decode()
    guest, _ = join(other)
    session = Invitation.objects.exclude(pk=invitation.pk).get().session
    sessions.start_session(session.pk)
    sessions.end_session(session.pk)
    assert "is finished" in guest.get(url(other)).content.decode()
    assert "is finished" in client.get(url(other)).content.decode()
    assert client.get(f"/sessions/{session.pk}/").status_code == 302  # the link lets nobody back in


def test_another_account_is_told_whom_it_is_for(client, ann, sam):
    invitation, token = invited(sam, email="kim.lee@example.com")
    client.force_login(ann)
    page = client.get(url(token)).content.decode()
    assert "k…e@example.com" in page and "Switch account" in page
    assert client.post(url(token)).status_code == 303
    assert fresh(invitation.session).candidate is None


# -- joining -----------------------------------------------------------------------------------------------------------


def test_somebody_without_an_account_joins_as_a_guest(sam):
    invitation, token = invited(sam)
    client, response = join(token)
    session = fresh(invitation.session)
    assert (response.status_code, response["Location"]) == (303, f"/sessions/{session.pk}/ready")
    assert session.candidate.is_guest and session.candidate_name == "Kim Lee"
    assert session.status == "created"
    assert types(session)[-2:] == ["session.claimed", "invitation.accepted"]
    assert client.get(f"/sessions/{session.pk}/ready").status_code == 200


def test_the_same_link_lets_the_guest_back_in_on_another_device(sam):
    invitation, token = invited(sam)
    join(token)
    other, response = join(token)
    session = fresh(invitation.session)
    assert response.status_code == 303
    assert other.get(f"/sessions/{session.pk}/ready").status_code == 200
    assert User.objects.filter(is_guest=True).count() == 1
    assert types(session).count("session.claimed") == types(session).count("invitation.accepted") == 1


def test_an_account_with_that_address_joins_and_then_has_to_sign_in(client, sam):
    kim = UserFactory(email="kim@example.com")
    invitation, token = invited(sam)
    client.force_login(kim)
    assert client.post(url(token)).status_code == 303
    assert fresh(invitation.session).candidate == kim
    page = Client().get(url(token)).content.decode()
    assert "has been used" in page and "Sign in" in page
    assert Client().post(url(token)).status_code == 303
    assert not User.objects.filter(is_guest=True).exists()


def test_a_guest_who_gets_an_account_takes_the_interview_along(sam):
    invitation, token = invited(sam)
    join(token)
    kim = UserFactory(email="kim@example.com")
    client = Client()
    client.force_login(kim)
    client.post(url(token))
    assert fresh(invitation.session).candidate == kim
    assert not User.objects.filter(is_guest=True).exists()


def test_the_link_reaches_nothing_else_that_was_practised_in_the_same_browser(client, sam):
    invitation, token = invited(sam)
    template = TemplateFactory()
    client.post(f"/practice/{template.slug}/start")
    practice = InterviewSession.objects.get(is_practice=True)
    assert "leaves that guest behind" in client.get(url(token)).content.decode()
    client.post(url(token))
    assert fresh(invitation.session).candidate != practice.candidate
    assert client.get(f"/sessions/{practice.pk}/").status_code == 404


def test_an_account_and_a_guest_at_once_one_takes_the_place(sam, ann):
    invitation, token = invited(sam, email="")
    first = invitations.accept_invitation(token, user=ann)
    with pytest.raises(errors.InvitationUsed):
        invitations.accept_invitation(token)
    assert first.user == fresh(invitation.session).candidate == ann


# -- staff -------------------------------------------------------------------------------------------------------------


def test_a_new_link_kills_the_old_one(client, sam):
    invitation, token = invited(sam)
    newer, fresh_token = invitations.resend_invitation(invitation.pk, actor=Actor(sam))
    assert client.get(url(token)).status_code == 410
    assert client.get(url(fresh_token)).status_code == 200
    assert newer.email == "kim@example.com" and newer.pk != invitation.pk
    assert types(invitation.session)[-3:-1] == ["invitation.revoked", "invitation.created"]


def test_revoking_twice_is_one_event(sam):
    invitation, _ = invited(sam)
    for _ in range(2):
        invitations.revoke_invitation(invitation.pk, actor=Actor(sam))
    assert types(invitation.session).count("invitation.revoked") == 1


def test_only_what_nobody_has_joined_can_be_invited_to(ann, sam):
    with pytest.raises(errors.InvalidSessionState):
        invitations.create_invitation(created(ann).pk, actor=Actor(sam))
    over = assessed(sam)
    sessions.cancel_session(over.pk, reason="x")
    with pytest.raises(errors.InvalidSessionState):
        invitations.create_invitation(over.pk, actor=Actor(sam))
    with pytest.raises(errors.SessionNotFound):
        invitations.create_invitation(assessed(sam).pk, actor=Actor(ann))


def test_it_expires_when_the_session_closes_or_after_thirty_days(sam):
    closes = timezone.now() + timedelta(days=3)
    assert invited(sam, closes_at=closes)[0].expires_at == closes
    invitation, _ = invited(sam)
    assert invitation.expires_at - invitation.created_at == timedelta(days=30)


def test_wrong_fields_are_named_together(sam):
    with pytest.raises(errors.ValidationFailed) as caught:
        invitations.create_invitation(
            assessed(sam).pk, actor=Actor(sam), email="kim", expires_at=timezone.now() - timedelta(days=1)
        )
    assert [wrong.field for wrong in caught.value.errors] == ["email", "expires_at"]


# -- the key -----------------------------------------------------------------------------------------------------------


def everything_stored():
    for model in apps.get_models():
        names = [f.attname for f in model._meta.concrete_fields if not isinstance(f, models.BinaryField)]
        for row in model.objects.values_list(*names):
            yield json.dumps(row, default=str)


@pytest.mark.parametrize("sends", [False, True])
def test_the_token_is_nowhere_in_the_database(settings, sam, sends, mailoutbox):
    settings.SENDS_LETTERS = sends
    invitation, token = invited(sam)
    join(token)
    assert not [row for row in everything_stored() if token in row]
    outbox.send_due()
    assert not [row for row in everything_stored() if token in row]
    assert len(mailoutbox) == sends
    letter = OutgoingMessage.objects.get(invitation=invitation)
    assert "/invite/[secret]/" in letter.text


def test_a_log_line_never_has_the_token():
    entry = without_tokens(None, "", {"event": "Internal Server Error: /invite/a-b_C9/ask", "status": 500})
    assert entry == {"event": "Internal Server Error: /invite/…/ask", "status": 500}


def test_who_tries_links_is_slowed_down_but_a_good_link_works(client, sam, monkeypatch):
    monkeypatch.setattr("sessions_app.pages.views_invite.MISSES_PER_HOUR", 2)
    _, token = invited(sam)
    assert [client.get(url(f"guess-{n}")).status_code for n in range(3)] == [404, 404, 429]
    assert client.get(url(token)).status_code == 200


def test_a_session_that_was_practised_is_untouched_by_the_page(ann, sam):
    practice = start_practice(TemplateFactory().slug, user=ann)
    _, token = invited(sam)
    Client().get(url(token))
    assert types(practice) == ["session.created"]


def test_joining_while_it_runs_brings_the_guest_to_the_room(sam):
    invitation, token = invited(sam)
    client, _ = join(token)
    session = invitation.session
    client.post(f"/sessions/{session.pk}/start", {"agree": "yes"})
    write_question(session)
    assert fresh(session).status == "active"
    other, response = join(token)
    assert other.get(response["Location"], follow=True).redirect_chain[-1][0] == f"/sessions/{session.pk}/"


def test_the_database_and_the_row_say_the_same_about_every_state(sam):
    now = timezone.now()
    past, future = now - timedelta(hours=1), now + timedelta(hours=1)
    for expires in (past, now, future):
        for accepted in (None, past):
            for revoked in (None, past):
                invitation, _ = invited(sam)
                row = {"expires_at": expires, "accepted_at": accepted, "revoked_at": revoked}
                Invitation.objects.filter(pk=invitation.pk).update(**row)
    by_state = {state: set(Invitation.objects.in_state(state, now)) for state in Invitation.STATES}
    assert sum(map(len, by_state.values())) == Invitation.objects.count() == 12
    for state, rows in by_state.items():
        assert rows and {row.state(now) for row in rows} == {state}
