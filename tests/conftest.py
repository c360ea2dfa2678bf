"""The cast and the tools of every test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from sessions_app.models import User

from .factories import UserFactory


@pytest.fixture(autouse=True)
def _quick_and_unlimited(settings: Any) -> Iterator[None]:
    """The built-in interviewer writes at once and alone, and nobody is throttled by another test."""
    settings.BUILTIN_WORD_MS = 0
    settings.AI_MODELS = ()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
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
