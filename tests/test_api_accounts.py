"""Registering, signing in, and what ends a sign-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework_simplejwt.tokens import AccessToken

from sessions_app.models import RefreshFamily, User

from .factories import PASSWORD

pytestmark = pytest.mark.django_db


def post(api, path, **body):
    return api.post(f"/api/v1/auth/{path}", body)


def sign_in(api, email="ann@example.com"):
    return post(api, "token", email=email, password=PASSWORD).json()


def me(api, access):
    return api.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {access}"})


def test_register_sign_in_and_read_oneself(api):
    response = post(api, "register", email="New@Example.com", password="tall-copper-71", name="New Person")
    assert response.status_code == 201
    assert (response.json()["email"], response.json()["name"]) == ("new@example.com", "New Person")
    tokens = post(api, "token", email="NEW@example.com", password="tall-copper-71").json()
    assert set(tokens) == {"access", "refresh"}
    assert me(api, tokens["access"]).json()["id"] == response.json()["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "x", "password": "tall-copper-71"}, "email"),
        ({"email": "ANN@example.com", "password": "tall-copper-71"}, "email"),
        ({"email": "n@example.com", "password": "12345678"}, "password"),
        ({"email": "n@example.com", "password": "short"}, "password"),
        ({"email": "n@example.com"}, "password"),
        ({"email": "n@example.com", "password": "tall-copper-71", "is_staff": True}, "is_staff"),
    ],
)
def test_a_bad_registration_names_the_field(ann, api, body, field):
    response = post(api, "register", **body)
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["detail"]["errors"]} == {field}
    assert User.objects.count() == 1


def test_a_wrong_password_is_401(ann, api):
    response = post(api, "token", email="ann@example.com", password="wrong")
    assert (response.status_code, response.json()["detail"]["code"]) == (401, "NOT_AUTHENTICATED")


def test_a_locked_account_cannot_sign_in(ann, api):
    tokens = sign_in(api)
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert post(api, "token", email="ann@example.com", password=PASSWORD).status_code == 401
    assert me(api, tokens["access"]).status_code == 401
    assert post(api, "token/refresh", refresh=tokens["refresh"]).status_code == 401


def test_refresh_tokens_rotate_and_a_reused_one_ends_the_sign_in(ann, api):
    first = sign_in(api)
    second = post(api, "token/refresh", refresh=first["refresh"])
    assert second.status_code == 200
    assert me(api, second.json()["access"]).status_code == 200

    assert post(api, "token/refresh", refresh=first["refresh"]).status_code == 401
    assert post(api, "token/refresh", refresh=second.json()["refresh"]).status_code == 401
    assert RefreshFamily.objects.get().revoked_at is not None
    assert set(sign_in(api)) == {"access", "refresh"}


def test_sign_out_ends_the_family_and_no_other(ann, api):
    one, other = sign_in(api), sign_in(api)
    response = post(api, "logout", refresh=one["refresh"])
    assert (response.status_code, response.content) == (204, b"")
    assert post(api, "token/refresh", refresh=one["refresh"]).status_code == 401
    assert post(api, "token/refresh", refresh=other["refresh"]).status_code == 200


def test_a_changed_password_ends_every_token(ann, api):
    tokens = sign_in(api)
    ann.set_password("other-window-33")
    ann.save()
    assert me(api, tokens["access"]).status_code == 401
    assert post(api, "token/refresh", refresh=tokens["refresh"]).status_code == 401


def test_an_expired_token_has_its_own_code(ann, api):
    token = AccessToken.for_user(ann)
    token.set_exp(lifetime=timedelta(seconds=-1))
    response = me(api, token)
    assert (response.status_code, response.json()["detail"]["code"]) == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize(
    "header", ["Bearer x.y.z", "Bearer", "Bearer a b", "Basic eDp5", "Bearer ivw_none", "Bearer \xff"]
)
def test_bad_credentials_are_401_even_where_anybody_may_read(api, header, db):
    response = api.get("/api/v1/sessions", headers={"Authorization": header})
    assert (response.status_code, response.json()["detail"]["code"]) == (401, "NOT_AUTHENTICATED")


def test_a_refresh_token_is_no_access_token(ann, api):
    assert me(api, sign_in(api)["refresh"]).status_code == 401
    assert post(api, "token/refresh", refresh=sign_in(api)["access"]).status_code == 401


def test_the_browser_cookie_works_and_csrf_is_enforced(ann):
    from rest_framework.test import APIClient

    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/api/v1/auth/me").json()["email"] == "ann@example.com"
    response = browser.post("/api/v1/sessions", {})
    assert (response.status_code, response.json()["detail"]["code"]) == (403, "PERMISSION_DENIED")


def test_ten_wrong_passwords_lock_the_door_for_that_address(ann, api, settings):
    settings.AXES_ENABLED = True
    for _ in range(10):
        response = post(api, "token", email="ann@example.com", password="wrong")
    assert (response.status_code, response.json()["detail"]["code"]) == (429, "RATE_LIMITED")
    assert int(response["Retry-After"]) > 0
    assert post(api, "token", email="ann@example.com", password=PASSWORD).status_code == 429
