"""Document 2's contract: start, message, get. camelCase, as its callers expect."""

from __future__ import annotations

import hashlib
from typing import Any

from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from sessions_app import errors, represent
from sessions_app.access import Actor, session_for
from sessions_app.models import InterviewSession
from sessions_app.models.limits import TRAITS
from sessions_app.services.assessment import Reply, say, start_assessment

from . import inputs, outputs
from .base import ApiView
from .docs import KEY, says


class StartView(ApiView):
    permission_classes = (AllowAny,)
    throttle_kinds = {"*": "create"}

    @property
    def keeps_idempotency_keys(self) -> bool:
        """Not for callers without an account: what they get holds a secret, and they cannot be told apart."""
        return bool(self.request.user.is_authenticated)

    @says(
        "Start an assessment; it is active at once",
        {201: outputs.AssessmentStarted},
        body=inputs.AssessmentBody,
        errors=(400, 403, 409, 422),
        headers=(KEY,),
        auth=[{}, {"bearer": []}, {"cookieAuth": []}],
    )
    def post(self, request: Any) -> Response:
        user = request.user if request.user.is_authenticated else None
        session, token = start_assessment(user=user, user_id=self.body(inputs.AssessmentBody)["userId"])
        started = {"sessionId": session.pk, "createdAt": session.created_at}
        return Response({**started, "accessToken": token} if token else started, status=201)


class MessageView(ApiView):
    """An ``Idempotency-Key`` names the message here, as ``clientMessageId`` does.

    Its stored answer could not be kept the usual way: that is one transaction, and the reply is written in another.
    """

    open_to_tokens = frozenset({"*"})
    keeps_idempotency_keys = False

    @says(
        "Send a message and wait for the reply",
        {200: outputs.AssessmentReply},
        body=inputs.AssessmentMessageBody,
        errors=(400, 403, 404, 409, 422, 503),
        headers=(KEY,),
    )
    def post(self, request: Any) -> Response:
        body = self.body(inputs.AssessmentMessageBody)
        reply = self._say(body, request.headers.get("Idempotency-Key", ""))
        told = {"response": reply.message.content, "precision": _precision(reply.session, self.actor)}
        return Response(told, headers={} if reply.is_new else {"Idempotent-Replayed": "true"})

    def _say(self, body: dict[str, Any], key: str) -> Reply:
        name = body.get("clientMessageId", "")
        by_key = f"key:{hashlib.sha256(key.encode()).hexdigest()}" if key and not name else ""
        try:
            return say(body["sessionId"], body["message"], actor=self.actor, name=name or by_key)
        except errors.ClientIdConflict as error:
            raise errors.IdempotencyKeyReused if by_key else error from error


class AssessmentView(ApiView):
    open_to_tokens = frozenset({"*"})

    @says("The session and everything said so far", {200: outputs.AssessmentOut}, errors=(404,))
    def get(self, request: Any, id: str) -> Response:
        session = session_for(id, self.actor)
        return Response({"session": _session(session, self.actor), "messages": _messages(session)})


def _session(session: InterviewSession, actor: Actor) -> dict[str, Any]:
    owner = session.candidate
    return {
        "id": session.pk,
        "userId": None if owner is None or owner.is_guest else owner.pk,
        "createdAt": session.created_at,
        "status": session.status,
        "precision": _precision(session, actor),
    }


def _precision(session: InterviewSession, actor: Actor) -> dict[str, float] | None:
    """The five traits and nothing else, whatever else the session's answers are read for."""
    known = represent.precision(session, actor)
    return known and {trait: known[trait] for trait in TRAITS}


def _messages(session: InterviewSession) -> list[dict[str, Any]]:
    return [
        {"id": said["id"], "role": said["role"], "content": said["content"], "createdAt": said["created_at"]}
        for said in represent.messages(session)
    ]
