"""The models that an organisation has connected: where each is found, what it costs, and in which order they help."""

from __future__ import annotations

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from .ids import new_id


class ModelConnections(models.QuerySet["ModelConnection"]):
    def in_use(self) -> ModelConnections:
        """Enabled ones, in their fallback order."""
        return self.filter(is_enabled=True).order_by("position", "name")


class ModelConnection(models.Model):
    """One model behind an OpenAI-compatible endpoint. Its key is stored encrypted and never shown again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.SlugField(max_length=80, unique=True, help_text="As sessions name it, such as gpt-4o or local-llama.")
    base_url = models.CharField(
        "base URL",
        max_length=300,
        validators=[RegexValidator(r"^https?://[^\s/]+\S*$", "Enter an address like https://api.openai.com/v1.")],
        help_text="Such as https://api.openai.com/v1. A name of this network will do, too.",
    )
    model_id = models.CharField(max_length=120, help_text="As the endpoint names it.")
    encrypted_key = models.TextField(blank=True, editable=False)
    is_enabled = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=100, help_text="Order in which they stand in, low first.")
    context_tokens = models.PositiveIntegerField(default=16_000, validators=[MinValueValidator(1_000)])
    max_output_tokens = models.PositiveIntegerField(default=800, validators=[MinValueValidator(50)])
    timeout_seconds = models.PositiveSmallIntegerField(default=60, validators=[MinValueValidator(1)])
    description = models.CharField(max_length=200, blank=True, help_text="Speed and cost in words, for who chooses it.")
    input_price = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, help_text="For a million input tokens."
    )
    output_price = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, help_text="For a million output tokens."
    )
    currency = models.CharField(max_length=3, blank=True, help_text="Of the prices, such as EUR.")
    tested_at = models.DateTimeField(null=True, blank=True, editable=False)
    test_ms = models.PositiveIntegerField(null=True, blank=True, editable=False)
    test_sample = models.CharField(max_length=400, blank=True, editable=False)
    test_error = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ModelConnections.as_manager()

    class Meta:
        ordering = ("position", "name")
        verbose_name = "model"

    def __str__(self) -> str:
        return self.name
