"""What an interview is judged by: the evaluation, its scores with their evidence, and what people say beside it.

A score is evidence: every quote is a part of an answer, kept with its place. A person's verdict stands beside the
machine's and never erases it.
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy, pgettext_lazy

from sessions_app.ai.protocol import BUILT_IN

from .ids import new_id

MAX_RUBRIC = 100  # a template's address, which has up to 80, and its version


class Method(models.TextChoices):
    """How a score came about: the built-in evaluator counts rubric points with evidence, a model judges, or there is
    none of a program's, and people alone have rated.
    """

    EVIDENCE_COVERAGE = "evidence_coverage"
    MODEL = "model"
    PEOPLE = "people"


class Verdict(models.TextChoices):
    """What is known about one criterion: ``left_to_human`` is what no valid reply came for."""

    SCORED = "scored"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"
    LEFT_TO_HUMAN = "left_to_human"


class Evaluations(models.QuerySet["Evaluation"]):
    def current(self) -> Evaluations:
        """Those that no reopening of their session has superseded."""
        return self.filter(superseded_at=None)


class Evaluation(models.Model):
    """The report on one finished interview. Reopening the session supersedes it; it is kept and marked."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="evaluations")
    operation = models.OneToOneField(
        "sessions_app.Operation", on_delete=models.SET_NULL, null=True, blank=True, related_name="evaluation"
    )
    method = models.CharField(max_length=20, choices=Method.choices)
    model_name = models.CharField(max_length=120, default=BUILT_IN)
    prompt_version = models.CharField(max_length=40, blank=True)
    rubric_version = models.CharField(
        max_length=MAX_RUBRIC, blank=True, help_text="Template and version, or the bank's."
    )
    overall_score = models.FloatField(null=True, blank=True, help_text="0 to 100, computed from the criteria.")
    confidence = models.FloatField(null=True, blank=True, help_text="0 to 1.")
    summary = models.TextField(blank=True)
    went_well = models.JSONField(default=list, blank=True)
    okay = models.JSONField(default=list, blank=True)
    to_improve = models.JSONField(default=list, blank=True)
    improvement_plan = models.JSONField(default=list, blank=True)
    knowledge_gaps = models.JSONField(default=list, blank=True)
    recommendations = models.JSONField(default=list, blank=True)
    needs_human = models.BooleanField(default=False, help_text="It asks for a person's review.")
    flags = models.JSONField(default=list, blank=True, help_text="What a reviewer should know, such as instructions.")
    quotes_dropped = models.PositiveIntegerField(default=0, help_text="Quotes that were not the candidate's words.")
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = Evaluations.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["session"], condition=Q(superseded_at=None), name="evaluation_one_current_per_session"
            ),
        )

    def __str__(self) -> str:
        return f"Evaluation of {self.session_id}"


class CriterionScore(models.Model):
    """One criterion of an evaluation, judged apart from the others."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=80)
    title = models.CharField(max_length=200)
    weight = models.FloatField(default=1.0)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    score = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(100)], help_text="0 to 100."
    )
    level = models.CharField(max_length=12, blank=True, help_text="developing, solid or strong.")
    confidence = models.FloatField(null=True, blank=True, help_text="0 to 1.")
    rationale = models.TextField(blank=True)
    points = models.JSONField(
        default=list, blank=True, help_text="Each rubric point: its statement, and whether shown."
    )
    method = models.CharField(max_length=20, choices=Method.choices)
    model_name = models.CharField(max_length=120, default=BUILT_IN)
    prompt_version = models.CharField(max_length=40, blank=True)
    rubric_version = models.CharField(max_length=MAX_RUBRIC, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["evaluation", "key"], name="criterion_once_per_evaluation"),
            models.CheckConstraint(
                condition=Q(verdict="scored", score__isnull=False) | (~Q(verdict="scored") & Q(score__isnull=True)),
                name="criterion_scored_has_a_score",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Evidence(models.Model):
    """A candidate's own words for a criterion: ``quote`` is ``content[start:end]`` of the message, in code points."""

    criterion = models.ForeignKey(CriterionScore, on_delete=models.CASCADE, related_name="evidence")
    message = models.ForeignKey("sessions_app.SessionMessage", on_delete=models.CASCADE, related_name="+")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.TextField()
    point = models.CharField(max_length=400, blank=True, help_text="The rubric point that it shows.")

    class Meta:
        ordering = ("message__seq", "start", "id")
        verbose_name_plural = "evidence"
        constraints = (models.CheckConstraint(condition=Q(end__gt=models.F("start")), name="evidence_is_not_empty"),)

    def __str__(self) -> str:
        return self.quote[:80]


