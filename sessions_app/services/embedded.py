"""Background work inside ``manage.py serve``: bounded pools of threads and a sweep every five seconds."""

from __future__ import annotations

import queue
import threading
import time
from uuid import UUID

from django.db import connection

from sessions_app.logs import log

from . import dispatch, operations
from .dispatch import EVALUATIONS, QUESTIONS
from .running import run_operation
from .sweep import sweep

SWEEP_SECONDS = 5.0


class EmbeddedPool:
    """``threads`` questions are written at once, and half as many evaluations and analyses beside them.

    The others wait as rows, not in memory that could be lost.
    """

    def __init__(self, threads: int) -> None:
        self._stop = threading.Event()
        sizes = {QUESTIONS: threads, EVALUATIONS: max(1, threads // 2)}
        self._lanes = {name: _Lane(name, size, self._stop) for name, size in sizes.items()}
        self._sweeper = threading.Thread(target=self._sweep, name="sweep", daemon=True)

    def start(self) -> None:
        """Take back what dead processes of this machine held, settle what happened meanwhile, then work."""
        taken = operations.take_back_from_the_dead()
        if taken:
            log.info("operations.taken_back", count=taken)
        self._unlisten = dispatch.listen(self.submit)
        for thread in self._threads:
            thread.start()
        for due in sweep():
            self.submit(*due)

    def submit(self, operation_id: UUID, queue: str = QUESTIONS) -> None:
        """Run it as soon as a thread of its queue is free; once, however often it is asked for meanwhile."""
        self._lanes[queue].submit(operation_id)

    def stop_claiming(self) -> None:
        """Claim nothing more; what runs is given back to the queue and starts again with the next process."""
        self._stop.set()

    def stop(self, seconds: float = 8.0) -> None:
        """Stop, and wait until the threads have given back what they had: so many seconds for all together."""
        until = time.monotonic() + seconds
        self.stop_claiming()
        self._unlisten()
        for lane in self._lanes.values():
            lane.wake()
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    @property
    def _threads(self) -> list[threading.Thread]:
        return [*(thread for lane in self._lanes.values() for thread in lane.threads), self._sweeper]

    def _sweep(self) -> None:
        while not self._stop.wait(SWEEP_SECONDS):
            try:
                for due in sweep():
                    self.submit(*due)
            except Exception:
                log.exception("sweep.failed")
            finally:
                connection.close()


class _Lane:
    """One queue and the threads that work it off."""

    def __init__(self, name: str, size: int, stop: threading.Event) -> None:
        self._due: queue.Queue[UUID | None] = queue.Queue()
        self._waiting: set[UUID] = set()
        self._lock = threading.Lock()
        self._stop = stop
        self.threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(size)]

    def submit(self, operation_id: UUID) -> None:
        with self._lock:
            if operation_id in self._waiting:
                return
            self._waiting.add(operation_id)
        self._due.put(operation_id)

    def wake(self) -> None:
        """Have every thread look whether it should stop."""
        for _ in self.threads:
            self._due.put(None)

    def _work(self) -> None:
        while (operation_id := self._due.get()) is not None and not self._stop.is_set():
            with self._lock:
                self._waiting.discard(operation_id)
            try:
                run_operation(operation_id, stopping=self._stop.is_set)
            except Exception:
                log.exception("operations.failed", operation_id=str(operation_id))
            finally:
                connection.close()
