"""``/keys``: a person's API keys. Made and revoked by somebody who signed in; a key makes no keys."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from sessions_app import errors, represent
from sessions_app.access import keys_of
from sessions_app.models import ApiKey
from sessions_app.services import keys

from . import inputs, outputs
from .base import ApiView, PageQuery, page
from .docs import says


class SignedIn(IsAuthenticated):
    """A person by token or cookie, no machine by key: who finds a key cannot make it last."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if isinstance(request.auth, ApiKey):
            raise errors.PermissionDenied("API keys are managed by their owner. Sign in with e-mail and password.")
        return bool(super().has_permission(request, view))


class KeyViewSet(ViewSetMixin, ApiView):
    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    permission_classes = (SignedIn,)
    keeps_idempotency_keys = False  # secrets are not stored, not even to be replayed

    @says("One's API keys, newest first", {200: outputs.page_of(outputs.ApiKeyOut)}, query=PageQuery, errors=(400, 403))
    def list(self, request: Any) -> Response:
        return Response(page(request, keys_of(self.actor), self.query(PageQuery), represent.api_key))

    @says("Make an API key", {201: outputs.NewApiKeyOut}, body=inputs.KeyBody, errors=(400, 403))
    def create(self, request: Any) -> Response:
        key, secret = keys.create_key(actor=self.actor, **self.body(inputs.KeyBody))
        return Response({**represent.api_key(key), "key": secret}, status=201)

    @says("Revoke an API key", {204: None}, errors=(403, 404))
    def destroy(self, request: Any, id: str) -> Response:
        keys.revoke_key(id, actor=self.actor)
        return Response(status=204)
