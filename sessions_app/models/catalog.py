"""What an interview is made from: job postings, résumés, and templates with planned questions and their rubric."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Cast

from .ids import new_id
from .limits import (
    DEFAULT_TOKENS,
    MAX_IDLE_MINUTES,
    MAX_MINUTES,
    MAX_PAUSE_MINUTES,
    MAX_POSITION,
    MAX_QUESTIONS,
    MAX_QUIET_MINUTES,
    MAX_TOKENS,
    MIN_MINUTES,
    MIN_TOKENS,
)


class QuestionType(models.TextChoices):
    TECHNICAL = "technical"
    BEHAVIORAL = "behavioral"
    SITUATIONAL = "situational"


class Level(models.TextChoices):
    JUNIOR = "junior"
    MID = "mid"
    SENIOR = "senior"


def check_word_list(value: Any) -> None:
    """A list of at most 50 non-empty strings of at most 80 characters."""
    if not isinstance(value, list) or len(value) > 50:
        raise ValidationError("Give a list of at most 50 words.")
    if any(not isinstance(word, str) or not word.strip() or len(word) > 80 for word in value):
        raise ValidationError("Every entry is a text of 1 to 80 characters.")


class OwnedRows(models.QuerySet[Any]):
    """Rows that belong to the person who made them; staff see all."""

    def visible_to(self, user: Any) -> OwnedRows:
        return self if user.is_staff else self.filter(owner_id=user.pk)


class JobPosting(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey("sessions_app.User", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=200)
    company = models.CharField(max_length=200, blank=True)
    description = models.TextField(max_length=20_000, blank=True)
    tech_stack = models.JSONField(
        default=list,
        blank=True,
        validators=[check_word_list],
        help_text='A JSON list, such as ["Python", "Django"].',
    )
    experience_level = models.CharField(max_length=10, choices=Level.choices, default=Level.MID)
    language = models.CharField(max_length=12, default="en", help_text="Language of the interview, such as en or de.")
    flags = models.JSONField(default=list, blank=True, help_text="As of a résumé.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedRows.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.title} · {self.company}" if self.company else self.title


class Resume(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey("sessions_app.User", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    content = models.TextField(max_length=50_000)
    source_name = models.CharField("source file", max_length=200, blank=True)
    flags = models.JSONField(
        default=list, blank=True, help_text="What staff should know about the file, such as hidden_text."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedRows.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "résumé"

    def __str__(self) -> str:
        return f"Résumé of {self.created_at:%Y-%m-%d}" if self.created_at else "Résumé"


class Templates(models.QuerySet["InterviewTemplate"]):
    def offered(self) -> Templates:
        """The practice interviews that a visitor may start."""
        return self.filter(is_active=True, is_practice=True).order_by("position", "title")

    def about(self, topic: str) -> Templates:
        """With a question whose answers count for that criterion; of the shipped ones each area of the bank is one."""
        return self.filter(
            models.Exists(PlannedQuestion.objects.filter(template=models.OuterRef("pk"), criterion=topic))
        )

    def answered_in(self, mode: str) -> Templates:
        """Those that take answers in a mode. Text is always one. As ``Sessions.with_mode``, by the list's text."""
        as_text = Cast("enabled_modes", models.TextField())
        return self if mode == "text" else self.alias(modes_as_text=as_text).filter(modes_as_text__contains=f'"{mode}"')


