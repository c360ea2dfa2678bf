"""The single process: uvicorn outside, requests on WSGI threads inside.

Django's synchronous views lose about half their speed under its own ASGI handler; over this bridge they keep it, and
each of the bounded threads keeps one database connection.
"""

import os

from typing import Any

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interviewer.settings")

from django.conf import settings

from interviewer.wsgi import application as wsgi_application

_requests: Any = wsgi_application
application = WSGIMiddleware(_requests, workers=settings.REQUEST_THREADS)
