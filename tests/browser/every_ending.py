"""How interviews stop and end, on the pages around them: the states of 4-pages, 4.3 that ``every_page`` has not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sessions_app.access import Actor
from sessions_app.models import Evaluation, InterviewSession, User
from sessions_app.models.clock import database_now
from sessions_app.services import invitations, sessions
from tests import factories as f
from tests.invited import invited
from tests.judged import judged, set_evaluation_operation

from .every_page import Cast, Made, Visit, of_room


def _room(make: Any, rest: str) -> Made:
    return lambda cast: of_room(make(cast.ann), rest, cast.ann)


def _nothing_said(ann: User) -> InterviewSession:
    session = f.waiting(ann)
    sessions.end_session(session.pk)
    return f.fresh(session)


def _tried_again_later(ann: User) -> InterviewSession:
    session = judged(ann)
    Evaluation.objects.all().delete()
    operation = set_evaluation_operation(session, "queued")
    type(operation).objects.filter(pk=operation.pk).update(not_before=database_now() + timedelta(minutes=5))
    return f.fresh(session)


def _expired_and_scored(ann: User) -> InterviewSession:
    session = judged(ann)
    InterviewSession.objects.filter(pk=session.pk).update(status="expired")
    return f.fresh(session)


def _landing(make: Any) -> Made:
    def visit(cast: Cast) -> Visit:
        f.TemplateFactory()
        make(cast.ann)
        return Visit("/", cast.ann)

    return visit


def _invited(verb: str = "", by: str = "ann", **fields: Any) -> Made:
    """Ann has joined and begun; then the verb, and the link is opened once more."""

    def make(cast: Cast) -> Visit:
        invitation, token = invited(cast.sam, email="ann@example.com")
        invitations.accept_invitation(token, user=cast.ann)
        pk = invitation.session_id
        sessions.start_session(pk, actor=Actor(cast.ann))
        f.write_question(f.fresh(invitation.session))
        if verb:
            reason = {} if verb == "pause_session" else {"reason": "Filled."}
            getattr(sessions, verb)(pk, actor=Actor(cast.sam), **reason)
        if fields:
            InterviewSession.objects.filter(pk=pk).update(**fields)
        opener: Any = f.UserFactory(email="ben@example.com") if by == "ben" else cast.ann
        return Visit(f"/invite/{token}/", opener)

    return make


ENDINGS: dict[str, Made] = {
    "landing-paused": _landing(lambda ann: f.paused(ann, questions=2)),
    "landing-ran-out": _landing(f.expired),
    "invite-begun": _invited(),
    "invite-paused": _invited("pause_session"),
    "invite-finished": _invited("end_session"),
    "invite-cancelled": _invited("cancel_session"),
    "invite-switch-account": _invited(by="ben"),
    "ready-of-paused": _room(f.paused, "ready"),
    "ready-of-expired": _room(f.expired, "ready"),
    "done-nothing": _room(_nothing_said, "done"),
    "done-again-later": _room(_tried_again_later, "done"),
    "done-expired": _room(_expired_and_scored, "done"),
    "done-cancelled": _room(lambda ann: f.ended(ann, "cancel_session"), "done"),
    "report-of-paused": _room(f.paused, "report"),
    "report-nothing-said": _room(_nothing_said, "report"),
    "report-expired": _room(_expired_and_scored, "report"),
    "report-again-later": _room(_tried_again_later, "report"),
    "transcript-paused": _room(lambda ann: f.paused(ann, questions=2), "transcript"),
    "transcript-for-paper": _room(lambda ann: f.paused(ann, questions=2), "transcript?print=1"),
    "report-for-paper": _room(judged, "report?print=1"),
    "history-refused": lambda cast: Visit("/sessions/?mode=dance&since=yesterday", cast.ann),
    "history-unfinished": lambda cast: _of_history(cast, "?status=unfinished"),
    "history-expired": lambda cast: _of_history(cast, "?status=expired"),
}


def _of_history(cast: Cast, query: str) -> Visit:
    for made in (f.paused, f.expired, f.waiting):
        made(cast.ann)
    return Visit(f"/sessions/{query}", cast.ann)
