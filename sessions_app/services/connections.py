"""The models that are connected: by the environment (``AI_MODELS``) and by rows that staff write in the console.

Only those two name a base URL. No page for candidates and no field of the API does, so that nobody else can make the
server call an address of theirs; staff may name any, since a model on the machine itself is a common one.
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.translation import gettext as _

from sessions_app.ai import protocol
from sessions_app.ai.asking import ModelInterviewer
from sessions_app.ai.chat import ChatModel, Endpoint
from sessions_app.ai.protocol import BUILT_IN, Provider, ProviderError, Usage
from sessions_app.logs import log
from sessions_app.models import ModelConnection

REST_SECONDS = 60  # a model that was given up is shown as away for so long, and tried only once where it is needed
UNREADABLE = "Its key cannot be read any more: enter it again."
SAMPLE_TOKENS = 200
SAMPLE_QUESTION = "Ask a candidate for an office job one short opening question. Reply with the question alone."

# Errors that another try does not mend: somebody has to look after the connection.
LASTING = frozenset({"WRONG_KEY", "MODEL_NOT_FOUND", "QUOTA_EXHAUSTED"})
# Errors of the model and not of what it was asked.
AWAY = LASTING | {
    *("MODEL_UNREACHABLE", "MODEL_TIMEOUT", "MODEL_OVERLOADED", "MODEL_RATE_LIMITED", "MODEL_ERROR", "STREAM_CUT"),
}


@dataclass(frozen=True)
class Connected:
    """A model as it may be used now. ``unavailable`` says why it cannot, in a sentence, else it is empty."""

    endpoint: Endpoint
    description: str = ""
    unavailable: str = ""

    @property
    def name(self) -> str:
        return self.endpoint.name

    def as_json(self) -> dict[str, Any]:
        about = self.description or f"AI model {self.endpoint.model_id}."
        told = {"name": self.name, "is_ai": True, "description": about}
        return {**told, "unavailable": self.unavailable} if self.unavailable else told


def connected() -> list[Connected]:
    """All enabled models, in the order in which they stand in for each other: the environment's first. One query."""
    named = [_of_environment(row) for row in settings.AI_MODELS]
    taken = {model.name for model in named}
    all_of_them = named + [_of_row(row) for row in ModelConnection.objects.in_use() if row.name not in taken]
    resting = cache.get_many([_resting_key(model.name) for model in all_of_them])
    return [
        replace(model, unavailable=model.unavailable or resting.get(_resting_key(model.name), ""))
        for model in all_of_them
    ]


def descriptions() -> list[dict[str, Any]]:
    """The built-in interviewer and the connected models, as people are told about them."""
    own = [
        {**entry, "description": _("Practice engine: prepared questions and rules, no AI model.")}
        for entry in protocol.descriptions()
    ]
    return [*own, *(model.as_json() for model in connected())]


def chat_for(model_name: str) -> ChatModel | None:
    """The model of that name, to talk to; None for the built-in interviewer, or if no such model is connected."""
    found = next((model for model in connected() if model.name == model_name), None)
    return None if found is None or found.unavailable == UNREADABLE else ChatModel(found.endpoint)


def provider_for(model_name: str) -> Provider:
    """The interviewer behind a model name.

    Raises:
        ProviderError: no interviewer of that name is connected.
    """
    if model_name == BUILT_IN:
        return protocol.provider_for(model_name)
    chat = chat_for(model_name)
    return ModelInterviewer(chat) if chat else protocol.provider_for(model_name)


def stand_in_for(model_name: str, first: str) -> str:
    """Who goes on where a model cannot: the next one that is there, at last the built-in interviewer.

    ``first`` is the session's own model: all others come after it, in their order. Empty after the built-in one.
    """
    others = [model.name for model in connected() if not model.unavailable and model.name != first]
    order = [first, *others, BUILT_IN]
    if model_name == BUILT_IN or model_name not in order:
        return "" if model_name == BUILT_IN else BUILT_IN
    return order[order.index(model_name) + 1]


def note_failure(model_name: str, error: ProviderError) -> None:
    """Remember that a model was given up, so that nobody chooses it now and the next question waits less for it."""
    if error.code not in AWAY:
        return
    cache.set(_resting_key(model_name), error.message, REST_SECONDS)
    if error.code in LASTING:
        rows = ModelConnection.objects.filter(name=model_name)
        rows.update(test_error=error.message, test_sample="", test_ms=None, tested_at=timezone.now())


