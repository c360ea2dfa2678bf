"""``/auth``: register, sign in, refresh, sign out, and who am I. ``/account``: everything about me, and its erasure."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, get_user
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers as s
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from sessions_app import errors, represent
from sessions_app.access import require_account
from sessions_app.export_account import as_chunks, file_name
from sessions_app.models import User
from sessions_app.models.clock import database_now
from sessions_app.services import accounts
from sessions_app.services.guests import move_guest
from sessions_app.services.personal_data import erase_account

from . import inputs, outputs
from .base import ApiView
from .docs import KEY, says


class _Door(ApiView):
    """Open to everybody; credentials in the body count, not those in a header or cookie."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_kinds = {"*": "auth"}
    keeps_idempotency_keys = False  # tokens are not stored, not even to be replayed

    def get_authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


class RegisterView(_Door):
    keeps_idempotency_keys = True

    @says(
        "Make an account",
        {201: outputs.UserOut},
        body=inputs.RegisterBody,
        errors=(400, 409, 422),
        headers=(KEY,),
        auth=[],
    )
    def post(self, request: Any) -> Response:
        return Response(represent.user(accounts.register(**self.body(inputs.RegisterBody))), status=201)


class TokenView(_Door):
    @says("Sign in", {200: outputs.TokenPair}, body=inputs.TokenBody, errors=(400,), auth=[])
    def post(self, request: Any) -> Response:
        body = self.body(inputs.TokenBody)
        email = body["email"].strip().lower()
        user = authenticate(request._request, username=email, password=body["password"])
        if user is None:
            raise errors.NotAuthenticated("The e-mail address or the password is wrong.")
        if (guest := _guest_of(request)) is not None:
            move_guest(guest.pk, to=user)
        return Response(accounts.sign_in(user))


def _guest_of(request: Any) -> User | None:
    """The guest whose browser sends this, if its page could have made it send: the cookie alone proves no intention."""
    user = get_user(request._request)
    if not isinstance(user, User) or not user.is_guest:
        return None
    try:
        SessionAuthentication().enforce_csrf(request)
    except PermissionDenied:  # no CSRF token came along
        return None
    return user


class RefreshView(_Door):
    @says("A new pair of tokens", {200: outputs.TokenPair}, body=inputs.RefreshBody, errors=(400,), auth=[])
    def post(self, request: Any) -> Response:
        return Response(accounts.refresh(self.body(inputs.RefreshBody)["refresh"]))


class LogoutView(_Door):
    @says("End a sign-in", {204: None}, body=inputs.RefreshBody, errors=(400,), auth=[])
    def post(self, request: Any) -> Response:
        accounts.sign_out(self.body(inputs.RefreshBody)["refresh"])
        return Response(status=204)


class MeView(ApiView):
    @says("Who am I", {200: outputs.UserOut})
    def get(self, request: Any) -> Response:
        return Response(represent.user(request.user))


class ErasureReceipt(s.Serializer[Any]):
    """How many of what, with nothing about the person; nobody can look it up again."""

    reference = s.UUIDField()
    erased_at = s.DateTimeField()
    removed = s.DictField(child=s.IntegerField())
    kept = s.DictField(child=s.IntegerField(), help_text="Numbers about nobody: logs, scores, ratings.")


class AccountView(ApiView):
    throttle_kinds = {"*": "auth"}
    keeps_idempotency_keys = False  # nothing about somebody who is gone is kept

    @says(
        "Erase my account and everything that tells about me",
        {200: ErasureReceipt},
        body=inputs.PasswordBody,
        errors=(400, 403, 409),
    )
    def delete(self, request: Any) -> Response:
        user = require_account(self.actor)
        password = self.body(inputs.PasswordBody)["password"]
        if authenticate(request._request, username=user.email, password=password) != user:
            raise errors.ValidationFailed([errors.FieldError("password", "wrong", "This is not your password.")])
        return Response(erase_account(actor=self.actor))


class AccountExportView(ApiView):
    keeps_idempotency_keys = False

    @says(
        "Everything that is stored about me, as one file",
        {(200, "application/json"): OpenApiTypes.OBJECT},
        errors=(403,),
    )
    def get(self, request: Any) -> StreamingHttpResponse:
        require_account(self.actor)
        disposition = {"Content-Disposition": f'attachment; filename="{file_name(database_now())}"'}
        return StreamingHttpResponse(as_chunks(self.actor), content_type="application/json", headers=disposition)
