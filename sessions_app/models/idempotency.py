"""Requests that were answered already, so that a repeated one gets the same answer and does nothing twice."""

from __future__ import annotations

from django.db import models


class IdempotencyKey(models.Model):
    """One ``Idempotency-Key`` of one caller. ``caller`` is the user's id, or empty for somebody not signed in."""

    caller = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    attempt = models.PositiveIntegerField(default=1)
    claimed_at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty while it runs.")
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True, help_text="JSON as it was sent: a JSON column would reorder its keys.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_once_per_caller"),)
        indexes = (models.Index(fields=["claimed_at"], name="idempotency_age"),)

    def __str__(self) -> str:
        return self.key
