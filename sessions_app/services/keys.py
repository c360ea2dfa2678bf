"""API keys: made and revoked by a signed-in person, for a machine that acts as that person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from sessions_app.access import Actor, key_for, require_account
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.models import ApiKey
from sessions_app.models.clock import database_now
from sessions_app.models.ids import new_token, token_hash

SHOWN = 10  # characters of a key that are stored, so that its owner can tell keys apart
MAX_NAME = 80


def create_key(
    name: str, *, actor: Actor, scopes: Collection[str] = ("read",), expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is shown this once: only its hash is stored. ``write`` includes ``read``.

    Raises:
        PermissionDenied: the actor is a guest or holds a session's token.
        ValidationFailed: with every wrong field.
    """
    owner = require_account(actor)
    name = name.strip()
    _check(name, scopes, expires_at)
    secret = ApiKey.PREFIX + new_token()
    key = ApiKey.objects.create(
        user=owner,
        name=name,
        prefix=secret[:SHOWN],
        key_hash=token_hash(secret),
        scopes=["read", "write"] if "write" in scopes else ["read"],
        expires_at=expires_at,
    )
    return key, secret


def revoke_key(key_id: Any, *, actor: Actor) -> ApiKey:
    """The key is good for nothing from now on. Raises ApiKeyNotFound, PermissionDenied."""
    key = key_for(key_id, actor)
    key.revoked_at = database_now()
    key.save(update_fields=["revoked_at"])
    return key


def revoke_keys(keys: Any) -> int:
    """Staff revoke whatever keys they chose in the console. Returns how many were still good."""
    return int(keys.filter(revoked_at=None).update(revoked_at=database_now()))


def _check(name: str, scopes: Collection[str], expires_at: datetime | None) -> None:
    wrong = []
    if not name:
        wrong.append(FieldError("name", "blank", _("Name the key after the program that will use it.")))
    elif len(name) > MAX_NAME or "\0" in name:
        wrong.append(
            FieldError("name", "max_length", _("Use at most %(number)s plain characters.") % {"number": MAX_NAME})
        )
    if not scopes or not set(scopes) <= {scope for scope, _ in ApiKey.SCOPES}:
        wrong.append(FieldError("scopes", "invalid_choice", _("Choose read, or read and write.")))
    if expires_at is not None and expires_at <= database_now():
        wrong.append(FieldError("expires_at", "past", _("Choose a moment in the future, or none.")))
    if wrong:
        raise ValidationFailed(wrong)
