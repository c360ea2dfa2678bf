"""``Idempotency-Key``: the first answer is stored and replayed, however often the request is sent.

The key is claimed in a transaction of its own; then the verb and its stored answer commit together. A process that
dies in between has changed nothing, and the claim can be taken over once it is old.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import orjson
from django.db import IntegrityError, transaction
from django.db.models import F
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import errors
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.models import IdempotencyKey
from sessions_app.models.clock import database_now
from sessions_app.represent import dumps

CLAIM = timedelta(seconds=60)
KEPT_HEADERS = ("Location", "ETag")
MAX_KEY = 200

Handler = Callable[[], Response]
Preparation = Callable[[], Response | None]


def run(request: Request, handler: Handler, prepare: Preparation) -> Response:
    """Carry the request out, or replay what it was answered before.

    ``prepare`` does what takes long, under the key and before the handler's transaction; what it returns, unless that
    is None, is a refusal and the answer.

    Raises:
        ValidationFailed: the key is not 1 to 200 printable ASCII characters.
        IdempotencyKeyReused: it came with another request before.
        IdempotencyInProgress: that request is still running.
    """
    key = key_of(request) if request.method in ("POST", "PUT", "PATCH") else None
    if key is None:
        return prepare() or handler()
    claimed = _claim(request, key)
    if claimed.status_code is not None:
        return _replay(claimed)
    return _carry_out(claimed, handler, prepare)


def key_of(request: Request) -> str | None:
    """The request's key, if it has one. Raises ValidationFailed where it is not 1 to 200 printable ASCII characters."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is not None and (not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable()):
        wrong = FieldError("Idempotency-Key", "invalid", "Use 1 to 200 printable ASCII characters.")
        raise ValidationFailed([wrong])
    return key


def _claim(request: Request, key: str) -> IdempotencyKey:
    caller = str(request.user.pk) if request.user.is_authenticated else ""
    fingerprint = fingerprint_of(request)
    now = database_now()
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(caller=caller, key=key, fingerprint=fingerprint, claimed_at=now)
    except IntegrityError:
        claimed = IdempotencyKey.objects.get(caller=caller, key=key)
    if claimed.fingerprint != fingerprint:
        raise errors.IdempotencyKeyReused
    if claimed.status_code is None:
        abandoned = IdempotencyKey.objects.filter(
            pk=claimed.pk, attempt=claimed.attempt, status_code=None, claimed_at__lt=now - CLAIM
        )
        if not abandoned.update(attempt=F("attempt") + 1, claimed_at=now):
            raise errors.IdempotencyInProgress
        claimed.attempt += 1
    return claimed


def _carry_out(claimed: IdempotencyKey, handler: Handler, prepare: Preparation) -> Response:
    try:
        refused = prepare()
        with transaction.atomic():
            response = refused or handler()
            if response.status_code < 500:
                _store(claimed, response)
    except Exception:
        IdempotencyKey.objects.filter(pk=claimed.pk, attempt=claimed.attempt, status_code=None).delete()
        raise
    if response.status_code >= 500:
        IdempotencyKey.objects.filter(pk=claimed.pk, attempt=claimed.attempt, status_code=None).delete()
    return response


def _store(claimed: IdempotencyKey, response: Response) -> None:
    mine = IdempotencyKey.objects.filter(pk=claimed.pk, attempt=claimed.attempt, status_code=None)
    stored = mine.update(
        status_code=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body="" if response.data is None else dumps(response.data).decode(),
    )
    if not stored:
        raise errors.IdempotencyInProgress


def _replay(claimed: IdempotencyKey) -> Response:
    headers = {**claimed.headers, "Idempotent-Replayed": "true"}
    body = orjson.Fragment(claimed.body) if claimed.body else None  # as it was, to the last blank
    return Response(body, status=claimed.status_code, headers=headers)


def fingerprint_of(request: Request) -> str:
    """Of the address and the body, which nobody may have read before; PUT and POST of one verb are the same request."""
    said = request.get_full_path().rstrip("/").encode() + b"\n" + request._request.body
    return hashlib.sha256(said).hexdigest()
