"""Hints: "something new in this session". Never the news itself, which is in the database; a lost hint costs a second.

Writers publish from any thread; readers wait in an event loop. Within one process a hub is enough. With ``REDIS_URL``
every process also tells the others, by Redis' publish and subscribe.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import redis
from django.conf import settings
from django.db import transaction

from .logs import log

CHANNEL = "interviewer.hints"
PAUSE_SECONDS = 1.0


class Hub:
    """Wakes the readers of a session, wherever in this process they wait."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # close() comes in a signal, which may interrupt its own thread in here
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, Callable[[], None]]]] = defaultdict(set)
        self._sleeping: dict[str, set[threading.Event]] = defaultdict(set)
        self.is_closed = False

    def close(self) -> None:
        """The process is about to end: wake everybody, so that no reader holds it up."""
        self.is_closed = True
        for key in [*self._waiting, *self._sleeping]:
            self.wake(key)

    @contextmanager
    def listening(self, session_id: object, on_hint: Callable[[], None]) -> Iterator[None]:
        """Have something called with every hint for the session, in the running loop."""
        relay.listen()
        key, entry = str(session_id), (asyncio.get_running_loop(), on_hint)
        with self._lock:
            self._waiting[key].add(entry)
        try:
            yield
        finally:
            with self._lock:
                self._waiting[key].discard(entry)
                if not self._waiting[key]:
                    del self._waiting[key]

    @contextmanager
    def listening_in_thread(self, session_id: object) -> Iterator[threading.Event]:
        """The same for a thread that may sleep."""
        relay.listen()
        key, event = str(session_id), threading.Event()
        with self._lock:
            self._sleeping[key].add(event)
        try:
            yield event
        finally:
            with self._lock:
                self._sleeping[key].discard(event)
                if not self._sleeping[key]:
                    del self._sleeping[key]

    def publish(self, session_id: object) -> None:
        """Wake whoever waits, here and in other processes. Called from any thread; never waits itself."""
        self.wake(str(session_id))
        relay.publish(str(session_id))

    def wake(self, key: str) -> None:
        """Wake whoever waits here. A loop that has closed meanwhile is not an error."""
        with self._lock:
            entries = list(self._waiting.get(key, ()))
            for sleeper in self._sleeping.get(key, ()):
                sleeper.set()
        for loop, on_hint in entries:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(on_hint)

    @property
    def readers(self) -> int:
        with self._lock:
            return sum(len(entries) for entries in self._waiting.values())


class Relay:
    """Carries hints between processes over Redis; does nothing without a URL. Redis may go and come back."""

    def __init__(self, url: str, hub: Hub) -> None:
        self._url, self._hub = url, hub
        self._outgoing: queue.Queue[str] = queue.Queue(maxsize=10_000)
        self._lock = threading.Lock()
        self._running: set[str] = set()

    def publish(self, key: str) -> None:
        if self._url:
            self._start("publish")
            with suppress(queue.Full):  # readers look by themselves every second
                self._outgoing.put_nowait(key)

    def listen(self) -> None:
        """Start to take hints in, once in a process that has readers."""
        if self._url:
            self._start("listen")

    def _start(self, what: str) -> None:
        with self._lock:
            if what in self._running:
                return
            self._running.add(what)
        work = self._send if what == "publish" else self._receive
        threading.Thread(target=self._for_ever, args=(work,), name=f"hints-{what}", daemon=True).start()

    def _for_ever(self, work: Callable[[], None]) -> None:
        while True:
            try:
                work()
            except redis.RedisError as error:
                log.warning("hints.redis_away", error=type(error).__name__, component="hints")
                time.sleep(PAUSE_SECONDS)

    def _send(self) -> None:
        client = redis.Redis.from_url(self._url, socket_timeout=5, socket_connect_timeout=2)
        while True:
            client.publish(CHANNEL, self._outgoing.get())

    def _receive(self) -> None:
        client = redis.Redis.from_url(self._url, socket_connect_timeout=2, health_check_interval=10)
        with client.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(CHANNEL)
            for message in channel.listen():
                self._hub.wake(message["data"].decode())


hub = Hub()
relay = Relay(settings.REDIS_URL, hub)


def publish_on_commit(session_id: object) -> None:
    """Hint once the change is committed, so that whoever wakes can see it."""
    transaction.on_commit(lambda: hub.publish(session_id))
