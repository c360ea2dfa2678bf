"""The console's invitations and outbox."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.utils import timezone

from sessions_app.access import Actor
from sessions_app.models import CandidateRequest, Invitation, OutgoingMessage
from sessions_app.services import invitations, outbox, sessions

from .factories import UserFactory
from .invited import assessed, by_template, invited

pytestmark = pytest.mark.django_db
BASE = "/admin/sessions_app/"
LIST = f"{BASE}invitation/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


@pytest.fixture
def sends(settings):
    settings.SENDS_LETTERS = True


def act(client, name, *chosen, **form):
    form = {"action": f"{name}_selected", "_selected_action": [row.pk for row in chosen], **form}
    return client.post(LIST, form, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def found(client, query):
    return set(client.get(f"{LIST}?{query}").context["cl"].result_list)


def update(invitation, **columns):
    Invitation.objects.filter(pk=invitation.pk).update(**columns)
    return invitation


def test_lists_and_pages_show_no_secret(console, sam):
    invitation, token = invited(sam)
    asked = CandidateRequest.objects.create(
        session=invitation.session, kind="human", text="Please.", created_at=invitation.created_at
    )
    rows = {"invitation": invitation, "candidaterequest": asked, "outgoingmessage": OutgoingMessage.objects.get()}
    for name, row in rows.items():
        for path in (f"{BASE}{name}/", f"{BASE}{name}/{row.pk}/change/"):
            page = console.get(path)
            assert page.status_code == 200
            assert token not in page.content.decode() and invitation.token_hash not in page.content.decode()


def test_it_tells_state_and_letter(console, sam, sends):
    invitation, _ = invited(sam)
    html = console.get(LIST).content.decode()
    assert "chip--created" in html and "Open" in html and "Waits" in html
    outbox.send_due()
    invitations.revoke_invitation(invitation.pk, actor=Actor(sam))
    html = console.get(LIST).content.decode()
    assert "chip--cancelled" in html and "Revoked" in html and "Sent" in html


def test_it_filters_by_state_template_and_letter_and_finds_by_name(console, sam, sends):
    template, now = by_template(sam), timezone.now()
    waiting, joined, late, dead, alone = (
        invited(sam, email=f"p{n}@example.com", template_id=template.slug if n == 1 else None)[0] for n in range(5)
    )
    update(joined, accepted_at=now, sent_at=now)
    update(late, expires_at=now - timedelta(hours=1))
    update(dead, revoked_at=now, accepted_at=now)
    OutgoingMessage.objects.filter(invitation=alone).delete()
    assert found(console, "state=open") == {waiting, alone}
    assert found(console, "state=accepted") == {joined}
    assert found(console, "state=expired") == {late}
    assert found(console, "state=revoked") == {dead}
    assert found(console, f"session__template__id__exact={template.pk}") == {joined}
    assert found(console, "letter=sent") == {joined}
    assert found(console, "letter=unsent") == {waiting, late, dead}
    assert found(console, "letter=none") == {alone}
    assert found(console, "q=p2@example.com") == {late}
    assert found(console, "q=kim+lee") == {waiting, joined, late, dead, alone}
    assert found(console, "state=x&_facets=True") == set()


def test_it_costs_as_many_queries_for_20_rows_as_for_2(console, sam, django_assert_num_queries):
    from .test_admin import _count_queries

    invited(sam), invited(sam)
    queries = _count_queries(console, LIST)
    for _ in range(18):
        invited(sam)
    with django_assert_num_queries(queries):
        console.get(LIST)
    assert queries <= 12


def test_each_action_first_tells_what_would_happen(console, sam, sends):
    open_one, dead, link = invited(sam)[0], invited(sam)[0], invited(sam, email="")[0]
    update(dead, revoked_at=timezone.now())
    sessions.cancel_session(dead.session_id, reason="Filled", actor=Actor(sam))
    before = list(Invitation.objects.values())
    again = act(console, "resend", open_one, dead, link).content.decode()
    assert "1 will be sent again" in again and "2 will be skipped" in again
    assert "There is no address to write to." in again and "Cannot invite to cancelled session." in again
    assert "1 will be revoked" not in again
    assert "It is revoked already." in act(console, "revoke", dead).content.decode()
    assert "Cannot remind of cancelled session." in act(console, "remind", dead).content.decode()
    assert list(Invitation.objects.values()) == before


def test_a_new_link_is_shown_once_and_kills_the_old_one(console, client, sam, sends):
    invitation, token = invited(sam)
    OutgoingMessage.objects.all().delete()
    page = act(console, "new_link", invitation, confirmed="yes").content.decode()
    (link,) = re.findall(r'value="http://testserver(/invite/[^"]+)"', page)
    assert "/invite/" not in console.get(LIST).content.decode().replace("/invitation/invite/", "")
    assert client.get(f"/invite/{token}/").status_code == 410
    assert client.get(link).status_code == 200
    assert not OutgoingMessage.objects.exists()


def test_sending_again_writes_a_letter_and_shows_no_link(console, client, sam, sends):
    invitation, token = invited(sam)
    page = act(console, "resend", invitation, confirmed="yes")
    assert said(page) == ["1 invitation sent again."]
    assert "http://testserver/invite/" not in page.content.decode()
    assert outbox.send_due() == 1 and "/invite/" in mail.outbox[0].body
    assert client.get(f"/invite/{token}/").status_code == 410


def test_without_a_mail_server_nothing_is_sent_again(console, sam):
    page = act(console, "resend", invited(sam)[0]).content.decode()
    assert "No mail server is set up" in page and "0 of 1" in page


def test_revoke(console, sam):
    invitation, _ = invited(sam)
    assert said(act(console, "revoke", invitation, confirmed="yes")) == ["1 invitation revoked."]
    assert Invitation.objects.get().revoked_at is not None


def test_a_reminder_is_written_once(console, sam, sends):
    invitation, _ = invited(sam)
    assert said(act(console, "remind", invitation, confirmed="yes")) == ["1 invitation followed by a reminder."]
    assert "less than 12 hours ago" in said(act(console, "remind", invitation, confirmed="yes"))[0]
    letter = OutgoingMessage.objects.get(kind="nudge")
    assert letter.to == "kim@example.com" and "Use the link in your invitation." in letter.text
    assert "less than 12 hours ago" in act(console, "remind", invitation).content.decode()


def test_two_invitations_to_one_interview_are_one_reminder(console, sam, sends):
    first, _ = invited(sam)
    second, _ = invitations.create_invitation(first.session_id, actor=Actor(sam), email="kim@example.com")
    page = act(console, "remind", first, second).content.decode()
    assert "1 will be followed by a reminder" in page and "in this list already" in page


def test_its_page_offers_the_same(console, sam):
    invitation, _ = invited(sam)
    html = console.get(f"{LIST}{invitation.pk}/change/").content.decode()
    for words in ("Send again…", "New link…", "Revoke…", "Send a reminder…", "resend_selected"):
        assert words in html


def test_viewers_are_offered_nothing(client, sam):
    invitation, _ = invited(sam)
    viewer = UserFactory(email="vera@example.com", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_invitation", "view_outgoingmessage"]))
    client.force_login(viewer)
    assert "revoke_selected" not in client.get(f"{LIST}{invitation.pk}/change/").content.decode()
    act(client, "revoke", invitation, confirmed="yes")
    assert Invitation.objects.get().revoked_at is None
    letter = OutgoingMessage.objects.get()
    assert client.post(f"{BASE}outgoingmessage/{letter.pk}/again/").status_code == 403


# -- letters -----------------------------------------------------------------------------------------------------------


def given_up(letter, **columns):
    OutgoingMessage.objects.filter(pk=letter.pk).update(attempts=outbox.MOST_ATTEMPTS, link_seed="", **columns)


def test_a_letter_that_was_given_up_is_tried_again(console, sam, sends):
    session = assessed(sam)
    sessions.cancel_session(session.pk, reason="Filled", actor=Actor(sam))
    letter = OutgoingMessage.objects.get()
    given_up(letter, error="ConnectionRefusedError: no server")
    page = f"{BASE}interviewsession/{session.pk}/change/"
    html = console.get(page).content.decode()
    assert "Given up" in html and f"{letter.pk}/again/" in html
    assert outbox.send_due() == 0
    response = console.post(f"{BASE}outgoingmessage/{letter.pk}/again/", follow=True)
    assert response.redirect_chain == [(page, 302)] and "is sent again" in said(response)[0]
    assert "was not given up" in said(console.post(f"{BASE}outgoingmessage/{letter.pk}/again/", follow=True))[0]
    assert outbox.send_due() == 1
    assert console.get(f"{BASE}outgoingmessage/{letter.pk}/again/").status_code == 404


def test_an_invitations_letter_is_not_tried_again_but_sent_with_a_new_link(console, sam, sends):
    invitation, _ = invited(sam)
    letter = OutgoingMessage.objects.get()
    given_up(letter)
    form = {"action": "try_again_selected", "_selected_action": [letter.pk]}
    response = console.post(f"{BASE}outgoingmessage/", form, follow=True)
    assert "Send the invitation again instead." in said(response)[0]
    html = console.get(f"{BASE}interviewsession/{invitation.session_id}/change/").content.decode()
    assert "Its link is forgotten" in html and "/again/" not in html
