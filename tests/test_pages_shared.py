"""A computer that others use, too: the browser forgets who sat at it; and what signing out takes along."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from sessions_app.models import User

from . import factories as f

pytestmark = pytest.mark.django_db


def begin(client: Client, session: object, **form: str) -> None:
    response = client.post(f"/sessions/{session.pk}/start", form)  # type: ignore[attr-defined]
    assert response.status_code == 303


def test_the_choice_ends_with_the_browser_and_so_does_the_sign_in(client: Client, ann: User) -> None:
    client.force_login(ann)
    session = f.created(ann)
    assert 'name="shared"' in client.get(f"/sessions/{session.pk}/ready").content.decode()
    begin(client, session, shared="yes")
    assert (client.cookies["shared"].value, client.cookies["shared"]["max-age"]) == ("yes", "")
    assert client.session.get_expire_at_browser_close()
    assert 'data-keep="tab"' in client.get(f"/sessions/{session.pk}/").content.decode()


def test_without_the_choice_nothing_changes(client: Client, ann: User) -> None:
    client.force_login(ann)
    session = f.created(ann)
    begin(client, session)
    assert "shared" not in client.cookies
    assert not client.session.get_expire_at_browser_close()
    assert "data-keep" not in client.get(f"/sessions/{session.pk}/").content.decode()


def test_the_next_interview_takes_the_choice_back(client: Client, ann: User) -> None:
    client.force_login(ann)
    begin(client, f.created(ann), shared="yes")
    again = f.created(ann)
    assert re.search(r'name="shared"[^>]*checked', client.get(f"/sessions/{again.pk}/ready").content.decode())
    begin(client, again)
    assert client.cookies["shared"].value == ""
    assert not client.session.get_expire_at_browser_close()


def test_signing_out_clears_a_shared_computer_and_no_other(client: Client, ann: User) -> None:
    client.force_login(ann)
    assert "Clear-Site-Data" not in client.post("/logout").headers
    client.force_login(ann)
    client.cookies["shared"] = "yes"
    session = f.ended(ann)
    assert "sign out</a>: then nothing of" in client.get(f"/sessions/{session.pk}/done").content.decode()
    response = client.post("/logout")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert response.cookies["shared"].value == ""


def test_the_sign_out_page_names_ones_own_interviews(client: Client, ann: User, ben: User) -> None:
    """For the script that shows, and then removes, what this browser kept of them."""
    own, other = f.waiting(ann), f.waiting(ben)
    client.force_login(ann)
    html = client.get("/logout").content.decode()
    assert f'data-left-here="{own.pk}"' in html
    assert str(other.pk) not in html
    assert "data-forgets" in html


def test_it_costs_the_same_for_many_interviews(
    client: Client, ann: User, django_assert_max_num_queries: object
) -> None:
    for _ in range(5):
        f.waiting(ann)
    client.force_login(ann)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        client.get("/logout")
