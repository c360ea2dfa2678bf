"""Who changed a session last, for whoever acted on an older page."""

from __future__ import annotations

from typing import Any

from sessions_app.access import Actor, as_uuid, session_for
from sessions_app.models import SessionEvent, User

from . import chips

_DID = {
    "session.started": "started this",
    "session.paused": "paused this",
    "session.resumed": "resumed this",
    "session.completed": "completed this",
    "session.cancelled": "cancelled this",
    "session.reopened": "reopened this",
    "time.extended": "added time",
    "tokens.extended": "added tokens",
    "message.created": "answered",
}


def who_was_quicker(session_id: Any, actor: Actor) -> str:
    """Such as "Ana paused this 20 s ago.", from the newest event. Raises SessionNotFound."""
    session = session_for(session_id, actor)
    event = session.events.order_by("-seq").first()
    what = "Somebody changed this session after you opened the page."
    if event is not None:
        what = f"{_name(event)} {_DID.get(event.type, 'changed this')} {chips.ago(event.at, session.now)}."
    return f"{what} Nothing of yours was done. This is how it stands now; look again and repeat it."


def _name(event: SessionEvent) -> str:
    kind, _, text = event.actor.partition(":")
    key = as_uuid(text)
    user = User.objects.filter(pk=key).first() if key else None
    if kind == "system":
        return "The system"
    return user.display_name if user is not None else f"A {kind}"
