"""``manage.py serve``: the web server, the pool that runs operations, and the sweep, in one process."""

from __future__ import annotations

import signal
import socket
from types import FrameType
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from sessions_app.hints import hub
from sessions_app.services import letters
from sessions_app.services.embedded import EmbeddedPool


class _Server(uvicorn.Server):
    """Told to end, it lets go at once of what it would wait for: open streams and questions half written."""

    def __init__(self, config: uvicorn.Config, pool: EmbeddedPool | None) -> None:
        super().__init__(config)
        self._pool = pool

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        hub.close()
        if self._pool:
            self._pool.stop_claiming()
        super().handle_exit(sig, frame)


def _configuration() -> uvicorn.Config:
    return uvicorn.Config(
        "interviewer.asgi:application",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
        proxy_headers=settings.TRUST_PROXY,
        forwarded_allow_ips="*" if settings.TRUST_PROXY else None,
    )


def origin(host: str, port: int) -> str:
    """The address to open on this machine; who listens on all of its addresses is here, too."""
    is_here = host in ("127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104 - compared, not listened on
    return f"http://{'localhost' if is_here else f'[{host}]' if ':' in host else host}:{port}"


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


class Command(BaseCommand):
    help = "Serve pages and API, and run background work, in one process. Ctrl-C ends it cleanly."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")

    def handle(self, *_: Any, host: str, port: int, **__: Any) -> None:
        self.check(databases=["default"])
        self._require_migrated()
        listener = self._listen(host, port)
        letters.served_at(origin(host, port))
        pool = EmbeddedPool(settings.OPERATION_THREADS) if settings.OPERATIONS == "embedded" else None
        if pool:
            pool.start()
        connections.close_all()
        self._collect()
        self.stdout.write(f"Serving on {origin(host, port)} — Ctrl+C to stop.")
        self.stdout.flush()
        # uvicorn raises the signal again when it is done; unhandled, it would end us before the pool has stopped.
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            _Server(_configuration(), pool).run(sockets=[listener])
        except KeyboardInterrupt:
            pass
        finally:
            if pool:
                pool.stop()
            listener.close()

    @staticmethod
    def _collect() -> None:
        """Styles and scripts into few files. Not while somebody changes them; in production it was done before."""
        if not settings.DEBUG and hasattr(staticfiles_storage, "collect"):
            staticfiles_storage.collect()

    @staticmethod
    def _require_migrated() -> None:
        executor = MigrationExecutor(connections["default"])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date. Run: ./run manage migrate")

    def _listen(self, host: str, port: int) -> socket.socket:
        """The bound socket, made before anything is started, so that a taken port is a plain sentence."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # asyncio switches Nagle's algorithm off only where the protocol is named; with it, answers wait 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except OSError as error:
            listener.close()
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Stop what listens there, or choose another "
                f"port: PORT={port + 1} ./run"
            ) from error
        return listener
