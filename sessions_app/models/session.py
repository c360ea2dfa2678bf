"""One interview: its configuration, its place, its clock.

Transitions are the legal edge plus the arithmetic of this row, with the time passed in: no save, no query.
The services find, authorise, lock, transition, save and record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.db.models.functions import Now
from django_fsm import FSMField, transition

from .actions import NOT_OPEN_YET, OPEN, Phase, Role, Status, allowed_actions, statuses_allowing
from .clock import milliseconds
from .ids import new_id
from .limits import BASELINE_PRECISION, DEFAULT_QUESTIONS, DEFAULT_TOKENS, MAX_CHALLENGE, MAX_NAME, TRAITS

if TYPE_CHECKING:
    from .accounts import User

STATUS_CHOICES = [
    (Status.CREATED, "Not started"),
    (Status.ACTIVE, "In progress"),
    (Status.PAUSED, "Paused"),
    (Status.COMPLETED, "Finished"),
    (Status.EXPIRED, "Time ran out"),
    (Status.CANCELLED, "Cancelled"),
]

# Answers and drafts sent before the deadline may still be on their way (1-product, "Expiry").
GRACE = timedelta(seconds=10)


def baseline_precision() -> dict[str, float]:
    return dict.fromkeys(TRAITS, BASELINE_PRECISION)


def text_mode() -> list[str]:
    return ["text"]


class Sessions(models.QuerySet["InterviewSession"]):
    """Questions one asks about sessions, in English."""

    def visible_to(self, user: User) -> Sessions:
        """Staff see all sessions, everybody else their own."""
        return self if user.is_staff else self.filter(candidate_id=user.pk)

    def with_turn(self) -> Sessions:
        """With what ``phase`` and ``clock`` are derived from, and the database's time: one statement, one moment."""
        return self.select_related("turn__message").annotate(now=Now())

    def matching(self, *, ordering: str = "-created_at", **query: Any) -> Sessions:
        """What a list asks for: status, search, job_posting, created_after, created_before; the rest is ignored."""
        rows = self.order_by(ordering, "-id")
        if status := query.get("status"):
            rows = rows.filter(status=status)
        if words := query.get("search", "").strip():
            rows = rows.filter(
                models.Q(candidate_name__icontains=words)
                | models.Q(candidate_email__icontains=words)
                | models.Q(title__icontains=words)
            )
        if posting := query.get("job_posting"):
            rows = rows.filter(job_posting_id=posting)
        if after := query.get("created_after"):
            rows = rows.filter(created_at__gte=after)
        if before := query.get("created_before"):
            rows = rows.filter(created_at__lt=before)
        return rows

    def unfinished(self) -> Sessions:
        return self.filter(status__in=OPEN)

    def with_running_clock(self) -> Sessions:
        return self.filter(status=Status.ACTIVE, running_since__isnull=False)

    def overdue(self, now: datetime) -> Sessions:
        """Sessions whose time is over for good: the clock's deadline and its grace, or the closing of the window."""
        clock_over = models.Q(status=Status.ACTIVE, deadline__lte=now - GRACE)
        window_over = models.Q(status__in=[Status.CREATED, Status.PAUSED], closes_at__lte=now)
        return self.filter(clock_over | window_over)


