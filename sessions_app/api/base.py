"""What every view of the API has: an actor, idempotent writes, versions, and pages of rows."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_app import errors
from sessions_app.access import Actor, refuse_token
from sessions_app.authentication import as_actor

from . import idempotency


class ApiView(APIView):
    """``throttle_kinds`` names the rate limit of an action (``"*"`` for all of the view's).

    ``open_to_tokens`` names the actions that the bearer of one session's token may call (``"*"`` for all); what does
    not say so is closed to them.
    """

    throttle_kinds: ClassVar[dict[str, str]] = {}
    open_to_tokens: ClassVar[frozenset[str]] = frozenset()
    keeps_idempotency_keys: Any = True

    @property
    def actor(self) -> Actor:
        """Whoever is signed in; only views that anybody may use have nobody."""
        return as_actor(self.request.user, self.request.auth)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.actor.only_session is None or self.open_to_tokens & {"*", getattr(self, "action", None)}:
            return
        if request.method == "POST":
            refuse_token(self.actor)
        raise errors.NotFound

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As in DRF, with the handler run under the request's Idempotency-Key, errors of the domain included."""
        self.args, self.kwargs = args, kwargs
        drf = self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(drf, *args, **kwargs)
            keeps = self.keeps_idempotency_keys
            response = idempotency.run(drf, self._handle, self._prepare) if keeps else self._handle()
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(drf, response, *args, **kwargs)
        return self.response

    def prepare(self) -> None:
        """What a view does before the transaction of its answer, since it takes long."""

    def _prepare(self) -> Response | None:
        try:
            self.prepare()
        except Exception as error:
            refused: Response = self.handle_exception(error)
            return refused
        return None

    def _handle(self) -> Response:
        method = (self.request.method or "").lower()
        allowed = method in self.http_method_names
        handler = getattr(self, method, self.http_method_not_allowed) if allowed else self.http_method_not_allowed
        try:
            response: Response = handler(self.request, *self.args, **self.kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        return response

    def body(self, schema: type[serializers.Serializer[Any]], **options: Any) -> dict[str, Any]:
        """The valid body, as the serializer reads it. Raises ValidationError with every wrong field."""
        reader = schema(data=self.request.data, **options)
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def query(self, schema: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The valid query string. Raises ValidationError."""
        reader = schema(data=self.request.query_params.dict())
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def expected_version(self) -> int | None:
        """The session version that ``If-Match`` names; None without one. Raises PreconditionFailed."""
        given = self.request.headers.get("If-Match", "*").strip()
        if given == "*":
            return None
        match = re.fullmatch(r'(?:W/)?"([0-9]{1,9})(?:-[0-9]+)?"', given)
        if match is None:
            raise errors.PreconditionFailed
        return int(match.group(1))


class WholeNumber(serializers.IntegerField):
    """In the digits 0 to 9: what one door takes for a number, the others take, too."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"\s*[+-]?[0-9]+(\.0*)?\s*", str(data)):
            self.fail("invalid")
        number: int = super().to_internal_value(data)
        return number


class Body(serializers.Serializer[Any]):
    """A body, or a query string, that refuses keys it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError({"body": [ErrorDetail("Send a JSON object.", code="invalid")]})
        wrong: dict[str, Any] = {
            str(key): [ErrorDetail("There is no such field. Leave it out.", code="unknown_field")]
            for key in data
            if key not in self.fields
        }
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            wrong |= error.detail if isinstance(error.detail, dict) else {"body": error.detail}
        if wrong:
            raise ValidationError(wrong)
        return value


class PageQuery(Body):
    """``limit`` and ``offset`` of a list."""

    limit = WholeNumber(min_value=1, max_value=100, default=50)
    offset = WholeNumber(min_value=0, max_value=10_000_000, default=0)


def page(
    request: Request, rows: QuerySet[Any], query: dict[str, Any], represent: Any, *, together: bool = False
) -> dict[str, Any]:
    """``{count, next, previous, results}`` of the rows that limit and offset ask for.

    ``together``: what represents them takes them all at once.
    """
    count, limit, offset = rows.count(), query["limit"], query["offset"]
    shown = list(rows[offset : offset + limit])
    return {
        "count": count,
        "next": _link(request, limit, offset + limit) if offset + limit < count else None,
        "previous": _link(request, limit, max(0, offset - limit)) if offset else None,
        "results": represent(shown) if together else [represent(row) for row in shown],
    }


def _link(request: Request, limit: int, offset: int) -> str:
    params = request.query_params.copy()
    params["limit"], params["offset"] = str(limit), str(offset)
    return request.build_absolute_uri(f"{request.path}?{params.urlencode()}")
