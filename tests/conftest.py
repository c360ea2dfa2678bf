"""The cast and the tools of every test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import override_settings
from rest_framework.test import APIClient

from sessions_app.models import User

from . import migrated
from .factories import UserFactory


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """The tests' database begins as a copy of the migrated one: the migrations run once and not in every worker."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = f"test_{migrated.postgres_original()}"
        yield
        return

    def fill(sender: Any, connection: Any, **_: Any) -> None:
        if connection.is_in_memory_db():
            connection_created.disconnect(fill)
            migrated.fill(connection.connection)

    connection_created.connect(fill)
    yield
    connection_created.disconnect(fill)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """At the end nobody else is connected any more: a thread that a test left behind would keep the database there."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    """The built-in interviewer writes at once and alone; also for what is made once for many tests.

    Static files are looked up when they are asked for: every new test client would else read the list of them all.
    """
    with override_settings(
        BUILTIN_WORD_MS=0,
        AI_MODELS=(),
        WHITENOISE_AUTOREFRESH=True,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield


@pytest.fixture(autouse=True)
def _unlimited() -> Iterator[None]:
    """Nobody is throttled by another test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ann(db: Any) -> User:
    return UserFactory(email="ann@example.com", name="Ann Smith")


@pytest.fixture
def ben(db: Any) -> User:
    return UserFactory(email="ben@example.com", name="Ben Jones")


@pytest.fixture
def sam(db: Any) -> User:
    return UserFactory(email="sam@example.com", name="Sam Staff", is_staff=True, is_superuser=True)


@pytest.fixture
def api() -> APIClient:
    """A client nobody is signed in with; ``as_(user)`` signs in."""
    return APIClient()


@pytest.fixture
def as_() -> Any:
    """``as_(ann)``: a client that calls the API as ann."""

    def client(user: User) -> APIClient:
        signed_in = APIClient()
        signed_in.force_authenticate(user)
        return signed_in

    return client
