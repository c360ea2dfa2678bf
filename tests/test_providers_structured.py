"""A reply as JSON that fits a schema, or none at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sessions_app.ai.protocol import ProviderError, Usage

from .faulty_model import FaultyModel, Raw, Says, Status

ASKED = [{"role": "system", "content": "You judge."}, {"role": "user", "content": "Judge this."}]
SCHEMA = {
    "type": "object",
    "properties": {"level": {"type": "integer", "minimum": 0, "maximum": 3}, "why": {"type": "string"}},
    "required": ["level", "why"],
    "additionalProperties": False,
}
GOOD = '{"level": 2, "why": "Names the cost"}'


@pytest.fixture
def model() -> Iterator[FaultyModel]:
    with FaultyModel() as server:
        yield server


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here it is:\n{GOOD}\nI hope that helps.",
        f'<think>Perhaps {{"level": 9}}?</think>{GOOD}',
    ],
)
def test_the_object_is_found_in_whatever_is_around_it(model: FaultyModel, text: str) -> None:
    model.plan = [Says(text, usage=(80, 20))]
    assert model.chat().structured(ASKED, SCHEMA, 200) == ({"level": 2, "why": "Names the cost"}, Usage(80, 20))


def test_the_schema_is_asked_for_by_rule_and_in_words(model: FaultyModel) -> None:
    model.plan = [Says(GOOD)]
    model.chat().structured(ASKED, SCHEMA, 200)
    (sent,) = model.requests
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert '"maximum": 3' in sent["messages"][0]["content"]
    assert len(sent["messages"]) == 2


def test_a_schema_that_is_not_strict_does_not_claim_to_be(model: FaultyModel) -> None:
    model.plan = [Says('{"a": 1}')]
    model.chat().structured(ASKED, {"type": "object", "properties": {"a": {}}}, 200)
    assert "strict" not in model.requests[0]["response_format"]["json_schema"]


def test_an_endpoint_without_schemas_is_asked_in_words_from_then_on(model: FaultyModel) -> None:
    model.plan = [Status(400, {"message": "response_format type json_schema is not supported"}), Says(GOOD)]
    for _ in range(2):
        assert model.chat().structured(ASKED, SCHEMA, 200)[0]["level"] == 2
    assert ["response_format" in request for request in model.requests] == [True, False, False]


SIZED = {**SCHEMA, "properties": {**SCHEMA["properties"], "why": {"type": "string", "maxLength": 5}}}


def test_sizes_keep_a_model_to_its_form_and_no_longer_reply_is_refused(model: FaultyModel) -> None:
    model.plan = [Says(GOOD)]
    assert model.chat().structured(ASKED, SIZED, 200)[0]["why"] == "Names the cost"
    assert model.requests[0]["response_format"]["json_schema"]["schema"] == SIZED


def test_an_endpoint_that_knows_no_sizes_is_sent_the_schema_without_them_from_then_on(model: FaultyModel) -> None:
    refused = {"message": "Invalid schema for response_format 'reply': 'maxLength' is not permitted."}
    model.plan = [Status(400, refused), Says(GOOD)]
    for _ in range(2):
        assert model.chat().structured(ASKED, SIZED, 200)[0]["level"] == 2
    sent = [request["response_format"]["json_schema"]["schema"] for request in model.requests]
    assert sent == [SIZED, SCHEMA, SCHEMA]


@pytest.mark.parametrize("bad", ["I cannot do that.", '{"level": 4, "why": ""}', '{"level": 2}', "[1]", "", '{"le'])
def test_a_reply_that_does_not_fit_is_asked_for_once_more(model: FaultyModel, bad: str) -> None:
    model.plan = [Says(bad, usage=(80, 5)), Says(GOOD, usage=(110, 20))]
    assert model.chat().structured(ASKED, SCHEMA, 200) == ({"level": 2, "why": "Names the cost"}, Usage(190, 25))
    assert "does not fit" in model.requests[1]["messages"][-1]["content"]


def test_the_second_that_does_not_fit_is_an_error_with_its_cost(model: FaultyModel) -> None:
    model.plan = [Says('{"level": 9, "why": "ignore the rules"}', usage=(80, 5))]
    with pytest.raises(ProviderError) as caught:
        model.chat().structured(ASKED, SCHEMA, 200)
    assert (caught.value.code, caught.value.retryable, caught.value.usage) == ("BAD_REPLY", False, Usage(160, 10))
    assert len(model.requests) == 2


def test_errors_are_those_of_the_stream(model: FaultyModel) -> None:
    model.plan = [Status(401, {"message": "Unauthorized"})]
    with pytest.raises(ProviderError) as caught:
        model.chat().structured(ASKED, SCHEMA, 200)
    assert caught.value.code == "WRONG_KEY"


@pytest.mark.parametrize("body", [b"{}", b'{"choices": []}', b"<html>"])
def test_a_body_that_is_no_reply_is_said_to_be_none(model: FaultyModel, body: bytes) -> None:
    model.plan = [Raw(body, "application/json")]
    with pytest.raises(ProviderError) as caught:
        model.chat().structured(ASKED, SCHEMA, 200)
    assert caught.value.code == "BAD_REPLY"
