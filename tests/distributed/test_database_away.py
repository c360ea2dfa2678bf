"""PostgreSQL goes away and comes back: 503 with Retry-After meanwhile, never 500, and nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import servers
from tests.crash.server import Candidate, Server, own_database, until

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]


class Wire:
    """A TCP forwarder to the database server that can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.is_cut = False
        self.open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.is_cut = True
        for end in list(self.open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.is_cut = False

    def _accept(self) -> None:
        while True:
            near, _ = self.listener.accept()
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(self.target)
            self.open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.close()


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[tuple[Server, Wire]]:
    if not servers.postgres_wanted():
        pytest.skip("about PostgreSQL")
    with own_database(tmp_path) as url:
        parts = urlsplit(url)
        wire = Wire(str(parts.hostname), int(parts.port or 5432))
        through = url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{wire.port}")
        assert through != url
        with Server(tmp_path, through, word_ms=10) as server:
            server.start()
            yield server, wire


def test_it_answers_503_and_goes_on_when_the_database_is_back(wired: tuple[Server, Wire]) -> None:
    server, wire = wired
    kim = Candidate(server)
    question = kim.whole_question(20)
    signed_in = {"Authorization": f"Bearer {kim._token}"}
    base = f"http://127.0.0.1:{server.port}"
    wire.cut()
    for path in (
        "/",
        "/sessions/",
        "/api/v1/sessions",
        f"/api/v1/sessions/{kim.session_id}",
        "/health/ready",
        "/admin/",
    ):
        for _ in range(3):  # whichever thread has which connection
            response = httpx.get(base + path, headers=signed_in, cookies={"sessionid": "x" * 32}, timeout=20)
            assert response.status_code == 503, (path, response.status_code, response.text[:300])
            assert int(response.headers["Retry-After"]) > 0
    answer = {"answer_text": "Sent while it was away", "client_message_id": "away-1"}
    where = f"{base}/api/v1/sessions/{kim.session_id}/answers"
    assert httpx.post(where, json=answer, headers=signed_in, timeout=20).status_code == 503
    assert httpx.get(f"{base}/health/live").status_code == 200
    wire.mend()
    until(lambda: httpx.get(f"{base}/health/ready", timeout=20).status_code == 200, 20)
    answers = [httpx.post(where, json=answer, headers=signed_in, timeout=20).status_code for _ in range(2)]
    assert answers == [201, 200]
    until(lambda: kim.look()["current_question_number"] == question["question_number"] + 1, 30)
    assert [message["kind"] for message in kim.look()["messages"]] == ["question", "answer", "question"]
