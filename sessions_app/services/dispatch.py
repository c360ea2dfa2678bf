"""From a committed operation row to somebody who runs it. The row decides; this is only the knock on the door."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

# Where candidates wait for a question nothing must stand in the way, least of all a long evaluation of somebody else.
QUESTIONS, EVALUATIONS = "questions", "evaluations"

Listener = Callable[[UUID, str], None]
_listeners: list[Listener] = []


def queue_of(kind: str) -> str:
    """The queue that an operation of that kind waits in."""
    return QUESTIONS if kind == "question" else EVALUATIONS


def dispatch(operation_id: UUID, kind: str = "question") -> None:
    """Tell whoever runs operations in this process, once the row is committed. If nobody does, the sweep finds it."""
    transaction.on_commit(lambda: _knock(operation_id, queue_of(kind)))


def listen(listener: Listener) -> Callable[[], None]:
    """Have ``listener`` called with every dispatched operation's id and its queue. Returns how to stop that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def _knock(operation_id: UUID, queue: str) -> None:
    for listener in list(_listeners):
        listener(operation_id, queue)
