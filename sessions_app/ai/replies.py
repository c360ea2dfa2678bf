"""JSON in a model's reply: asked for by schema and in words, found in whatever is around it, checked by the schema."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema

_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.S)
_SIZES = frozenset({"maxItems", "maxLength"})
_THOUGHT = re.compile(r"<think>.*?</think>", re.S)


def asking_for(schema: dict[str, Any], messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The messages with the schema in words: some endpoints ignore ``response_format`` without a word."""
    wish = (
        "Answer with one JSON object that fits this JSON schema, and with nothing else:\n"
        f"{json.dumps(schema, ensure_ascii=False)}"
    )
    first, *others = messages
    if first["role"] == "system":
        return [{"role": "system", "content": f"{first['content']}\n\n{wish}"}, *others]
    return [{"role": "system", "content": wish}, *messages]


def response_format(schema: dict[str, Any]) -> dict[str, Any]:
    named = {"name": "reply", "schema": schema}
    return {"type": "json_schema", "json_schema": {**named, "strict": True} if _is_strict(schema) else named}


def unsized(schema: Any) -> Any:
    """The schema, or anything that holds it, without how long its parts may get.

    Sizes keep a model that writes on and on to its form where the endpoint follows the schema letter by letter. Not
    every endpoint knows them, and a reply that is longer is no worse for it.
    """
    if isinstance(schema, list):
        return [unsized(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: unsized(part) for name, part in schema.items() if name not in _SIZES}


def object_in(text: str) -> Any:
    """The JSON of a reply, with a fence or words around it; None if there is none."""
    told = _THOUGHT.sub("", text).strip()
    fenced = _FENCE.search(told)
    for part in (told, fenced.group(1) if fenced else "", told[told.find("{") : told.rfind("}") + 1]):
        try:
            return json.loads(part)
        except ValueError:
            continue
    return None


def fault_of(found: Any, schema: dict[str, Any]) -> str:
    """Where it does not fit, without its own words; empty if it fits. Longer than was asked for fits, too."""
    if not isinstance(found, dict):
        return "there is no JSON object"
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(unsized(schema)).iter_errors(found))
    if error is None:
        return ""
    place = "/".join(str(part) for part in error.absolute_path) or "the object"
    return f"{place} breaks the rule {error.validator}"


def _is_strict(schema: Any) -> bool:
    """Whether every object in it names all its properties and no others, as vendors demand of a strict schema."""
    if isinstance(schema, list):
        return all(_is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", ())) != set(schema.get("properties", ()))
    ):
        return False
    return all(_is_strict(part) for part in schema.values())
