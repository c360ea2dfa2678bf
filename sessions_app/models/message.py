"""What was said: one row a turn, numbered when it becomes complete, so that history has no gap."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from .catalog import QuestionType
from .ids import new_id


class MessageState(StrEnum):
    PENDING = "pending"
    STREAMING = "streaming"
    COMPLETE = "complete"
    FAILED = "failed"


class Messages(models.QuerySet["SessionMessage"]):
    def history(self) -> Messages:
        """What the transcript shows, oldest first: complete and numbered, notes left out."""
        return self.filter(seq__isnull=False).order_by("seq")

    def notes(self) -> Messages:
        """What arrived too late: kept for the reviewer, outside history."""
        return self.filter(kind="note").order_by("created_at")


class SessionMessage(models.Model):
    ROLES = (("assistant", "Interviewer"), ("user", "Candidate"), ("system", "System"))
    KINDS = (("question", "Question"), ("answer", "Answer"), ("notice", "Notice"), ("note", "Late note"))
    MODES = (("text", "Text"), ("code", "Code"), ("whiteboard", "Whiteboard"), ("audio", "Audio"))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    role = models.CharField(max_length=9, choices=ROLES)
    kind = models.CharField(max_length=8, choices=KINDS)
    question_number = models.PositiveSmallIntegerField(null=True, blank=True)
    question_type = models.CharField(max_length=12, choices=QuestionType.choices, blank=True)
    in_reply_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replies")
    mode = models.CharField(max_length=10, choices=MODES, default="text")
    payload = models.JSONField(default=dict, blank=True)
    content = models.TextField(blank=True)
    state = FSMField(default=MessageState.PENDING, choices=[(s, s.title()) for s in MessageState], protected=True)
    client_message_id = models.CharField(max_length=100, blank=True)
    tokens = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = Messages.as_manager()

    class Meta:
        ordering = ("seq",)
        verbose_name = "message"
        constraints = (
            models.UniqueConstraint(fields=["session", "seq"], name="message_seq_once"),
            models.UniqueConstraint(
                fields=["session", "client_message_id"],
                condition=~Q(client_message_id=""),
                name="message_client_id_once",
            ),
            models.UniqueConstraint(
                fields=["in_reply_to"], condition=Q(kind="answer"), name="message_one_answer_per_question"
            ),
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(kind="question", state__in=["pending", "streaming"]),
                name="message_one_question_in_the_making",
            ),
            models.UniqueConstraint(
                fields=["session", "question_number"],
                condition=Q(kind="question", state="complete"),
                name="message_question_number_once",
            ),
            models.CheckConstraint(condition=Q(state__in=list(MessageState)), name="message_state_is_known"),
            models.CheckConstraint(
                condition=Q(role__in=["assistant", "user", "system"])
                & Q(kind__in=["question", "answer", "notice", "note"]),
                name="message_role_and_kind_are_known",
            ),
            models.CheckConstraint(
                condition=(Q(state="complete") & ~Q(kind="note") & Q(seq__isnull=False))
                | (Q(seq__isnull=True) & (Q(kind="note") | ~Q(state="complete"))),
                name="message_numbered_when_complete",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.seq or '–'}"

    @property
    def is_skip(self) -> bool:
        return bool(self.payload.get("skipped"))

    @transition(field=state, source=[MessageState.PENDING, MessageState.STREAMING], target=MessageState.STREAMING)
    def begin(self, attempt: int) -> None:
        """A worker took it: a new attempt starts the text again from nothing."""
        self.attempt = attempt
        self.content = ""

    @transition(field=state, source=MessageState.STREAMING, target=MessageState.COMPLETE)
    def complete(self, now: datetime, seq: int, question_number: int) -> None:
        self.seq = seq
        self.question_number = question_number
        self.completed_at = now

    @transition(field=state, source=[MessageState.PENDING, MessageState.STREAMING], target=MessageState.FAILED)
    def fail(self) -> None:
        """A partial question is nobody's words; it goes."""
        self.content = ""

    @transition(field=state, source=[MessageState.FAILED, MessageState.STREAMING], target=MessageState.PENDING)
    def wait_again(self) -> None:
        self.content = ""
