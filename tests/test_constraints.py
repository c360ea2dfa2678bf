"""What the database itself refuses, whatever the code does."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from sessions_app.models import InterviewSession, Operation, SessionEvent, SessionMessage, User
from sessions_app.models.actions import Status
from sessions_app.models.message import MessageState

from . import factories as f

pytestmark = pytest.mark.django_db


def refused(write: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        write()


def message(session: InterviewSession, **fields: Any) -> SessionMessage:
    now = timezone.now()
    defaults = {"role": "user", "kind": "answer", "state": "complete", "content": "Words", "created_at": now}
    return SessionMessage.objects.create(session=session, **{**defaults, **fields})


def operation(session: InterviewSession, **fields: Any) -> Operation:
    now = timezone.now()
    return Operation.objects.create(session=session, not_before=now, created_at=now, **fields)


@pytest.mark.parametrize("first", ["queued", "running"])
@pytest.mark.parametrize("second", ["queued", "running"])
def test_a_session_has_one_live_question_operation(first: str, second: str, ann: User) -> None:
    session, other = f.created(ann), f.created(ann)
    operation(session, status=first)
    refused(lambda: operation(session, status=second))
    over = operation(session, status="failed")
    refused(lambda: Operation.objects.filter(pk=over.pk).update(status=second))
    operation(session, status=second, kind="evaluation")
    operation(other, status=second)


def test_a_question_has_one_answer(ann: User) -> None:
    session = f.waiting(ann)
    question = session.messages.get()
    message(session, seq=2, in_reply_to=question)
    refused(lambda: message(session, seq=3, in_reply_to=question))
    message(session, seq=3, in_reply_to=question, kind="notice", role="assistant")


def test_a_client_id_names_one_message_of_a_session(ann: User) -> None:
    session, other = f.created(ann), f.created(ann)
    message(session, seq=1, client_message_id="one")
    refused(lambda: message(session, seq=2, client_message_id="one"))
    refused(lambda: message(session, kind="note", client_message_id="one"))
    message(other, seq=1, client_message_id="one")
    message(session, seq=2)
    message(session, seq=3)


def test_a_number_is_given_once_a_session(ann: User) -> None:
    session, other = f.created(ann), f.created(ann)
    message(session, seq=1)
    refused(lambda: message(session, seq=1))
    message(other, seq=1)


def test_a_question_number_is_given_once_a_session(ann: User) -> None:
    session = f.created(ann)
    question = {"role": "assistant", "kind": "question", "question_number": 1}
    message(session, seq=1, **question)
    refused(lambda: message(session, seq=2, **question))
    message(session, seq=2, question_number=1)


def test_an_event_number_is_given_once_a_session(ann: User) -> None:
    session = f.created(ann)
    again = {"session": session, "type": "session.updated", "at": timezone.now(), "actor": "system", "hash": "0"}
    refused(lambda: SessionEvent.objects.create(seq=1, **again))
    refused(lambda: SessionEvent.objects.create(seq=0, **again))
    SessionEvent.objects.create(seq=2, **again)


@pytest.mark.parametrize("state", ["pending", "streaming"])
def test_one_question_is_in_the_making(state: str, ann: User) -> None:
    session = f.generating(ann)
    refused(lambda: message(session, role="assistant", kind="question", state=state))
    message(session, role="assistant", kind="question", state="failed")


@pytest.mark.parametrize("seq", [None, 1])
@pytest.mark.parametrize("kind", ["answer", "note"])
@pytest.mark.parametrize("state", MessageState)
def test_what_is_complete_is_numbered_and_nothing_else(
    state: MessageState, kind: str, seq: int | None, ann: User
) -> None:
    numbered = state == MessageState.COMPLETE and kind != "note"
    fields = {"state": state, "kind": kind, "seq": seq}
    if (seq is not None) == numbered:
        message(f.created(ann), **fields)
    else:
        refused(lambda: message(f.created(ann), **fields))


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (InterviewSession, "status"),
        (SessionMessage, "state"),
        (SessionMessage, "role"),
        (SessionMessage, "kind"),
        (Operation, "status"),
        (Operation, "kind"),
    ],
    ids=str,
)
def test_an_unknown_word_is_refused(model: Any, field: str, ann: User) -> None:
    f.waiting(ann)
    refused(lambda: model.objects.update(**{field: "unknown"}))
    refused(lambda: model.objects.update(**{field: ""}))
    refused(lambda: model.objects.update(**{field: None}))


@pytest.mark.parametrize("status", [status for status in Status if status != Status.ACTIVE])
def test_the_clock_runs_only_while_active(status: Status, ann: User) -> None:
    session = f.waiting(ann)
    row = InterviewSession.objects.filter(pk=session.pk, running_since__isnull=False)
    refused(lambda: row.update(status=status))
    assert row.update(status=status, running_since=None) == 1
    refused(lambda: InterviewSession.objects.filter(pk=session.pk).update(running_since=timezone.now()))


@pytest.mark.parametrize("field", ["tokens_used", "tokens_reserved", "active_ms", "message_count", "last_seq"])
def test_a_count_is_never_negative(field: str, ann: User) -> None:
    f.created(ann)
    refused(lambda: InterviewSession.objects.update(**{field: -1}))


def test_an_operation_names_one_message(ann: User) -> None:
    session = f.waiting(ann)
    question = session.messages.get()
    refused(lambda: operation(session, message=question, status="failed"))


def test_an_account_has_one_address_in_any_case(ann: User) -> None:
    refused(lambda: User.objects.create(email="ANN@example.com"))
    refused(lambda: User.objects.create(email=None))
    User.objects.create(email=None, is_guest=True)
