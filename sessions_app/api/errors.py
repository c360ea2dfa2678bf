"""The one handler that turns every error of the API into its JSON form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from sessions_app import errors, errors_json
from sessions_app.errors import DomainError, FieldError
from sessions_app.logs import log

# What the frameworks say without a remedy, in our words.
_SENTENCES = {
    "This field is required.": "This field is needed: send it, too.",
    "This field may not be null.": "Send a value.",
    "This field may not be blank.": "Write something here.",
    "This list may not be empty.": "Name at least one.",
    "Ensure this field has at least 1 elements.": "Name at least one.",
    "A valid integer is required.": "Send a whole number, such as 10.",
    "A valid number is required.": "Send a number, such as 0.5.",
    "Not a valid string.": "Send a text.",
    "Must be a valid boolean.": "Send true or false.",
    "Must be a valid UUID.": "Send an id as the API gave it to you.",
    "Value must be valid JSON.": "Send valid JSON.",
    "No file was submitted.": "Send a file in this field.",
    "The submitted file is empty.": "This file is empty. Choose another one.",
    "String value too large.": "Send a smaller number.",
    "This value does not match the required pattern.": "Send it in the form that the documentation at /docs shows.",
    "Null characters are not allowed.": "Null characters are not allowed. Take them out.",
    "No filename could be determined.": "Send the file together with its name.",
    "Enter a valid email address.": "Enter an address like name@example.com.",
}
_HTTP_REMEDIES = {
    405: "The Allow header names those that are.",
    406: "Ask for application/json.",
    415: "Send application/json.",
}
_BEGINNINGS = {
    "Expected a list of items": "Send a list.",
    "Expected a dictionary": "Send a JSON object.",
    "Invalid data. Expected a dictionary": "Send a JSON object.",
}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """The response to an error, or None for what is our own fault and becomes a 500."""
    known = as_domain_error(error)
    if known is None:
        return None
    log.info("api.refused", code=known.code, status=known.status, component="api")
    headers = errors_json.headers(known)
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(errors_json.body(known), status=known.status, headers=headers)


def as_domain_error(error: Exception) -> DomainError | None:
    """What the frameworks raise, in our words."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, exceptions.ValidationError):
        return errors.ValidationFailed(list(_fields(error.get_full_details())))
    if isinstance(error, exceptions.ParseError):
        return errors.ValidationFailed([FieldError("body", "parse_error", f"{error.detail} Send a JSON object.")])
    if isinstance(error, exceptions.Throttled):
        return errors.RateLimited(int(getattr(error, "wait", None) or 1) + 1)
    if isinstance(error, RequestDataTooBig):
        return errors.PayloadTooLarge()
    if isinstance(error, OperationalError | InterfaceError):
        log.error("api.database_unavailable", error=type(error).__name__, component="api")
        return errors.Unavailable()
    if isinstance(error, Http404 | exceptions.NotFound):
        return errors.NotFound()
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return errors.NotAuthenticated()
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return errors.PermissionDenied(str(getattr(error, "detail", "")))
    return _http(error) if isinstance(error, exceptions.APIException) else None


def _http(error: exceptions.APIException) -> DomainError:
    """The rest of the framework's errors (405, 406, 415), by their own codes."""
    known = DomainError(f"{error.detail} {_HTTP_REMEDIES.get(error.status_code, '')}".strip())
    known.status, known.code = error.status_code, str(error.default_code).upper()  # type: ignore[misc]
    return known


def _with_remedy(sentence: str) -> str:
    if sentence.endswith("is not a valid choice."):
        return f"{sentence} The choices are in the documentation at /docs."
    known = (remedy for beginning, remedy in _BEGINNINGS.items() if sentence.startswith(beginning))
    return _SENTENCES.get(sentence) or next(known, sentence)


def _fields(details: Any, prefix: str = "") -> Iterator[FieldError]:
    """Nested error details as a flat list, each named by the key of the body."""
    if isinstance(details, dict) and set(details) == {"message", "code"} and isinstance(details["code"], str):
        yield FieldError(prefix or "body", details["code"], _with_remedy(str(details["message"])))
    elif isinstance(details, dict):
        for key, inner in details.items():
            here = "" if key == "non_field_errors" else str(key)
            yield from _fields(inner, ".".join(part for part in (prefix, here) if part))
    else:
        for inner in details:
            yield from _fields(inner, prefix)
