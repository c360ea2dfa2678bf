"""What every request gets: an id, either slash, limits, safe headers, and a clear answer when things are away."""

from __future__ import annotations

from unittest import mock

import pytest
from django.db import OperationalError

from sessions_app.services import sessions

from .factories import waiting

pytestmark = pytest.mark.django_db


def test_a_callers_request_id_comes_back_in_header_and_error(api):
    response = api.get("/api/v1/sessions", headers={"X-Request-ID": "my-id.1"})
    assert response["X-Request-ID"] == response.json()["request_id"] == "my-id.1"


@pytest.mark.parametrize("given", ["", "a b", "x" * 81, "<script>"])
def test_an_unfit_request_id_is_replaced(api, given):
    response = api.get("/api/v1/sessions", headers={"X-Request-ID": given})
    assert response["X-Request-ID"].startswith("req_")
    assert response.json()["request_id"] == response["X-Request-ID"]


def test_every_path_answers_with_and_without_a_slash(ann, as_):
    session = waiting(ann)
    for path in (
        "/api/v1/sessions",
        f"/api/v1/sessions/{session.pk}",
        "/api/v1/models",
        "/api/v1/auth/me",
        "/health/live",
    ):
        one, other = as_(ann).get(path), as_(ann).get(path + "/")
        assert (one.status_code, other.status_code) == (200, 200)
    assert as_(ann).put(f"/api/v1/sessions/{session.pk}/pause/").status_code == 200


def test_unknown_addresses_of_the_api_are_json(api):
    for path in ("/api/v1/nope", "/api/v1/sessions/x/y/z", "/api/v2"):
        response = api.get(path)
        assert (response.status_code, response.json()["detail"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("key", ["x", "1", "0199", "../../etc", "%00", "a" * 500])
def test_an_id_that_is_none_is_not_found(ann, as_, key):
    assert as_(ann).get(f"/api/v1/sessions/{key}").status_code == 404


def test_a_wrong_method_is_405_and_a_wrong_type_415(ann, as_):
    response = as_(ann).delete("/api/v1/sessions")
    assert (response.status_code, response.json()["detail"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in response["Allow"]
    response = as_(ann).post("/api/v1/sessions", "a=b", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415


def test_a_database_that_is_away_is_503_and_says_when_to_come_back(ann, as_):
    with mock.patch.object(sessions, "pause_session", side_effect=OperationalError("gone")):
        response = as_(ann).put(f"/api/v1/sessions/{waiting(ann).pk}/pause")
    assert (response.status_code, response.json()["detail"]["code"]) == (503, "UNAVAILABLE")
    assert int(response["Retry-After"]) > 0


def test_our_own_fault_is_json_with_a_reference_and_no_details(ann, as_):
    client = as_(ann)
    client.raise_request_exception = False
    with mock.patch.object(sessions, "pause_session", side_effect=RuntimeError("secret")):
        response = client.put(f"/api/v1/sessions/{waiting(ann).pk}/pause")
    assert response.status_code == 500
    assert response.json()["request_id"] == response["X-Request-ID"]
    assert b"secret" not in response.content


def test_reads_and_sends_have_buckets_of_their_own(ann, as_, settings, monkeypatch):
    from sessions_app.api.base import ApiView
    from sessions_app.api.throttles import KindThrottle

    monkeypatch.setattr(ApiView, "throttle_classes", [KindThrottle])
    rates = {"read": "2/min", "write": "1/min", "create": "1/min", "draft": "1/min", "auth": "1/min"}
    monkeypatch.setattr("sessions_app.api.throttles.RATES", rates)
    client, session = as_(ann), waiting(ann)
    here = f"/api/v1/sessions/{session.pk}"
    assert [client.get(here).status_code for _ in range(3)] == [200, 200, 429]
    assert client.put(f"{here}/pause").status_code == 200
    assert client.put(f"{here}/draft", {"text": "x", "revision": 1}).status_code == 400
    refused = client.put(f"{here}/resume")
    assert (refused.status_code, refused.json()["detail"]["code"]) == (429, "RATE_LIMITED")
    assert 0 < int(refused["Retry-After"]) <= 61


def test_health_tells_whether_it_can_work(api):
    assert api.get("/health/live").json() == {"status": "ok"}
    assert api.get("/health/ready").json()["status"] == "ok"
    with mock.patch("sessions_app.api.health.connection.cursor", side_effect=OperationalError):
        response = api.get("/health/ready")
    assert (response.status_code, response.json()["detail"]["code"]) == (503, "UNAVAILABLE")


@pytest.mark.parametrize("path", ["/api/v1/models", "/docs", "/", "/admin/login/", "/login", "/nope"])
def test_the_content_policy_is_strict_everywhere(client, path):
    policy = client.get(path)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
