"""A small OpenAI-compatible server that does what it is told: replies, and every way in which a vendor fails.

    with FaultyModel() as model:
        model.plan = [Status(429, {"message": "Slow down"}), Says("What ", "is an index?")]

Each request takes the next of the plan; the last one stays. ``requests`` holds what was sent.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from sessions_app.ai.chat import ChatModel, Endpoint, _quirks


@dataclass
class Status:
    """An error before anything is written."""

    status: int
    error: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Says:
    """A reply in these pieces. ``ends`` is its finish_reason; None cuts the stream off before its end."""

    def __init__(
        self,
        *pieces: str,
        ends: str | None = "stop",
        usage: tuple[int, int] | None = (120, 12),
        pause: float = 0.0,
        error: Any = None,
    ) -> None:
        self.pieces, self.ends, self.usage, self.pause, self.error = pieces, ends, usage, pause, error


@dataclass
class Hangs:
    """Says nothing for so many seconds, or until the caller hangs up; first the pieces."""

    seconds: float
    pieces: tuple[str, ...] = ()


@dataclass
class Raw:
    """A body that is no reply."""

    body: bytes
    content_type: str = "text/event-stream"


Step = Status | Says | Hangs | Raw | Callable[[dict[str, Any]], Any]


class FaultyModel:
    """``plan`` is what the next requests get. A step may be a function of the request that gives a step."""

    def __init__(self, *plan: Step) -> None:
        self.plan: list[Step] = list(plan) or [Says("What is an index?")]
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.hung_up = threading.Event()
        handler = type("Handler", (_Handler,), {"model": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def chat(self, **fields: Any) -> ChatModel:
        return ChatModel(Endpoint(**{"name": "faulty", "base_url": self.url, "model_id": "m", **fields}))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        _quirks.clear()

    def next_step(self, request: dict[str, Any]) -> Any:
        step = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        while callable(step):
            step = step(request)
        return step


class _Handler(BaseHTTPRequestHandler):
    model: FaultyModel

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.model.requests.append(request)
        self.model.headers.append({name.lower(): value for name, value in self.headers.items()})
        try:
            self._answer(self.model.next_step(request), request)
        except (BrokenPipeError, ConnectionResetError):
            self.model.hung_up.set()
        self.close_connection = True

    def _answer(self, step: Any, request: dict[str, Any]) -> None:
        if isinstance(step, Status):
            self._begin(step.status, "application/json", step.headers)
            self._send(json.dumps({"error": step.error}).encode())
        elif isinstance(step, Raw):
            self._begin(200, step.content_type)
            self._send(step.body)
        elif isinstance(step, Hangs):
            self._hang(step)
        elif request.get("stream"):
            self._stream(step)
        else:
            self._begin(200, "application/json")
            self._send(json.dumps(_whole(step)).encode())

    def _stream(self, step: Says) -> None:
        self._begin(200, "text/event-stream")
        for event in _events(step):
            self._send(b"data: " + event + b"\n\n")
            time.sleep(step.pause)

    def _hang(self, step: Hangs) -> None:
        self._begin(200, "text/event-stream")
        for piece in step.pieces:
            self._send(b"data: " + json.dumps(_chunk(delta={"content": piece})).encode() + b"\n\n")
        over = time.monotonic() + step.seconds
        while time.monotonic() < over:
            time.sleep(0.05)
            self._send(b": \n\n")  # so that a caller who has hung up is noticed

    def _begin(self, status: int, content_type: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        return


def _events(step: Says) -> Iterator[bytes]:
    for piece in step.pieces:
        yield json.dumps(_chunk(delta={"content": piece})).encode()
    if step.error:
        yield json.dumps({"error": step.error}).encode()
    elif step.ends:
        yield json.dumps(_chunk(delta={}, ends=step.ends)).encode()
        if step.usage:
            yield json.dumps({**_chunk(), "choices": [], "usage": _usage(step.usage)}).encode()
        yield b"[DONE]"


def _chunk(delta: dict[str, Any] | None = None, ends: str | None = None) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": ends}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}


def _whole(step: Says) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(step.pieces)}
    choice = {"index": 0, "message": message, "finish_reason": step.ends}
    reply = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return {**reply, "usage": _usage(step.usage)} if step.usage else reply


def _usage(counted: tuple[int, int]) -> dict[str, int]:
    return {"prompt_tokens": counted[0], "completion_tokens": counted[1], "total_tokens": sum(counted)}
