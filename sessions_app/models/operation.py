"""One piece of background work. The row is the queue: it is inserted in the transaction that causes it.

Its status changes only by guarded conditional UPDATEs, because a claim must be one statement: those of the lease in
``services/operations.py``, stopping and trying again here in ``Operations``.
"""

from __future__ import annotations

import statistics
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import Q

from sessions_app.ai.protocol import BUILT_IN

from .ids import new_id


class OperationStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (OperationStatus.QUEUED, OperationStatus.RUNNING)


class Operations(models.QuerySet["Operation"]):
    def live(self) -> Operations:
        return self.filter(status__in=LIVE)

    def claimable(self, now: datetime) -> Operations:
        """Queued and due, or running with a lease that is over."""
        due = Q(status=OperationStatus.QUEUED, not_before__lte=now)
        abandoned = Q(status=OperationStatus.RUNNING, lease_until__lt=now)
        return self.filter(due | abandoned)

    def cancel(self, now: datetime, code: str, message: str) -> int:
        """Stop those that are queued or running; they can be tried again. Returns how many."""
        return self.live().update(
            status=OperationStatus.CANCELLED,
            finished_at=now,
            lease_until=None,
            error_code=code,
            error_message=message,
            error_retryable=True,
        )

    def queue_again(self, now: datetime, **fields: Any) -> int:
        """Put those that failed or were stopped back into the queue, as if nothing had been tried. Returns how many."""
        return self.filter(status__in=(OperationStatus.FAILED, OperationStatus.CANCELLED)).update(
            status=OperationStatus.QUEUED,
            not_before=now,
            provider_errors=0,
            lost_leases=0,
            error_code="",
            error_message="",
            error_retryable=False,
            finished_at=None,
            **fields,
        )

    def usual_seconds(self, model_name: str) -> float:
        """Median of that model's last 20 generations, from the claim to the end; 8 s without history."""
        recent = self.filter(model_name=model_name, kind="question", status=OperationStatus.SUCCEEDED)
        spans = recent.order_by("-finished_at").values_list("started_at", "finished_at")[:20]
        return statistics.median([(end - start).total_seconds() for start, end in spans] or [8.0])


class Operation(models.Model):
    KINDS = (("question", "Question"), ("analysis", "Analysis"), ("evaluation", "Evaluation"))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="operations")
    message = models.OneToOneField(
        "sessions_app.SessionMessage",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="operation",
    )
    kind = models.CharField(max_length=10, choices=KINDS, default="question")
    status = models.CharField(
        max_length=9, choices=[(s, s.title()) for s in OperationStatus], default=OperationStatus.QUEUED
    )
    attempt = models.PositiveSmallIntegerField(default=0, help_text="The fencing token: one more with every claim.")
    provider_errors = models.PositiveSmallIntegerField(default=0)
    lost_leases = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True, help_text="machine:process:start of who holds the lease.")
    model_name = models.CharField(max_length=120, default=BUILT_IN)
    usage = models.JSONField(default=dict, blank=True)
    reserved_tokens = models.PositiveIntegerField(default=0, help_text="Held from the session's budget while it runs.")
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=300, blank=True)
    error_retryable = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = Operations.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(kind="question", status__in=LIVE),
                name="operation_one_live_question_per_session",
            ),
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(kind="evaluation", status__in=LIVE),
                name="operation_one_live_evaluation_per_session",
            ),
            models.CheckConstraint(condition=Q(status__in=list(OperationStatus)), name="operation_status_is_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["question", "analysis", "evaluation"]), name="operation_kind_is_known"
            ),
        )
        indexes = (
            models.Index(fields=["not_before"], condition=Q(status="queued"), name="operation_due"),
            models.Index(fields=["lease_until"], condition=Q(status="running"), name="operation_leases"),
            models.Index(fields=["model_name", "-finished_at"], condition=Q(status="succeeded"), name="operation_pace"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def has_succeeded(self) -> bool:
        return self.status == OperationStatus.SUCCEEDED

    @property
    def error(self) -> dict[str, object] | None:
        if not self.error_code:
            return None
        return {"code": self.error_code, "message": self.error_message, "retryable": self.error_retryable}


class TokenCharge(models.Model):
    """The ledger of a session's tokens: one row for every attempt that called a model, written when it is settled.

    ``settled`` holds what the provider counted; ``abandoned`` an attempt that was killed, charged at its reservation.
    Only what was spent on questions counts for the session's budget.
    """

    KINDS = (("settled", "Settled"), ("abandoned", "Abandoned"))

    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="charges")
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="charges")
    attempt = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=KINDS)
    model_name = models.CharField(max_length=120)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    total_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, help_text="Where a price is configured for the model."
    )
    currency = models.CharField(max_length=3, blank=True, help_text="Of the cost, such as EUR.")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=["operation", "attempt"], name="charge_once_per_attempt"),)

    def __str__(self) -> str:
        return f"{self.total_tokens} tokens, {self.kind}"
