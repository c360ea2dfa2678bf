"""The shared cache while Redis is away: nothing fails, and nobody is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache

from interviewer.cache import ForgivingRedisCache
from sessions_app.models import ModelConnection, User
from sessions_app.services import connections
from sessions_app.services.config import SessionConfig

AWAY = {
    "BACKEND": "interviewer.cache.ForgivingRedisCache",
    "LOCATION": "redis://127.0.0.1:9",
    "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
}
CALLS = {
    "add": (("a", 1), True),
    "get": (("a", "nothing"), "nothing"),
    "set": (("a", 1), None),
    "touch": (("a",), False),
    "delete": (("a",), False),
    "get_many": ((["a", "b"],), {}),
    "has_key": (("a",), False),
    "incr": (("a", 2), 2),
    "set_many": (({"a": 1},), ["a"]),
    "delete_many": ((["a"],), None),
    "clear": ((), None),
}


@pytest.fixture
def away(settings: Any) -> Any:
    settings.CACHES = {"default": AWAY}
    return caches["default"]


@pytest.mark.parametrize("name", CALLS)
def test_it_answers_as_an_empty_cache_while_redis_is_away(away: Any, name: str) -> None:
    arguments, answer = CALLS[name]
    assert getattr(away, name)(*arguments) == answer


def test_what_is_made_of_these_works_too(away: Any) -> None:
    assert away.get_many([]) == {}
    assert away.get_or_set("a", lambda: 3) == 3
    assert "a" not in away


def test_no_call_to_redis_is_left_out() -> None:
    calls = {name for name in vars(RedisCache) if not name.startswith("_")} - {"get_backend_timeout"}
    assert calls == set(CALLS) and calls <= set(vars(ForgivingRedisCache))


@pytest.mark.django_db
@pytest.mark.usefixtures("away")
def test_models_are_listed_chosen_and_called_while_redis_is_away(as_: Any, ann: User) -> None:
    ModelConnection.objects.create(name="oracle-9", base_url="http://127.0.0.1:9/v1", model_id="o9")
    listed = as_(ann).get("/api/v1/models")
    assert listed.status_code == 200 and "oracle-9" in listed.content.decode()
    assert SessionConfig(candidate_name="Kim", model_name="oracle-9").problems() == []
    assert connections.chat_for("oracle-9") is not None
    assert connections.stand_in_for("gone", "gone") == "oracle-9"
