"""``/invitations`` and ``/requests``: how people come to a session, and what they ask for on the way."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from sessions_app.access import invitation_for, invitations_of, request_for, requests_of, session_for
from sessions_app.models import CandidateRequest, Invitation
from sessions_app.models.clock import database_now
from sessions_app.services import candidate_requests, disagreeing, invitations
from sessions_app.services.config import SessionConfig
from sessions_app.services.inviting import invite_one
from sessions_app.services.letters import invite_address

from . import inputs, outputs
from .base import ApiView, PageQuery, page
from .docs import KEY, says
from .idempotency import fingerprint_of, key_of

Json = dict[str, Any]


class InvitationViewSet(ViewSetMixin, ApiView):
    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    throttle_kinds = {"create": "create"}
    keeps_idempotency_keys = False  # an answer with a token is not stored; the key names the invitation instead

    @says(
        "Invitations, newest first",
        {200: outputs.page_of(outputs.InvitationOut)},
        query=inputs.InvitationQuery,
        errors=(400,),
    )
    def list(self, request: Any) -> Response:
        query, now = self.query(inputs.InvitationQuery), database_now()
        rows = invitations_of(self.actor)
        if "session_id" in query:
            rows = rows.filter(session_id=query["session_id"])
        if "state" in query:
            rows = rows.in_state(query["state"], now)
        return Response(page(request, rows, query, partial(as_json, now=now)))

    @says(
        "Invite a candidate to a session, or to a new one (staff)",
        {201: outputs.NewInvitationOut, 200: outputs.NewInvitationOut},
        body=inputs.InvitationBody,
        errors=(400, 403, 404, 422),
        headers=(KEY,),
    )
    def create(self, request: Any) -> Response:
        key, fingerprint = key_of(request), fingerprint_of(request)
        body = self.body(inputs.InvitationBody)
        own = {name: body.pop(name) for name in ("session_id", "email", "expires_at") if name in body}
        invitation, token = invite_one(
            actor=self.actor,
            config=SessionConfig(**body) if body else None,
            origin=_origin(request),
            key=key or "",
            fingerprint=fingerprint,
            **own,
        )
        return _with_link(request, invitation, token)

    @says("An invitation", {200: outputs.InvitationOut}, errors=(404,))
    def retrieve(self, request: Any, id: str) -> Response:
        return Response(as_json(invitation_for(id, self.actor)))

    @says(
        "A new link; the old one is dead",
        {201: outputs.NewInvitationOut},
        body=inputs.Nothing,
        errors=(400, 403, 404),
    )
    @action(detail=True, methods=["post"])
    def resend(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        invitation, token = invitations.resend_invitation(id, actor=self.actor, origin=_origin(request))
        return _with_link(request, invitation, token)

    @says("Revoke the link", {200: outputs.InvitationOut}, body=inputs.Nothing, errors=(400, 404))
    @action(detail=True, methods=["post"])
    def revoke(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        return Response(as_json(invitations.revoke_invitation(id, actor=self.actor)))


class RequestViewSet(ViewSetMixin, ApiView):
    lookup_field = "id"
    lookup_value_regex = "[^/]+"

    @says(
        "What candidates ask for, oldest first; candidates see their own",
        {200: outputs.page_of(outputs.RequestOut)},
        query=inputs.RequestQuery,
        errors=(400,),
    )
    def list(self, request: Any) -> Response:
        query = self.query(inputs.RequestQuery)
        wanted = {name: query[name] for name in ("session_id", "status") if name in query}
        return Response(page(request, requests_of(self.actor).filter(**wanted), query, request_json))

    @says("A request", {200: outputs.RequestOut}, errors=(404,))
    def retrieve(self, request: Any, id: str) -> Response:
        return Response(request_json(request_for(id, self.actor)))

    @says(
        "Grant it (staff); a wish for more time needs minutes",
        {200: outputs.RequestOut},
        body=inputs.GrantBody,
        errors=(400, 403, 404, 409, 422),
        headers=(KEY,),
    )
    @action(detail=True, methods=["post"])
    def grant(self, request: Any, id: str) -> Response:
        body = self.body(inputs.GrantBody)
        return Response(request_json(candidate_requests.grant(id, actor=self.actor, **body)))

    @says(
        "Decline it, in words that the candidate reads (staff)",
        {200: outputs.RequestOut},
        body=inputs.DeclineBody,
        errors=(400, 403, 404, 409, 422),
        headers=(KEY,),
    )
    @action(detail=True, methods=["post"])
    def decline(self, request: Any, id: str) -> Response:
        body = self.body(inputs.DeclineBody)
        return Response(request_json(candidate_requests.decline(id, actor=self.actor, **body)))


class SessionRequestsView(ApiView):
    open_to_tokens = frozenset({"*"})

    @says(
        "What was asked for in a session",
        {200: outputs.page_of(outputs.RequestOut)},
        query=PageQuery,
        errors=(400, 404),
    )
    def get(self, request: Any, id: str) -> Response:
        rows = requests_of(self.actor).filter(session=session_for(id, self.actor))
        return Response(page(request, rows, self.query(PageQuery), request_json))

    @says(
        "Ask for more time, an adjustment or a human interviewer; or disagree with a score",
        {201: outputs.RequestOut},
        body=inputs.RequestBody,
        errors=(400, 403, 404, 409, 422),
        headers=(KEY,),
    )
    def post(self, request: Any, id: str) -> Response:
        body = self.body(inputs.RequestBody)
        if body["kind"] == disagreeing.KIND:
            asked = disagreeing.disagree(id, body["criterion"], body["text"], actor=self.actor)
        else:
            asked = candidate_requests.ask(id, actor=self.actor, **body)
        return Response(request_json(asked), status=201)


def as_json(invitation: Invitation, now: datetime | None = None) -> Json:
    """Never with the token; whoever lost it sends a new one. ``now`` is the database's, for whoever knows it."""
    return {
        "id": invitation.pk,
        "session_id": invitation.session_id,
        "candidate_name": invitation.session.candidate_name,
        "email": invitation.email,
        "state": invitation.state(now or database_now()),
        **{name: getattr(invitation, name) for name in ("created_at", "expires_at", "sent_at")},
        **{name: getattr(invitation, name) for name in ("opened_at", "accepted_at", "revoked_at")},
    }


def request_json(asked: CandidateRequest) -> Json:
    names = ("session_id", "kind", "text", "status", "answer", "created_at", "handled_at")
    return {"id": asked.pk, "criterion": asked.subject or None, **{name: getattr(asked, name) for name in names}}


def _with_link(request: Any, invitation: Invitation, token: str) -> Response:
    link = {"token": token or None, "url": invite_address(token, _origin(request)) if token else None}
    headers = {"Location": f"/api/v1/invitations/{invitation.pk}", "Cache-Control": "no-store"}
    if not token:
        headers["Idempotent-Replayed"] = "true"
    return Response({**as_json(invitation), **link}, status=201 if token else 200, headers=headers)


def _origin(request: Any) -> str:
    return str(request.build_absolute_uri("/"))
