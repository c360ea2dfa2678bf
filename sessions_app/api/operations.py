"""``/operations``: watch a piece of background work, try it again, stop it."""

from __future__ import annotations

from typing import Any

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from sessions_app import represent
from sessions_app.access import operation_for
from sessions_app.services import operations

from . import inputs, outputs
from .base import ApiView
from .docs import KEY, says


class OperationViewSet(ViewSetMixin, ApiView):
    open_to_tokens = frozenset({"*"})
    lookup_field = "id"
    lookup_value_regex = "[^/]+"

    @says("An operation", {200: outputs.OperationOut}, errors=(404,))
    def retrieve(self, request: Any, id: str) -> Response:
        return Response(represent.operation(operation_for(id, self.actor)))

    @says(
        "Try a failed or stopped question or evaluation again",
        {202: outputs.OperationOut},
        body=inputs.Nothing,
        errors=(400, 404, 409, 422),
        headers=(KEY,),
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        return Response(represent.operation(operations.retry_operation(id, actor=self.actor)), status=202)

    @says(
        "Stop a question that is being written, or an evaluation",
        {200: outputs.OperationOut},
        body=inputs.Nothing,
        errors=(400, 404, 409, 422),
        headers=(KEY,),
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        return Response(represent.operation(operations.cancel_operation(id, actor=self.actor)))
