"""What staff and time do while somebody sits at the browser: through the API, and in the stored rows."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.crash.server import Server, until

_PREPARE = """
import json
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.models.clock import database_now
from sessions_app.services.config import SessionConfig
from sessions_app.services.creation import create_session
from sessions_app.services.invitations import create_invitation
from sessions_app.services.keys import create_key
"""

_INVITE = """
sam, _ = User.objects.get_or_create(email="sam@example.com", defaults={"is_staff": True, "name": "Sam"})
config = SessionConfig(candidate_name="Kim Lee", **json.loads(%r))
session = create_session(config, actor=Actor(sam))
_, token = create_invitation(session.pk, actor=Actor(sam))
_, key = create_key("test", actor=Actor(sam), scopes=["write"])
print(json.dumps({"session": str(session.pk), "token": token, "key": key}))
"""

# The clock as it would be if only so many seconds were left of it.
_LEAVE = """
from datetime import timedelta
session = InterviewSession.objects.get(pk=%r)
back = session.deadline - database_now() - timedelta(seconds=%r)
rows = InterviewSession.objects.filter(pk=session.pk, deadline=session.deadline)
assert rows.update(running_since=session.running_since - back, deadline=session.deadline - back)
"""


def shell(server: Server, code: str) -> str:
    """Run Python inside the product, in a process of its own; what it printed."""
    return server.run("manage.py", "shell", "--verbosity", "0", "-c", _PREPARE + code)


def leave(server: Server, session_id: str, seconds: float) -> None:
    """Let a running clock have so many seconds left."""
    shell(server, _LEAVE % (session_id, seconds))


class Invited:
    """An interview that Sam, who is staff, has invited Kim to; and what Sam does with it over the API."""

    def __init__(self, server: Server, **config: Any) -> None:
        made = json.loads(shell(server, _INVITE % json.dumps(config)).strip().splitlines()[-1])
        self.session_id: str = made["session"]
        self.link = f"/invite/{made['token']}/"
        self._server = server
        self._headers = {"Authorization": f"Bearer {made['key']}"}

    def look(self) -> dict[str, Any]:
        return self._call("GET", "")

    def staff(self, verb: str, **body: Any) -> dict[str, Any]:
        return self._call("POST", f"/{verb}", {"reason": "Fire alarm", **body})

    def comes_to(self, status: str) -> None:
        """Wait until the server says so by itself."""
        until(lambda: self.look()["status"] == status, 20, every=0.3)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._server.port}/api/v1/sessions/{self.session_id}{path}"
        answer = httpx.request(method, url, json=body, headers=self._headers, timeout=20)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        told: dict[str, Any] = answer.json()
        return told
