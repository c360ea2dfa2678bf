"""A whole interview as a client of the API has it, and what must hold at its end whoever asked and judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sessions_app.models import InterviewSession, Operation
from sessions_app.services.running import run_operation


def work_off(session_id: str) -> None:
    """Do all the work that is queued for the session, without waiting for the time of another try."""
    for _ in range(30):
        operation = Operation.objects.live().filter(session_id=session_id).order_by("created_at").first()
        if operation is None:
            return
        Operation.objects.filter(pk=operation.pk).update(not_before=operation.created_at)
        run_operation(operation.pk)
    raise AssertionError("The work of a session does not come to its end.")


@dataclass
class Client:
    """``api`` is signed in; every answer of it is looked at."""

    api: Any
    id: str = ""

    def create(self, **config: Any) -> Any:
        """A started session, with its first question."""
        made = self.call("post", "/api/v1/sessions", {"start": True, **config}, expect=201)
        self.id = made["id"]
        work_off(self.id)
        return self.read()

    def call(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        response = getattr(self.api, method)(path, body, format="json") if body is not None else self.api.get(path)
        assert response.status_code == expect, response.content
        return response.json()

    def read(self, tail: str = "") -> Any:
        return self.call("get", f"/api/v1/sessions/{self.id}{tail}")

    def do(self, verb: str, body: Any = None, expect: int = 200) -> Any:
        return self.call("post", f"/api/v1/sessions/{self.id}/{verb}", body or {}, expect)

    def answer(self, text: str, name: str) -> Any:
        """Sends it, and has whatever follows from it done."""
        sent = self.do("answers", {"answer_text": text, "client_message_id": name}, expect=201)
        work_off(self.id)
        return sent["message"]


def assert_every_question_once(context: Any, writers: set[str]) -> None:
    """Each question arrived whole, once, in its order, marked with who wrote it; each answer follows its question."""
    said = [one for one in context["messages"] if one["kind"] in ("question", "answer")]
    asked, answered = said[::2], said[1::2]
    assert [one["kind"] for one in said] == ["question", "answer"] * len(answered) + ["question"] * (
        len(asked) - len(answered)
    )
    assert [one["question_number"] for one in asked] == list(range(1, len(asked) + 1))
    assert len({one["content"] for one in asked}) == len(asked)
    assert all(one["content"].strip() and one["state"] == "complete" for one in asked)
    assert {one["asked_by"] for one in asked} <= writers
    assert [one["in_reply_to"] for one in answered] == [one["id"] for one in asked[: len(answered)]]
    assert [one["seq"] for one in context["messages"]] == list(range(1, context["message_count"] + 1))


def assert_quotes_are_the_candidates(evaluation: Any, context: Any) -> int:
    """Every quote is what stands at its place in an answer. Returns how many there are."""
    answers = {one["id"]: one["content"] for one in context["messages"] if one["kind"] == "answer"}
    quotes = [quote for criterion in evaluation["criteria"] for quote in criterion["evidence"]]
    for quote in quotes:
        assert answers[quote["message_id"]][quote["start"] : quote["end"]] == quote["quote"] != ""
    return len(quotes)


def assert_nothing_is_left_over(session_id: str) -> None:
    """No work that is under way and no token that is held."""
    session = InterviewSession.objects.get(pk=session_id)
    assert not session.operations.live().exists()
    assert session.tokens_reserved == 0
