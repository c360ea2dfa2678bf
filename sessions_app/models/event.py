"""The append-only log of every session, chained by hashes. One log, four uses: audit, live, replay, cursor."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q


class EventsAreForEver(TypeError):
    """Somebody tried to edit or delete an event."""


class Events(models.QuerySet["SessionEvent"]):
    """Reading and appending; ``update`` is refused, ``delete`` only happens with the whole session (cascade)."""

    def update(self, **_: Any) -> NoReturn:
        raise EventsAreForEver("Events are never edited. Append a new one.")

    def delete(self) -> NoReturn:
        raise EventsAreForEver("Events are never deleted. They go with their session.")


class SessionEvent(models.Model):
    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor = models.CharField(max_length=60, help_text="system, candidate:<id> or staff:<id>; never a name.")
    data = models.JSONField(default=dict, help_text="Ids, numbers and salted hashes only.")
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = Events.as_manager()

    class Meta:
        ordering = ("seq",)
        verbose_name = "event"
        constraints = (
            models.UniqueConstraint(fields=["session", "seq"], name="event_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="event_seq_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise EventsAreForEver("Events are never edited. Append a new one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise EventsAreForEver("Events are never deleted. They go with their session.")


class EventReason(models.Model):
    """The words of a person who gave a reason. Kept apart, so that they can be erased and the chain still holds."""

    event = models.OneToOneField(SessionEvent, on_delete=models.CASCADE, related_name="reason_row")
    text = models.CharField(max_length=500)
    salt = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.text
