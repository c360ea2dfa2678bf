"""What a model costs, read from ``MODEL_PRICES``: ``{"a-model": {"input": 2.5, "output": 10, "currency": "EUR"}}``."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ImproperlyConfigured

HIGHEST = Decimal(100_000)
SHAPE = 'MODEL_PRICES is JSON such as {"a-model": {"input": 2.5, "output": 10, "currency": "EUR"}}'


def prices_from(text: str) -> dict[str, dict[str, Any]]:
    """By model: the price of a million tokens sent (``input``) and received (``output``), and its currency.

    Raises:
        ImproperlyConfigured: it is not that.
    """
    try:
        told = json.loads(text, parse_float=Decimal, parse_int=Decimal) if text else {}
    except ValueError as error:
        raise ImproperlyConfigured(f"{SHAPE}. This is not JSON: {error}.") from error
    if not isinstance(told, dict):
        raise ImproperlyConfigured(f"{SHAPE}.")
    for model, price in told.items():
        if wrong := _wrong(price):
            raise ImproperlyConfigured(f"{SHAPE}. {wrong} (model {model}).")
    return told


def _wrong(price: Any) -> str:
    if not isinstance(price, dict) or set(price) != {"input", "output", "currency"}:
        return "Every model has an input, an output and a currency, and nothing else"
    for side in ("input", "output"):
        if not isinstance(price[side], Decimal) or not 0 <= price[side] < HIGHEST:
            return f"The {side} price is a number from 0 to {HIGHEST}, for a million tokens"
    if not isinstance(price["currency"], str) or not re.fullmatch("[A-Z]{3}", price["currency"]):
        return "The currency is three capital letters"
    return ""
