"""The shared cache counts for rate limits and remembers which models rest: all of it may be forgotten.

When Redis is away, nobody is refused and nothing fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache

from sessions_app.logs import log

SECONDS = 300


class ForgivingRedisCache(RedisCache):
    """Answers as an empty cache would while Redis cannot be reached."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._or(default, super().get, key, default, version)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        return dict(self._or({}, super().get_many, keys, version))

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return bool(self._or(False, super().has_key, key, version))

    def set(self, key: Any, value: Any, timeout: Any = SECONDS, version: int | None = None) -> None:
        self._or(None, super().set, key, value, timeout, version)

    def set_many(self, data: Mapping[Any, Any], timeout: Any = SECONDS, version: int | None = None) -> list[Any]:
        return list(self._or(data, super().set_many, data, timeout, version))

    def add(self, key: Any, value: Any, timeout: Any = SECONDS, version: int | None = None) -> bool:
        return bool(self._or(True, super().add, key, value, timeout, version))

    def touch(self, key: Any, timeout: Any = SECONDS, version: int | None = None) -> bool:
        return bool(self._or(False, super().touch, key, timeout, version))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self._or(delta, super().incr, key, delta, version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._or(False, super().delete, key, version))

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        self._or(None, super().delete_many, keys, version)

    def clear(self) -> None:
        self._or(None, super().clear)

    def _or(self, instead: Any, call: Any, *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except redis.RedisError as error:
            log.warning("cache.redis_away", error=type(error).__name__, component="cache")
            return instead