class DimensionEvidence(models.Model):
    """What one answer says about one dimension: a trait or a competency (see ``scoring.py`` for what follows)."""

    session = models.ForeignKey(
        "sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="dimension_evidence"
    )
    message = models.ForeignKey("sessions_app.SessionMessage", on_delete=models.CASCADE, related_name="+")
    dimension = models.SlugField(max_length=80)
    polarity = models.FloatField(help_text="From -1 (speaks against) to 1 (speaks for).")
    strength = models.FloatField(help_text="From 0 (nothing) to 1 (as much as one answer can say).")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.TextField()
    model_name = models.CharField(max_length=120, default=BUILT_IN)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("message__seq", "dimension", "start", "id")
        verbose_name_plural = "dimension evidence"
        constraints = (
            models.UniqueConstraint(fields=["message", "dimension", "start"], name="dimension_evidence_once"),
            models.CheckConstraint(
                condition=Q(polarity__gte=-1, polarity__lte=1, strength__gte=0, strength__lte=1),
                name="dimension_evidence_in_range",
            ),
        )

    def __str__(self) -> str:
        return f"{self.dimension} {self.polarity:+.2f}"


class Recommendation(models.TextChoices):
    STRONG_NO = "strong_no", "Strong no"
    NO = "no", "No"
    YES = "yes", "Yes"
    STRONG_YES = "strong_yes", "Strong yes"


class Rating(models.TextChoices):
    """A person's word for a criterion."""

    NO = "no", pgettext_lazy("how well a criterion was met", "No")
    WEAK = "weak", pgettext_lazy("how well a criterion was met", "Weak")
    SOLID = "solid", pgettext_lazy("how well a criterion was met", "Solid")
    STRONG = "strong", pgettext_lazy("how well a criterion was met", "Strong")
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence", gettext_lazy("Not enough evidence")


class Reviews(models.QuerySet["Review"]):
    def since_the_end(self) -> Reviews:
        """Of what was said until the session last ended: opening it again takes earlier reviews out of the count,
        judging it once more does not.
        """
        return self.filter(created_at__gte=models.F("session__ended_at"))


class Review(models.Model):
    """One person's scorecard. They see the machine's scores and other people's only once its ratings are sealed.

    ``sealed`` has fixed ratings that differ from the machine's so much that a reason is needed; it counts once it is
    ``submitted``, with that reason.
    """

    STATUSES = (
        ("draft", "Draft"),
        ("sealed", "Waits for a reason"),
        ("submitted", "Submitted"),
        ("skipped", "Skipped"),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey("sessions_app.InterviewSession", on_delete=models.CASCADE, related_name="reviews")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="reviews", null=True, blank=True)
    reviewer = models.ForeignKey("sessions_app.User", on_delete=models.SET_NULL, null=True, related_name="reviews")
    assigned_by = models.ForeignKey(
        "sessions_app.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=9, choices=STATUSES, default="draft")
    revision = models.PositiveIntegerField(default=0, help_text="One more with every save: a stale form is refused.")
    takeaways = models.TextField("key take-aways", max_length=4_000, blank=True)
    recommendation = models.CharField(max_length=10, choices=Recommendation.choices, blank=True)
    final_score = models.FloatField(null=True, blank=True, help_text="0 to 100, computed from the ratings.")
    reason = models.TextField(max_length=2_000, blank=True, help_text="Why it differs from the machine's score.")
    skip_reason = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)

    objects = Reviews.as_manager()

    class Meta:
        ordering = ("created_at",)
        constraints = (models.UniqueConstraint(fields=["evaluation", "reviewer"], name="review_once_per_reviewer"),)

    def __str__(self) -> str:
        return f"Review {self.status}"


class ReviewRating(models.Model):
    """A person's rating of one criterion, with the quotes they picked: ``{message_id, start, end, quote}`` each."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="ratings")
    key = models.SlugField(max_length=80)
    rating = models.CharField(max_length=20, choices=Rating.choices, blank=True)
    note = models.TextField(max_length=2_000, blank=True)
    quotes = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["review", "key"], name="rating_once_per_criterion"),)

    def __str__(self) -> str:
        return f"{self.key}: {self.rating}"