class InterviewTemplate(models.Model):
    """A question plan with its rubric. A session freezes the plan, so editing never changes a past interview."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=240, blank=True, help_text="One line on the card.")
    version = models.PositiveIntegerField(default=1, editable=False, help_text="Goes up with every change.")
    position = models.PositiveSmallIntegerField(
        default=100, validators=[MaxValueValidator(MAX_POSITION)], help_text="Order of the cards, low first."
    )
    is_practice = models.BooleanField(default=True, help_text="Offered to everybody on the front page.")
    is_active = models.BooleanField(default=True)
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.MID)
    time_limit_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_MINUTES), MaxValueValidator(MAX_MINUTES)],
        help_text="Minutes of thinking time; empty means no limit.",
    )
    planned_questions = models.PositiveSmallIntegerField(
        default=6,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_QUESTIONS)],
        help_text="How many questions are asked, follow-ups included.",
    )
    enabled_modes = models.JSONField(default=list, blank=True, validators=[check_word_list])
    challenge_text = models.TextField(max_length=20_000, blank=True, help_text="Shown to the candidate as “Your task”.")
    shows_precision = models.BooleanField(default=True, help_text="Candidates see how well they are known so far.")
    quiet_minutes = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_QUIET_MINUTES)],
        help_text="A finished interview completes itself after these.",
    )

    token_budget = models.PositiveIntegerField(
        default=DEFAULT_TOKENS, validators=[MinValueValidator(MIN_TOKENS), MaxValueValidator(MAX_TOKENS)]
    )
    allows_time_choice = models.BooleanField(
        default=True, help_text="Candidates of practice sessions may choose more time, or no limit, before they start."
    )
    limit_reason = models.CharField(
        max_length=400, blank=True, help_text="Why the time limit is essential. Shown to invited candidates."
    )
    idle_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_IDLE_MINUTES)],
        help_text="Pause the interview after these minutes without a sign of life; empty means never.",
    )
    max_pause_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(MAX_PAUSE_MINUTES)],
        help_text="A longer pause ends the interview; empty means any length.",
    )

    may_fall_back = models.BooleanField(
        "may go on without its model",
        default=True,
        help_text="When the model cannot be reached, the built-in interviewer asks the next question, marked as such.",
    )
    needs_model_score = models.BooleanField(
        default=False, help_text="Only a model may score these interviews; without one they are “not scored yet”."
    )
    shows_report = models.BooleanField(default=True, help_text="Candidates may read the report on their interview.")
    criteria = models.JSONField(
        default=list,
        blank=True,
        help_text="What is judged, as a JSON list of key, title, weight; empty means by the questions' areas.",
    )
    dimensions = models.JSONField(
        default=list,
        blank=True,
        validators=[check_word_list],
        help_text="Keys of the traits or competencies that answers tell about; empty means the competencies.",
    )

    objects = Templates.as_manager()

    class Meta:
        ordering = ("position", "title")

    def __str__(self) -> str:
        return self.title


class TemplateVersion(models.Model):
    """A template as it was: what the sessions of that version were made from."""

    template = models.ForeignKey(InterviewTemplate, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    content = models.JSONField(help_text="The fields and the questions with their rubric.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        "sessions_app.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-version",)
        constraints = (models.UniqueConstraint(fields=["template", "version"], name="template_version_once"),)

    def __str__(self) -> str:
        return f"{self.template} v{self.version}"


class PlannedQuestion(models.Model):
    template = models.ForeignKey(InterviewTemplate, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(MAX_POSITION)])
    key = models.SlugField(max_length=80, help_text="A lasting name, such as python-shared-default.")
    question_type = models.CharField(max_length=12, choices=QuestionType.choices, default=QuestionType.TECHNICAL)
    text = models.TextField(max_length=4_000)
    skills = models.JSONField(default=list, blank=True, validators=[check_word_list])
    criterion = models.SlugField(
        max_length=80, blank=True, help_text="Key of the criterion that its answers count for; empty means its type."
    )

    class Meta:
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(fields=["template", "key"], name="planned_question_key_once_per_template"),
            models.CheckConstraint(
                condition=models.Q(question_type__in=QuestionType.values),
                name="planned_question_type_is_known",
            ),
        )

    def __str__(self) -> str:
        return self.key


class RubricPoint(models.Model):
    """One thing a good answer says, with the words that show it and what each level sounds like."""

    question = models.ForeignKey(PlannedQuestion, on_delete=models.CASCADE, related_name="points")
    position = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(MAX_POSITION)])
    statement = models.CharField(max_length=400)
    aliases = models.JSONField(
        default=list,
        blank=True,
        validators=[check_word_list],
        help_text="Words in an answer that show this point.",
    )
    follow_up = models.CharField(max_length=400, blank=True, help_text="Asked when an answer leaves this point open.")
    developing = models.CharField(max_length=400, blank=True)
    solid = models.CharField(max_length=400, blank=True)
    strong = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.statement
