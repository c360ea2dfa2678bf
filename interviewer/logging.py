"""One JSON line per entry on standard error, with the request's id; no bodies, no addresses, no names."""

from __future__ import annotations

import re
from typing import Any

import structlog

_LINK = re.compile(r"(/invite/)[\w\-\[\]]+")


def without_tokens(_logger: Any, _method: str, entry: Any) -> Any:
    """The link of an invitation is its key; Django names the path of a request that failed."""
    return {key: _LINK.sub(r"\1…", value) if isinstance(value, str) else value for key, value in entry.items()}


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    without_tokens,
]

structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


def logging_config(level: str) -> dict[str, Any]:
    """Everything goes through one handler, Django's and the libraries' lines, too."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "interviewer": {"level": level.upper()},
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.request": {"level": "ERROR"},
            "axes": {"level": "ERROR"},
        },
    }
