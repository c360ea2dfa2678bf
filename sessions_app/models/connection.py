"""The models that an organisation has connected: where each is found, what it costs, and in which order they help."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from .ids import new_id
from .limits import MAX_POSITION


def check_base_url(value: str) -> None:
    """An address with a host and no credentials. Raises ValidationError."""
    try:
        parts = urlsplit(value)
        is_address = bool(parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:  # such as a port beyond 65535, or half of an IPv6 address
        is_address = False
    if not is_address or any(character <= " " for character in value):
        raise ValidationError("Enter an address like https://api.openai.com/v1.", code="invalid")
    if parts.username is not None or parts.password is not None:
        raise ValidationError("Leave name and password out of the address. A key goes into its own field.")


class ModelConnections(models.QuerySet["ModelConnection"]):
    def in_use(self) -> ModelConnections:
        """Enabled ones, in their fallback order."""
        return self.filter(is_enabled=True).order_by("position", "name")


class ModelConnection(models.Model):
    """One model behind an OpenAI-compatible endpoint. Its key is stored encrypted and never shown again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(
        max_length=80,
        unique=True,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9._:/-]+\Z", "Use letters, digits and . : _ - / only, such as gpt-4.1 or llama-3.1:8b."
            )
        ],
        help_text="As sessions name it, such as gpt-4.1 or llama-3.1:8b.",
    )
    base_url = models.CharField(
        "base URL",
        max_length=300,
        validators=[check_base_url],
        help_text="Such as https://api.openai.com/v1. A name of this network will do, too.",
    )
    model_id = models.CharField(max_length=120, help_text="As the endpoint names it.")
    encrypted_key = models.TextField(blank=True, editable=False)
    is_enabled = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(
        default=100,
        validators=[MaxValueValidator(MAX_POSITION)],
        help_text="Order in which they stand in, low first.",
    )
    context_tokens = models.PositiveIntegerField(
        default=16_000, validators=[MinValueValidator(1_000), MaxValueValidator(10_000_000)]
    )
    max_output_tokens = models.PositiveIntegerField(
        default=800, validators=[MinValueValidator(50), MaxValueValidator(100_000)]
    )
    timeout_seconds = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
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
