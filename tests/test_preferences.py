"""Preferences: for everybody, in the first byte, with the account or in a cookie before there is one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.html import escape

from sessions_app.models import User
from sessions_app.services.preferences import CHOICES, DEFAULTS, chosen, keep_preferences
from tests import factories as f

pytestmark = pytest.mark.django_db

URL = "/account/preferences/"
OTHERS = {name: values[-1] for name, values in CHOICES.items()}
SHOWN = [f'lang="{value}"' if name == "language" else f'data-{name}="{value}"' for name, value in OTHERS.items()]


def html(client: Client, path: str = "/help/") -> str:
    """The opening tag of ``<html>``."""
    page = client.get(path).content.decode()
    return page[page.index("<html") : page.index(">", page.index("<html"))]


def save(client: Client, **values: str) -> Any:
    return client.post(URL, {**DEFAULTS, "zone": "", **values})


@pytest.mark.parametrize("path", ["/help/", "/", URL, "/login", "/nowhere"])
def test_a_stranger_keeps_them_in_the_browser(client: Client, path: str) -> None:
    assert not any(attribute in html(client, path) for attribute in SHOWN)
    assert save(client, **OTHERS).status_code == 303
    assert all(attribute in html(client, path) for attribute in SHOWN)


def test_an_account_keeps_them_on_every_device(client: Client, ann: User) -> None:
    client.force_login(ann)
    save(client, **OTHERS)
    ann.refresh_from_db()
    assert ann.preferences == OTHERS
    other_device = Client()
    other_device.force_login(ann)
    assert all(attribute in html(other_device) for attribute in SHOWN)
    with translation.override(OTHERS["language"]):
        assert escape(translation.gettext("Kept with your account.")) in client.get(URL).content.decode()


def test_a_guest_takes_them_along_into_an_account(client: Client) -> None:
    f.TemplateFactory(slug="databases")
    client.post("/practice/databases/start")
    save(client, enter="send", theme="dark")
    assert User.objects.get().preferences == {"language": "auto"}, "of a guest nothing else is kept but in the browser"
    client.post("/signup", {"email": "new@example.com", "password1": f.PASSWORD, "name": ""})
    assert User.objects.get().preferences == {"enter": "send", "theme": "dark"}


def test_an_account_that_chose_is_not_changed_by_a_browser(client: Client, ann: User) -> None:
    keep_preferences({"text": "150"}, actor=f.as_actor(ann))
    save(client, text="110")
    client.post("/login", {"login": ann.email, "password": f.PASSWORD})
    assert 'data-text="150"' in html(client)


def test_the_colours_of_the_footer_are_the_same_preference(client: Client, ann: User) -> None:
    client.force_login(ann)
    client.post("/theme", {"theme": "dark", "next": "/help/"})
    ann.refresh_from_db()
    assert ann.preferences == {"theme": "dark"}
    assert 'data-theme="dark"' in html(client)


def test_the_room_is_told_what_was_chosen(client: Client, ann: User) -> None:
    client.force_login(ann)
    save(client, timer="hidden", enter="send", motion="reduced", text="125")
    told = html(client, f"/sessions/{f.waiting(ann).pk}/")
    for attribute in ('data-timer="hidden"', 'data-enter="send"', 'data-motion="reduced"', 'data-text="125"'):
        assert attribute in told


def test_times_are_those_of_a_clock_of_twelve_hours(client: Client, ann: User) -> None:
    client.force_login(ann)
    session = f.ended(ann)
    type(session).objects.filter(pk=session.pk).update(started_at=f.utc(2026, 3, 2, 15, 4))
    path = f"/sessions/{session.pk}/transcript"
    assert "15:04 UTC" in client.get(path).content.decode()
    save(client, clock="12")
    page = client.get(path).content.decode()
    assert "3:04 pm UTC" in page and "15:04 UTC" not in page


def test_the_zone_is_chosen_here_too(client: Client, ann: User) -> None:
    client.force_login(ann)
    save(client, zone="Europe/Berlin")
    ann.refresh_from_db()
    assert ann.time_zone == "Europe/Berlin"
    assert '<option value="Europe/Berlin" selected' in client.get(URL).content.decode()


@pytest.mark.parametrize("wrong", [{"text": "900"}, {"theme": "pink"}, {"zone": "Mars/Base"}, {"enter": ""}])
def test_nothing_else_can_be_chosen(client: Client, wrong: dict[str, str]) -> None:
    answer = save(client, **wrong)
    assert answer.status_code == 400
    assert "Something needs your attention" in answer.content.decode()


@pytest.mark.parametrize("cookie", ["text=900&x=1", '"><script>', "%00", "text=" + "1" * 5_000, "text[]=1"])
def test_a_cookie_of_somebodys_own_making_does_no_harm(client: Client, cookie: str) -> None:
    client.cookies["preferences"] = cookie
    assert "script" not in html(client) and "data-text" not in html(client)


def test_a_stored_value_that_is_no_choice_any_more_is_as_if_nothing_was_chosen() -> None:
    assert chosen({"text": "900", "enter": ["send"], "more": 1}, {"text": "110"}) == DEFAULTS | {"text": "110"}


def test_a_change_leaves_what_another_device_chose(ann: User) -> None:
    keep_preferences({"text": "150"}, actor=f.as_actor(ann))
    keep_preferences({"theme": "dark", "text": "900"}, actor=f.as_actor(ann))
    ann.refresh_from_db()
    assert ann.preferences == {"text": "150", "theme": "dark"}