class InterviewSession(models.Model):
    now: datetime  # the database's time, annotated by Sessions.with_turn()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    candidate = models.ForeignKey(
        "sessions_app.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    candidate_name = models.CharField(max_length=MAX_NAME, blank=True)
    candidate_email = models.EmailField(max_length=254, blank=True)
    created_by = models.ForeignKey(
        "sessions_app.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    job_posting = models.ForeignKey("sessions_app.JobPosting", on_delete=models.SET_NULL, null=True, blank=True)
    resume = models.ForeignKey("sessions_app.Resume", on_delete=models.SET_NULL, null=True, blank=True)
    template = models.ForeignKey("sessions_app.InterviewTemplate", on_delete=models.SET_NULL, null=True, blank=True)
    title = models.CharField(max_length=240)
    plan = models.JSONField(default=dict, help_text="The frozen question plan.")
    is_practice = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False, editable=False)

    status = FSMField(default=Status.CREATED, choices=STATUS_CHOICES, protected=True, db_index=True)
    turn = models.ForeignKey(
        "sessions_app.Operation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    current_question_number = models.PositiveSmallIntegerField(default=0)
    planned_questions = models.PositiveSmallIntegerField(default=DEFAULT_QUESTIONS)
    auto_advance = models.BooleanField(default=True)
    model_name = models.CharField(max_length=120, default="built-in")
    enabled_modes = models.JSONField(default=text_mode)
    challenge_text = models.TextField(max_length=MAX_CHALLENGE, blank=True)
    language = models.CharField(max_length=12, default="en")
    quiet_minutes = models.PositiveSmallIntegerField(default=10)
    shows_precision = models.BooleanField(default=True)

    time_limit_seconds = models.PositiveIntegerField(null=True, blank=True, help_text="Empty means no limit.")
    extra_seconds = models.PositiveIntegerField(default=0)
    active_ms = models.PositiveBigIntegerField(default=0, help_text="Thinking time used up to running_since.")
    running_since = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True, help_text="Set while the clock runs.")
    alive_at = models.DateTimeField(null=True, blank=True, help_text="When the server was last seen alive.")
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)

    token_budget = models.PositiveIntegerField(default=DEFAULT_TOKENS)
    tokens_used = models.PositiveIntegerField(default=0)
    tokens_reserved = models.PositiveIntegerField(default=0)
    precision = models.JSONField(default=baseline_precision)

    draft_text = models.TextField(blank=True)
    draft_revision = models.PositiveBigIntegerField(default=0)
    message_count = models.PositiveIntegerField(default=0)
    last_seq = models.PositiveIntegerField(default=0, help_text="Number of the newest event.")
    last_hash = models.CharField(max_length=64, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    retake_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="retakes")
    retake_number = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    last_activity_at = models.DateTimeField()

    objects = Sessions.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "session"
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="session_newest"),
            models.Index(fields=["candidate", "-created_at", "-id"], name="session_newest_of_candidate"),
            models.Index(fields=["deadline"], name="session_deadline"),
            models.Index(fields=["status", "last_activity_at"], name="session_quiet"),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(status__in=list(Status)), name="session_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(running_since__isnull=True) | models.Q(status=Status.ACTIVE),
                name="session_clock_runs_only_while_active",
            ),
            models.CheckConstraint(
                condition=models.Q(tokens_used__gte=0, tokens_reserved__gte=0),
                name="session_tokens_not_negative",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} · {self.candidate_name or 'no name'}"

    # -- what it is waiting for ------------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase | None:
        """Derived from the newest question operation and its message (``turn``); null where nothing is awaited."""
        if self.status not in (Status.ACTIVE, Status.PAUSED) or self.turn is None:
            return None
        if self.turn.is_live:
            return Phase.GENERATING
        if not self.turn.has_succeeded:
            return Phase.GENERATION_FAILED
        if self.status == Status.PAUSED:
            return None
        if self.open_question_id is not None:
            return Phase.WAITING_FOR_ANSWER
        if self.current_question_number >= self.planned_questions:
            return Phase.CLOSING
        return Phase.READY_FOR_NEXT

    @property
    def open_question_id(self) -> Any:
        """Id of the newest question while nobody has answered it: the newest complete message is that question."""
        message = self.turn.message if self.turn is not None else None
        if message is None or message.seq is None or message.seq != self.message_count:
            return None
        return message.pk

    def allowed_actions(self, roles: frozenset[Role], now: datetime) -> list[str]:
        if self.status in OPEN and self.is_over(now):
            return [action for action in ("answer", "save_draft") if action in self._in_table(roles, now)]
        return self._in_table(roles, now)

    def _in_table(self, roles: frozenset[Role], now: datetime) -> list[str]:
        not_open = self.status == Status.CREATED and self.opens_at is not None and now < self.opens_at
        return allowed_actions(self.status, NOT_OPEN_YET if not_open else self.phase, roles)

    # -- the clock: arithmetic over stored values ------------------------------------------------------------------

    @property
    def limit_ms(self) -> int | None:
        if self.time_limit_seconds is None:
            return None
        return (self.time_limit_seconds + self.extra_seconds) * 1000

    def used_ms(self, now: datetime) -> int:
        """The candidate's own thinking time so far, in milliseconds; never more than the limit."""
        running = milliseconds(self.running_since, now) if self.running_since else 0
        used = self.active_ms + running
        return used if self.limit_ms is None else min(used, self.limit_ms)

    def remaining_ms(self, now: datetime) -> int | None:
        """Milliseconds left, or None when there is no limit."""
        return None if self.limit_ms is None else self.limit_ms - self.used_ms(now)

    def is_over(self, now: datetime) -> bool:
        """Whether the last moment to go on has passed (by the clock, or by the window for what is not running)."""
        return self.end_of_time is not None and now >= self.end_of_time

    def is_overdue(self, now: datetime) -> bool:
        """Whether it must be expired: the grace for answers on their way is over, too."""
        grace = GRACE if self.status == Status.ACTIVE else timedelta(0)
        return self.end_of_time is not None and now >= self.end_of_time + grace

    @property
    def end_of_time(self) -> datetime | None:
        """The moment that would be recorded as the expiry, if it came now."""
        if self.status == Status.ACTIVE:
            return self.deadline
        if self.status == Status.PAUSED and self.closes_at and self.paused_at:
            return max(self.closes_at, self.paused_at)  # a clock that ran on past the closing was paused there
        return self.closes_at if self.status in (Status.CREATED, Status.PAUSED) else None

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

    def _set_deadline(self) -> None:
        since = cast(datetime, self.running_since)
        left = None if self.limit_ms is None else self.limit_ms - self.active_ms
        self.deadline = None if left is None else since + timedelta(milliseconds=left)

    # -- transitions -----------------------------------------------------------------------------------------------

    @transition(field=status, source=statuses_allowing("start"), target=Status.ACTIVE)
    def start(self, now: datetime) -> None:
        self.started_at = now

    @transition(field=status, source=statuses_allowing("pause"), target=Status.PAUSED)
    def pause(self, now: datetime) -> None:
        self.stop_clock(now)
        self.paused_at = now

    @transition(field=status, source=statuses_allowing("resume"), target=Status.ACTIVE)
    def resume_interview(self, now: datetime) -> None:
        """Named apart from the field ``resume``. The clock goes on only where a question waits for its answer."""
        self.paused_at = None
        if self.open_question_id is not None and not self.turn_is_live:
            self.run_clock(now)

    @transition(field=status, source=statuses_allowing("complete"), target=Status.COMPLETED)
    def complete(self, now: datetime) -> None:
        self.stop_clock(now)
        self.ended_at = now

    @transition(field=status, source=statuses_allowing("cancel"), target=Status.EXPIRED)
    def expire(self, at: datetime) -> None:
        """Time ran out at ``at``: the deadline itself, however late it is noticed."""
        self.stop_clock(at)
        self.ended_at = at

    @transition(field=status, source=statuses_allowing("cancel"), target=Status.CANCELLED)
    def cancel(self, now: datetime) -> None:
        self.stop_clock(now)
        self.ended_at = now

    @property
    def turn_is_live(self) -> bool:
        return self.turn is not None and self.turn.is_live
