"""Invitations and requests over the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.models import InterviewSession, Invitation, OutgoingMessage, User
from sessions_app.services import invitations, sessions

from .factories import created, fresh, types, write_question
from .invited import assessed, by_template, invited

pytestmark = pytest.mark.django_db
URL = "/api/v1/invitations"


def test_staff_invite_to_a_session_and_see_the_link_once(as_, sam, client):
    session = assessed(sam)
    response = as_(sam).post(URL, {"session_id": str(session.pk)})
    body = response.json()
    assert response.status_code == 201 and response["Location"] == f"{URL}/{body['id']}"
    assert body["url"] == f"http://testserver/invite/{body['token']}/"
    assert (body["state"], body["email"], body["session_id"]) == ("open", "kim@example.com", str(session.pk))
    assert client.get(body["url"]).status_code == 200
    again = as_(sam).get(f"{URL}/{body['id']}").json()
    assert "token" not in again and again["opened_at"]
    assert OutgoingMessage.objects.get().to == "kim@example.com"


def test_session_and_invitation_are_made_together(as_, sam):
    template = by_template(sam)
    body = {"template_id": str(template.pk), "candidate_name": "Kim", "email": "", "accommodation_percent": 25}
    response = as_(sam).post(URL, body)
    session = InterviewSession.objects.get()
    assert response.status_code == 201 and response.json()["session_id"] == str(session.pk)
    assert (session.template, session.candidate_name, session.accommodation_percent) == (template, "Kim", 25)
    assert not OutgoingMessage.objects.exists()


def test_who_is_invited_by_an_address_is_written_to_later_too(as_, sam):
    """Whether the session is made with the invitation or before it; an address of its own stays."""
    as_(sam).post(URL, {"candidate_name": "Kim", "email": "kim@example.com"})
    assert InterviewSession.objects.get().candidate_email == "kim@example.com"
    for given, kept in (("", "kim@example.com"), ("lee@example.com", "lee@example.com")):
        session = assessed(sam, candidate_email=given)
        as_(sam).post(URL, {"session_id": str(session.pk), "email": "kim@example.com"})
        assert fresh(session).candidate_email == kept


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["session_id"]),
        ({"session_id": "no"}, ["session_id"]),
        ({"candidate_name": "Kim", "email": "kim", "expires_at": "x"}, ["email", "expires_at"]),
        ({"candidate_name": "Kim", "time_limit_minutes": 2}, ["time_limit_minutes"]),
        ({"time_limit_minutes": 20}, ["candidate_name"]),
        ({"session_id": "00000000-0000-7000-8000-000000000000", "time_limit_minutes": 20}, ["time_limit_minutes"]),
        ({"nonsense": 1}, ["nonsense"]),
    ],
)
def test_every_wrong_field_is_named(as_, sam, body, fields):
    response = as_(sam).post(URL, body)
    assert response.status_code == 400
    assert sorted(wrong["field"] for wrong in response.json()["detail"]["errors"]) == fields
    assert not Invitation.objects.exists() and not InterviewSession.objects.exists()


def test_the_same_key_makes_one_invitation_and_its_token_is_not_stored(as_, sam):
    body = {"candidate_name": "Kim", "candidate_email": "kim@example.com"}
    first = as_(sam).post(URL, body, headers={"Idempotency-Key": "k1"})
    second = as_(sam).post(URL, body, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["id"] == first.json()["id"] and second.json()["token"] is None
    assert second["Idempotent-Replayed"] == "true"
    assert Invitation.objects.count() == InterviewSession.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(as_, sam):
    one, other = ({"session_id": str(assessed(sam).pk)} for _ in range(2))
    assert as_(sam).post(URL, one, headers={"Idempotency-Key": "k1"}).status_code == 201
    refused = as_(sam).post(URL, other, headers={"Idempotency-Key": "k1"})
    assert (refused.status_code, refused.json()["detail"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert Invitation.objects.count() == 1
    assert as_(sam).post(URL, one, headers={"Idempotency-Key": "k1"}).status_code == 200


def test_a_key_that_is_none_is_refused(as_, sam):
    refused = as_(sam).post(URL, {"candidate_name": "Kim"}, headers={"Idempotency-Key": "k" * 201})
    assert refused.status_code == 400 and not Invitation.objects.exists()


def test_a_list_costs_as_many_queries_for_10_rows_as_for_2(as_, sam, django_assert_num_queries):
    client = as_(sam)
    for _ in range(2):
        invited(sam)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for _ in range(8):
        invited(sam)
    with django_assert_num_queries(len(few)):
        assert client.get(URL).json()["count"] == 10


def test_lists_filter_by_session_and_state(as_, sam):
    one, _ = invited(sam)
    two, token = invited(sam)
    invitations.accept_invitation(token)
    three, _ = invited(sam)
    as_(sam).post(f"{URL}/{three.pk}/revoke")

    def ids(query):
        return [row["id"] for row in as_(sam).get(f"{URL}?{query}").json()["results"]]

    assert ids("") == [str(three.pk), str(two.pk), str(one.pk)]
    assert ids("state=open") == [str(one.pk)]
    assert ids("state=accepted") == [str(two.pk)]
    assert ids("state=revoked") == [str(three.pk)]
    assert ids("state=expired") == []
    assert ids(f"session_id={one.session_id}") == [str(one.pk)]
    assert as_(sam).get(f"{URL}?state=lost").status_code == 400


def test_resend_and_revoke(as_, sam, client):
    invitation, token = invited(sam)
    response = as_(sam).post(f"{URL}/{invitation.pk}/resend")
    assert response.status_code == 201 and response.json()["id"] != str(invitation.pk)
    assert client.get(f"/invite/{token}/").status_code == 410
    newer = response.json()
    assert as_(sam).post(f"{URL}/{newer['id']}/revoke").json()["state"] == "revoked"
    assert client.get(newer["url"]).status_code == 410


def test_candidates_see_no_invitations_and_invite_nobody(as_, ann, sam):
    invitation, _ = invited(sam)
    assert as_(ann).get(URL).json()["count"] == 0
    for verb in ("", "/resend", "/revoke"):
        method = as_(ann).post if verb else as_(ann).get
        response = method(f"{URL}/{invitation.pk}{verb}")
        assert (response.status_code, response.json()["detail"]["code"]) == (404, "INVITATION_NOT_FOUND")
    assert as_(ann).post(URL, {"candidate_name": "Kim"}).status_code == 403
    assert as_(ann).post(URL, {"session_id": str(invitation.session_id)}).status_code == 404
    assert as_(ann).post(URL, {"session_id": str(created(ann).pk)}).status_code == 400  # it has its candidate


# -- requests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def running(sam):
    """A guest's interview that has begun, and the guest."""
    _, token = invited(sam)
    joined = invitations.accept_invitation(token)
    sessions.start_session(joined.session.pk)
    write_question(joined.session)
    return fresh(joined.session), User.objects.get(pk=joined.user.pk)


