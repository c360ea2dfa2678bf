"""Who is calling: Bearer credentials for requests, the same or the browser's cookie for streams.

Three things may follow ``Bearer``: the access JWT of a person, the API key of a machine (``ivw_…``), and the token of
one anonymous session (``ivs_…``). Each costs one query. Keys and session tokens are looked up by their SHA-256, so how
long it takes tells nothing about a stored secret, and nothing that could be sent is stored.

The Bearer class comes first in the list of classes, or missing credentials would answer 403 in the place of 401.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, ExpiredTokenError, InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from sessions_app.access import Actor, as_uuid
from sessions_app.errors import NotAuthenticated, PermissionDenied, TokenExpired
from sessions_app.models import ApiKey, SessionToken, User
from sessions_app.models.ids import token_hash
from sessions_app.models.rows import row_by_id

STAMP_EVERY = timedelta(minutes=1)

Credential = Token | ApiKey | SessionToken


class BearerAuthentication(JWTAuthentication):
    """``Authorization: Bearer …``; ``request.auth`` is the credential. The account must be active."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Raises NotAuthenticated, TokenExpired, and PermissionDenied when a key that may only read wants to write."""
        header = self.get_header(request)
        raw = None if header is None else self.get_raw_token(header)
        if raw is None:
            return None
        user, credential = self.bearer(raw)
        may_write = not isinstance(credential, ApiKey) or "write" in credential.scopes
        if not may_write and request.method not in SAFE_METHODS:
            raise PermissionDenied("This API key may only read. Use a key with the scope write.")
        return user, credential

    def bearer(self, raw: bytes) -> tuple[Any, Credential]:
        """The user behind a credential, and what it is."""
        text = raw.decode("latin-1")
        if text.startswith(ApiKey.PREFIX):
            key = _key(text)
            return key.user, key
        if text.startswith(SessionToken.PREFIX):
            token = _session_token(text)
            return token.user, token
        validated = self.get_validated_token(raw)
        return self.get_user(validated), validated

    def get_validated_token(self, raw_token: bytes) -> Token:
        try:
            return AccessToken(raw_token)  # type: ignore[arg-type]
        except ExpiredTokenError as error:
            raise TokenExpired from error
        except TokenError as error:
            raise NotAuthenticated from error

    def get_user(self, validated_token: Token) -> Any:
        """As in simplejwt, but the account is read without building the statement anew: every request begins here."""
        key = as_uuid(validated_token.get(api_settings.USER_ID_CLAIM))
        user = row_by_id(User, key) if key else None
        if user is None or not user.is_active:
            raise NotAuthenticated
        if validated_token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
            raise NotAuthenticated
        return user


def as_actor(user: Any, credential: Any = None) -> Actor:
    """The actor that a request's user and credential make."""
    return Actor(user, credential.session_id if isinstance(credential, SessionToken) else None)


def actor_of(authorization: str, session_key: str) -> Actor:
    """Whoever is behind an ``Authorization`` header or, without one, a session cookie. Reads the database.

    For streams, which only read: every scope of a key will do.

    Raises:
        NotAuthenticated, TokenExpired.
    """
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated
        try:
            return as_actor(*BearerAuthentication().bearer(token.strip().encode()))
        except (AuthenticationFailed, InvalidToken) as error:
            raise NotAuthenticated from error
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key or None)
    user = get_user(request)
    if not user.is_authenticated:
        raise NotAuthenticated
    return Actor(user)


def _key(text: str) -> ApiKey:
    rows = ApiKey.objects.select_related("user").annotate(now=Now())
    key = rows.filter(key_hash=token_hash(text), revoked_at=None).first()
    if key is None or not key.user.is_active:
        raise NotAuthenticated
    if key.expires_at is not None and key.expires_at <= key.now:
        raise TokenExpired("This API key has expired. Make a new one under “API keys” of your account.")
    _stamp(key)
    return key


def _stamp(key: Any) -> None:
    """Remember the use, at most once a minute, so that a busy key does not write with every request."""
    before = key.now - STAMP_EVERY
    if key.last_used_at is None or key.last_used_at <= before:
        due = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=before), pk=key.pk)
        due.update(last_used_at=key.now)


def _session_token(text: str) -> SessionToken:
    rows = SessionToken.objects.select_related("user").annotate(now=Now())
    token = rows.filter(token_hash=token_hash(text), revoked_at=None).first()
    if token is None or not token.user.is_active:
        raise NotAuthenticated
    if token.expires_at <= token.now:
        raise TokenExpired("This access token has expired. Start a new session.")
    return token
