"""What the OpenAPI file says about a view: one decorator, so that views stay short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema

from .outputs import ErrorOut

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Sending the same request twice does it once.",
)
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag you read; stale is 412.")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="Unchanged is 304.")


def says(
    summary: str,
    answers: dict[Any, Any],
    *,
    body: Any = None,
    query: Any = None,
    errors: tuple[int, ...] = (),
    headers: tuple[OpenApiParameter, ...] = (),
    **more: Any,
) -> Callable[[Any], Any]:
    """Document a view: what it takes, what it answers, and which errors it has besides 401 and 429."""
    problems = dict.fromkeys((*errors, 401, 429), ErrorOut)
    parameters = [*headers, *([query] if query else [])]
    return extend_schema(
        summary=summary, request=body, responses={**answers, **problems}, parameters=parameters, **more
    )
