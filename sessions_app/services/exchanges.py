"""What was said, as questions with their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sessions_app.models import SessionMessage


def exchanged(said: Iterable[SessionMessage]) -> Iterator[tuple[SessionMessage, SessionMessage | None]]:
    """Every question with its answer, oldest first; a skip is an answer, too. None where there is none (yet)."""
    question: SessionMessage | None = None
    for message in said:
        if message.kind == "question":
            if question is not None:
                yield question, None
            question = message
        elif message.kind == "answer" and question is not None:
            yield question, message
            question = None
    if question is not None:
        yield question, None


def origin_of(question: SessionMessage) -> tuple[str, bool]:
    """The key of the planned question behind it, and whether it is a follow-up."""
    return question.payload.get("key", ""), bool(question.payload.get("is_follow_up"))
