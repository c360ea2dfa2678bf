"""Background work on other machines: Celery carries the id of an operation, the row decides everything else.

A lost or doubled task is harmless. Tasks are acknowledged late; a worker that stops gives what it writes back to the
queue; beat asks for the sweep, which finds whatever no task came for.

    celery -A interviewer worker --pool threads --concurrency 8 --queues questions,evaluations,sweep
    celery -A interviewer beat
"""

from __future__ import annotations

import os
import threading
from typing import Any
from uuid import UUID

from celery import Celery
from celery.signals import worker_process_shutdown, worker_ready, worker_shutting_down
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interviewer.settings")

app = Celery("interviewer")
app.config_from_object("django.conf:settings", namespace="CELERY")

_stopping = threading.Event()


@app.task(name="interviewer.run_operation", ignore_result=True, acks_late=True)
def run_operation(operation_id: str) -> None:
    """Carry out one operation, if it is still due. Given back when the worker is told to stop."""
    from sessions_app.services.running import run_operation as run

    run(UUID(operation_id), stopping=_stopping.is_set)


@app.task(name="interviewer.sweep", ignore_result=True)
def sweep() -> None:
    """One round of the sweep; what is due is sent to the workers."""
    from sessions_app.services.sweep import sweep as run

    for operation_id, queue in run():
        send(operation_id, queue)


def send(operation_id: UUID, queue: str) -> None:
    """Tell the workers about an operation. A broker that is away is no error: the sweep finds the row."""
    from sessions_app.logs import log

    try:
        run_operation.apply_async((str(operation_id),), queue=queue, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("operations.broker_away", error=type(error).__name__, component="celery")


@worker_ready.connect
def _take_back(**_: Any) -> None:
    """What dead workers of this machine held is due at once."""
    from sessions_app.services.operations import take_back_from_the_dead

    take_back_from_the_dead()


@worker_shutting_down.connect
@worker_process_shutdown.connect
def _stop(**_: Any) -> None:
    _stopping.set()
