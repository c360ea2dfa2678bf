"""What goes wrong, as pages that need nothing; and as JSON under /api/."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from sessions_app import errors
from sessions_app.models import User
from sessions_app.pages.errors import ServerError
from sessions_app.pages.errors import answer as error_page
from sessions_app.requests import request_id
from tests import factories as f


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("sessions_app.pages.views_room.submit_answer", fails)
    monkeypatch.setattr("sessions_app.pages.views._offered", fails)


def test_it_explains_an_unknown_address_without_touching_the_database(client: Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "We can’t find that" in answer.content.decode()


def test_it_answers_unknown_api_addresses_in_the_form_of_the_api(client: Client) -> None:
    answer = client.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.json()["detail"]["code"] == "NOT_FOUND"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_it_apologises_with_a_reference_and_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    fail_with(monkeypatch, RuntimeError("secret detail"))
    answer = client.get("/", headers={"X-Request-ID": "req_mine"})
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Our fault" in page and "req_mine" in page and "secret detail" not in page


def test_it_asks_to_come_back_when_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, OperationalError("down"))
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert "Nothing was lost" in answer.content.decode()


def test_it_notices_a_database_that_fails_outside_a_view(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)

    def fails(*_: Any, **__: Any) -> None:
        raise OperationalError("down")

    monkeypatch.setattr("sessions_app.requests.EitherSlashMiddleware.__call__", fails)
    assert client.get("/").status_code == 503
    assert client.get("/api/v1/sessions").json()["detail"]["code"] == "UNAVAILABLE"


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "status"), [(OperationalError("down"), 503), (RuntimeError(), 500)])
def test_it_gives_a_typed_text_back_even_then(
    error: Exception, status: int, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = f.waiting(ann)
    client = Client(raise_request_exception=False)
    client.force_login(ann)
    fail_with(monkeypatch, error)
    answer = client.post(f"/sessions/{session.pk}/answer", {"content": "Typed for an <hour>"})
    assert answer.status_code == status
    assert "Typed for an &lt;hour&gt;" in answer.content.decode()


@pytest.mark.django_db
def test_it_gives_a_typed_text_back_when_the_form_is_too_old(ann: User) -> None:
    session = f.waiting(ann)
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    answer = client.post(f"/sessions/{session.pk}/answer", {"content": "Typed for an hour"})
    assert answer.status_code == 403
    assert "Typed for an hour" in answer.content.decode()
    assert not session.messages.filter(kind="answer").exists()


@pytest.mark.django_db
def test_it_says_how_large_is_too_large(ann: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(ann)
    answer = client.post(f"/sessions/{f.waiting(ann).pk}/answer", {"content": "a" * 1_100_000, "x": "1"})
    assert answer.status_code == 413
    assert "20,000 characters" in answer.content.decode()


@pytest.mark.django_db
def test_it_locks_out_after_ten_failures_and_says_how_long(client: Client, ann: User, settings: Any) -> None:
    settings.AXES_ENABLED = True
    settings.ACCOUNT_RATE_LIMITS = False
    for _ in range(10):
        answer = client.post("/login", {"login": ann.email, "password": "wrong"})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "Wait 15 minutes" in answer.content.decode()
    right = client.post("/login", {"login": ann.email, "password": f.PASSWORD})
    assert right.status_code == 429


@pytest.mark.django_db
@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_it_remembers_the_colours_in_the_first_byte(theme: str, client: Client) -> None:
    answer = client.post("/theme", {"theme": theme, "next": "/help/"})
    assert (answer.status_code, answer.url) == (303, "/help/")
    assert f'data-theme="{theme}"' in client.get("/help/").content.decode()
    assert f'data-theme="{theme}"' in client.get("/nowhere").content.decode()


@pytest.mark.django_db
def test_it_goes_to_no_other_site_after_a_change_of_colours(client: Client) -> None:
    assert client.post("/theme", {"theme": "dark", "next": "https://elsewhere.example"}).url == "/"
    assert client.post("/theme", {"theme": "dark", "next": "//elsewhere.example"}).url == "/"
    assert client.post("/theme", {"theme": "pink"}).status_code == 400


@pytest.mark.parametrize("path", ["/help/", "/privacy"])
def test_it_shows_the_texts_without_a_query(path: str, client: Client) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/help/", "/nowhere"])
def test_it_sends_a_strict_policy(path: str, client: Client) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy


@pytest.mark.parametrize(
    "error",
    [
        errors.DomainError(),
        errors.PermissionDenied(),
        errors.NotFound(),
        errors.InvitationGone(),
        errors.PayloadTooLarge(),
        errors.RateLimited(40),
        ServerError(),
        errors.Unavailable(),
    ],
    ids=lambda error: str(error.status),
)
def test_each_says_whether_work_is_safe_and_what_to_do_and_gives_a_reference(error: errors.DomainError) -> None:
    """Without a session, a database, or anybody signed in; in the colours and the size that the browser asks for."""
    request = RequestFactory().get("/somewhere")
    request.COOKIES = {"theme": "dark", "preferences": "text=150"}
    token = request_id.set("req_mine")
    page = error_page(request, error).content.decode()
    request_id.reset(token)
    assert 'data-theme="dark"' in page and 'data-text="150"' in page
    assert "Reference: req_mine" in page
    assert any(word in page for word in ("is stored", "is safe", "is lost", "was lost"))
    assert any(word in page for word in ("Go back", "ry again", "Check the link", "newer link", "sign out and in"))


@pytest.mark.parametrize("path", ["/timer", "/theme", "/language", "/zone", "/practice/databases/start"])
def test_who_opens_the_address_of_a_form_is_told_so(path: str, client: Client) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Error 405" in answer.content.decode()
    assert "takes only what its form sends" in answer.content.decode()
