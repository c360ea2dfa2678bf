"""A connection that breaks: a TCP proxy before the server that drops everything it carries, again and again.

Bytes that are under way are lost with it, in both directions; so a request may have arrived whose answer never does.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future

CHUNK = 2048


class FaultProxy:
    """Listens at a port of its own and talks to ``target``. ``cuts`` counts how often it dropped at least one."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self.cuts = 0
        self._loop = asyncio.new_event_loop()
        self._carried: set[asyncio.StreamWriter] = set()
        self._cutting: Future[None] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def cut(self) -> None:
        """Drop every connection now, whatever it carries. New ones are taken."""
        asyncio.run_coroutine_threadsafe(self._drop(), self._loop).result(10)

    def cut_every(self, seconds: float) -> None:
        self._cutting = asyncio.run_coroutine_threadsafe(self._keep_cutting(seconds), self._loop)

    async def _keep_cutting(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._drop()

    async def _drop(self) -> None:
        self.cuts += bool(self._carried)
        for writer in tuple(self._carried):
            writer.transport.abort()

    async def _serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._carried |= {writer, far_writer}
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
        self._carried -= {writer, far_writer}

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


@contextlib.contextmanager
def fault_proxy(target: int) -> Iterator[FaultProxy]:
    """A proxy in a thread of its own, gone with the block."""
    proxy = FaultProxy(target)
    thread = threading.Thread(target=proxy._run, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(proxy._serve(), proxy._loop).result(10)
    try:
        yield proxy
    finally:
        if proxy._cutting is not None:
            proxy._cutting.cancel()
        proxy._loop.call_soon_threadsafe(server.close)
        proxy.cut()
        proxy._loop.call_soon_threadsafe(proxy._loop.stop)
        thread.join(10)
