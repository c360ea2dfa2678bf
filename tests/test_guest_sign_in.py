"""A guest's interviews come along at every way of signing in that the browser has."""

from __future__ import annotations

import pytest
from django.test import Client

from sessions_app.models import User

from .factories import PASSWORD, UserFactory, fresh, types, waiting

pytestmark = pytest.mark.django_db


def browser_of(user, **options):
    browser = Client(**options)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def guest(db):
    return User.objects.create_guest()


def test_the_console_sign_in_takes_them_along(guest, sam):
    session = waiting(guest)
    answer = browser_of(guest).post("/admin/login/?next=/admin/", {"username": sam.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert fresh(session).candidate == sam and types(session)[-1] == "session.claimed"
    assert not User.objects.filter(pk=guest.pk).exists()


@pytest.mark.parametrize("password", ["wrong", PASSWORD])
def test_a_refused_console_sign_in_moves_nothing(guest, ann, sam, password):
    """A wrong password; or the right one of somebody who is not staff."""
    session = waiting(guest)
    who = ann if password == PASSWORD else sam
    browser_of(guest).post("/admin/login/", {"username": who.email, "password": password})
    assert fresh(session).candidate == guest


def token(browser, **headers):
    body = {"email": "ann@example.com", "password": PASSWORD}
    return browser.post("/api/v1/auth/token", body, content_type="application/json", headers=headers)


def test_an_api_sign_in_with_the_cookie_takes_them_along(guest, ann):
    session = waiting(guest)
    assert set(token(browser_of(guest)).json()) == {"access", "refresh"}
    assert fresh(session).candidate == ann


def test_an_api_sign_in_without_the_cookie_moves_nothing(guest, ann):
    session = waiting(guest)
    assert token(Client()).status_code == 200
    assert fresh(session).candidate == guest


def test_another_sites_form_moves_nothing(guest, ann):
    """Signing in works without a CSRF token; giving a guest's interviews away does not."""
    session = waiting(guest)
    assert token(browser_of(guest, enforce_csrf_checks=True)).status_code == 200
    assert fresh(session).candidate == guest


def test_an_account_that_is_signed_in_gives_nothing_away(ann):
    ben = UserFactory()
    session = waiting(ben)
    assert token(browser_of(ben)).status_code == 200
    assert fresh(session).candidate == ben
