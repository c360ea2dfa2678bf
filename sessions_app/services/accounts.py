"""Accounts and their sign-ins over the API."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.models import RefreshFamily, User

from .names import why_no_name

FAMILY = "fam"


def register(email: str, password: str, name: str = "") -> User:
    """A new account.

    Raises:
        ValidationFailed: the address is taken, the password is too weak, or the name cannot be read.
    """
    wrong = _weaknesses(password, User(email=email, name=name))
    if problem := why_no_name(name.strip()):
        wrong.append(FieldError("name", "invalid", problem))
    if User.objects.filter(email__iexact=email.strip()).exists():
        wrong.append(_TAKEN)
    if wrong:
        raise ValidationFailed(wrong)
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name.strip())
    except IntegrityError as error:
        raise ValidationFailed([_TAKEN]) from error


def sign_in(user: User) -> dict[str, str]:
    """A first pair of tokens, and the family that all later ones belong to."""
    token = RefreshToken.for_user(user)
    family = RefreshFamily.objects.create(user=user, current_jti=token["jti"])
    token[FAMILY] = str(family.pk)
    return {"access": str(token.access_token), "refresh": str(token)}


def refresh(raw: str) -> dict[str, str]:
    """A new pair for the newest refresh token of a family; the old one is spent.

    Raises:
        TokenExpired: it has expired.
        NotAuthenticated: it is no token of ours, was used before (which revokes its family), or the account changed.
    """
    old = _read(raw)
    family = _family(old)
    user = family.user
    if not user.is_active or old.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise errors.NotAuthenticated
    new = RefreshToken.for_user(user)
    new[FAMILY] = str(family.pk)
    newest = RefreshFamily.objects.filter(pk=family.pk, current_jti=old["jti"], revoked_at=None)
    if not newest.update(current_jti=new["jti"], refreshed_at=timezone.now()):
        _revoke(family)
        raise errors.NotAuthenticated("This refresh token was used before, so its sign-in has ended. Sign in again.")
    return {"access": str(new.access_token), "refresh": str(new)}


def sign_out(raw: str) -> None:
    """End the sign-in that a refresh token belongs to. Raises NotAuthenticated."""
    _revoke(_family(_read(raw)))


def choose_time_zone(zone: str, *, actor: Actor) -> bool:
    """Keep the zone that somebody reads times in with their account; whether they have one. Empty forgets it.

    ``zone`` is a valid name, or empty. A guest has no account to keep it with.
    """
    if actor.user is None or actor.user.is_guest:
        return False
    User.objects.filter(pk=actor.user.pk).update(time_zone=zone)
    return True


def revoke_sign_ins(users: Iterable[User]) -> int:
    """The refresh tokens of these people are good for nothing from now on. Returns how many sign-ins that ended."""
    return RefreshFamily.objects.filter(user__in=users, revoked_at=None).update(revoked_at=timezone.now())


def _read(raw: str) -> RefreshToken:
    try:
        return RefreshToken(raw)  # type: ignore[arg-type]
    except ExpiredTokenError as error:
        raise errors.TokenExpired("The refresh token has expired. Sign in again.") from error
    except TokenError as error:
        raise errors.NotAuthenticated from error


def _family(token: RefreshToken) -> RefreshFamily:
    family = RefreshFamily.objects.select_related("user").filter(pk=token.get(FAMILY)).first()
    if family is None:
        raise errors.NotAuthenticated
    return family


def _revoke(family: RefreshFamily) -> None:
    RefreshFamily.objects.filter(pk=family.pk, revoked_at=None).update(revoked_at=timezone.now())


def _weaknesses(password: str, user: User) -> list[FieldError]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [FieldError("password", "weak", message) for message in error.messages]
    return []


_TAKEN = FieldError("email", "taken", "There is an account with this address already. Sign in instead.")
