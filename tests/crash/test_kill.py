"""The server is killed, stopped and started again: what was acknowledged is there, once, and what was begun is done."""

from __future__ import annotations

import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .server import STOP_SECONDS, Candidate, Server, own_database, until

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

SLOW_WORD_MS = 100  # a question takes seconds
QUICK_WORD_MS = 15
WRITING_SECONDS = 4.0  # what the built-in interviewer needs at most
AT_ONCE = WRITING_SECONDS + 6.0  # and not after the 30 s of a lease


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    with own_database(tmp_path) as url:
        yield url


def assert_nothing_is_lost(server: Server, *candidates: Candidate) -> None:
    """With the server down: every acknowledged answer once, all questions whole, the log unbroken, nothing running."""
    facts = server.facts()
    for candidate in candidates:
        found = facts[candidate.session_id]
        count = len(found["seqs"])
        assert found["broken_links"] == []
        assert found["seqs"] == list(range(1, count + 1))
        assert found["message_count"] == count
        assert found["kinds"] == ["question", "answer"] * (count // 2) + ["question"] * (count % 2)
        assert found["question_numbers"] == list(range(1, len(found["question_numbers"]) + 1))
        assert found["not_what_was_said"] == []
        assert found["answers"] == [list(pair) for pair in candidate.acknowledged.items()]
        assert set(found["operations"]) == {"succeeded"}
        assert len(found["operations"]) == len(found["question_numbers"])
        assert (found["in_the_making"], found["running_without_lease"], found["tokens_reserved"]) == ([], 0, 0)
        assert found["tokens_used"] == found["tokens_charged"]


# -- kill -9 -------------------------------------------------------------------------------------------------------


def kill_in_mid_question(server: Server, candidate: Candidate, name: str) -> None:
    """One cycle: the question that is being written when everything ends is whole soon after the next start."""
    begun = candidate.partial_question()
    time.sleep(random.uniform(0, 0.5))
    server.kill()
    server.start()
    ready = time.monotonic()
    question = candidate.whole_question(AT_ONCE)
    assert time.monotonic() - ready < AT_ONCE
    assert question["id"] == begun["message_id"]
    assert question["content"].startswith(begun["text"].strip())
    assert len(question["content"]) > len(begun["text"])
    done = candidate.operation(begun["id"])
    assert (done["status"], done["attempt"]) == ("succeeded", begun["attempt"] + 1)
    candidate.answer(question, name, f"Answer {name}")


def kill_often_in_mid_question(tmp_path: Path, database_url: str, cycles: int) -> None:
    with Server(tmp_path, database_url, word_ms=SLOW_WORD_MS) as server:
        server.start()
        candidates = []
        for cycle in range(cycles):
            if cycle % 20 == 0:
                candidates.append(Candidate(server))
            kill_in_mid_question(server, candidates[-1], str(cycle))
        for candidate in candidates:
            candidate.whole_question(AT_ONCE)
        server.kill()
        assert_nothing_is_lost(server, *candidates)
        assert "Traceback" not in server.log.read_text()


def test_kill_9_in_the_middle_of_a_question(tmp_path: Path, database_url: str) -> None:
    kill_often_in_mid_question(tmp_path, database_url, cycles=1)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_kill_9_in_the_middle_of_fifty_questions(tmp_path: Path, database_url: str) -> None:
    kill_often_in_mid_question(tmp_path, database_url, cycles=50)


def kill_around_an_answer(server: Server, candidate: Candidate, name: str) -> None:
    """One cycle: the kill comes somewhere between the sending and the moments after the acknowledgement."""
    question, text = candidate.whole_question(AT_ONCE), f"Answer {name}"

    def send() -> None:
        try:
            candidate.answer(question, name, text)
        except httpx.TransportError:
            return

    sending = threading.Thread(target=send)
    sending.start()
    if random.random() < 0.5:
        sending.join()
    time.sleep(random.uniform(0, 0.06))
    server.kill()
    sending.join()
    server.start()
    candidate.answer(question, name, text)  # with the same id, as the browser's outbox does


def kill_often_around_answers(tmp_path: Path, database_url: str, cycles: int) -> None:
    with Server(tmp_path, database_url, word_ms=QUICK_WORD_MS) as server:
        server.start()
        candidates = []
        for cycle in range(cycles):
            if cycle % 20 == 0:
                candidates.append(Candidate(server))
            kill_around_an_answer(server, candidates[-1], str(cycle))
        for candidate in candidates:
            candidate.whole_question(AT_ONCE)
        server.kill()
        assert_nothing_is_lost(server, *candidates)


def test_kill_9_around_an_answer(tmp_path: Path, database_url: str) -> None:
    kill_often_around_answers(tmp_path, database_url, cycles=2)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_kill_9_around_fifty_answers(tmp_path: Path, database_url: str) -> None:
    kill_often_around_answers(tmp_path, database_url, cycles=50)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_kill_9_while_it_is_starting(tmp_path: Path, database_url: str) -> None:
    with Server(tmp_path, database_url, word_ms=SLOW_WORD_MS) as server:
        server.start()
        candidate = Candidate(server)
        candidate.partial_question()
        server.kill()
        for _ in range(15):
            server.launch()
            time.sleep(random.uniform(0.5, 4.0))
            server.kill()
        server.start()
        candidate.whole_question(AT_ONCE)
        server.kill()
        assert_nothing_is_lost(server, candidate)


def test_a_server_that_acknowledges_before_it_writes_is_found_out(tmp_path: Path, database_url: str) -> None:
    """The control: if this loses nothing, the tests above prove nothing."""
    settings = "tests.crash.forgetful"
    with Server(tmp_path, database_url, word_ms=QUICK_WORD_MS, settings=settings) as server:
        server.start()
        candidate = Candidate(server)
        candidate.answer(candidate.whole_question(AT_ONCE), "lost", "Acknowledged, and gone")
        server.kill()
        with pytest.raises(AssertionError, match="lost"):
            assert_nothing_is_lost(server, candidate)


# -- asked to end --------------------------------------------------------------------------------------------------


def test_sigterm_in_mid_question_puts_it_back_and_the_next_start_finishes_it(tmp_path: Path, database_url: str) -> None:
    with Server(tmp_path, database_url, word_ms=SLOW_WORD_MS) as server:
        server.start()
        candidate = Candidate(server)
        begun = candidate.partial_question()
        assert server.end(signal.SIGTERM) < STOP_SECONDS
        assert server.process.returncode in (0, -signal.SIGTERM)
        found = server.facts()[candidate.session_id]
        assert found["last_operation"] == {"status": "queued", "attempt": 1, "lost_leases": 0, "provider_errors": 0}
        assert found["in_the_making"] == [["pending", ""]]
        server.start()
        question = candidate.whole_question(AT_ONCE)
        assert candidate.operation(begun["id"])["attempt"] == 2
        candidate.answer(question, "one", "An answer")
        candidate.whole_question(AT_ONCE)
        server.end(signal.SIGTERM)
        assert_nothing_is_lost(server, candidate)
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "in mid-question"])
def test_ctrl_c_ends_it_cleanly(busy: bool, tmp_path: Path, database_url: str) -> None:
    with Server(tmp_path, database_url, word_ms=SLOW_WORD_MS) as server:
        server.start()
        if busy:
            candidate = Candidate(server)
            candidate.partial_question()
            watching = threading.Thread(target=candidate.watch, daemon=True)
            watching.start()
            time.sleep(0.5)
            assert watching.is_alive(), "nobody is watching"
        assert server.end(signal.SIGINT, whole_group=True) < STOP_SECONDS
        assert server.process.returncode in (0, 130)
        assert "Traceback" not in server.log.read_text()
        until(server.has_left_nobody, 2)
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", server.port)) != 0
        if busy:
            found = server.facts()[candidate.session_id]
            assert (found["last_operation"]["status"], found["broken_links"]) == ("queued", [])


