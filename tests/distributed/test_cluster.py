"""Many processes, one product: streams across machines, workers that die, a Redis that goes away for a while."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import servers
from tests.crash.server import until

from .cluster import Cluster, cluster, compose

pytestmark = [pytest.mark.crash, pytest.mark.timeout(240)]

PASSWORD = "tall-copper-71"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if not servers.postgres_wanted():
        pytest.skip("the distributed product needs PostgreSQL: it runs in that half of the suite")
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


class Client:
    """A candidate who talks now to the one web process, now to the other."""

    def __init__(self, running: Cluster) -> None:
        self.bases = [f"http://127.0.0.1:{port}" for port in running.ports]
        body = {"email": f"kim{time.time_ns()}@example.com", "password": PASSWORD}
        httpx.post(f"{self.bases[0]}/api/v1/auth/register", json=body).raise_for_status()
        token = httpx.post(f"{self.bases[1]}/api/v1/auth/token", json=body).json()["access"]
        self.headers = {"Authorization": f"Bearer {token}"}
        self.session = self.call("POST", "/sessions", {"start": True, "planned_questions": 9})["id"]
        self.turn = 0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        self.turn = getattr(self, "turn", 0) + 1
        base = self.bases[self.turn % 2]
        response = httpx.request(method, f"{base}/api/v1{path}", json=body, headers=self.headers, timeout=15)
        assert response.is_success, response.text
        return response.json()

    def look(self) -> Any:
        return self.call("GET", f"/sessions/{self.session}")

    def question(self, number: int, seconds: float = 20) -> Any:
        def asked() -> Any:
            seen = self.look()
            return seen if seen["current_question_number"] == number and seen["phase"] == "waiting_for_answer" else None

        return until(asked, seconds, every=0.1)

    def answer(self, text: str) -> Any:
        return self.call("POST", f"/sessions/{self.session}/answers", {"answer_text": text, "client_message_id": text})

    def being_written(self) -> Any:
        def partial() -> Any:
            operation = self.look()["operation"]
            return operation if operation and operation.get("text") else None

        return until(partial, 20, every=0.05)


def test_a_stream_of_one_process_tells_what_a_worker_writes_elsewhere(running: Cluster) -> None:
    kim = Client(running)
    seen = []
    url = f"{kim.bases[1]}/api/v1/sessions/{kim.session}/stream"
    with httpx.stream("GET", url, params={"cursor": "0"}, headers=kim.headers, timeout=20) as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                seen.append(line.removeprefix("event: "))
            if line.startswith("data: ") and seen[-1] == "message.completed":
                text = json.loads(line.removeprefix("data: "))["message"]["content"]
                break
    assert seen.count("message.delta") > 3
    assert kim.question(1)["messages"][0]["content"] == text


def test_a_worker_killed_in_mid_sentence_is_taken_over(running: Cluster) -> None:
    kim = Client(running)
    kim.question(1)
    kim.answer("One")
    operation = kim.being_written()
    for worker in running.workers:  # whichever of them had it
        worker.end()
        worker.start()
    seen = kim.question(2, seconds=40)
    assert [message["kind"] for message in seen["messages"]] == ["question", "answer", "question"]
    assert kim.call("GET", f"/operations/{operation['id']}")["attempt"] >= 2


def test_a_worker_told_to_stop_gives_its_question_back(running: Cluster) -> None:
    kim = Client(running)
    kim.question(1)
    kim.answer("One")
    kim.being_written()
    for worker in running.workers:
        assert worker.end(signal.SIGTERM) == 0
        worker.start()
    assert kim.question(2, seconds=30)["message_count"] == 3


def test_five_seconds_without_redis_lose_nothing(running: Cluster) -> None:
    kim = Client(running)
    kim.question(1)
    running.redis.end()
    began = time.monotonic()
    kim.answer("While Redis is away")
    assert time.monotonic() - began < 10
    time.sleep(max(0.0, began + 5 - time.monotonic()))
    running.redis.start()
    assert kim.question(2, seconds=60)["messages"][1]["content"] == "While Redis is away"


def test_a_worker_evaluates_what_has_ended(running: Cluster) -> None:
    kim = Client(running)
    kim.question(1)
    kim.answer("I led the move of our orders to a queue and measured it before and after.")
    kim.call("POST", f"/sessions/{kim.session}/complete")
    assert until(lambda: kim.look()["phase"] == "evaluated", 20, every=0.2)
    assert kim.call("GET", f"/sessions/{kim.session}/evaluation")["method"] == "evidence_coverage"


def test_the_logs_are_whole_afterwards(running: Cluster) -> None:
    running.manage("verify_events")  # ends with 1 when a link is broken, which manage() does not let pass


def test_the_compose_file_starts_what_is_tested_here(running: Cluster) -> None:
    services = compose()["services"]
    assert services["web"]["deploy"]["replicas"] == len(running.webs)
    assert {"web", "worker", "beat", "proxy", "database", "redis", "migrate"} == set(services)
    assert "proxy_buffering off" in compose()["configs"]["proxy"]["content"]
    for name, process in (("web", running.webs[0]), ("worker", running.workers[0]), ("beat", running.beat)):
        said = services[name]["command"].replace("0.0.0.0", "127.0.0.1").replace("8000", str(running.ports[0])).split()
        assert process.command[1:][: len(said) - 1] == said[1:]
