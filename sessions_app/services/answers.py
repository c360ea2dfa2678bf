"""What the candidate says: answers, skips and drafts; and asking for the next question."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.utils.translation import gettext as _

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, as_uuid
from sessions_app.models import InterviewSession, Operation, SessionMessage
from sessions_app.models.actions import Phase, Role, Status
from sessions_app.models.limits import MAX_ANSWER, MAX_DRAFT_STEP

from .change import Change, changing, over
from .expiry import expire
from .turns import add_answer, add_closing, queue_question, requeue

MAX_NOTES = 20
MAX_REVISION = 2**53  # as many as JavaScript can count


@dataclass(frozen=True)
class NewAnswer:
    """An answer as it was sent. ``client_message_id`` names it, so that sending it twice stores it once."""

    text: str = ""
    client_message_id: str = ""
    in_reply_to: Any = None
    skip: bool = False
    mode: str = "text"
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def stored_payload(self) -> dict[str, Any]:
        return {**self.payload, "skipped": True} if self.skip else self.payload

    def is_same_as(self, message: SessionMessage) -> bool:
        return message.content == self.text and message.is_skip == self.skip


@dataclass(frozen=True)
class Answered:
    """The stored answer, the operation it caused (None after the last question), and whether it is new."""

    message: SessionMessage
    operation: Operation | None
    is_new: bool


def submit_answer(
    session_id: UUID | str,
    answer: NewAnswer,
    *,
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    expect: int | None = None,
) -> Answered:
    """Store an answer to the open question, and queue the next one.

    Raises:
        SessionNotFound, ValidationFailed, PreconditionFailed, PermissionDenied.
        ClientIdConflict: the id was used for another text.
        AlreadyAnswered: it names a question that is not open.
        NothingToAnswer, SessionNotActive.
        SessionExpired: too late; the text is kept as a note for whoever reviews the session.
    """
    _check(answer)
    with changing(session_id, actor, now=now) as change:
        earlier = _sent_before(change.session, answer)
        if earlier is not None and earlier.kind == "answer":
            return Answered(earlier, _operation_after(earlier), is_new=False)
        change.expect_version(expect)
        too_late = change.session.status == Status.EXPIRED and Role.CANDIDATE in actor.roles_in(change.session)
        if not too_late:
            _free_name(earlier)
            return _accept(change, answer)
        if earlier is None and answer.text.strip():
            _keep_note(change, answer)
    raise over(change.session)


def save_draft(
    session_id: UUID | str,
    text: str,
    revision: int,
    *,
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    in_reply_to: UUID | str | None = None,
) -> InterviewSession:
    """Keep what is being written. A revision that is not newer than the stored one changes nothing.

    ``in_reply_to`` is the question it was written under, where that is not the open one: a tab may not know yet that
    somebody has answered it at another device. Such a text changes nothing either where something else is kept, which
    may be what is being written under the open question. Between two questions it is a note for the next one.

    Raises:
        SessionNotFound, SessionNotActive, SessionExpired, PermissionDenied, ValidationFailed.
    """
    wrong = _unfit(text, "text")
    if not 0 <= revision <= MAX_REVISION:
        wrong.append(errors.FieldError("revision", "out_of_range", "Count revisions from 1 upwards."))
    if wrong:
        raise errors.ValidationFailed(wrong)
    with changing(session_id, actor, now=now) as change:
        change.require("save_draft")
        session = change.session
        if revision > session.draft_revision + MAX_DRAFT_STEP:
            raise errors.ValidationFailed([_far_ahead(session.draft_revision)])
        question = _question_named(session, in_reply_to) or session.open_question_id
        untouched = session.draft_revision == 0 and not session.draft_text
        change.note_activity()  # an old draft changes nothing, but somebody is there
        if (revision > session.draft_revision or untouched) and not _stands_before(session, question):
            session.draft_text, session.draft_revision = text, max(1, revision)
            session.draft_question = question
    return change.session


def _question_named(session: InterviewSession, given: UUID | str | None) -> UUID | None:
    """Raises ValidationFailed when it is no question of the session."""
    if not given:
        return None
    key = as_uuid(given)
    if key is None or not session.messages.filter(pk=key, kind="question").exists():
        sentence = "Name a question of this session, or leave it out for the open one."
        raise errors.ValidationFailed([errors.FieldError("in_reply_to", "not_found", sentence)])
    return key


def _stands_before(session: InterviewSession, question: UUID | None) -> bool:
    """Whether a draft is kept that a text under a question that is not open any more must not replace."""
    is_late = question not in (None, session.open_question_id)
    return is_late and bool(session.draft_text.strip()) and session.draft_question != question


def generate_question(
    session_id: UUID | str, *, actor: Actor = SYSTEM, now: datetime | None = None, expect: int | None = None
) -> Operation:
    """Ask for the next question, or for the one that failed once more.

    Raises:
        SessionNotFound, SessionNotActive, SessionExpired, GenerationInProgress, QuestionOpen, InvalidSessionState.
    """
    with changing(session_id, actor, now=now) as change:
        change.expect_version(expect)
        session = change.session
        change.note_activity()
        failed = session.status == Status.ACTIVE and session.phase == Phase.GENERATION_FAILED
        if failed and session.turn is not None:
            change.require("retry")
            return requeue(change, session.turn)
        change.require("generate_question")
        return queue_question(change, after=session.messages.history().filter(kind="answer").last())


def _far_ahead(stored: int) -> errors.FieldError:
    """After such a revision no draft with an ordinary one would be newer."""
    sentence = f"Count on from {stored:,}, the stored revision: at most {MAX_DRAFT_STEP:,} more."
    return errors.FieldError("revision", "out_of_range", sentence)


def _check(answer: NewAnswer) -> None:
    wrong = []
    if not answer.text.strip() and not answer.skip:
        wrong.append(errors.FieldError("answer_text", "blank", _("Write an answer, or skip the question.")))
    wrong += _unfit(answer.text, "answer_text")
    if "\0" in answer.client_message_id:
        wrong.append(errors.FieldError("client_message_id", "null_characters_not_allowed", _("Use plain text.")))
    if wrong:
        raise errors.ValidationFailed(wrong)


def _unfit(text: str, field: str) -> list[errors.FieldError]:
    """What no database could keep, or nobody would read."""
    wrong = []
    if len(text) > MAX_ANSWER:
        wrong.append(errors.FieldError.too_long(field, MAX_ANSWER))
    if "\0" in text:
        wrong.append(errors.FieldError(field, "null_characters_not_allowed", _("Remove the null characters.")))
    return wrong


def _sent_before(session: InterviewSession, answer: NewAnswer) -> SessionMessage | None:
    """The message that this client id named before. Raises ClientIdConflict when it said something else."""
    if not answer.client_message_id:
        return None
    earlier = session.messages.filter(client_message_id=answer.client_message_id).first()
    if earlier is not None and not answer.is_same_as(earlier):
        raise errors.ClientIdConflict
    return earlier


def _free_name(note: SessionMessage | None) -> None:
    """What came too late before the session was opened again is sent once more: its name goes to the answer."""
    if note is not None:
        note.client_message_id = ""
        note.save(update_fields=["client_message_id"])


def _accept(change: Change, answer: NewAnswer) -> Answered:
    session = change.session
    if session.status == Status.ACTIVE and answer.in_reply_to and not _names_open_question(session, answer):
        raise errors.AlreadyAnswered
    change.require("skip" if answer.skip and not session.is_over(change.now) else "answer")
    if answer.mode not in session.enabled_modes:
        enabled = ", ".join(session.enabled_modes)
        wrong = errors.FieldError("mode", "not_enabled", _("This session takes: %(modes)s.") % {"modes": enabled})
        raise errors.ValidationFailed([wrong])
    question = cast(SessionMessage, session.open_question)
    deadline = session.end_of_time if session.is_over(change.now) else None
    stored = add_answer(
        change,
        question,
        text=answer.text,
        at=change.now,
        client_message_id=answer.client_message_id,
        mode=answer.mode,
        payload=answer.stored_payload,
    )
    change.note_activity()
    if deadline is not None:  # it was on its way when time ran out: taken, and the last one
        expire(change, deadline)
        return Answered(stored, None, is_new=True)
    return Answered(stored, _go_on(change, stored), is_new=True)


def _go_on(change: Change, answer: SessionMessage) -> Operation | None:
    session = change.session
    if session.current_question_number >= session.planned_questions:
        add_closing(change)
        return None
    return queue_question(change, after=answer) if session.auto_advance else None


def _names_open_question(session: InterviewSession, answer: NewAnswer) -> bool:
    return session.open_question_id is not None and as_uuid(answer.in_reply_to) == session.open_question_id


def _operation_after(answer: SessionMessage) -> Operation | None:
    """The question operation that an answer caused."""
    return Operation.objects.filter(message__in_reply_to=answer, kind="question").order_by("created_at").first()


def _keep_note(change: Change, answer: NewAnswer) -> None:
    """What arrived after the end is no part of the interview, but a person can read it."""
    if change.session.messages.notes().count() >= MAX_NOTES:
        return
    note = SessionMessage(
        session=change.session,
        role="user",
        kind="note",
        state="complete",
        content=answer.text,
        client_message_id=answer.client_message_id,
        payload=answer.stored_payload,
        created_at=change.now,
        completed_at=change.now,
    )
    note.save(force_insert=True)
    change.record("message.created", message_id=note.pk, kind="note")
