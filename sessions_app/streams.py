"""Two doors to the stream: ``GET …/stream`` (SSE) and ``WS /ws/sessions/{id}/``. Plain ASGI, beside the requests.

They do not go through Django's middleware, because a stream would hold that thread's database connection as long as it
is open; so they look at host, origin and credentials themselves, in the reader's pool.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http.request import split_domain_port, validate_host

from sessions_app import errors, errors_json
from sessions_app.access import Actor, session_for
from sessions_app.authentication import actor_of
from sessions_app.live import Cursor, Frame, follow
from sessions_app.logs import log
from sessions_app.lookout import in_pool
from sessions_app.represent import dumps

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

SSE_PATH = re.compile(r"/api/v1/sessions/(?P<id>[^/]+)/stream/?\Z")
WS_PATH = re.compile(r"/ws/sessions/(?P<id>[^/]+)/?\Z")

_SSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # proxies that know it do not hold the frames back
    (b"x-content-type-options", b"nosniff"),
]


async def sse(scope: Scope, receive: Receive, send: Send) -> None:
    """Server-sent events. ``Last-Event-ID`` wins over ``?cursor=``. Closing the connection cancels nothing."""
    try:
        session_id, actor, cursor = await in_pool(admit, scope, SSE_PATH)
    except errors.DomainError as error:
        await _refuse(send, error)
        return
    except (OperationalError, InterfaceError):
        await _refuse(send, errors.Unavailable())
        return
    await send({"type": "http.response.start", "status": 200, "headers": _SSE_HEADERS})
    sending = asyncio.ensure_future(_send_events(session_id, actor, cursor, send))
    leaving = asyncio.ensure_future(_until_gone(receive))
    done, pending = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
    if sending in done and sending.exception() is None:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_events(session_id: str, actor: Actor, cursor: Cursor | None, send: Send) -> None:
    try:
        await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
        async for frame in follow(session_id, actor, cursor):
            body = as_event(frame) if frame else b": ping\n\n"
            await send({"type": "http.response.body", "body": body, "more_body": True})
    except (errors.SessionNotFound, OperationalError, InterfaceError) as error:
        log.info("stream.ended", session_id=session_id, error=type(error).__name__, component="live")


def as_event(frame: Frame) -> bytes:
    """A frame in the event-stream format; JSON has no raw line ends, so one data line is enough."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (frame.id.encode(), frame.event.encode(), dumps(frame.data))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, error: errors.DomainError) -> None:
    headers = {"content-type": "application/json", **errors_json.headers(error)}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": raw})
    await send({"type": "http.response.body", "body": dumps(errors_json.body(error))})


class SessionConsumer(AsyncWebsocketConsumer):
    """The same frames as ``{id, event, data}``. What the client sends is not read: commands are requests.

    Closes with 4401 without credentials, 4404 for no such session, 1012 when it is time to come back.
    """

    following: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()
        try:
            session_id, actor, cursor = await in_pool(admit, self.scope, WS_PATH)
        except errors.DomainError as error:
            await self.close(4000 + error.status)
            return
        except (OperationalError, InterfaceError):
            await self.close(1013)
            return
        self.following = asyncio.ensure_future(self._follow(session_id, actor, cursor))

    async def disconnect(self, code: int) -> None:
        if self.following is not None:
            self.following.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        return

    async def _follow(self, session_id: str, actor: Actor, cursor: Cursor | None) -> None:
        with suppress(errors.SessionNotFound, OperationalError, InterfaceError):
            async for frame in follow(session_id, actor, cursor):
                told = {"id": frame.id, "event": frame.event, "data": frame.data} if frame else {"event": "ping"}
                await self.send(text_data=dumps(told).decode())
        await self.close(1012)


_consumer = SessionConsumer.as_asgi()


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """The one WebSocket there is; another address is refused before it is accepted."""
    if WS_PATH.match(scope["path"]):
        await _consumer(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 4404})


def admit(scope: Scope, path: re.Pattern[str]) -> tuple[str, Actor, Cursor | None]:
    """Whose stream it is and from where, or why not. Reads the database.

    Raises:
        NotAuthenticated, TokenExpired, SessionNotFound, ValidationFailed.
    """
    match = path.match(scope["path"])
    if match is None or (scope["type"] == "http" and scope["method"] != "GET"):
        raise errors.NotFound
    headers = dict(_headers(scope))
    _check_host(headers.get("host", ""))
    if "origin" in headers:  # a browser says where its page is from; another site's page gets nothing
        _check_host(urlsplit(headers["origin"]).netloc)
    actor = actor_of(headers.get("authorization", ""), _session_key(headers.get("cookie", "")))
    session = session_for(match["id"], actor)
    return str(session.pk), actor, _cursor(scope, headers)


def _headers(scope: Scope) -> Iterator[tuple[str, str]]:
    for name, value in scope["headers"]:
        yield name.decode("latin-1").lower(), value.decode("latin-1")


def _check_host(host: str) -> None:
    domain, _ = split_domain_port(host)
    if not validate_host(domain, settings.ALLOWED_HOSTS):
        raise errors.NotFound


def _session_key(cookie: str) -> str:
    try:
        found = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""


def _cursor(scope: Scope, headers: dict[str, str]) -> Cursor | None:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    given = headers.get("last-event-id") or query.get("cursor", [""])[0]
    if not given:
        return None
    cursor = Cursor.parse(given)
    if cursor is None:
        wrong = errors.FieldError("cursor", "invalid", "Use the id of a frame, or the cursor of a session.")
        raise errors.ValidationFailed([wrong])
    return cursor
