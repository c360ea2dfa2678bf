"""The same against a real server: llama.cpp with a small model. What it says is never looked at, only that it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sessions_app.ai import tokens
from sessions_app.ai.chat import ChatModel, Endpoint
from sessions_app.ai.protocol import ProviderError, Usage
from sessions_app.models import ModelConnection, User
from sessions_app.services import connections

from . import factories as f
from .metered import assert_balanced
from .model_server import CONTEXT_TOKENS, MODEL_ID, running

ASKED = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "Name a colour."}]
SCHEMA = {
    "type": "object",
    "properties": {"level": {"type": "integer", "enum": [0, 1, 2, 3]}, "sure": {"type": "boolean"}},
    "required": ["level", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture
def chat(url: str) -> ChatModel:
    return ChatModel(Endpoint("small", url, MODEL_ID, context_tokens=CONTEXT_TOKENS))


def test_it_streams_and_counts(chat: ChatModel) -> None:
    *pieces, usage = [piece for piece in chat.stream(ASKED, 12) if piece != ""]
    assert isinstance(usage, Usage)
    assert pieces and all(isinstance(piece, str) for piece in pieces)
    assert len(pieces) > 1 or usage.output_tokens <= 2  # a small model may have said one word
    assert 0 < usage.output_tokens <= 12
    assert 0 < usage.input_tokens <= tokens.in_messages(ASKED)


def test_its_json_fits_the_schema(chat: ChatModel) -> None:
    found, usage = chat.structured(ASKED, SCHEMA, 60)
    assert found["level"] in (0, 1, 2, 3)
    assert found["sure"] in (True, False)
    assert usage.total > 0


def test_what_does_not_fit_into_its_context_is_refused_by_it(chat: ChatModel) -> None:
    with pytest.raises(ProviderError) as caught:
        list(chat.stream([{"role": "user", "content": "word " * 2 * CONTEXT_TOKENS}], 12))
    assert (caught.value.code, caught.value.usage) == ("CONTEXT_TOO_LONG", Usage())


def test_it_can_be_left_in_the_middle_and_asked_again(chat: ChatModel) -> None:
    pieces = chat.stream([{"role": "user", "content": "Count to a thousand in words."}], 500)
    while next(pieces) == "":
        pass
    pieces.close()
    assert isinstance(list(chat.stream(ASKED, 4))[-1], Usage)


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_an_interview_begins_with_it(url: str, ann: User) -> None:
    """It asks, or its guard refuses the draft and it is asked anew; what it counted is what is charged."""
    row = ModelConnection.objects.create(
        name="small", base_url=url, model_id=MODEL_ID, context_tokens=CONTEXT_TOKENS, max_output_tokens=50
    )
    assert connections.test_connection(row).error == ""
    session = f.generating(ann, model_name="small", planned_questions=2)
    f.write_question(session)
    operation = f.fresh(session).turn
    assert operation is not None and operation.status in ("succeeded", "queued")
    (charge,) = session.charges.all()
    assert (charge.kind, charge.model_name) == ("settled", "small")
    assert 0 < charge.input_tokens < CONTEXT_TOKENS and 0 < charge.output_tokens <= 50
    assert_balanced(session)
