"""From a committed operation row to somebody who runs it. The row decides; this is only the knock on the door."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

_listeners: list[Callable[[UUID], None]] = []


def dispatch(operation_id: UUID) -> None:
    """Tell whoever runs operations in this process, once the row is committed. If nobody does, the sweep finds it."""
    transaction.on_commit(lambda: _knock(operation_id))


def listen(listener: Callable[[UUID], None]) -> Callable[[], None]:
    """Have ``listener`` called with every dispatched operation's id. Returns how to stop that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def _knock(operation_id: UUID) -> None:
    for listener in list(_listeners):
        listener(operation_id)
