"""The bearer of one session's token: its candidate routes as its candidate, and nothing else, over the whole table."""

from __future__ import annotations

import pytest
from django.test import Client

from sessions_app.models import User
from sessions_app.services.guests import issue_token

from .factories import waiting
from .test_access import BODIES, _path, areas, table, undone, world

pytestmark = pytest.mark.django_db

OF_A_SESSION = ("api-session-", "api-operation-", "api-conversation-", "api-assessment")
MAKES_SOMETHING = {"api-session-list", "api-session-retake", "api-session-claim", "api-assessment-start"}
CLOSED = ("api-session-review",)  # a reviewer is somebody with an account
DOORS = {"api-register", "api-token", "api-token-refresh", "api-logout"}  # a body's credentials count, no others
ROWS = areas(row for row in table() if row[1].startswith("api-"))


def call(token, method, name, things):
    browser = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})
    body = BODIES.get(f"{method} {name}") or BODIES.get(name, (b"", "application/octet-stream"))
    return browser.generic(method, _path(name, things), *body)


def is_of_a_session(name):
    return name.startswith(OF_A_SESSION)


def expected(method, name, statuses, owner):
    if name in DOORS or statuses["nobody"] == 400:
        return statuses["nobody"]
    if method == "POST" and (name in MAKES_SOMETHING or name.startswith(CLOSED) or not is_of_a_session(name)):
        return 403
    if method in ("GET", "PUT") and statuses["ann"] == 403:  # for staff alone
        return 404
    return statuses[owner] if is_of_a_session(name) else 404


def told(bearer, rows, things, owner):
    """What the routes answer to the bearer, and what they should."""
    got, right = {}, {}
    for method, name, statuses in rows:
        with undone():
            got[method, name] = call(bearer, method, name, things).status_code
        right[method, name] = expected(method, name, statuses, owner)
    return got, right


@pytest.mark.parametrize("rows", ROWS)
def test_of_its_own_session_it_may_what_the_candidate_may(ann, rows):
    guest = User.objects.create_guest()
    things = world(ann)
    mine = waiting(guest)
    things |= {"session": mine, "api-session": mine.pk, "api-operation": mine.turn_id}
    got, right = told(issue_token(mine, guest), rows, things, "ann")
    assert got == right


@pytest.mark.parametrize("rows", ROWS)
def test_of_everything_else_nothing_is_there(ann, rows):
    """Not even another session of the same guest."""
    guest = User.objects.create_guest()
    things = world(ann)
    mine, other = waiting(guest), waiting(guest)
    things |= {"session": other, "api-session": other.pk, "api-operation": other.turn_id}
    got, right = told(issue_token(mine, guest), rows, things, "ben")
    assert got == right


@pytest.mark.parametrize("path", ["/sessions/", "/account/keys/", "/admin/"])
def test_it_opens_no_page(path):
    guest = User.objects.create_guest()
    token = issue_token(waiting(guest), guest)
    assert Client(headers={"Authorization": f"Bearer {token}"}).get(path).status_code == 302
