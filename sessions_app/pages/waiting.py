"""A short wait for the question that was just asked for, so that the next page already shows it."""

from __future__ import annotations

import time
from typing import Any

from sessions_app.models import Operation

SECONDS = 1.5
STEP = 0.05


def wait_for(operation_id: Any) -> None:
    """Return when the operation is over, or after 1.5 s. Outside any transaction; harmless when there is none."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and Operation.objects.live().filter(pk=operation_id).exists():
        time.sleep(STEP)
