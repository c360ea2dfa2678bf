"""Document 3's two reads about a conversation, which is a session: what runs now, and when it will be done.

camelCase and Unix milliseconds, as their callers expect. Every time is a stored one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rest_framework.response import Response

from sessions_app import errors
from sessions_app.access import turn_for
from sessions_app.models import InterviewSession, Operation
from sessions_app.models.actions import OPEN

from . import outputs
from .base import ApiView
from .docs import says


class _Conversation(ApiView):
    open_to_tokens = frozenset({"*"})
    nothing = ""

    def get(self, request: Any, id: str) -> Response:
        try:
            session = turn_for(id, self.actor)
        except errors.SessionNotFound:
            return Response({"detail": "Access denied to conversation"}, status=403)
        if session.turn is None:
            return Response({"error": self.nothing, "conversationId": id}, status=404)
        return Response(self.tell(session, session.turn))

    def tell(self, session: InterviewSession, turn: Operation) -> dict[str, Any]:
        raise NotImplementedError


class ActiveSessionView(_Conversation):
    nothing = "No active session found"

    @says(
        "What runs in a conversation now",
        {200: outputs.ActiveSession, 403: outputs.ConversationDenied, 404: outputs.NothingRan},
    )
    def get(self, request: Any, id: str) -> Response:
        return super().get(request, id)

    def tell(self, session: InterviewSession, turn: Operation) -> dict[str, Any]:
        ended = session.status not in OPEN
        return {
            "sessionId": _session_id(session, turn),
            "status": "active" if turn.is_live else "completed" if ended else "idle",
            "cursor": str(session.last_seq),
            "conversationId": str(session.pk),
            "startedAt": _ms(turn.created_at),
            "lastActivity": _ms(session.last_activity_at),
        }


class TaskStatusView(_Conversation):
    nothing = "No background task found"

    @says(
        "Whether a question is being written, and when it will be done",
        {200: outputs.TaskStatus, 403: outputs.ConversationDenied, 404: outputs.NothingRan},
    )
    def get(self, request: Any, id: str) -> Response:
        return super().get(request, id)

    def tell(self, session: InterviewSession, turn: Operation) -> dict[str, Any]:
        if turn.is_live or turn.finished_at is None:
            usual = timedelta(seconds=Operation.objects.usual_seconds(turn.model_name))
            end = (turn.started_at or turn.created_at) + usual
        else:
            end = turn.finished_at
        return {
            "isActive": turn.is_live,
            "sessionId": _session_id(session, turn),
            "estimatedCompletion": _ms(end),
            "conversationId": str(session.pk),
        }


def _session_id(session: InterviewSession, turn: Operation) -> str:
    return f"conversation:{session.candidate_id or session.created_by_id}:{turn.message_id}"


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
