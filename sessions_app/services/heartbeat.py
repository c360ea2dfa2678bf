"""While an operation is worked on: keep its lease, and stop when the process is about to end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection

from sessions_app.logs import log
from sessions_app.models.clock import database_now

from . import operations
from .operations import Claim, LeaseLost

HEARTBEAT_SECONDS = 10.0
TICK_SECONDS = 0.25

Stopping = Callable[[], bool]
Found = TypeVar("Found")


class Stopped(Exception):
    """The process is about to end; the operation goes back into the queue."""


@contextmanager
def beating(claimed: Claim) -> Iterator[None]:
    """Keep the lease while a question is written, so that a slow first word is not taken for a dead worker."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            try:
                operations.heartbeat(claimed, database_now())
            except LeaseLost:
                return
            except Exception:
                log.exception("operation.heartbeat_failed", operation_id=str(claimed.operation_id))
            finally:
                connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{claimed.operation_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def leavable(call: Callable[[], Found], stopping: Stopping) -> Found:
    """What the call returns, or Stopped as soon as the process is about to end: a model may take minutes to answer.

    It runs on a thread of its own, which ends with the process, and must not touch the database.
    """
    answered: Future[Found] = Future()

    def run() -> None:
        try:
            answered.set_result(call())
        except BaseException as error:
            answered.set_exception(error)

    threading.Thread(target=run, name="model-call", daemon=True).start()
    while not answered.done():
        if stopping():
            raise Stopped
        wait([answered], timeout=TICK_SECONDS)
    return answered.result()
