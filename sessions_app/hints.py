"""Hints: "something new in this session". Never the news itself, which is in the database; a lost hint costs a second.

Writers publish from any thread; readers wait in an event loop. Within one process a hub is enough. With ``REDIS_URL``
every process also tells the others, over one Redis connection a process.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


class Hub:
    """Wakes the readers of a session, wherever in this process they wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = defaultdict(set)

    @contextmanager
    def listening(self, session_id: object) -> Iterator[asyncio.Event]:
        """An event that is set with every hint for the session, in the running loop."""
        key, entry = str(session_id), (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting[key].add(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._waiting[key].discard(entry)
                if not self._waiting[key]:
                    del self._waiting[key]

    def publish(self, session_id: object) -> None:
        """Wake whoever waits here. Called from any thread; a loop that has closed meanwhile is not an error."""
        with self._lock:
            entries = list(self._waiting.get(str(session_id), ()))
        for loop, event in entries:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    @property
    def readers(self) -> int:
        with self._lock:
            return sum(len(entries) for entries in self._waiting.values())


hub = Hub()


def publish_on_commit(session_id: object) -> None:
    """Hint once the change is committed, so that whoever wakes can see it."""
    transaction.on_commit(lambda: hub.publish(session_id))
