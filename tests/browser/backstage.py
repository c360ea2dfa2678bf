"""What staff and time do while somebody sits at the browser: through the API, and in the stored rows."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from tests.crash.server import ROOT, Server, until

# Runs what it is told, one text of Python after the other, until nobody is there to tell it anything.
_STAGE = """
import contextlib, io, json, sys, traceback
import django
django.setup()
from django.db import connections
for line in sys.stdin:
    printed, wrong = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(json.loads(line), "backstage", "exec"), {})
    except BaseException:
        wrong = traceback.format_exc()
    connections.close_all()
    print(json.dumps([printed.getvalue(), wrong]), flush=True)
"""
LOAD_TEMPLATES = """
from django.core.management import call_command
call_command("load_templates", verbosity=0)
"""
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


_stages: WeakKeyDictionary[Server, subprocess.Popen[str]] = WeakKeyDictionary()


def shell(server: Server, code: str) -> str:
    """Run Python inside the product, in a process beside the server that is started once; what it printed."""
    if server not in _stages:
        _stages[server] = subprocess.Popen(
            [sys.executable, "-c", _STAGE],
            cwd=ROOT,
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    stage = _stages[server]
    assert stage.stdin is not None and stage.stdout is not None
    stage.stdin.write(json.dumps(_PREPARE + code) + "\n")
    stage.stdin.flush()
    printed, wrong = json.loads(stage.stdout.readline() or '["", "It has ended."]')
    assert not wrong, wrong
    return str(printed)


def leave_the_stage(server: Server) -> None:
    """End that process, if there is one; otherwise it ends with the tests."""
    if stage := _stages.pop(server, None):
        stage.communicate()


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
