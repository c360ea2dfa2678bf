"""The same against a real server: llama.cpp with a small model. What it says is never looked at, only that it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sessions_app.ai import tokens
from sessions_app.ai.chat import ChatModel, Endpoint
from sessions_app.ai.criteria import Criterion, Said
from sessions_app.ai.judging import LEFT_TO_HUMAN, NOT_ENOUGH, SCORED, prepare
from sessions_app.ai.model_judge import by_model, schema
from sessions_app.ai.protocol import Point, ProviderError, Question, Usage
from sessions_app.ai.replies import fault_of, object_in
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


@pytest.mark.full
@pytest.mark.timeout(300)
def test_it_judges_a_criterion_in_replies_that_fit_and_code_checks_its_quotes(
    chat: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server holds it to the schema, sizes and all. What it says in there is another matter: it invents most of
    its quotes, which are dropped and counted, and it often finds shown what nobody can show.
    """
    said = "An index speeds up reads. But every index makes writes slower, and it takes space on the disk."
    question = Question("cost", "technical", "What does an index cost?", points=(Point("Names slower writes"),))
    replies, reply = [], ChatModel._reply
    kept = lambda self, *asked: replies.append(reply(self, *asked)) or replies[-1]  # noqa: E731
    monkeypatch.setattr(ChatModel, "_reply", kept)
    found = by_model(
        chat,
        Criterion("data", "Databases", 1.0, (question,)),
        prepare([Said(question.key, question.text, said, "m-1")]),
    )
    assert [fault_of(object_in(text), schema(points=2, answers=1)) for text, _ in replies] == [""] * len(replies)
    assert len(replies) == 1 or found.is_misled  # only a reply that code does not believe is asked for again
    assert found.verdict in (SCORED, NOT_ENOUGH, LEFT_TO_HUMAN)
    assert (found.verdict == LEFT_TO_HUMAN) == found.is_misled
    assert (found.score is None) == (found.verdict != SCORED) == (not found.evidence)
    claimed = [quote for text, _ in replies for point in object_in(text)["points"] for quote in point["quotes"]]
    assert found.is_misled or len(found.evidence) <= len(claimed) - found.dropped
    assert all(said[one.start : one.end] == one.quote for one in found.evidence)
    assert found.usage.total == sum(usage.total for _, usage in replies)


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
