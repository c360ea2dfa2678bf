"""The models that the environment connects: ``AI_MODELS`` as JSON, or a vendor's key by its usual name.

``AI_MODELS=[{"name": "local", "base_url": "http://localhost:11434/v1", "model": "llama3.2"}]``; more fields are
``key`` or ``key_env`` (the variable that holds it), ``context_tokens``, ``max_output_tokens``, ``timeout_seconds`` and
``description``. Their order is that in which they stand in for each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

SHAPE = 'AI_MODELS is JSON such as [{"name": "local", "base_url": "http://localhost:11434/v1", "model": "llama3.2"}]'
TEXTS = ("name", "base_url", "model", "key", "key_env", "description")
NUMBERS = {"context_tokens": 1_000, "max_output_tokens": 50, "timeout_seconds": 1}  # with the least that makes sense
# The variable that holds the key: its prefix, where the vendor is found, and a model to begin with.
VENDORS = {
    "OPENAI": ("https://api.openai.com/v1", "gpt-4o-mini"),
    "ANTHROPIC": ("https://api.anthropic.com/v1/", "claude-haiku-4-5"),
    "GEMINI": ("https://generativelanguage.googleapis.com/v1beta/openai/", "gemini-2.5-flash"),
}


def models_from(environment: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """The models in their order, with the fields of ``ai.chat.Endpoint`` and a ``description``.

    ``OPENAI_API_KEY`` (or ``ANTHROPIC_``, ``GEMINI_``) connects one model of that vendor; ``OPENAI_MODEL`` and
    ``OPENAI_BASE_URL`` say which and where.

    Raises:
        ImproperlyConfigured: it is not that.
    """
    models = [_checked(row, environment) for row in _rows(environment.get("AI_MODELS", ""))]
    for prefix, (base_url, model) in VENDORS.items():
        if key := environment.get(f"{prefix}_API_KEY"):
            chosen = environment.get(f"{prefix}_MODEL", model)
            url = environment.get(f"{prefix}_BASE_URL", base_url)
            named = re.sub(r"[^\w-]+", "-", chosen).strip("-")
            row = {"name": named, "base_url": url, "model": chosen, "key": key}
            models.append(_checked(row, environment))
    names = [model["name"] for model in models]
    if len(set(names)) != len(names):
        raise ImproperlyConfigured(f"{SHAPE}. Two models have the same name.")
    return tuple(models)


def _rows(text: str) -> list[Any]:
    try:
        rows = json.loads(text) if text.strip() else []
    except ValueError as error:
        raise ImproperlyConfigured(f"{SHAPE}. This is not JSON: {error}.") from error
    if not isinstance(rows, list):
        raise ImproperlyConfigured(f"{SHAPE}.")
    return rows


def _checked(row: Any, environment: Mapping[str, str]) -> dict[str, Any]:
    if wrong := _wrong(row):
        raise ImproperlyConfigured(f"{SHAPE}. {wrong}.")
    fields = dict(row)
    named = fields.pop("key_env", "")
    fields["model_id"] = fields.pop("model")
    fields["key"] = fields.get("key") or environment.get(named, "")
    return fields


def _wrong(row: Any) -> str:
    if not isinstance(row, dict) or not {"name", "base_url", "model"} <= set(row):
        return "Every model has a name, a base_url and a model"
    if unknown := set(row) - {*TEXTS, *NUMBERS}:
        return f"Nothing is known about {', '.join(sorted(unknown))}"
    if any(not isinstance(row.get(name, ""), str) for name in TEXTS):
        return f"{', '.join(TEXTS)} are texts"
    if not re.fullmatch(r"[\w.:/-]{1,80}", row["name"]) or row["name"] == "built-in":
        return "A name has letters, digits and . : _ - /, and is not built-in"
    if not re.fullmatch(r"https?://\S+", row["base_url"]):
        return "A base_url begins with http:// or https://"
    for name, least in NUMBERS.items():
        if name in row and (type(row[name]) is not int or row[name] < least):
            return f"{name} is a whole number of {least:,} or more"
    return ""
