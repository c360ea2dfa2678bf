"""What the server tells a browser that it may keep for when there is no connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from sessions_app.models import User
from sessions_app.pages import offline

pytestmark = pytest.mark.django_db


def test_a_page_with_something_that_is_said_once_is_no_copy(client: Client, ann: User) -> None:
    client.force_login(ann)
    client.post("/logout")
    told = client.get("/")
    assert b"signed out" in told.content and "X-Copy" not in told.headers
    again = client.get("/")
    assert b"signed out" not in again.content and again.headers["X-Copy"] == "yes"


def test_a_file_that_changes_brings_a_new_worker(client: Client, monkeypatch: Any, tmp_path: Path) -> None:
    before = client.get("/service-worker.js").content
    assert client.get("/service-worker.js").content == before
    find, changed = finders.find, tmp_path / "zone.js"
    changed.write_text("// another zone")
    monkeypatch.setattr(finders, "find", lambda name: changed if name == "js/zone.js" else find(name))
    offline._contents.cache_clear()
    after = client.get("/service-worker.js").content
    offline._contents.cache_clear()
    assert after != before and len(after) == len(before)
