"""Bearer tokens. First in the list of classes, or missing credentials would answer 403 in the place of 401."""

from __future__ import annotations

from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
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
