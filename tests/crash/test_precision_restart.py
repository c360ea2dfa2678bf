"""What is known about somebody survives a pause, a kill and a restart to the last bit: the bytes of the API say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .server import Server, own_database

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

ANSWERS = (
    "I love exploring new ideas, and before a trip I plan ahead.",
    "I enjoy meeting new people, but I get nervous before a talk, and I wonder why.",
    "I am not very organised. I listened to her and tried to understand her point of view.",
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with own_database(tmp_path) as url, Server(tmp_path, url, word_ms=0) as started:
        started.start()
        yield started


def test_not_a_bit_of_it_changes_across_pause_kill_restart_and_resume(server: Server) -> None:
    headers: dict[str, str] = {}

    def call(method: str, path: str, body: Any = None) -> httpx.Response:
        address = f"http://127.0.0.1:{server.port}/api/v1{path}"
        answer = httpx.request(method, address, json=body, headers=headers, timeout=40)
        assert answer.is_success, answer.text
        return answer

    def known() -> str:
        """The numbers as they are written: 17 digits where a number needs them."""
        context = call("GET", f"/sessions/{key}").text
        return context[context.index('"precision"') : context.index('"job_posting"')]

    begun = call("POST", "/assessment/start", {}).json()
    key, headers["Authorization"] = begun["sessionId"], f"Bearer {begun['accessToken']}"
    for text in ANSWERS:
        call("POST", "/assessment/message", {"sessionId": key, "message": text})
    before = known()
    assert before.count("0.5,") < 5 and before.count(":") > 8
    call("PUT", f"/sessions/{key}/pause")
    server.kill()
    server.start()
    paused = known()
    call("PUT", f"/sessions/{key}/resume")
    assert before == paused == known()
