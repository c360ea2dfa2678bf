"""A real browser against a real ``manage.py serve`` with a database of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .room import _shared_server, open_room, room_server, site  # noqa: F401 (fixtures)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Without windows first: a page there costs half, and a new profile a fifth.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")


def chromium_path() -> str:
    """Where Chromium is: CHROMIUM, else on the PATH. Empty when there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), "")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = chromium_path()
    if not path:
        pytest.skip("no Chromium: set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--in-process-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """The tests' database for tests that use Chromium, too: those cannot have pytest-django's mark.

    Its loop would be in the way of the tests with the mark, which is why they come first; and without one of them in
    the selection pytest-django makes no database.
    """
    from django.test.utils import setup_databases, teardown_databases

    from .every_page import despite_the_browsers_loop

    made: Any = []
    with despite_the_browsers_loop(), django_db_blocker.unblock():
        request.getfixturevalue("django_db_setup")
        if not any(_wants_database(item) for item in request.session.items):
            made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    yield
    with despite_the_browsers_loop(), django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


def _wants_database(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or "db" in names or "transactional_db" in names


@pytest.fixture(scope="module")
def gallery(database: None, chromium: Any, django_db_blocker: Any) -> Iterator[Any]:
    """Every page in every state, in a real browser without a server."""
    from .gallery import Gallery

    with django_db_blocker.unblock():
        shown = Gallery(chromium)
        yield shown
        shown.close()
