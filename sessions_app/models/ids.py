"""Keys of rows: UUIDv7, so that they sort by time of creation and tell nothing else."""

from __future__ import annotations

import hashlib
import secrets
import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return uuid_utils.compat.uuid7()


def new_token() -> str:
    """A random 256-bit secret, fit for a URL. It is shown once; only its hash is stored."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 as hex. A random secret of 256 bits needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
