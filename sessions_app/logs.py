"""The log: one JSON line per transition and error, with ids and numbers, never with personal data."""

from __future__ import annotations

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("interviewer")
