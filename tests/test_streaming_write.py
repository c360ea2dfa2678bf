"""A question is stored as it grows: in steps, under the guard of the attempt, with the lease kept alive."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sessions_app.ai.protocol import Outcome
from sessions_app.models import InterviewSession, Operation, SessionMessage, User
from sessions_app.services.running import run_operation

from . import factories as f
from .real_database import real_database  # noqa: F401

RUNNING = "sessions_app.services.running"


class Watched(f.Words):
    """After every piece it looks at what is stored by then."""

    def __init__(self, *pieces: str) -> None:
        super().__init__(*pieces)
        self.stored: list[str] = []

    def ask(self, turn: Any) -> Any:
        for piece in self.pieces:
            yield piece
            self.stored.append(SessionMessage.objects.get(state="streaming").content)
        yield Outcome("behavioral", "key-1", input_tokens=11, output_tokens=7)


@pytest.fixture
def session(ann: User) -> InterviewSession:
    return f.generating(ann)


@pytest.mark.django_db
def test_a_slow_writer_can_be_read_word_by_word(session: InterviewSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{RUNNING}.FLUSH_SECONDS", 0)
    provider = Watched("What ", "happened ", "next? ")
    run_operation(session.turn_id, provider=provider)
    assert provider.stored == ["What", "What happened", "What happened next?"]
    assert session.messages.get().content == "What happened next?"


@pytest.mark.django_db
def test_a_fast_writer_is_stored_at_once_and_then_every_400_characters(
    session: InterviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{RUNNING}.FLUSH_SECONDS", 1000)
    provider = Watched(*["x" * 150] * 6)
    run_operation(session.turn_id, provider=provider)
    assert [len(text) for text in provider.stored] == [150, 150, 150, 600, 600, 600]
    assert session.messages.get().content == "x" * 900


@pytest.mark.django_db
def test_a_fast_writer_costs_few_statements(
    session: InterviewSession, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand words are stored in a dozen steps, not in a thousand."""
    monkeypatch.setattr(f"{RUNNING}.FLUSH_SECONDS", 1000)
    with django_assert_max_num_queries(60):
        run_operation(session.turn_id, provider=f.Words(*["word "] * 1000))
    assert len(session.messages.get().content) == 4999


@pytest.mark.django_db
def test_what_the_question_cost_and_where_it_comes_from_is_kept(session: InterviewSession) -> None:
    run_operation(session.turn_id, provider=Watched("What happened?"))
    message, operation = session.messages.get(), session.operations.get()
    assert (message.question_type, message.tokens) == ("behavioral", 7)
    assert message.payload == {"key": "key-1", "is_follow_up": False, "by": "built-in"}
    assert operation.usage == {"input_tokens": 11, "output_tokens": 7}
    assert f.fresh(session).tokens_used == 18


@pytest.mark.django_db
def test_text_of_any_language_is_stored_as_it_is(session: InterviewSession) -> None:
    text = "Wörter — 質問 🙂 ‘quotes’ \u202eחלק\u202c <b>&amp;</b>"
    run_operation(session.turn_id, provider=f.Words(*text))
    assert session.messages.get().content == text


@pytest.mark.usefixtures("real_database")
def test_a_slow_first_word_is_not_taken_for_a_dead_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat renews the lease from a thread of its own, while nothing is written."""
    monkeypatch.setattr("sessions_app.services.heartbeat.HEARTBEAT_SECONDS", 0.05)
    session = f.generating(f.UserFactory(email="ann@example.com"))
    leases: list[Any] = []

    class Slow(f.Words):
        def ask(self, turn: Any) -> Any:
            until = time.monotonic() + 10
            while len(set(leases)) < 4 and time.monotonic() < until:
                leases.append(Operation.objects.get().lease_until)
                time.sleep(0.02)
            yield "At last?"
            yield Outcome("technical")

    assert run_operation(session.turn_id, provider=Slow())
    assert len(set(leases)) >= 4
    assert leases == sorted(leases)
    operation = Operation.objects.get()
    assert (operation.status, operation.attempt, operation.lease_until) == ("succeeded", 1, None)


@pytest.mark.usefixtures("real_database")
def test_the_heartbeat_of_who_was_overtaken_stops_and_renews_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.services.heartbeat.HEARTBEAT_SECONDS", 0.02)
    session = f.generating(f.UserFactory(email="ann@example.com"))

    class Overtaken(f.Words):
        def ask(self, turn: Any) -> Any:
            Operation.objects.update(attempt=2, worker="another")
            lease = Operation.objects.get().lease_until
            time.sleep(0.3)
            assert Operation.objects.get().lease_until == lease
            yield "Too late?"
            yield Outcome("technical")

    assert run_operation(session.turn_id, provider=Overtaken())
    operation = Operation.objects.get()
    assert (operation.status, operation.attempt, operation.worker) == ("running", 2, "another")
    assert session.messages.get().seq is None
