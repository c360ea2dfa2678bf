"""Rate limits: generous, per person and kind of request. Reading never uses up what sending needs."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

RATES = {"read": "3000/min", "write": "600/min", "draft": "600/min", "create": "600/hour", "auth": "120/min"}


class KindThrottle(SimpleRateThrottle):
    """The kind is the view's ``throttle_kind`` for that action, else ``read`` or ``write`` by the method."""

    rate = "1/s"  # set for each request

    def allow_request(self, request: Request, view: Any) -> bool:
        self.scope = self._kind(request, view)
        self.num_requests, self.duration = self.parse_rate(RATES[self.scope])
        return bool(super().allow_request(request, view))

    def get_cache_key(self, request: Request, view: Any) -> str:
        who = f"user-{request.user.pk}" if request.user.is_authenticated else f"ip-{self.get_ident(request)}"
        return f"throttle:{self.scope}:{who}"

    @staticmethod
    def _kind(request: Request, view: Any) -> str:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return "read"
        kinds: dict[str | None, str] = getattr(view, "throttle_kinds", {})
        return kinds.get(getattr(view, "action", None)) or kinds.get("*") or "write"
