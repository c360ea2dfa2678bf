"""The fair clock of a session: what is stored, and the arithmetic over it. Nothing ticks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from django.db import models

from sessions_app.errors import WHY_OVER

from .actions import Status
from .clock import milliseconds
from .limits import MAX_PAUSE_MINUTES

# Answers and drafts sent before the deadline may still be on their way (1-product, "Expiry").
GRACE = timedelta(seconds=10)

# Seconds left at which the candidate is warned (4-pages, 10.1).
WARNINGS = (600, 300, 120, 60)


# Why time is over, as codes.
BY_THE_CLOCK, WINDOW_CLOSED, PAUSE_TOO_LONG = "clock", "window_closed", "pause_too_long"


class Timed(models.Model):
    """Only the candidate's own thinking time counts. What is only named here belongs to the session."""

    status: str
    paused_at: datetime | None
    ended_at: datetime | None
    last_activity_at: datetime

    time_limit_seconds = models.PositiveIntegerField(null=True, blank=True, help_text="Empty means no limit.")
    extra_seconds = models.PositiveIntegerField(default=0, help_text="Accommodation and extensions together.")
    accommodation_percent = models.PositiveSmallIntegerField(
        "accommodation", default=0, help_text="Extra time in percent of the limit; part of the extra seconds."
    )
    extensions = models.PositiveSmallIntegerField(default=0, help_text="How often the candidate added time.")
    warned_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="The smallest warning that was given, in seconds left."
    )
    active_ms = models.PositiveBigIntegerField(default=0, help_text="Thinking time used up to running_since.")
    running_since = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True, help_text="Set while the clock runs.")
    alive_at = models.DateTimeField(null=True, blank=True, help_text="When the server was last seen alive.")
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    idle_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Paused after these minutes without a sign of life; empty means never."
    )
    max_pause_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="A longer pause ends the interview; empty means any length."
    )
    pause_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Last moment to resume, by the longest pause."
    )
    last_seen_at = models.DateTimeField(null=True, blank=True, help_text="The candidate's last sign of life.")
    paused_ms = models.PositiveBigIntegerField(default=0, help_text="Time in pauses that are over.")

    class Meta:
        abstract = True

    @property
    def limit_ms(self) -> int | None:
        if self.time_limit_seconds is None:
            return None
        return (self.time_limit_seconds + self.extra_seconds) * 1000

    @property
    def accommodation_seconds(self) -> int:
        """The part of the extra seconds that the accommodation makes."""
        return (self.time_limit_seconds or 0) * self.accommodation_percent // 100

    def used_ms(self, now: datetime) -> int:
        """The candidate's own thinking time so far, in milliseconds; never more than the limit."""
        running = milliseconds(self.running_since, now) if self.running_since else 0
        used = self.active_ms + running
        return used if self.limit_ms is None else min(used, self.limit_ms)

    def remaining_ms(self, now: datetime) -> int | None:
        """Milliseconds left, or None when there is no limit."""
        return None if self.limit_ms is None else self.limit_ms - self.used_ms(now)

    def paused_for_ms(self, now: datetime) -> int:
        """Time in pauses so far, in milliseconds; a pause that goes on counts up to now."""
        return self.paused_ms + (milliseconds(self.paused_at, now) if self.paused_at else 0)

    def is_over(self, now: datetime) -> bool:
        """Whether the last moment to go on has passed (by the clock, or by the window for what is not running)."""
        return self.end_of_time is not None and now >= self.end_of_time

    def has_closed(self, now: datetime) -> bool:
        """Whether the window is over: a clock that runs goes on, but what is paused now can never be resumed."""
        return self.closes_at is not None and now >= self.closes_at

    def is_overdue(self, now: datetime) -> bool:
        """Whether it must be expired: the grace for answers on their way is over, too."""
        grace = GRACE if self.status == Status.ACTIVE else timedelta(0)
        return self.end_of_time is not None and now >= self.end_of_time + grace

    @property
    def end_of_time(self) -> datetime | None:
        """The moment that would be recorded as the expiry, if it came now."""
        if self.status == Status.ACTIVE:
            return self.deadline
        if self.status == Status.PAUSED and self.paused_at:
            # A clock that ran on past the closing was paused there.
            closing = max(self.closes_at, self.paused_at) if self.closes_at else None
            return min((moment for moment in (closing, self.pause_ends_at) if moment), default=None)
        return self.closes_at if self.status in (Status.CREATED, Status.PAUSED) else None

    @property
    def time_ended_by(self) -> str:
        """Why time is over, or what would end it: ``clock``, ``window_closed`` or ``pause_too_long``.

        After the end it is told by the clock, which stands at its limit if that was reached, and by the window.
        """
        if self.status == Status.ACTIVE:
            return BY_THE_CLOCK
        if self.status in (Status.CREATED, Status.PAUSED):
            by_pause = self.pause_ends_at is not None and self.end_of_time == self.pause_ends_at
            return PAUSE_TOO_LONG if by_pause else WINDOW_CLOSED
        if self.limit_ms is not None and self.active_ms >= self.limit_ms:
            return BY_THE_CLOCK
        has_closed = self.closes_at is not None and self.ended_at is not None and self.ended_at >= self.closes_at
        return WINDOW_CLOSED if has_closed else PAUSE_TOO_LONG

    @property
    def why_over(self) -> str:
        return str(WHY_OVER[self.time_ended_by])

    def run_clock(self, now: datetime) -> None:
        """Start counting: a question is on the screen and the candidate may answer it."""
        self.running_since = now
        self.alive_at = now
        self._set_deadline()

    def stop_clock(self, now: datetime) -> None:
        """Stop counting; what has run is added to ``active_ms``. Harmless when it is not running."""
        self.active_ms = self.used_ms(now)
        self.running_since = None
        self.deadline = None

    def credit_outage(self, gap: timedelta) -> None:
        """Give the time back in which the server was away."""
        if self.running_since is not None:
            self.running_since += gap
            self._set_deadline()

    def add_time(self, seconds: int, now: datetime) -> None:
        """More time; a running clock's deadline moves along, and warnings that lie ahead again come again."""
        self.extra_seconds += seconds
        if self.running_since is not None:
            self._set_deadline()
        left = self.remaining_ms(now) or 0
        self.warned_seconds = min((warning for warning in WARNINGS if warning * 1000 >= left), default=None)

    def near_end(self, now: datetime) -> int | None:
        """The smallest warning that a running clock has come to, in seconds left; None before the first."""
        whole, left = self.limit_ms, self.remaining_ms(now)
        if self.running_since is None or not whole or not left:
            return None
        return min((w for w in WARNINGS if left <= w * 1000 < whole), default=None)

    def due_warning(self, now: datetime) -> int | None:
        """As ``near_end``, unless that warning or a smaller one was given already."""
        seconds, given = self.near_end(now), self.warned_seconds
        return seconds if seconds and (given is None or seconds < given) else None

    def is_idle(self, now: datetime) -> bool:
        """Whether a question has been open for so long without a sign of life that the interview should be paused.

        Not where the pause would be the end, and the clock brings one by itself: the time that is left is theirs.
        """
        if self.status != Status.ACTIVE or self.running_since is None or self.idle_minutes is None:
            return False
        if self.has_closed(now) and self.time_limit_seconds is not None:
            return False
        signs = (self.running_since, self.last_activity_at, self.last_seen_at)
        return now - max(sign for sign in signs if sign) >= within_a_year(self.idle_minutes)

    def _set_deadline(self) -> None:
        since = cast(datetime, self.running_since)
        left = None if self.limit_ms is None else self.limit_ms - self.active_ms
        self.deadline = None if left is None else since + timedelta(milliseconds=left)


def within_a_year(minutes: int) -> timedelta:
    """A length in minutes; one that was stored without a bound must not leave the calendar."""
    return timedelta(minutes=min(minutes, MAX_PAUSE_MINUTES))