def ask(client, session, **body):
    return client.post(f"/api/v1/sessions/{session.pk}/requests", {"kind": "extra_time", **body})


def test_a_candidate_asks_and_staff_grant_more_time(as_, running, sam):
    session, kim = running
    asked = ask(as_(kim), session, text="The screen reader is slow.")
    assert asked.status_code == 201 and asked.json()["status"] == "open"
    assert types(session)[-1] == "request.opened"
    (row,) = as_(sam).get("/api/v1/requests?status=open").json()["results"]
    assert row["text"] == "The screen reader is slow."
    granted = as_(sam).post(f"/api/v1/requests/{row['id']}/grant", {"minutes": 15, "answer": "Of course."})
    assert granted.status_code == 200 and granted.json()["status"] == "granted"
    assert fresh(session).extra_seconds == 15 * 60
    assert types(session)[-2:] == ["time.extended", "request.answered"]
    (seen,) = as_(kim).get(f"/api/v1/sessions/{session.pk}/requests").json()["results"]
    assert (seen["status"], seen["answer"]) == ("granted", "Of course.")


def test_an_expired_session_is_opened_again_and_a_waiting_one_gets_an_accommodation(as_, running, sam):
    from .factories import run_out

    session, kim = running
    row = ask(as_(kim), session).json()
    run_out(session)
    assert as_(sam).post(f"/api/v1/requests/{row['id']}/grant", {"minutes": 10}).status_code == 200
    assert fresh(session).status == "paused"
    waiting = assessed(sam)
    row = ask(as_(sam), waiting).json()  # who created it acts for its candidate while nobody has joined
    assert as_(sam).post(f"/api/v1/requests/{row['id']}/grant", {"minutes": 10}).status_code == 200
    assert (fresh(waiting).accommodation_percent, fresh(waiting).extra_seconds) == (25, 675)


def test_asking_again_is_answered_politely_and_loses_no_words(as_, running):
    session, kim = running
    first = ask(as_(kim), session, text="Please.")
    assert ask(as_(kim), session, text="Please.").json() == first.json()
    other = ask(as_(kim), session, text="Really.")
    assert (other.status_code, other.json()["detail"]["code"]) == (409, "REQUEST_OPEN")
    assert ask(as_(kim), session, kind="adjustment").status_code == 201
    assert types(session).count("request.opened") == 2


def test_a_request_is_answered_once_by_staff_alone(as_, running, sam):
    session, kim = running
    path = f"/api/v1/requests/{ask(as_(kim), session, kind='human').json()['id']}"
    assert as_(kim).post(f"{path}/grant").status_code == 403
    assert as_(sam).post(f"{path}/decline").status_code == 400
    assert as_(sam).post(f"{path}/grant", {"minutes": 5}).status_code == 400
    assert as_(sam).post(f"{path}/decline", {"answer": "Nobody is free."}).json()["status"] == "declined"
    late = as_(sam).post(f"{path}/grant")
    assert (late.status_code, late.json()["detail"]["code"]) == (409, "REQUEST_ANSWERED")
    assert types(session).count("request.answered") == 1


def test_more_time_needs_minutes_and_nothing_is_half_done(as_, running, sam):
    session, kim = running
    path = f"/api/v1/requests/{ask(as_(kim), session).json()['id']}"
    response = as_(sam).post(f"{path}/grant")
    assert [wrong["field"] for wrong in response.json()["detail"]["errors"]] == ["minutes"]
    sessions.cancel_session(session.pk, reason="x")
    assert as_(sam).post(f"{path}/grant", {"minutes": 5}).status_code == 400
    assert as_(sam).get(path).json()["status"] == "open"


def test_practice_and_strangers(as_, ann, ben, running):
    session, _ = running
    assert ask(as_(ben), session).status_code == 404
    assert ask(as_(ann), created(ann)).json()["detail"]["code"] == "INVALID_SESSION_STATE"
    assert as_(ben).get("/api/v1/requests").json()["count"] == 0
