"""The one JSON form of every error (2-api, "Errors"), for the API and for addresses under it that do not exist."""

from __future__ import annotations

from typing import Any

from .errors import DomainError, RateLimited, Unavailable
from .requests import request_id


def body(error: DomainError) -> dict[str, Any]:
    """``{"detail": {"code", "message", …}, "request_id"}``."""
    detail = {"code": error.code, "message": error.message, **error.extra}
    return {"detail": detail, "request_id": request_id.get()}


def headers(error: DomainError) -> dict[str, str]:
    """``Retry-After`` where waiting is the remedy, ``WWW-Authenticate`` where signing in is."""
    if isinstance(error, RateLimited | Unavailable):
        return {"Retry-After": str(error.wait_seconds)}
    return {"WWW-Authenticate": 'Bearer realm="api"'} if error.status == 401 else {}
