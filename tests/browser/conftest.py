"""A real browser against a real ``manage.py serve`` with a database of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import migrated, servers

from .room import open_room, room_server  # noqa: F401 (fixtures)

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def chromium_path() -> str:
    """Where Chromium is: CHROMIUM, else on the PATH. Empty when there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = chromium_path()
    if not path:
        pytest.skip("no Chromium: set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running product with its practice interviews."""
    folder, name = tmp_path_factory.mktemp("site"), f"browser_{os.getpid()}"
    on_postgres = servers.postgres_wanted()
    database = migrated.postgres_copy(name) if on_postgres else migrated.sqlite_copy(folder / "db.sqlite3")
    kept = {key: value for key, value in os.environ.items() if key not in ("DEBUG", "REDIS_URL", "SECRET_KEY")}
    environment = kept | {"DATA_DIR": str(folder), "DATABASE_URL": database, "RATE_LIMITS": "off", "LOG_LEVEL": "ERROR"}
    load = [sys.executable, "manage.py", "load_templates", "-v0"]
    subprocess.run(load, cwd=ROOT, env=environment, check=True)
    port = _free_port()
    journal = folder / "serve.log"
    with journal.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_it_answers(server, f"http://localhost:{port}/", journal)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if on_postgres:
            servers.drop_database(name)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_it_answers(server: subprocess.Popen[bytes], address: str, journal: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"manage.py serve did not come up: {journal.read_text()[-2000:]}")
