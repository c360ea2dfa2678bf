"""Who is calling: Bearer tokens for requests, tokens or the browser's cookie for streams.

The Bearer class comes first in the list of classes, or missing credentials would answer 403 in the place of 401.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, ExpiredTokenError, InvalidToken, TokenError
from rest_framework_simplejwt.tokens import AccessToken, Token

from sessions_app.errors import NotAuthenticated, TokenExpired


class BearerAuthentication(JWTAuthentication):
    """``Authorization: Bearer <access JWT>``; the library also checks the account and its current password."""

    def get_validated_token(self, raw_token: bytes) -> Token:
        try:
            return AccessToken(raw_token)  # type: ignore[arg-type]
        except ExpiredTokenError as error:
            raise TokenExpired from error
        except TokenError as error:
            raise NotAuthenticated from error


def user_of(authorization: str, session_key: str) -> Any:
    """The user behind an ``Authorization`` header or, without one, a session cookie. Reads the database.

    Raises:
        NotAuthenticated, TokenExpired.
    """
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated
        bearer = BearerAuthentication()
        try:
            return bearer.get_user(bearer.get_validated_token(token.strip().encode()))
        except (AuthenticationFailed, InvalidToken) as error:
            raise NotAuthenticated from error
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key or None)
    user = get_user(request)
    if not user.is_authenticated:
        raise NotAuthenticated
    return user
