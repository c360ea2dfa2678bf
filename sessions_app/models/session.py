"""One interview: its configuration, its place, its clock.

Transitions are the legal edge plus the arithmetic of this row, with the time passed in: no save, no query.
The services find, authorise, lock, transition, save and record.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy
from django_fsm import FSMField, transition

from sessions_app.ai.protocol import BUILT_IN

from .actions import NOT_OPEN_YET, OPEN, Phase, Role, Status, allowed_actions, statuses_allowing
from .ids import new_id
from .limits import (
    BASELINE_PRECISION,
    DEFAULT_QUESTIONS,
    DEFAULT_TOKENS,
    MAX_CHALLENGE,
    MAX_EXTENSIONS,
    MAX_NAME,
    TRAITS,
)
from .operation import OperationStatus
from .session_queries import Sessions
from .timing import Timed, within_a_year

if TYPE_CHECKING:
    from .message import SessionMessage

STATUS_CHOICES = [
    (Status.CREATED, gettext_lazy("Not started")),
    (Status.ACTIVE, gettext_lazy("In progress")),
    (Status.PAUSED, gettext_lazy("Paused")),
    (Status.COMPLETED, gettext_lazy("Finished")),
    (Status.EXPIRED, gettext_lazy("Time ran out")),
    (Status.CANCELLED, gettext_lazy("Cancelled")),
]


def baseline_precision() -> dict[str, float]:
    return dict.fromkeys(TRAITS, BASELINE_PRECISION)


def text_mode() -> list[str]:
    return ["text"]


class InterviewSession(Timed):
    now: datetime  # the database's time, annotated by Sessions.with_turn()
    history_json: str | None  # there and the two after it only where ``resume_context`` read the row
    posting_json: str | None
    resume_json: str | None
    turn_status: str | None  # only where ``is_unchanged`` read the row

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
    template_version = models.PositiveIntegerField(null=True, blank=True, help_text="The version that was frozen.")
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
    evaluation_operation = models.ForeignKey(
        "sessions_app.Operation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="The newest evaluation's; ``phase`` after the end is derived from it.",
    )
    current_question_number = models.PositiveSmallIntegerField(default=0)
    planned_questions = models.PositiveSmallIntegerField(default=DEFAULT_QUESTIONS)
    auto_advance = models.BooleanField(default=True)
    model_name = models.CharField(max_length=120, default=BUILT_IN)
    enabled_modes = models.JSONField(default=text_mode)
    challenge_text = models.TextField(max_length=MAX_CHALLENGE, blank=True)
    language = models.CharField(max_length=12, default="en")
    quiet_minutes = models.PositiveSmallIntegerField(default=10)
    shows_precision = models.BooleanField(default=True)
    may_fall_back = models.BooleanField(default=True)
    needs_model_score = models.BooleanField(default=False)
    shows_report = models.BooleanField(default=True)

    token_budget = models.PositiveIntegerField(default=DEFAULT_TOKENS)
    tokens_used = models.PositiveIntegerField(default=0)
    tokens_reserved = models.PositiveIntegerField(default=0)
    is_budget_spent = models.BooleanField(default=False, help_text="The prepared last question was asked for it.")
    warned_percent = models.PositiveSmallIntegerField(default=0, help_text="The highest budget warning that was given.")
    questions_left_out = models.PositiveSmallIntegerField(
        default=0, help_text="Planned questions that the spent budget had no tokens for."
    )
    precision = models.JSONField(default=baseline_precision, help_text="By dimension, from 0.5 up to 1.")
    estimates = models.JSONField(
        default=dict, blank=True, help_text="By dimension, from -1 to 1; none without evidence."
    )

    draft_text = models.TextField(blank=True)
    draft_revision = models.PositiveBigIntegerField(default=0)
    draft_question = models.UUIDField(
        null=True, blank=True, editable=False, help_text="The question it was written under; none: for the next one."
    )
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
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    time_zone = models.CharField(max_length=64, blank=True, help_text="The candidate's, such as Europe/Berlin.")

    objects = Sessions.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "session"
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="session_newest"),
            # Without those that were erased, so that this alone can count what anybody is shown.
            models.Index(
                fields=["candidate", "-created_at", "-id"],
                condition=models.Q(erased_at__isnull=True),
                name="session_newest_of_candidate",
            ),
            models.Index(fields=["deadline"], name="session_deadline"),
            models.Index(fields=["status", "last_activity_at"], name="session_quiet"),
            models.Index(
                fields=["pause_ends_at"], condition=models.Q(pause_ends_at__isnull=False), name="session_pause_ends"
            ),
            models.Index(fields=["closes_at"], condition=models.Q(closes_at__isnull=False), name="session_closes"),
            models.Index(fields=["template", "template_version"], name="session_of_template"),
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
        """Derived from the newest question operation and its message (``turn``); null where nothing is awaited.

        After the end it is derived from the newest evaluation's operation.
        """
        if self.status in (Status.COMPLETED, Status.EXPIRED):
            return self._phase_of_evaluation
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
    def _phase_of_evaluation(self) -> Phase | None:
        judging = self.evaluation_operation
        if judging is None or judging.status == OperationStatus.CANCELLED:
            return None
        if judging.is_live:
            return Phase.EVALUATING
        return Phase.EVALUATED if judging.has_succeeded else Phase.EVALUATION_FAILED

    @property
    def open_question(self) -> SessionMessage | None:
        """The newest question while nobody has answered it: the newest complete message is that question."""
        message = self.turn.message if self.turn is not None else None
        if message is None or message.seq is None or message.seq != self.message_count:
            return None
        return message

    @property
    def open_question_id(self) -> Any:
        question = self.open_question
        return None if question is None else question.pk

    @property
    def draft_is_for_another_question(self) -> bool:
        """Whether the draft was written under a question that is not the open one: then it is no answer to that one."""
        return bool(self.draft_text.strip()) and self.draft_question not in (None, self.open_question_id)

    def allowed_actions(self, roles: frozenset[Role], now: datetime) -> list[str]:
        if self.status in OPEN and self.is_over(now):
            return [action for action in ("answer", "save_draft") if action in self._in_table(roles, now)]
        return self._in_table(roles, now)

    def _in_table(self, roles: frozenset[Role], now: datetime) -> list[str]:
        not_open = self.status == Status.CREATED and self.opens_at is not None and now < self.opens_at
        place = NOT_OPEN_YET if not_open else self.phase
        actions = allowed_actions(self.status, place, roles, is_practice=self.is_practice)
        withheld = {"pause"} if self.has_closed(now) else set()  # nobody could resume, so it would be the end
        if Role.STAFF not in roles and not self.may_add_time:
            withheld.add("extend")
        return [action for action in actions if action not in withheld]

    @property
    def may_add_time(self) -> bool:
        """Whether the candidate of a practice session may add five minutes once more (1-product, "Extend")."""
        return self.extensions_left > 0

    @property
    def extensions_left(self) -> int:
        """How often the candidate may still add five minutes: never where others judge, or where there is no limit."""
        may_ever = self.is_practice and self.time_limit_seconds is not None
        return max(0, MAX_EXTENSIONS - self.extensions) if may_ever else 0

    # -- transitions -----------------------------------------------------------------------------------------------

    @transition(field=status, source=statuses_allowing("start"), target=Status.ACTIVE)
    def start(self, now: datetime) -> None:
        self.started_at = now

    @transition(field=status, source=statuses_allowing("pause"), target=Status.PAUSED)
    def pause(self, now: datetime) -> None:
        self.stop_clock(now)
        self._rest(now)

    @transition(field=status, source=statuses_allowing("resume"), target=Status.ACTIVE)
    def resume_interview(self, now: datetime) -> None:
        """Named apart from the field ``resume``. The clock goes on only where a question waits for its answer."""
        self._rise(now)
        self.started_at = self.started_at or now  # one that expired unstarted and was opened again
        if self.open_question_id is not None and not self.turn_is_live:
            self.run_clock(now)

    @transition(field=status, source=statuses_allowing("complete"), target=Status.COMPLETED)
    def complete(self, now: datetime) -> None:
        self._end(now)

    @transition(field=status, source=statuses_allowing("cancel"), target=Status.EXPIRED)
    def expire(self, at: datetime) -> None:
        """Time ran out at ``at``: the deadline itself, however late it is noticed."""
        self._end(at)

    @transition(field=status, source=statuses_allowing("cancel"), target=Status.CANCELLED)
    def cancel(self, now: datetime) -> None:
        self._end(now)

    @transition(field=status, source=statuses_allowing("reopen"), target=Status.PAUSED)
    def reopen(self, now: datetime) -> None:
        """Back to where it stopped; the clock starts when the candidate resumes (1-product, "Reopen")."""
        self.ended_at = None
        if self.closes_at is not None and self.closes_at <= now:
            self.closes_at = None  # a window that is over would end it again at once
        self._rest(now)

    def _rest(self, now: datetime) -> None:
        self.paused_at = now
        longest = self.max_pause_minutes
        self.pause_ends_at = None if longest is None else now + within_a_year(longest)

    def _rise(self, now: datetime) -> None:
        self.paused_ms = self.paused_for_ms(now)
        self.paused_at = self.pause_ends_at = None

    def _end(self, at: datetime) -> None:
        self.stop_clock(at)
        self._rise(at)
        self.ended_at = at

    @property
    def turn_is_live(self) -> bool:
        return self.turn is not None and self.turn.is_live
