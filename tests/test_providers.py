"""Talking to a model behind an OpenAI-compatible endpoint: streaming, counting, hanging up, and every way to fail."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from sessions_app.ai import tokens
from sessions_app.ai.protocol import ProviderError, Usage

from .faulty_model import FaultyModel, Hangs, Raw, Says, Status

ASKED = [{"role": "user", "content": "Ask a question."}]
SECRET = "sk-very-secret-1234"


@pytest.fixture
def model() -> Iterator[FaultyModel]:
    with FaultyModel() as server:
        yield server


def spoken(model: FaultyModel, **fields: Any) -> list[Any]:
    return [piece for piece in model.chat(**fields).stream(ASKED, 50) if piece != ""]


def failure(model: FaultyModel, *plan: Any, **fields: Any) -> ProviderError:
    model.plan = list(plan)
    with pytest.raises(ProviderError) as caught:
        spoken(model, key=SECRET, **fields)
    assert SECRET not in f"{caught.value} {caught.value.message}"
    return caught.value


def test_it_streams_the_pieces_and_ends_with_what_was_counted(model: FaultyModel) -> None:
    model.plan = [Says("What ", "is ", "it?", usage=(31, 7))]
    assert spoken(model) == ["What ", "is ", "it?", Usage(31, 7)]
    sent = model.requests[0]
    assert (sent["model"], sent["max_tokens"], sent["stream"]) == ("m", 50, True)
    assert sent["messages"] == ASKED


def test_the_first_piece_is_there_before_the_last_is_written(model: FaultyModel) -> None:
    model.plan = [Says("One ", "two ", "three", pause=0.3)]
    started = time.monotonic()
    pieces = model.chat().stream(ASKED, 50)
    assert next(pieces) == "One "
    assert time.monotonic() - started < 0.3
    pieces.close()


def test_the_key_is_sent_as_a_bearer_and_no_other_vendors_names(
    model: FaultyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-vendor")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-another-vendor")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-vendor")
    spoken(model, key=SECRET)
    spoken(model)
    assert [headers["authorization"] for headers in model.headers] == [f"Bearer {SECRET}", "Bearer none"]
    assert "another-vendor" not in str(model.headers)


def test_an_endpoint_that_counts_nothing_is_counted_for_too_high(model: FaultyModel) -> None:
    model.plan = [Says("What is it?", usage=None)]
    usage = spoken(model)[-1]
    assert usage == Usage(tokens.in_messages(ASKED), tokens.at_most("What is it?"))


def test_tokens_are_guessed_too_high_rather_than_too_low() -> None:
    assert tokens.at_most("four") >= 1
    assert tokens.at_most("An index speeds up reads and slows down writes.") >= 10
    assert tokens.at_most("索引加快读取") >= 6
    assert tokens.at_most("Größe über Straße") >= 6


def test_hanging_up_ends_the_call_at_once(model: FaultyModel) -> None:
    model.plan = [Hangs(30, ("What ",))]
    pieces = model.chat().stream(ASKED, 50)
    assert next(pieces) == "What "
    started = time.monotonic()
    pieces.close()
    assert time.monotonic() - started < 1
    assert model.hung_up.wait(5)


def test_silence_is_told_while_it_lasts(model: FaultyModel) -> None:
    model.plan = [Hangs(30)]
    pieces = model.chat().stream(ASKED, 50)
    assert [next(pieces), next(pieces)] == ["", ""]
    pieces.close()


@pytest.mark.parametrize(
    ("status", "error", "code", "retryable"),
    [
        (401, {"message": f"Incorrect API key provided: {SECRET}", "code": "invalid_api_key"}, "WRONG_KEY", False),
        (403, {"message": "Forbidden"}, "WRONG_KEY", False),
        (400, {"message": "API key not valid. Please pass a valid API key."}, "WRONG_KEY", False),
        (404, {"message": "The model `m` does not exist", "code": "model_not_found"}, "MODEL_NOT_FOUND", False),
        (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}, "QUOTA_EXHAUSTED", False),
        (402, {"message": "Insufficient Balance"}, "QUOTA_EXHAUSTED", False),
        (400, {"message": "Your credit balance is too low"}, "QUOTA_EXHAUSTED", False),
        (429, {"message": "Rate limit reached", "code": "rate_limit_exceeded"}, "MODEL_RATE_LIMITED", True),
        (503, {"message": "Loading model"}, "MODEL_OVERLOADED", True),
        (529, {"type": "overloaded_error", "message": "Overloaded"}, "MODEL_OVERLOADED", True),
        (500, {"message": "Internal error"}, "MODEL_ERROR", True),
        (502, None, "MODEL_ERROR", True),
        (400, {"message": "too long", "code": "context_length_exceeded"}, "CONTEXT_TOO_LONG", False),
        (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}, "CONTEXT_TOO_LONG", False),
        (400, {"message": "request (20031 tokens) exceeds the available context size"}, "CONTEXT_TOO_LONG", False),
        (400, {"message": "The input token count (9) exceeds the maximum"}, "CONTEXT_TOO_LONG", False),
        (422, {"message": "Something else"}, "REQUEST_REFUSED", False),
    ],
)
def test_a_refusal_has_a_code_of_its_own_and_costs_nothing(
    model: FaultyModel, status: int, error: Any, code: str, retryable: bool
) -> None:
    told = failure(model, Status(status, error))
    assert (told.code, told.retryable, told.usage) == (code, retryable, Usage())


def test_a_rate_limit_says_how_long_to_wait(model: FaultyModel) -> None:
    limited = {"message": "Rate limit reached", "code": "rate_limit_exceeded"}
    soon = failure(model, Status(429, limited, {"retry-after": "7"}))
    assert (soon.retryable, soon.wait_seconds) == (True, 7.0)
    late = failure(model, Status(429, limited, {"retry-after": "900"}))
    assert (late.retryable, late.code) == (False, "MODEL_RATE_LIMITED")


def test_nothing_is_tried_twice_behind_the_budgets_back(model: FaultyModel) -> None:
    failure(model, Status(500, {"message": "Internal error"}))
    assert len(model.requests) == 1


def test_silence_and_a_reply_without_end_are_timeouts(model: FaultyModel) -> None:
    assert failure(model, Hangs(30), timeout_seconds=1).code == "MODEL_TIMEOUT"
    endless = Says(*["word "] * 60, pause=0.1)
    told = failure(model, endless, timeout_seconds=0.4)
    assert (told.code, told.retryable, told.usage) == ("MODEL_TIMEOUT", True, None)


@pytest.mark.parametrize(
    ("plan", "code", "retryable"),
    [
        (Says("What is", ends=None), "STREAM_CUT", True),
        (Says("What is", error={"type": "overloaded_error", "message": "Overloaded"}), "MODEL_OVERLOADED", True),
        (Says("What is", error={"message": "Something"}), "MODEL_ERROR", True),
        (Says("What is", ends="content_filter"), "CONTENT_FILTERED", False),
        (Raw(b"data: {not json\n\n"), "BAD_REPLY", True),
        (Raw(b"<html>Sign in</html>", "text/html"), "STREAM_CUT", True),
    ],
)
def test_a_reply_that_breaks_off_is_none(model: FaultyModel, plan: Any, code: str, retryable: bool) -> None:
    told = failure(model, plan)
    assert (told.code, told.retryable) == (code, retryable)


def test_nobody_there_is_unreachable() -> None:
    with FaultyModel() as model:
        chat = model.chat()
    with pytest.raises(ProviderError) as caught:
        list(chat.stream(ASKED, 50))
    assert (caught.value.code, caught.value.retryable, caught.value.usage) == ("MODEL_UNREACHABLE", True, Usage())


@pytest.mark.parametrize(
    ("words", "left_out", "put_in"),
    [
        ("Unsupported parameter: use 'max_completion_tokens' instead", "max_tokens", "max_completion_tokens"),
        ("Unknown field: stream_options", "stream_options", "max_tokens"),
    ],
)
def test_what_an_endpoint_does_not_know_is_left_out_from_then_on(
    model: FaultyModel, words: str, left_out: str, put_in: str
) -> None:
    model.plan = [Status(400, {"message": words}), Says("What is it?")]
    assert spoken(model)[0] == "What is it?"
    spoken(model)
    assert [left_out in request for request in model.requests] == [True, False, False]
    assert put_in in model.requests[-1]
