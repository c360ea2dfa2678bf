"""Judges for tests, and finished interviews to be judged."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sessions_app.ai.model_judge import DECOYS
from sessions_app.ai.protocol import Outcome, ProviderError, Usage
from sessions_app.models import InterviewSession, Operation, User
from sessions_app.services import sessions
from sessions_app.services.running import run_operation
from tests import factories as f

IMPOSSIBLE = {decoy.statement for decoy in DECOYS}
SAID = "An index speeds up reads. But it means slower writes, and I accept that for a table that is read often."


class Judge:
    """Says that the first rubric point is shown at a level, and quotes a sentence of the first answer for it.

    ``bad_about`` names a criterion about which its replies are no good; an ``error`` is raised. A gullible one finds
    shown what nobody can show.
    """

    name = "oracle-9"

    def __init__(
        self,
        level: str = "solid",
        quote: str = "",
        bad_about: str = "",
        error: ProviderError | None = None,
        is_gullible: bool = False,
    ) -> None:
        self.level, self.quote, self.bad_about, self.error = level, quote, bad_about, error
        self.unbelievable = frozenset() if is_gullible else IMPOSSIBLE
        self.sent: list[Any] = []

    def structured(self, messages: list[dict[str, str]], schema: Any, max_tokens: int) -> tuple[dict[str, Any], Usage]:
        self.sent.append(messages)
        if self.error:
            raise self.error
        asked = messages[-1]["content"]
        if self.bad_about and f"Criterion: {self.bad_about}" in asked:
            return {"points": "all of them"}, Usage(100, 40)
        listed = re.findall(r"^(\d+)\. (.*)$", asked.partition("\nAnswers")[0], re.M)
        points = [self._point(int(number), asked) for number, statement in listed if statement not in self.unbelievable]
        return {"points": points, "rationale": "It was said.", "confidence": "medium"}, Usage(100, 40)

    def _point(self, number: int, asked: str) -> dict[str, Any]:
        said = re.search(r"ANSWER 1 (\w+)\n(.*)\nEND 1 \1", asked, re.S)
        words = self.quote or max(re.split(r"(?<=[.!?])\s", said[2] if said else ""), key=len)
        quotes = [{"answer": 1, "text": words}] if number == 1 or self.quote else []
        return {"point": number, "level": self.level, "quotes": quotes}


def connected(monkeypatch: pytest.MonkeyPatch, judge: Judge) -> Judge:
    """Have this model judge whatever is judged."""
    monkeypatch.setattr("sessions_app.services.evaluating.chat_for", lambda model_name: judge)
    return judge


def finished(
    candidate: User, said: str = SAID, *, types: tuple[str, ...] = ("technical",) * 3, **fields: Any
) -> InterviewSession:
    """Completed after two of its planned questions, of these types: the first answered, the second answered shortly.

    ``criteria`` go into the frozen plan, other fields that are no configuration onto the row.
    """
    template = f.TemplateFactory(questions=0, planned_questions=len(types))
    for kind in types:
        f.PlannedQuestionFactory(template=template, question_type=kind)
    onto = {name: fields.pop(name) for name in ("needs_model_score", "shows_report") if name in fields}
    criteria = fields.pop("criteria", [])
    session = f.generating(candidate, template_id=template.pk, **fields)
    plan = {**session.plan, "criteria": criteria}
    InterviewSession.objects.filter(pk=session.pk).update(plan=plan, **onto)
    for number, text in enumerate((said, "That depends on the case."[: 25 if len(types) > 2 else 0] or said)):
        f.write_question(session, _Planned(plan["questions"][number]))
        f.answer(session, text)
    sessions.end_session(session.pk)
    return f.fresh(session)


class _Planned(f.Words):
    """Asks that planned question."""

    def __init__(self, question: dict[str, Any]) -> None:
        super().__init__(question["text"])
        self.question = question

    def ask(self, turn: Any) -> Any:
        yield self.question["text"]
        yield Outcome(self.question["type"], self.question["key"])


def evaluate(session: InterviewSession) -> InterviewSession:
    """Run the session's evaluation here and now, due or not."""
    newest = InterviewSession.objects.values_list("evaluation_operation_id", flat=True).get(pk=session.pk)
    Operation.objects.filter(pk=newest, status="queued").update(not_before=session.created_at)
    assert run_operation(newest)
    return f.fresh(session)