def note_success(model_name: str) -> None:
    """It is there again."""
    cache.delete(_resting_key(model_name))


def is_resting(model_name: str) -> bool:
    """Whether it was given up a moment ago."""
    return model_name != BUILT_IN and cache.get(_resting_key(model_name)) is not None


def price_of(model_name: str) -> dict[str, Any] | None:
    """Its price for a million tokens, with the keys input, output and currency: of its row, else by MODEL_PRICES."""
    row = ModelConnection.objects.filter(name=model_name).first()
    if row and row.input_price is not None and row.output_price is not None and row.currency:
        return {"input": Decimal(row.input_price), "output": Decimal(row.output_price), "currency": row.currency}
    return settings.MODEL_PRICES.get(model_name)


@dataclass(frozen=True)
class Tested:
    """What a test found: milliseconds to the end of the sample, or the error, as a sentence and a code."""

    milliseconds: int | None
    sample: str
    error: str
    code: str = ""
    usage: Usage = Usage()


def test_connection(row: ModelConnection) -> Tested:
    """Have the model write a sample, store what came of it, and let sessions use it again if it works."""
    tested = tested_now(_of_row(row))
    row.tested_at, row.test_ms = timezone.now(), tested.milliseconds
    row.test_sample, row.test_error = tested.sample, tested.error
    row.save(update_fields=["tested_at", "test_ms", "test_sample", "test_error"])
    if not tested.error:
        note_success(row.name)
    log.info("model.tested", model=row.name, milliseconds=tested.milliseconds, failed=bool(tested.error))
    return tested


def tested_now(model: Connected) -> Tested:
    """The same for any connected model, without storing it."""
    if model.unavailable == UNREADABLE:
        return Tested(None, "", UNREADABLE, "KEY_UNREADABLE")
    messages = [{"role": "user", "content": SAMPLE_QUESTION}]
    started, text, usage = time.monotonic(), "", Usage()
    try:
        for piece in ChatModel(model.endpoint).stream(messages, min(SAMPLE_TOKENS, model.endpoint.max_output_tokens)):
            if isinstance(piece, Usage):
                usage = piece
            else:
                text += piece
    except ProviderError as error:
        return Tested(None, "", error.message, error.code)
    if not text.strip():
        return Tested(None, "", "The model sent an empty reply.", "EMPTY_REPLY")
    return Tested(round((time.monotonic() - started) * 1000), text.strip()[:400], "", usage=usage)


def encrypted(key: str) -> str:
    """A key as it is stored; empty for none. Only somebody with the SECRET_KEY can read it."""
    return _cipher().encrypt(key.encode()).decode() if key else ""


def decrypted(stored: str) -> str:
    """The key again. Raises InvalidToken where the SECRET_KEY is another one by now."""
    return _cipher().decrypt(stored.encode()).decode() if stored else ""


def _of_environment(row: dict[str, Any]) -> Connected:
    fields = dict(row)
    description = fields.pop("description", "")
    return Connected(Endpoint(**fields), description)


def _of_row(row: ModelConnection) -> Connected:
    try:
        key, unavailable = decrypted(row.encrypted_key), row.test_error
    except InvalidToken:
        key, unavailable = "", UNREADABLE
    endpoint = Endpoint(
        row.name,
        row.base_url,
        row.model_id,
        key,
        context_tokens=row.context_tokens,
        max_output_tokens=row.max_output_tokens,
        timeout_seconds=row.timeout_seconds,
    )
    return Connected(endpoint, row.description, unavailable)


def _resting_key(model_name: str) -> str:
    return f"model-resting:{model_name}"


def _cipher() -> MultiFernet:
    """The first key encrypts; all read, so that a SECRET_KEY can be changed with its fallbacks."""
    return MultiFernet([_derived(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derived(secret: str | bytes) -> Fernet:
    derive = HKDF(SHA256(), length=32, salt=None, info=b"interviewer: keys of connected models")
    return Fernet(base64.urlsafe_b64encode(derive.derive(force_bytes(secret))))
