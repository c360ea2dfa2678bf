"""A stream that can be left at any moment: it is read in a thread of its own, so that silence blocks nobody."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

TICK_SECONDS = 0.5
MOST_AHEAD = 64  # chunks that are read before somebody wants them


class Pump:
    """The chunks of a call, and None for every half second in which none came.

    ``silence`` and ``longest`` are seconds: without a chunk, and for the whole. Closing it ends the call.
    """

    def __init__(self, call: Callable[[], Any], *, silence: float, longest: float) -> None:
        self._call, self._silence, self._longest = call, silence, longest
        self._chunks: queue.Queue[Any] = queue.Queue(MOST_AHEAD)
        self._gone = threading.Event()
        self._stream: Any = None

    def __iter__(self) -> Iterator[Any]:
        """Raises ProviderError."""
        from .chat_errors import from_sdk, timeout

        threading.Thread(target=self._read, name="model-stream", daemon=True).start()
        started = heard = time.monotonic()
        began = False
        while True:
            try:
                kind, chunk = self._chunks.get(timeout=TICK_SECONDS)
            except queue.Empty:
                kind, chunk = "silence", None
            now = time.monotonic()
            if kind == "error":
                raise from_sdk(chunk, began=began) from chunk
            if kind == "end":
                return
            if now - heard > self._silence or now - started > self._longest:
                raise timeout()
            if kind == "chunk":
                heard, began = now, True
            yield chunk

    def close(self) -> None:
        """Hang up. The reader may be waiting in the socket: shutting it down wakes it, closing it would not."""
        self._gone.set()
        stream = self._stream
        if stream is None:
            return
        with suppress(Exception):
            line = stream.response.extensions["network_stream"].get_extra_info("socket")
            line.shutdown(socket.SHUT_RDWR)

    def _read(self) -> None:
        try:
            self._stream = self._call()
            with suppress(_Gone):
                for chunk in self._stream:
                    self._hand_over("chunk", chunk)
                self._hand_over("end", None)
            self._stream.close()
        except Exception as error:
            with suppress(_Gone):
                self._hand_over("error", error)

    def _hand_over(self, kind: str, chunk: Any) -> None:
        while not self._gone.is_set():
            with suppress(queue.Full):
                return self._chunks.put((kind, chunk), timeout=TICK_SECONDS)
        raise _Gone


class _Gone(Exception):
    """Nobody reads any more."""
