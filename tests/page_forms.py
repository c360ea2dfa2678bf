"""Reading pages in tests: which actions a page offers, and what its forms would send."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from sessions_app.models import InterviewSession

ACTIONS = {
    "start": "start",
    "answer": "answer",
    "draft": "save_draft",
    "pause": "pause",
    "resume": "resume",
    "retry": "retry",
    "stop": "stop",
    "next": "generate_question",
    "end": "complete",
    "extend": "extend",
    "retake": "retake",
    "delete": "delete",
}
ROUTES = {action: route for route, action in ACTIONS.items()} | {"skip": "answer"}


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """Forms, links, headings and ids of a page."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self._textarea = ""
        self.html = response.content.decode()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append(given)
        elif tag == "input" and self.forms:
            is_off = given.get("type") in ("radio", "checkbox") and "checked" not in given
            if not is_off:
                self.forms[-1].fields[given.get("name", "")] = given.get("value", "")
        elif tag == "textarea" and self.forms and "name" in given:
            self._textarea = given["name"]
            self.forms[-1].fields[self._textarea] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            text = self.forms[-1].fields[self._textarea] + data
            self.forms[-1].fields[self._textarea] = text.removeprefix("\n")

    def form(self, ending: str) -> Form:
        """The form that posts to an address with that ending."""
        return next(form for form in self.forms if form.action.endswith(ending))

    def offers(self, session_id: Any) -> set[str]:
        """The actions that this page offers for a session, by their names in the table."""
        found = set()
        for form in self.forms:
            for button in form.buttons:
                found |= _action(button.get("formaction") or form.action, session_id)
                if button.get("name") == "skip":
                    found.add("skip")
        return found.union(*(_action(link, session_id) & {"complete", "delete"} for link in self.links))


def _action(address: str, session_id: Any) -> set[str]:
    match = re.fullmatch(rf"/sessions/{session_id}/(\w+)", address)
    return {ACTIONS[match[1]]} if match and match[1] in ACTIONS else set()


def room(client: Client, session: InterviewSession) -> Page:
    """The page a candidate ends up on."""
    answer = client.get(f"/sessions/{session.pk}/", follow=True)
    assert answer.status_code == 200
    return Page(answer)


def sends(action: str, session: InterviewSession) -> dict[str, Any]:
    """What the form of that action sends."""
    fields: dict[str, Any] = {"content": "An answer", "client_message_id": uuid.uuid4().hex, "revision": "1000"}
    return fields | {"skip": "1"} if action == "skip" else fields


def post(client: Client, session: InterviewSession, action: str, **fields: Any) -> Any:
    return client.post(f"/sessions/{session.pk}/{ROUTES[action]}", {**sends(action, session), **fields})


def without_reference(response: Any) -> str:
    """A page without the id of its request, which no two have in common."""
    return re.sub(r"req_[0-9a-f]+", "req_", response.content.decode())
