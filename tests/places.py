"""Every place a session can be in (status and phase), reached by the verbs; and the verbs by their action.

``PLACES`` are those of an interview that nobody judges, ``JUDGED`` those where somebody does, or tried to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Operation, User
from sessions_app.models.actions import NOT_OPEN_YET, Phase, Status
from sessions_app.models.operation import OperationStatus
from sessions_app.services import answers, operations, sessions
from sessions_app.services.answers import NewAnswer

from . import factories as f

Builder = Callable[[User], InterviewSession]
Verb = Callable[[InterviewSession, Actor], Any]


def _paused(builder: Builder) -> Builder:
    return lambda ann: sessions.pause_session(builder(ann).pk)


def judged(builder: Builder, status: str | None) -> Builder:
    """The same with an evaluation in that state, or with none."""

    def build(ann: User) -> InterviewSession:
        session, now = builder(ann), timezone.now()
        session.operations.filter(kind="evaluation").delete()
        operation = None
        if status is not None:
            fields = {"kind": "evaluation", "status": status, "not_before": now, "created_at": now}
            operation = Operation.objects.create(session=session, **fields)
        InterviewSession.objects.filter(pk=session.pk).update(evaluation_operation=operation)
        return f.fresh(session)

    return build


def _staffs(actor: Actor) -> str:
    return "A reason" if actor.is_staff else ""


PLACES: dict[tuple[str, str | None], Builder] = {
    (Status.CREATED, None): f.created,
    (Status.CREATED, NOT_OPEN_YET): lambda ann: f.created(ann, opens_at=timezone.now() + timedelta(hours=1)),
    (Status.ACTIVE, Phase.WAITING_FOR_ANSWER): f.waiting,
    (Status.ACTIVE, Phase.GENERATING): f.generating,
    (Status.ACTIVE, Phase.GENERATION_FAILED): f.failed,
    (Status.ACTIVE, Phase.READY_FOR_NEXT): f.ready_for_next,
    (Status.ACTIVE, Phase.CLOSING): f.closing,
    (Status.PAUSED, None): f.paused,
    (Status.PAUSED, Phase.GENERATING): _paused(f.generating),
    (Status.PAUSED, Phase.GENERATION_FAILED): _paused(f.failed),
    (Status.COMPLETED, None): judged(f.ended, None),
    (Status.EXPIRED, None): judged(f.expired, None),
    (Status.CANCELLED, None): lambda ann: f.ended(ann, "cancel_session"),
}

_JUDGING = {
    Phase.EVALUATING: OperationStatus.RUNNING,
    Phase.EVALUATED: OperationStatus.SUCCEEDED,
    Phase.EVALUATION_FAILED: OperationStatus.FAILED,
}
JUDGED: dict[tuple[str, str | None], Builder] = {
    (ended, phase): judged(builder, status)
    for ended, builder in ((Status.COMPLETED, f.ended), (Status.EXPIRED, f.expired))
    for phase, status in _JUDGING.items()
}

VERBS: dict[str, Verb] = {
    "start": lambda s, actor: sessions.start_session(s.pk, actor=actor),
    "edit": lambda s, actor: sessions.update_session(s.pk, actor=actor, planned_questions=4),
    "pause": lambda s, actor: sessions.pause_session(s.pk, actor=actor),
    "resume": lambda s, actor: sessions.resume_session(s.pk, actor=actor),
    "complete": lambda s, actor: sessions.end_session(s.pk, actor=actor, reason="A reason"),
    "cancel": lambda s, actor: sessions.cancel_session(s.pk, actor=actor, reason="A reason"),
    "extend": lambda s, actor: sessions.extend_session(s.pk, minutes=5, actor=actor, reason=_staffs(actor)),
    "reopen": lambda s, actor: sessions.reopen_session(s.pk, minutes=5, actor=actor, reason="A reason"),
    "retake": lambda s, actor: sessions.retake_session(s.pk, actor=actor),
    "delete": lambda s, actor: sessions.erase_session(s.pk, actor=actor, reason="A reason"),
    "answer": lambda s, actor: answers.submit_answer(s.pk, NewAnswer("An answer"), actor=actor),
    "skip": lambda s, actor: answers.submit_answer(s.pk, NewAnswer(skip=True), actor=actor),
    "save_draft": lambda s, actor: answers.save_draft(s.pk, "A draft", 1000, actor=actor),
    "generate_question": lambda s, actor: answers.generate_question(s.pk, actor=actor),
    "retry": lambda s, actor: operations.retry_operation(s.turn_id, actor=actor),
    "stop": lambda s, actor: operations.cancel_operation(s.turn_id, actor=actor),
}


def name_of(place: Any) -> str | None:
    """A readable id for parametrised tests."""
    if isinstance(place, tuple):
        status, phase = place
        return f"{status}-{phase}" if phase else str(status)
    return None


def rows_of(session: InterviewSession) -> dict[str, Any]:
    """Everything stored about a session, for "nothing has changed"."""
    return {
        "session": InterviewSession.objects.filter(pk=session.pk).values().get(),
        "messages": list(session.messages.order_by("pk").values()),
        "operations": list(session.operations.order_by("pk").values()),
        "events": list(session.events.order_by("seq").values()),
    }