def test_a_taken_port_is_said_plainly_and_never_taken_for_our_own(tmp_path: Path, database_url: str) -> None:
    with Server(tmp_path, database_url, word_ms=QUICK_WORD_MS) as server, socket.socket() as other:
        server.start()
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(AssertionError, match=f"Port {taken} on 127.0.0.1 cannot be used") as refused:
            server.run("manage.py", "serve", "--port", str(taken))
        assert "Traceback" not in str(refused.value)
        assert server.listens()
        server.port = taken
        assert not server.listens()


# -- stopped, overtaken, continued ---------------------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.timeout(300)
def test_a_process_stopped_past_its_lease_writes_nothing_when_it_goes_on(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "other").mkdir()
    first = Server(tmp_path, database_url, word_ms=SLOW_WORD_MS)
    second = Server(tmp_path / "other", database_url, word_ms=SLOW_WORD_MS)
    with first, second:
        first.start()
        candidate = Candidate(first)
        begun = candidate.partial_question()
        first.process.send_signal(signal.SIGSTOP)
        second.environment["DATA_DIR"] = first.environment["DATA_DIR"]  # one key, so that the token is good here, too
        second.start()
        candidate.server = second
        question = candidate.whole_question(60)
        assert candidate.operation(begun["id"])["attempt"] == 2
        before: dict[str, Any] = candidate.look()
        first.process.send_signal(signal.SIGCONT)
        time.sleep(WRITING_SECONDS + 2)
        now = candidate.look()
        assert (now["messages"], now["version"], now["cursor"]) == (
            before["messages"],
            before["version"],
            before["cursor"],
        )
        candidate.answer(question, "one", "An answer")
        candidate.whole_question(AT_ONCE)
        for server in (first, second):
            assert server.end(signal.SIGTERM) < STOP_SECONDS
        assert_nothing_is_lost(second, candidate)
