"""The one table of allowed actions again, through the doors: API, the candidate's pages, the console's forms.

Sessions that somebody else judges; those of practice are walked in ``test_pages_room.py`` and ``test_admin.py``, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.admin.transitions import VERBS as OF_THE_CONSOLE
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import ALLOWED, Role, Status, refused_to
from sessions_app.pages import waiting

from .action_table import (
    CANDIDATE,
    STAFF,
    Place,
    Roles,
    assert_carried_out,
    code_of_refusal,
    is_allowed,
    keeps_a_note,
    undone,
)
from .page_forms import ROUTES, post, room
from .places import JUDGED, PLACES, VERBS, name_of, rows_of

pytestmark = pytest.mark.django_db

EVERYWHERE = PLACES | JUDGED
IN_EVERY_PLACE = pytest.mark.parametrize("place", EVERYWHERE, ids=name_of)
OF_THE_QUESTION = ("retry", "stop")

SENT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "start": ("post", "start", {}),
    "edit": ("patch", "", {"planned_questions": 4}),
    "pause": ("put", "pause", {}),
    "resume": ("put", "resume", {}),
    "complete": ("post", "complete", {"reason": "A reason"}),
    "cancel": ("post", "cancel", {"reason": "A reason"}),
    "extend": ("post", "extend", {"minutes": 5, "reason": "A reason"}),
    "reopen": ("post", "reopen", {"minutes": 5, "reason": "A reason"}),
    "retake": ("post", "retake", {}),
    "delete": ("delete", "", {"reason": "A reason"}),
    "answer": ("post", "answers", {"answer_text": "An answer"}),
    "skip": ("post", "answers", {"answer_text": "", "skip": True}),
    "save_draft": ("put", "draft", {"text": "A draft", "revision": 1000}),
    "generate_question": ("post", "generate-question", {}),
    "retry": ("post", "retry", {}),
    "stop": ("post", "cancel", {}),
}


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SECONDS", 0)


def assessed(place: Place, ann: User) -> InterviewSession:
    session = EVERYWHERE[place](ann)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=False)
    return session


def call(client: APIClient, session: InterviewSession, action: str) -> Any:
    method, path, body = SENT[action]
    row = f"operations/{session.turn_id}" if action in OF_THE_QUESTION else f"sessions/{session.pk}"
    return getattr(client, method)(f"/api/v1/{row}/{path}".rstrip("/"), body, format="json")


def tried(place: Place, actions: list[str], roles: Roles) -> list[tuple[str, bool]]:
    """Each action that can be named there, and whether it is allowed."""
    has_turn = place[0] != Status.CREATED
    named = [action for action in actions if has_turn or action not in OF_THE_QUESTION]
    return [(action, is_allowed(place, action, roles, is_practice=False)) for action in named]


@pytest.mark.parametrize("role", Role)
@IN_EVERY_PLACE
def test_the_api_does_what_the_table_allows_and_refuses_the_rest(
    place: Place, role: Role, ann: User, sam: User, as_: Callable[[User], APIClient]
) -> None:
    session, client = assessed(place, ann), as_(ann if role == Role.CANDIDATE else sam)
    roles = frozenset({role})
    before = rows_of(session)
    for action, is_open in tried(place, list(VERBS), roles):
        with undone():
            answer = call(client, session, action)
            if is_open:
                assert answer.status_code in (200, 201, 202, 204), f"{action}: {answer.content!r}"
                assert_carried_out(session, action, before["session"])
                continue
            code = code_of_refusal(place, action, is_practice=False)
            assert answer.json()["detail"]["code"] == code, action
            assert (answer.status_code == 403) == (code == "PERMISSION_DENIED"), action
            assert keeps_a_note(place, action, roles) or rows_of(session) == before, action


@pytest.mark.parametrize("role", Role)
@IN_EVERY_PLACE
def test_the_api_offers_what_the_table_says(
    place: Place, role: Role, ann: User, sam: User, as_: Callable[[User], APIClient]
) -> None:
    session = assessed(place, ann)
    seen = as_(ann if role == Role.CANDIDATE else sam).get(f"/api/v1/sessions/{session.pk}").json()
    refused = refused_to(role, is_practice=False)
    assert seen["allowed_actions"] == [action for action in ALLOWED[place] if action not in refused]


def on_pages(place: Place) -> set[str]:
    """What the candidate's pages offer; changing the configuration is no button of its own."""
    return {action for action in ALLOWED[place] if is_allowed(place, action, CANDIDATE, is_practice=False)} - {"edit"}


@IN_EVERY_PLACE
def test_the_pages_offer_and_do_what_the_table_allows_and_refuse_the_rest(
    place: Place, client: Client, ann: User
) -> None:
    session = assessed(place, ann)
    client.force_login(ann)
    assert room(client, session).offers(session.pk) == on_pages(place)
    before = rows_of(session)
    for action, is_open in tried(place, sorted(ROUTES), CANDIDATE):
        with undone():
            answer = post(client, session, action, agree="1")
            if is_open:
                assert answer.status_code == 303, action
                assert_carried_out(session, action, before["session"])
                continue
            assert answer.status_code in (302, 303, 400, 403, 409), action
            is_note = action in ("answer", "skip") and keeps_a_note(place, "answer", CANDIDATE)
            assert is_note or rows_of(session) == before, action


@IN_EVERY_PLACE
def test_the_console_does_what_the_table_allows_and_refuses_the_rest(
    place: Place, client: Client, ann: User, sam: User
) -> None:
    session = assessed(place, ann)
    client.force_login(sam)
    before = rows_of(session)
    form = {"version": before["session"]["version"], "reason": "A reason"}
    for action, is_open in tried(place, list(OF_THE_CONSOLE), STAFF):
        takes = {"minutes": "5"} if "minutes" in OF_THE_CONSOLE[action].takes else {}
        with undone():
            client.post(f"/admin/sessions_app/interviewsession/{session.pk}/do/{action}/", form | takes)
            if is_open:
                assert_carried_out(session, action, before["session"])
            else:
                assert rows_of(session) == before, action
