"""What went wrong with a model, in a code and a sentence of our own: a vendor's words may hold keys and addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import openai

from .protocol import ProviderError, Usage

LONGEST_WAIT_SECONDS = 20.0

_CONTEXT = re.compile(
    r"context[ _]?(length|window|size)|maximum context|prompt is too long|input token count|too many tokens|"
    r"exceed_context|input is too long|reduce the length",
    re.I,
)
_QUOTA = re.compile(r"insufficient_quota|quota|billing|credit balance|payment|spend", re.I)
_OVERLOAD = re.compile(r"overload|unavailable|capacity|loading model", re.I)
_KEY = re.compile(r"api[ _-]?key|authenti|unauthori[sz]ed|permission", re.I)
_RATE = re.compile(r"rate[ _-]?limit", re.I)


def timeout(*, usage: Usage | None = None) -> ProviderError:
    return ProviderError("MODEL_TIMEOUT", "The model did not answer in time.", retryable=True, usage=usage)


def cut() -> ProviderError:
    return ProviderError("STREAM_CUT", "The model's reply was cut off before its end.", retryable=True)


def bad_reply(usage: Usage | None = None) -> ProviderError:
    sentence = "The model's reply does not have the form that was asked for."
    return ProviderError("BAD_REPLY", sentence, retryable=False, usage=usage)


def filtered(usage: Usage | None) -> ProviderError:
    sentence = "The model's vendor held its reply back by a content filter."
    return ProviderError("CONTENT_FILTERED", sentence, retryable=False, usage=usage)


def from_sdk(error: Exception, *, began: bool) -> ProviderError:
    """The error of the SDK, or of the line beneath it, as ours. ``began``: a part of the reply was there already."""
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, openai.APITimeoutError):
        return timeout()
    if isinstance(error, openai.APIStatusError):
        return _from_status(error)
    if isinstance(error, openai.APIConnectionError):
        return cut() if began else _unreachable()
    if isinstance(error, openai.APIError):  # an error that was sent in the middle of the stream
        return _from_words(f"{error.type} {error.code} {error.message}", usage=None)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | openai.OpenAIError):
        return ProviderError("BAD_REPLY", "The model's endpoint sent what is no reply.", retryable=True)
    return cut() if began else _unreachable()


def _from_status(error: openai.APIStatusError) -> ProviderError:
    words = f"{error.type} {error.code} {error.message}"
    make = _BY_STATUS.get(error.status_code)
    if make is None and error.status_code >= 500:
        make = _overloaded if _OVERLOAD.search(words) else _broken
    if error.status_code == 429:
        return _quota() if _QUOTA.search(words) and not _RATE.search(str(error.code)) else _rate(_wait(error))
    return make() if make else _from_words(words, usage=Usage())


def _from_words(words: str, usage: Usage | None) -> ProviderError:
    """By what the vendor says, where the status does not tell."""
    for pattern, make in _BY_WORDS:
        if pattern.search(words):
            found = make()
            return ProviderError(found.code, found.message, retryable=found.retryable, usage=usage)
    if usage is None:
        return ProviderError("MODEL_ERROR", "The model broke off its reply with an error.", retryable=True)
    sentence = "The model's endpoint does not accept the request."
    return ProviderError("REQUEST_REFUSED", sentence, retryable=False, usage=usage)


def _wait(error: openai.APIStatusError) -> float:
    try:
        return max(0.0, float(error.response.headers.get("retry-after", 0)))
    except ValueError:  # a date: nobody sends one here
        return 0.0


def _wrong_key() -> ProviderError:
    return _unsent("WRONG_KEY", "The model's endpoint does not accept the key.")


def _no_model() -> ProviderError:
    return _unsent("MODEL_NOT_FOUND", "The endpoint has no model of that name, or the base URL is not its API.")


def _quota() -> ProviderError:
    return _unsent("QUOTA_EXHAUSTED", "The quota or the credit of the model's account is used up.")


def _context() -> ProviderError:
    return _unsent("CONTEXT_TOO_LONG", "The conversation does not fit into the model's context.")


def _rate(wait: float = 0.0) -> ProviderError:
    if wait > LONGEST_WAIT_SECONDS:
        return _unsent("MODEL_RATE_LIMITED", f"The model's rate limit is reached for {wait:.0f} seconds.")
    sentence = "The model's rate limit is reached."
    return ProviderError("MODEL_RATE_LIMITED", sentence, retryable=True, usage=Usage(), wait_seconds=wait)


def _overloaded() -> ProviderError:
    return _unsent("MODEL_OVERLOADED", "The model is overloaded.", retryable=True)


def _broken() -> ProviderError:
    return _unsent("MODEL_ERROR", "The model's endpoint failed.", retryable=True)


def _unreachable() -> ProviderError:
    return _unsent("MODEL_UNREACHABLE", "The model's endpoint cannot be reached.", retryable=True)


def _unsent(code: str, message: str, *, retryable: bool = False) -> ProviderError:
    """Refused before a token was written, so it costs nothing."""
    return ProviderError(code, message, retryable=retryable, usage=Usage())


_Make = Callable[[], ProviderError]
_BY_STATUS: dict[int, _Make] = {
    401: _wrong_key,
    402: _quota,
    403: _wrong_key,
    404: _no_model,
    405: _no_model,
    408: timeout,
    413: _context,
    503: _overloaded,
    529: _overloaded,
}
_BY_WORDS: tuple[tuple[re.Pattern[str], _Make], ...] = (
    (_CONTEXT, _context),
    (_RATE, _rate),
    (_QUOTA, _quota),
    (_OVERLOAD, _overloaded),
    (_KEY, _wrong_key),
)


def names_parameter(error: Any) -> str:
    """What a refused request was refused for, in small letters, to learn what this endpoint does not know."""
    return f"{getattr(error, 'param', '')} {getattr(error, 'code', '')} {getattr(error, 'message', '')}".lower()
