"""``/sessions``: the verbs of a session as actions of one viewset."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from sessions_app import represent
from sessions_app.access import session_for, sessions_of
from sessions_app.resume_context import whole_session_for
from sessions_app.services import answers, sessions
from sessions_app.services.answers import NewAnswer
from sessions_app.services.config import SessionConfig
from sessions_app.services.guests import claim_session
from sessions_app.services.scored_sessions import with_open_score

from . import inputs, outputs
from .base import ApiView, page
from .docs import IF_MATCH, IF_NONE_MATCH, KEY, changes, says

PUT_OR_POST: list[Literal["put", "post"]] = ["put", "post"]

# What the candidate of one anonymous session may ask for; what only staff may do is refused as to every candidate.
TOKEN_ACTIONS = frozenset(
    {
        "list",
        "retrieve",
        "partial_update",
        "destroy",
        "start",
        "pause",
        "resume",
        "complete",
        "extend",
        "cancel",
        "reopen",
        "generate_question",
        "answers",
        "messages",
        "draft",
        "events",
        "evaluation",
        "export",
    }
)


class SessionViewSet(ViewSetMixin, ApiView):
    lookup_field = "id"
    lookup_value_regex = "[^/]+"
    throttle_kinds = {"create": "create", "draft": "draft"}
    open_to_tokens = TOKEN_ACTIONS

    @says(
        "List sessions, newest first",
        {200: outputs.page_of(outputs.SessionSummary)},
        query=inputs.SessionQuery,
        errors=(400,),
    )
    def list(self, request: Any) -> Response:
        query = self.query(inputs.SessionQuery)
        if "status" in query:
            sessions.check_status(query["status"])
        rows = sessions_of(self.actor).with_turn().select_related("job_posting")
        if "score" in query["ordering"]:
            rows = with_open_score(rows, self.actor)
        rows = rows.matching(**query)
        lines = partial(represent.summaries, actor=self.actor)
        return Response(page(request, rows, query, lines, together=True))

    @says(
        "Create a session",
        {201: outputs.SessionContext},
        body=inputs.NewSessionBody,
        errors=(400, 409, 422),
        headers=(KEY,),
    )
    def create(self, request: Any) -> Response:
        body = self.body(inputs.NewSessionBody)
        start = body.pop("start", False)
        session = sessions.create_session(SessionConfig(**body), actor=self.actor)
        if start:
            sessions.start_session(session.pk, actor=self.actor)
        response = self._context(session.pk, status=201)
        response["Location"] = f"/api/v1/sessions/{session.pk}"
        return response

    @says(
        "The full resume context",
        {200: outputs.SessionContext, 304: None},
        errors=(404,),
        headers=(IF_NONE_MATCH,),
    )
    def retrieve(self, request: Any, id: str) -> Response:
        given = request.headers.get("If-None-Match")
        if given and sessions.is_unchanged(id, given, actor=self.actor):
            return Response(status=304, headers={"ETag": given})
        return self._context(id)

    @changes("Change the configuration before the start", {200: outputs.SessionContext}, body=inputs.SessionBody)
    def partial_update(self, request: Any, id: str) -> Response:
        body = self.body(inputs.SessionBody)
        sessions.update_session(id, actor=self.actor, expect=self.expected_version(), **body)
        return self._context(id)

    @changes("Start; the opening question is queued", {200: outputs.SessionContext})
    @action(detail=True, methods=["post"])
    def start(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        sessions.start_session(id, actor=self.actor, expect=self.expected_version())
        return self._context(id)

    @changes("Pause", {200: outputs.SessionContext})
    @action(detail=True, methods=PUT_OR_POST)
    def pause(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        sessions.pause_session(id, actor=self.actor, expect=self.expected_version())
        return self._context(id)

    @changes("Resume", {200: outputs.SessionContext})
    @action(detail=True, methods=PUT_OR_POST)
    def resume(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        sessions.resume_session(id, actor=self.actor, expect=self.expected_version())
        return self._context(id)

    @changes("Complete", {200: outputs.SessionContext}, body=inputs.ReasonBody)
    @action(detail=True, methods=["post"])
    def complete(self, request: Any, id: str) -> Response:
        reason = self.body(inputs.ReasonBody)["reason"]
        sessions.end_session(id, actor=self.actor, reason=reason, expect=self.expected_version())
        return self._context(id)

    @changes("Cancel (staff, with a reason)", {200: outputs.SessionContext}, body=inputs.ReasonBody, is_for_some=True)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Any, id: str) -> Response:
        reason = self.body(inputs.ReasonBody)["reason"]
        sessions.cancel_session(id, actor=self.actor, reason=reason, expect=self.expected_version())
        return self._context(id)

    @changes(
        "Add time or tokens (staff with a reason; in practice the candidate, five minutes at a time)",
        {200: outputs.SessionContext},
        body=inputs.ExtendBody,
        is_for_some=True,
    )
    @action(detail=True, methods=["post"])
    def extend(self, request: Any, id: str) -> Response:
        body = self.body(inputs.ExtendBody)
        sessions.extend_session(id, **body, actor=self.actor, expect=self.expected_version())
        return self._context(id)

    @changes(
        "Open a completed or expired session again (staff, with a reason)",
        {200: outputs.SessionContext},
        body=inputs.ReopenBody,
        is_for_some=True,
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Any, id: str) -> Response:
        body = self.body(inputs.ReopenBody)
        sessions.reopen_session(id, **body, actor=self.actor, expect=self.expected_version())
        return self._context(id)

    @changes(
        "Take a finished session again, as a new one with the same plan",
        {201: outputs.SessionContext},
        is_for_some=True,
    )
    @action(detail=True, methods=["post"])
    def retake(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        again = sessions.retake_session(id, actor=self.actor, expect=self.expected_version())
        response = self._context(again.pk, status=201)
        response["Location"] = f"/api/v1/sessions/{again.pk}"
        return response

    @says(
        "Erase for good: own practice, or by staff with a reason",
        {204: None},
        body=inputs.ReasonBody,
        errors=(400, 403, 404, 412),
        headers=(IF_MATCH,),
    )
    def destroy(self, request: Any, id: str) -> Response:
        reason = self.body(inputs.ReasonBody)["reason"]
        sessions.erase_session(id, reason=reason, actor=self.actor, expect=self.expected_version())
        return Response(status=204)

    @changes("Ask for the next question", {202: outputs.QueuedOut})
    @action(detail=True, methods=["post"], url_path="generate-question")
    def generate_question(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        queued = answers.generate_question(id, actor=self.actor, expect=self.expected_version())
        return Response({"operation": represent.operation(queued)}, status=202)

    @changes(
        "Answer or skip the open question",
        {201: outputs.AnswerOut, 200: outputs.AnswerOut},
        body=inputs.AnswerBody,
        is_for_some=True,
    )
    @action(detail=True, methods=["post"])
    def answers(self, request: Any, id: str) -> Response:
        body = self.body(inputs.AnswerBody)
        answer = NewAnswer(text=body.pop("answer_text"), **body)
        given = answers.submit_answer(id, answer, actor=self.actor, expect=self.expected_version())
        operation = represent.operation_as_queued(given.operation) if given.operation else None
        content = {"message": represent.message(given.message), "operation": operation}
        return Response(content, status=201 if given.is_new else 200)

    @says(
        "The history, oldest first",
        {200: outputs.MessageOut(many=True)},
        query=inputs.AfterQuery,
        errors=(400, 404),
    )
    @action(detail=True, methods=["get"])
    def messages(self, request: Any, id: str) -> Response:
        query = self.query(inputs.AfterQuery)
        session = session_for(id, self.actor)
        return Response(represent.messages(session, query["after"], query.get("limit")))

    @says(
        "Keep what is being written",
        {200: outputs.Draft},
        body=inputs.DraftBody,
        errors=(400, 403, 404, 409, 422),
        headers=(KEY,),
    )
    @action(detail=True, methods=["put"])
    def draft(self, request: Any, id: str) -> Response:
        body = self.body(inputs.DraftBody)
        question = body.get("in_reply_to")
        session = answers.save_draft(id, body["text"], body["revision"], actor=self.actor, in_reply_to=question)
        return Response({"text": session.draft_text, "revision": session.draft_revision})

    @says(
        "Take over an anonymous session",
        {200: outputs.SessionContext},
        body=inputs.ClaimBody,
        errors=(400, 403, 404, 409, 422),
        headers=(KEY,),
    )
    @action(detail=True, methods=["post"])
    def claim(self, request: Any, id: str) -> Response:
        claim_session(id, self.body(inputs.ClaimBody)["accessToken"], actor=self.actor)
        return self._context(id)

    @says("The log", {200: outputs.EventPage}, query=inputs.AfterQuery, errors=(400, 404))
    @action(detail=True, methods=["get"])
    def events(self, request: Any, id: str) -> Response:
        query = self.query(inputs.AfterQuery)
        session = session_for(id, self.actor)
        return Response(represent.event_page(session, query["after"], query.get("limit", 100), self.actor))

    def _context(self, session_id: Any, status: int = 200) -> Response:
        session = whole_session_for(session_id, self.actor)
        return Response(
            represent.context(session, self.actor), status=status, headers={"ETag": represent.etag(session)}
        )
