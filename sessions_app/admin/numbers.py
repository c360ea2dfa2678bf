"""Whole numbers in the digits 0 to 9, as the API and the candidates' pages take them."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db import models


class PlainNumber(forms.IntegerField):
    def to_python(self, value: Any) -> int | None:
        if value not in self.empty_values and not re.fullmatch(r"\s*-?[0-9]+(\.0*)?\s*", str(value)):
            raise forms.ValidationError("Enter a whole number in the digits 0 to 9.", code="invalid")
        number: int | None = super().to_python(value)
        return number


PLAIN_NUMBERS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {models.IntegerField: {"form_class": PlainNumber}}
