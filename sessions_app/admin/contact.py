"""What went to and fro around an interview: invitations, requests and letters, for the session's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sessions_app.models import InterviewSession
from sessions_app.services import outbox

from . import chips
from .invitation_acts import ACTS
from .invitations import letter_state

MOST = 20


def contact_of(session: InterviewSession, request: HttpRequest) -> dict[str, Any]:
    """The newest of each, in three queries."""
    may = request.user.has_perm
    letters = session.letters.order_by("-created_at")[:MOST]
    return {
        "invitations": [(row, chips.of_invitation(row, session.now)) for row in session.invitations.all()[:MOST]],
        "requests": [(row, chips.of_request(row)) for row in session.requests.order_by("-created_at")[:MOST]],
        "letters": [(row, letter_state(row), _may_go_again(row)) for row in letters],
        "acts": list(ACTS.values()) if may("sessions_app.change_invitation") else [],
        "sends": may("sessions_app.change_outgoingmessage"),
    }


def _may_go_again(letter: Any) -> bool:
    """Not an invitation: its link is forgotten, so it is sent again with a new one."""
    return outbox.given_up(letter) and letter.invitation_id is None
