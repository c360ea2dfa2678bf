"""The UI kit: every component in its states from the pages' own templates, for staff alone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app.models import User
from sessions_app.models.actions import Status
from sessions_app.pages.ui_kit import apart
from sessions_app.pages.ui_samples import components
from tests.page_forms import Page

pytestmark = pytest.mark.django_db
TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


@pytest.fixture
def kit(client: Client, sam: User) -> Page:
    client.force_login(sam)
    return Page(client.get("/admin/ui-kit/"))


def test_every_component_has_its_section_and_its_three_looks(kit: Page) -> None:
    for component in components():
        assert f"kit-{component.key}" in kit.ids and f"#kit-{component.key}" in kit.links
    samples = sum(len(component.parts) for component in components())
    assert kit.html.count('data-theme="dark"') == samples
    assert kit.html.count('dir="rtl"\n                 lang="ar"') == samples


def test_no_two_elements_share_an_id(kit: Page) -> None:
    assert [name for name, times in Counter(kit.ids).items() if times > 1] == []


def test_every_reference_has_its_element(kit: Page) -> None:
    named = re.findall(r'\s(?:for|aria-labelledby|aria-describedby)="([^"]+)"', kit.html)
    missing = {name for names in named for name in names.split()} - set(kit.ids)
    assert missing == set()


def test_every_status_is_among_the_chips(kit: Page) -> None:
    for kind in (*Status, "opens"):
        assert f"chip--{kind}" in kit.html


def test_its_own_markup_is_only_of_what_is_no_template_of_a_page() -> None:
    used = {part.template for component in components() for part in component.parts}
    assert {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.glob("kit/*.html")} <= used
    assert len([name for name in used if not name.startswith("kit/")]) > len(used) / 2


def test_it_asks_the_database_only_who_looks(client: Client, sam: User) -> None:
    client.force_login(sam)
    with CaptureQueriesContext(connection) as captured:
        client.get("/admin/ui-kit/")
    assert len(captured) <= 3


def test_it_is_for_staff(client: Client, ann: User) -> None:
    client.force_login(ann)
    answer = client.get("/admin/ui-kit/")
    assert answer.status_code == 302 and "/admin/login/" in answer["Location"]


def test_copies_are_told_apart() -> None:
    html = '<nav aria-label="Pages"><label for="x">X</label><input id="x" aria-describedby="a b"><a href="#x">'
    assert apart(html, "7") == (
        '<nav aria-label="Pages 7"><label for="x-7">X</label><input id="x-7" aria-describedby="a-7 b-7"><a href="#x-7">'
    )


def test_of_every_copy_its_own_radio_is_chosen(kit: Page) -> None:
    chosen = re.findall(r'<input\s[^>]*?type="radio"[^>]*?\sname="([^"]+)"[^>]*?\schecked', kit.html)
    assert len(chosen) >= 3
    assert len(chosen) == len(set(chosen))
