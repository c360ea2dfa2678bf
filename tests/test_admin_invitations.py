"""The console's invitations, requests and outbox."""

from __future__ import annotations

import pytest

from sessions_app.models import CandidateRequest, Invitation, OutgoingMessage

from .invited import invited

pytestmark = pytest.mark.django_db
BASE = "/admin/sessions_app/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


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


def test_a_new_link_is_shown_once_and_kills_the_old_one(console, client, sam):
    invitation, token = invited(sam)
    form = {"action": "resend_selected", "_selected_action": [invitation.pk]}
    page = console.post(f"{BASE}invitation/", form, follow=True).content.decode()
    assert "http://testserver/invite/" in page
    assert "http://testserver/invite/" not in console.get(f"{BASE}invitation/").content.decode()
    assert client.get(f"/invite/{token}/").status_code == 410


def test_revoke(console, sam):
    invitation, _ = invited(sam)
    console.post(f"{BASE}invitation/", {"action": "revoke_selected", "_selected_action": [invitation.pk]})
    assert Invitation.objects.get().revoked_at is not None
