"""Settings of a server that acknowledges an answer before it writes it: the control that must lose something."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from interviewer.settings import *  # noqa: F403
from interviewer.settings import MIDDLEWARE as _MIDDLEWARE

SECONDS = 5.0


class AcknowledgeFirst:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.endswith("/answers"):
            return self.get_response(request)
        assert request.body  # read before the connection is gone
        writing = threading.Timer(SECONDS, self.get_response, [request])
        writing.daemon = True
        writing.start()
        return JsonResponse({}, status=201)


MIDDLEWARE = ["tests.crash.forgetful.AcknowledgeFirst", *_MIDDLEWARE]
