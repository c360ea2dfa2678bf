"""API keys: a machine acts as the person who made its key; only a person makes keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.authentication import actor_of
from sessions_app.models import ApiKey, InterviewSession, User
from sessions_app.models.ids import token_hash
from sessions_app.services.accounts import sign_in
from sessions_app.services.keys import create_key

from .factories import waiting

pytestmark = pytest.mark.django_db

KEYS = "/api/v1/keys"


def key_of(user, *scopes, **fields):
    return create_key("a program", actor=Actor(user), scopes=scopes or ("read", "write"), **fields)


def bearing(secret):
    return {"Authorization": f"Bearer {secret}"}


def test_a_key_is_made_shown_once_and_works(ann, as_, api):
    response = as_(ann).post(KEYS, {"name": "Importer", "scopes": ["write"]})
    body = response.json()
    assert response.status_code == 201
    assert body["key"].startswith("ivw_") and body["key"].startswith(body["prefix"])
    assert (body["name"], body["scopes"], body["expires_at"]) == ("Importer", ["read", "write"], None)
    assert body["key"] not in as_(ann).get(KEYS).content.decode()
    assert api.get("/api/v1/auth/me", headers=bearing(body["key"])).json()["email"] == ann.email
    made = api.post("/api/v1/sessions", {}, headers=bearing(body["key"]))
    assert (made.status_code, InterviewSession.objects.get().candidate) == (201, ann)


def test_only_the_hash_is_stored(ann):
    key, secret = key_of(ann)
    assert key.key_hash == token_hash(secret)
    assert secret not in str(ApiKey.objects.values())


def test_a_key_reads_by_default_and_then_may_not_write(ann, as_, api):
    secret = as_(ann).post(KEYS, {"name": "Dashboard"}).json()["key"]
    session = waiting(ann)
    assert api.get(f"/api/v1/sessions/{session.pk}", headers=bearing(secret)).status_code == 200
    response = api.put(f"/api/v1/sessions/{session.pk}/pause", headers=bearing(secret))
    assert (response.status_code, response.json()["detail"]["code"]) == (403, "PERMISSION_DENIED")
    assert "may only read" in response.json()["detail"]["message"]
    assert InterviewSession.objects.get().status == "active"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["admin"]}, "scopes.0"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "key": "ivw_mine"}, "key"),
    ],
)
def test_a_bad_key_names_the_field(ann, as_, body, field):
    response = as_(ann).post(KEYS, body)
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["detail"]["errors"]} == {field}
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_gone(ann, as_, api):
    key, secret = key_of(ann)
    assert as_(ann).delete(f"{KEYS}/{key.pk}").status_code == 204
    assert api.get("/api/v1/auth/me", headers=bearing(secret)).json()["detail"]["code"] == "NOT_AUTHENTICATED"
    assert as_(ann).get(KEYS).json()["count"] == 0
    assert as_(ann).delete(f"{KEYS}/{key.pk}").json()["detail"]["code"] == "API_KEY_NOT_FOUND"
    assert ApiKey.objects.get().revoked_at is not None


def test_an_expired_key_says_so(ann, api):
    key, secret = key_of(ann, expires_at=timezone.now() + timedelta(hours=1))
    assert api.get("/api/v1/auth/me", headers=bearing(secret)).status_code == 200
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = api.get("/api/v1/auth/me", headers=bearing(secret))
    assert (response.status_code, response.json()["detail"]["code"]) == (401, "TOKEN_EXPIRED")


def test_the_key_of_a_locked_account_is_good_for_nothing(ann, api):
    _, secret = key_of(ann)
    User.objects.update(is_active=False)
    assert api.get("/api/v1/auth/me", headers=bearing(secret)).status_code == 401


@pytest.mark.parametrize("secret", ["ivw_", "ivw_none", "ivw_\xff", "ivs_none"])
def test_an_unknown_key_is_401(api, db, secret):
    response = api.get("/api/v1/sessions", headers=bearing(secret))
    assert (response.status_code, response.json()["detail"]["code"]) == (401, "NOT_AUTHENTICATED")


def test_a_key_makes_and_revokes_no_keys(ann, api):
    key, secret = key_of(ann)
    for answer in (
        api.post(KEYS, {"name": "x"}, headers=bearing(secret)),
        api.get(KEYS, headers=bearing(secret)),
        api.delete(f"{KEYS}/{key.pk}", headers=bearing(secret)),
    ):
        assert (answer.status_code, answer.json()["detail"]["code"]) == (403, "PERMISSION_DENIED")
    assert ApiKey.objects.get().revoked_at is None


def test_the_token_of_a_person_makes_keys(ann, api):
    assert api.post(KEYS, {"name": "x"}, headers=bearing(sign_in(ann)["access"])).status_code == 201


def test_a_guest_has_no_keys(as_):
    guest = User.objects.create_guest()
    assert as_(guest).post(KEYS, {"name": "x"}).status_code == 403
    with pytest.raises(errors.PermissionDenied):
        create_key("x", actor=Actor(guest))


def test_a_foreign_key_is_a_missing_one_even_for_staff(ann, ben, sam, as_):
    key, _ = key_of(ann)
    for stranger in (ben, sam):
        assert as_(stranger).delete(f"{KEYS}/{key.pk}").status_code == 404
        assert as_(stranger).get(KEYS).json()["results"] == []


def test_the_last_use_is_stamped_at_most_once_a_minute(ann, api, django_assert_num_queries):
    key, secret = key_of(ann)
    api.get("/api/v1/models", headers=bearing(secret))
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    api.get("/api/v1/models", headers=bearing(secret))
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    api.get("/api/v1/models", headers=bearing(secret))
    assert ApiKey.objects.get().last_used_at >= first


def test_who_is_calling_costs_one_query(ann, api, django_assert_num_queries):
    """``/auth/me`` asks the database nothing more, so what is counted is the authentication."""
    _, secret = key_of(ann)
    api.get("/api/v1/auth/me", headers=bearing(secret))  # this one is stamped
    for credential in (secret, sign_in(ann)["access"]):
        with django_assert_num_queries(1):
            assert api.get("/api/v1/auth/me", headers=bearing(credential)).status_code == 200


def test_streams_take_keys(ann):
    _, secret = key_of(ann, "read")
    assert actor_of(f"Bearer {secret}", "") == Actor(ann)
    ApiKey.objects.update(revoked_at=timezone.now())
    with pytest.raises(errors.NotAuthenticated):
        actor_of(f"Bearer {secret}", "")


def test_the_page_makes_shows_and_revokes_a_key(ann, api):
    browser = Client()
    browser.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert "No API keys yet" in browser.get("/account/keys/").content.decode()
    made = browser.post("/account/keys/", {"name": "Importer", "scope": "write", "days": "90"})
    key = ApiKey.objects.get()
    secret = made.context["secret"]
    assert made.status_code == 201 and f'value="{secret}"' in made.content.decode()
    assert made["Cache-Control"] == "private, no-store"
    assert api.get("/api/v1/auth/me", headers=bearing(secret)).status_code == 200
    assert timedelta(days=89) < key.expires_at - timezone.now() < timedelta(days=91)

    listed = browser.get("/account/keys/").content.decode()
    assert "Importer" in listed and key.prefix in listed and secret not in listed
    assert "Importer" in browser.get(f"/account/keys/{key.pk}/revoke").content.decode()
    assert api.get("/api/v1/auth/me", headers=bearing(secret)).status_code == 200
    assert browser.post(f"/account/keys/{key.pk}/revoke").status_code == 303
    assert api.get("/api/v1/auth/me", headers=bearing(secret)).status_code == 401


def test_the_page_tells_what_is_wrong_and_keeps_the_values(ann):
    browser = Client()
    browser.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post("/account/keys/", {"name": "", "scope": "write", "days": "30"})
    assert answer.status_code == 400 and "Something needs your attention" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_guest_is_asked_to_sign_up_for_keys():
    browser = Client()
    browser.force_login(User.objects.create_guest(), backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/account/keys/").url.startswith("/signup")


def test_staff_see_and_revoke_keys_in_the_console(ann, sam, api):
    key, secret = key_of(ann)
    browser = Client()
    browser.force_login(sam, backend="django.contrib.auth.backends.ModelBackend")
    address = "/admin/sessions_app/apikey/"
    assert key.prefix in browser.get(address).content.decode()
    assert browser.get(f"{address}add/").status_code == 403
    browser.post(address, {"action": "revoke", "_selected_action": [str(key.pk)]})
    assert api.get("/api/v1/auth/me", headers=bearing(secret)).status_code == 401
