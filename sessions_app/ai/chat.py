"""One model behind any OpenAI-compatible endpoint, through the ``openai`` SDK.

Nothing is tried again here but what costs nothing: the operation's own backoff does that, so that every call is held
from the budget before it is made. Endpoints differ in what they know; what one refuses is left out from then on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from . import tokens
from .protocol import ProviderError, Usage

Messages = list[dict[str, str]]

NO_KEY = "none"  # the SDK insists on one; local servers do not look at it
LONGEST_REPLY = 5  # times the timeout, for the whole of it

# What an endpoint turned out not to know, by its address and model: names of the rules in ``_REFUSED``.
_quirks: dict[tuple[str, str], set[str]] = defaultdict(set)
_REFUSED = {  # in the refusal's words -> what is done about it
    "max_completion_tokens": "max_completion_tokens",
    "stream_options": "no_stream_options",
    "maxitems": "no_sizes",
    "maxlength": "no_sizes",
    "response_format": "no_response_format",
    "json_schema": "no_response_format",
    "schema": "no_response_format",
    "grammar": "no_response_format",
}


@dataclass(frozen=True)
class Endpoint:
    """Where a model is found. ``name`` is what sessions call it, ``model_id`` what the endpoint calls it.

    ``timeout_seconds`` is the longest silence; a whole reply may take five times that.
    """

    name: str
    base_url: str
    model_id: str
    key: str = ""
    context_tokens: int = 16_000
    max_output_tokens: int = 800
    timeout_seconds: float = 60.0

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"  # without the key, for logs


class ChatModel:
    """Text piece by piece, or one JSON object that fits a schema."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    @property
    def name(self) -> str:
        return self.endpoint.name

    def stream(self, messages: Messages, max_tokens: int) -> Generator[str | Usage, None, None]:
        """The reply's pieces, then one Usage. An empty piece means that nothing came for half a second.

        Closing the iterator ends the call. Where the endpoint counts no tokens, Usage is our own, too high, guess.

        Raises:
            ProviderError: with a code for each cause, see ``chat_errors``.
        """
        from .pump import Pump

        request = {"messages": messages, "max_tokens": max_tokens, "stream": True}
        pump = Pump(
            lambda: self._send({**request, "stream_options": {"include_usage": True}}),
            silence=self.endpoint.timeout_seconds,
            longest=self.endpoint.timeout_seconds * LONGEST_REPLY,
        )
        with closing(pump):
            yield from _pieces(pump, messages)

    def structured(self, messages: Messages, schema: dict[str, Any], max_tokens: int) -> tuple[dict[str, Any], Usage]:
        """One object that fits the JSON schema, and the tokens of all calls. A reply that does not fit is asked again.

        Raises:
            ProviderError: ``BAD_REPLY`` if the second does not fit either, or what ``stream`` raises.
        """
        from .replies import asking_for, fault_of, object_in

        asked, spent = asking_for(schema, messages), Usage()
        for _ in range(2):
            text, usage = self._reply(asked, schema, max_tokens)
            spent += usage
            found = object_in(text)
            fault = fault_of(found, schema)
            if not fault and isinstance(found, dict):
                return found, spent
            correction = f"That does not fit: {fault}. Send the JSON object again, and nothing else."
            said = {"role": "assistant", "content": text or "(nothing)"}
            asked = [*asked, said, {"role": "user", "content": correction}]
        from .chat_errors import bad_reply

        raise bad_reply(spent)

    def _reply(self, messages: Messages, schema: dict[str, Any], max_tokens: int) -> tuple[str, Usage]:
        """A whole reply, in one piece."""
        from .chat_errors import filtered, from_sdk
        from .replies import response_format

        try:
            reply = self._send(
                {"messages": messages, "max_tokens": max_tokens, "response_format": response_format(schema)}
            )
            choice = reply.choices[0]
            text = choice.message.content or ""
        except (AttributeError, IndexError, TypeError) as error:  # a body without choices
            raise ProviderError("BAD_REPLY", "The model's endpoint sent what is no reply.", retryable=True) from error
        except Exception as error:
            raise from_sdk(error, began=False) from error
        usage = _counted(reply.usage) or _guessed(messages, text)
        if choice.finish_reason == "content_filter":
            raise filtered(usage)
        return text, usage

    def _send(self, request: dict[str, Any]) -> Any:
        """Make the call, again without what the endpoint says it does not know. Raises the SDK's errors."""
        import openai

        quirks = _quirks[self.endpoint.base_url, self.endpoint.model_id]
        while True:
            try:
                known = _as_known(request, quirks)
                return _client(self.endpoint).chat.completions.create(model=self.endpoint.model_id, **known)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                quirk = _quirk_in(error, request, quirks)
                if quirk is None:
                    raise
                quirks.add(quirk)


@lru_cache(maxsize=16)
def _client(endpoint: Endpoint) -> Any:
    """One client an endpoint, so that its connections are used again. The SDK is loaded at the first call: it takes a
    second that most processes never need.
    """
    import httpx2
    import openai

    limit = endpoint.timeout_seconds
    omitted: dict[str, Any] = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
    return openai.OpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.key or NO_KEY,
        timeout=httpx2.Timeout(limit, connect=min(10.0, limit)),
        max_retries=0,
        default_headers=omitted,  # the environment may name some for another vendor
    )


def _pieces(pump: Iterable[Any], messages: Messages) -> Iterator[str | Usage]:
    from .chat_errors import cut, filtered

    text, usage, reason = "", None, None
    for chunk in pump:
        if chunk is None:
            yield ""
            continue
        usage = _counted(chunk.usage) or usage
        for choice in chunk.choices or ():
            reason = choice.finish_reason or reason
            if piece := (choice.delta.content if choice.delta else None):
                text += piece
                yield piece
    if reason is None:
        raise cut()
    if reason == "content_filter":
        raise filtered(usage)
    yield usage or _guessed(messages, text)


def _as_known(request: dict[str, Any], quirks: set[str]) -> dict[str, Any]:
    """The request in the words that this endpoint knows."""
    adapted = dict(request)
    if "max_completion_tokens" in quirks:
        adapted["max_completion_tokens"] = adapted.pop("max_tokens")
    if "no_stream_options" in quirks:
        adapted.pop("stream_options", None)
    if "no_response_format" in quirks:
        adapted.pop("response_format", None)
    if "no_sizes" in quirks and "response_format" in adapted:
        from .replies import unsized

        adapted["response_format"] = unsized(adapted["response_format"])
    return adapted


def _quirk_in(error: Any, request: dict[str, Any], known: set[str]) -> str | None:
    """What the endpoint says it does not know, and was not known not to know."""
    from .chat_errors import names_parameter

    words = names_parameter(error)
    for word, quirk in _REFUSED.items():
        is_about_it = "response_format" in request or quirk not in ("no_sizes", "no_response_format")
        if word in words and is_about_it and quirk not in known:
            return quirk
    return None


def _counted(usage: Any) -> Usage | None:
    if usage is None:
        return None
    return Usage(usage.prompt_tokens or 0, usage.completion_tokens or 0)


def _guessed(messages: Messages, text: str) -> Usage:
    return Usage(tokens.in_messages(messages), tokens.at_most(text))
