"""A form field for the JSON lists of words: one word or phrase a line, as people write lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from .numbers import PLAIN_NUMBERS


class WordsField(forms.CharField):
    """A list of texts, edited as lines. Empty lines and repetitions are dropped, the order is kept."""

    widget = forms.Textarea(attrs={"rows": 5, "cols": 40})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list | tuple) else str(value or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """The model's own validator looks at the list; CharField's look at a text."""


class EditsWords(admin.options.BaseModelAdmin):
    """Mixin: JSON lists get a WordsField, and numbers plain digits.

    ``word_help`` replaces the model's help texts, which speak of JSON.
    """

    formfield_overrides = PLAIN_NUMBERS
    word_help: dict[str, str] = {}

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if not isinstance(db_field, models.JSONField):
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return WordsField(
            required=not db_field.blank,
            label=str(db_field.verbose_name).capitalize(),
            help_text=self.word_help.get(db_field.name) or "One a line.",
        )
