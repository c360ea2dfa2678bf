"""How people come to a session: invitations and tokens; what they ask for on the way; what is sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy

from .ids import new_id


class Invitations(models.QuerySet["Invitation"]):
    @staticmethod
    def condition(state: str, now: Any) -> models.Q:
        """As ``Invitation.state`` says it, for the database. ``now`` is a moment or an expression."""
        unused = models.Q(revoked_at=None, accepted_at=None)
        return {
            "revoked": models.Q(revoked_at__isnull=False),
            "accepted": models.Q(revoked_at=None, accepted_at__isnull=False),
            "expired": unused & models.Q(expires_at__lte=now),
            "open": unused & models.Q(expires_at__gt=now),
        }[state]

    def in_state(self, state: str, now: Any) -> Invitations:
        return self.filter(self.condition(state, now))


class Invitation(models.Model):
    """A link that lets one candidate join one session. Only the hash of its token is stored."""

    STATES = ("open", "accepted", "expired", "revoked")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254, blank=True, help_text="Empty for a link that was only copied.")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        "sessions_app.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    batch = models.CharField(
        max_length=64, blank=True, editable=False, help_text="What was confirmed together, so that it happens once."
    )
    batch_row = models.PositiveIntegerField(null=True, blank=True, editable=False)
    fingerprint = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the request that an Idempotency-Key came with."
    )

    objects = Invitations.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["batch", "batch_row"], condition=~models.Q(batch=""), name="invitation_once_per_batch_row"
            ),
        )

    def __str__(self) -> str:
        return f"Invitation to {self.session}"

    def state(self, now: datetime) -> str:
        """One of ``STATES``; ``Invitations.condition`` says the same for the database."""
        if self.revoked_at is not None:
            return "revoked"
        if self.accepted_at is not None:
            return "accepted"
        return "expired" if now >= self.expires_at else "open"


class InvitationList(models.Model):
    """People who are being invited together: kept until everybody is, and for a day, in which its links are shown.

    Who is invited already is told by the invitations themselves (``group`` is their ``batch``), so that whoever works
    it off may die at any moment and be followed by another. The links follow from ``seed`` and the secret key.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    group = models.CharField(max_length=64, unique=True, editable=False)
    seed = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey("sessions_app.User", on_delete=models.CASCADE, null=True, related_name="+")
    template = models.ForeignKey("sessions_app.InterviewTemplate", on_delete=models.CASCADE, related_name="+")
    people = models.JSONField(default=list, help_text="The rows as they were typed; empty once all are worked off.")
    left_out = models.JSONField(default=list, help_text="The rows that could not be invited, and why.")
    shared = models.JSONField(default=dict, help_text="What is the same for all.")
    total = models.PositiveIntegerField()
    sends_letters = models.BooleanField()
    origin = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"List of {self.total} people"


class SessionToken(models.Model):
    """What an anonymous caller of the API holds instead of an account: it reaches one session, for 30 days."""

    PREFIX = "ivs_"

    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="tokens")
    user = models.ForeignKey("sessions_app.User", on_delete=models.CASCADE, related_name="+", help_text="The guest.")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token of session {self.session_id}"


class CandidateRequest(models.Model):
    """A candidate asks for more time, another adjustment, or a human interviewer, or disagrees with a score; staff
    answer.
    """

    KINDS = (
        ("extra_time", gettext_lazy("More time")),
        ("adjustment", gettext_lazy("An adjustment")),
        ("human", gettext_lazy("A human interview")),
        ("score", gettext_lazy("Disagrees with a score")),
    )
    STATUSES = (
        ("open", gettext_lazy("Open")),
        ("granted", gettext_lazy("Granted")),
        ("declined", gettext_lazy("Declined")),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="requests")
    kind = models.CharField(max_length=10, choices=KINDS)
    subject = models.CharField(max_length=80, blank=True, help_text="The criterion's key, of a score.")
    text = models.TextField(max_length=2_000, blank=True, help_text="In the candidate's own words.")
    status = models.CharField(max_length=8, choices=STATUSES, default="open")
    answer = models.TextField(max_length=2_000, blank=True, help_text="What staff told the candidate.")
    created_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        "sessions_app.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("created_at",)
        verbose_name = "request"
        constraints = (
            models.UniqueConstraint(
                fields=["session", "kind", "subject"],
                condition=models.Q(status="open"),
                name="request_open_once_per_kind",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.session}"


class OutgoingMessage(models.Model):
    """An e-mail, written in the transaction that causes it and sent by the sweep. ``key`` makes it happen once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=30)
    session = models.ForeignKey(
        "sessions_app.InterviewSession", on_delete=models.CASCADE, null=True, blank=True, related_name="letters"
    )
    invitation = models.ForeignKey(
        Invitation, on_delete=models.CASCADE, null=True, blank=True, editable=False, related_name="letters"
    )
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    language = models.CharField(max_length=10, default="en", help_text="The language it is written in.")
    calendar = models.TextField(blank=True, help_text="An iCalendar file (RFC 5545) to attach.")
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    is_held = models.BooleanField(default=False, help_text="Written while no mail server was set up; never sent.")
    link_seed = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="With the secret key it gives the invitation's link; erased when the letter is sent.",
    )

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "letter"
        indexes = (models.Index(fields=["not_before"], condition=models.Q(sent_at=None), name="letter_due"),)

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"
