"""The single process: uvicorn outside, requests on WSGI threads inside, streams beside them.

Django's synchronous views lose about half their speed under its own ASGI handler; over this bridge they keep it, and
each of the bounded threads keeps one database connection. Streams are native, so that an open one costs no thread.
"""

import os
from typing import Any

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interviewer.settings")

from django.conf import settings
from django.db import connections

from interviewer.wsgi import application as wsgi_application
from sessions_app import streams

_wsgi: Any = wsgi_application
_requests: Any = WSGIMiddleware(_wsgi, workers=settings.REQUEST_THREADS)
REPLY_PATH = "/api/v1/assessment/message"


def _and_let_go(environ: Any, start_response: Any) -> Any:
    try:
        return _wsgi(environ, start_response)
    finally:
        connections.close_all()


# These wait for the interviewer, up to half a minute: in threads of their own, so that nobody else waits with them,
# and without keeping a connection each afterwards.
_replies: Any = WSGIMiddleware(_and_let_go, workers=settings.REPLY_THREADS)


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await streams.websocket(scope, receive, send)
    elif streams.SSE_PATH.match(scope["path"]):
        await streams.sse(scope, receive, send)
    elif scope["path"].rstrip("/") == REPLY_PATH:
        await _replies(scope, receive, send)
    else:
        await _requests(scope, receive, send)
