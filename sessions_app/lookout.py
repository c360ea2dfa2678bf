"""One look for all streams of a process: what moved in the sessions that somebody reads, in one statement.

A hint says where to look; once a second it looks everywhere, so a lost hint costs no more than that. Two hundred idle
streams are one small query a second.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import Error, close_old_connections
from django.db.models import Case, F, When

from sessions_app.hints import hub
from sessions_app.logs import log
from sessions_app.models import InterviewSession
from sessions_app.models.message import MessageState

EVERYWHERE_SECONDS = 1.0
GATHER_SECONDS = 0.02  # hints that come this close together are one look

T = TypeVar("T")
_pool = ThreadPoolExecutor(settings.STREAM_READ_THREADS, thread_name_prefix="live")


async def in_pool(work: Callable[..., T], *args: Any) -> T:
    """Run a short read in the bounded pool, whose threads keep one healthy connection each."""

    def run() -> T:
        close_old_connections()
        try:
            return work(*args)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_pool, run)


@dataclass(frozen=True)
class Sight:
    """How long a session's log is, and as much as there is of the text that is being written, if one is."""

    last_seq: int
    message_id: UUID | None = None
    attempt: int = 0
    text: str = ""


def look(session_ids: Collection[UUID]) -> dict[UUID, Sight]:
    """The sight of each session that is there."""
    written = When(turn__message__state=MessageState.STREAMING, then=F("turn__message__content"))
    rows = (
        InterviewSession.objects.filter(pk__in=session_ids, erased_at=None)
        .annotate(written=Case(written))
        .order_by()
        .values_list("pk", "last_seq", "turn__message_id", "turn__message__attempt", "written")
    )
    return {
        key: Sight(last_seq) if text is None else Sight(last_seq, message_id, attempt, text)
        for key, last_seq, message_id, attempt, text in rows
    }


class Watch:
    """The place of one stream at the lookout."""

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._news = asyncio.Event()

    def see(self, sight: Sight | None) -> None:
        if sight is None or sight != self._sight:
            self._sight = sight
            self._news.set()

    async def next(self, seconds: float) -> Sight | None:
        """The next sight that differs from the one before. None when there was none for so long, or when the session
        cannot be seen: either way, it is time to read it."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return None
        self._news.clear()
        return self._sight


class Lookout:
    """Looks, in one task of one event loop, as long as somebody watches."""

    def __init__(self) -> None:
        self._watches: dict[UUID, set[Watch]] = defaultdict(set)
        self._hinted: set[UUID] = set()
        self._hint = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, session_id: UUID) -> Iterator[Watch]:
        watch = Watch()
        with hub.listening(session_id, lambda: self._take(session_id)):
            self._watches[session_id].add(watch)
            if self._task is None:
                self._task = asyncio.ensure_future(self._look_on())
            try:
                yield watch
            finally:
                self._leave(session_id, watch)

    def _leave(self, session_id: UUID, watch: Watch) -> None:
        self._watches[session_id].discard(watch)
        if not self._watches[session_id]:
            del self._watches[session_id]
        if not self._watches and self._task is not None:
            self._task.cancel()
            self._task = None

    def _take(self, session_id: UUID) -> None:
        self._hinted.add(session_id)
        self._hint.set()

    async def _look_on(self) -> None:
        loop = asyncio.get_running_loop()
        everywhere_at = loop.time() + EVERYWHERE_SECONDS
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(everywhere_at):
                    await self._hint.wait()
                    await asyncio.sleep(GATHER_SECONDS)
            self._hint.clear()
            wanted, self._hinted = self._hinted, set()
            if loop.time() >= everywhere_at or hub.is_closed:
                wanted = set(self._watches)
                everywhere_at = loop.time() + EVERYWHERE_SECONDS
            await self._tell(wanted)

    async def _tell(self, session_ids: set[UUID]) -> None:
        """Whoever cannot be told, because the process ends or the database is away, is sent to see for themselves."""
        sights: dict[UUID, Sight] = {}
        if not hub.is_closed:
            try:
                sights = await in_pool(look, session_ids)
            except Error as error:
                log.info("lookout.blind", error=type(error).__name__, component="live")
        for session_id in session_ids:
            for watch in self._watches.get(session_id, ()):
                watch.see(sights.get(session_id))


_lookouts: WeakKeyDictionary[asyncio.AbstractEventLoop, Lookout] = WeakKeyDictionary()


def watching(session_id: UUID) -> Any:
    """A context manager: the running loop's watch over a session."""
    return _lookouts.setdefault(asyncio.get_running_loop(), Lookout()).watching(session_id)
