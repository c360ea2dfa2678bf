"""The single process: uvicorn outside, requests on WSGI threads inside, streams beside them.

Django's synchronous views lose about half their speed under its own ASGI handler; over this bridge they keep it, and
each of the bounded threads keeps one database connection. Streams are native, so that an open one costs no thread.
"""

import os
from typing import Any

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interviewer.settings")

from django.conf import settings

from interviewer.wsgi import application as wsgi_application
from sessions_app import streams

_wsgi: Any = wsgi_application
_requests: Any = WSGIMiddleware(_wsgi, workers=settings.REQUEST_THREADS)


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await streams.websocket(scope, receive, send)
    elif streams.SSE_PATH.match(scope["path"]):
        await streams.sse(scope, receive, send)
    else:
        await _requests(scope, receive, send)
