"""What the OpenAPI file says about a view: one decorator, so that views stay short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema

from .inputs import Nothing
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


def changes(
    summary: str, answers: dict[Any, Any], *, body: Any = Nothing, is_for_some: bool = False
) -> Callable[[Any], Any]:
    """Document a verb that changes a session: it takes the version that was read, and a key to be sent again with.

    ``is_for_some``: not everybody who sees the session may do it.
    """
    refused = (403,) if is_for_some else ()
    return says(summary, answers, body=body, errors=(400, *refused, 404, 409, 412, 422), headers=(IF_MATCH, KEY))
