"""Document 2's conversation: start it, say something, wait for the reply. Made of the same verbs as everything else.

Its answers are read for the five traits: with the questions of the shipped personality template where that is offered.

Waiting costs a thread that sleeps and, between two looks, no database connection; after ``WAIT_SECONDS`` the caller is
told to come back. The message is stored by then, so sending it again under its name waits for the same reply.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, transaction

from sessions_app import errors
from sessions_app.access import Actor, turn_for
from sessions_app.hints import hub
from sessions_app.models import InterviewSession, InterviewTemplate, Operation, SessionMessage, User
from sessions_app.models.actions import Phase, Status
from sessions_app.models.limits import TRAITS

from . import answers
from .answers import Answered, NewAnswer
from .config import UNSET, SessionConfig
from .creation import starting_precision
from .guests import issue_token
from .sessions import create_session, start_session

TEMPLATE = "personality"
WAIT_SECONDS = 30.0
LOOK_SECONDS = 1.0  # hints wake the waiting earlier; one that was lost costs this

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """What the interviewer said, the session after it, and whether the message that it answers was new."""

    message: SessionMessage
    session: InterviewSession
    is_new: bool


def start_assessment(*, user: User | None, user_id: str | None = None) -> tuple[InterviewSession, str]:
    """A session that is active at once. Somebody unknown becomes a guest and gets a token, which is "" for others.

    It has no time limit, unless the template insists on one: this contract has no pause, and its callers come back
    whenever they like.

    Raises:
        PermissionDenied: ``user_id`` is somebody else; or the template is not on offer, and nobody may set up their
            own interview here.
    """
    if user_id and (user is None or user_id.lower() != str(user.pk)):
        raise errors.PermissionDenied("An assessment can only be started for yourself. Leave userId out.")
    with transaction.atomic():
        candidate = user or User.objects.create_guest()
        actor = Actor(candidate)
        session = create_session(_configuration(), actor=actor)
        _read_for_traits(session)
        start_session(session.pk, actor=actor)
        token = issue_token(session, candidate) if user is None else ""
    return session, token


def say(session_id: Any, text: str, *, actor: Actor, name: str = "", seconds: float = WAIT_SECONDS) -> Reply:
    """Store a message and wait for its reply: the next question, or the closing words.

    ``name`` is the client's own id for the message: sending it again waits for the same reply. Without one, a text is
    stored once for every open question. Only the opening question is waited for before; nobody answers what they have
    not seen. Not to be called in a transaction.

    Raises:
        SessionNotFound, SessionNotActive, SessionExpired, NothingToAnswer, ValidationFailed, ClientIdConflict,
        AlreadyAnswered, GenerationInProgress (the last message has no reply yet, and this is another one).
        Unavailable: the reply is not there after ``seconds``.
    """
    end = time.monotonic() + seconds
    turn_for(session_id, actor)
    said = _wait(session_id, lambda: _store(session_id, NewAnswer(text, name), actor), end)
    hope = _Hope(said.message, actor)
    reply = _wait(session_id, hope.look, end)
    with suppress(errors.Unavailable):  # the precision is told as it is by then
        _wait(session_id, lambda: _is_read(said.message) or None, end)
    return Reply(reply, turn_for(session_id, actor), said.is_new)


def _configuration() -> SessionConfig:
    template = InterviewTemplate.objects.offered().filter(slug=TEMPLATE).first()
    if template is None:
        return SessionConfig(time_limit_minutes=None)
    return SessionConfig(template_id=template.pk, time_limit_minutes=None if template.allows_time_choice else UNSET)


def _read_for_traits(session: InterviewSession) -> None:
    """Whatever the template of that name says, or if there is none: this contract is about the traits."""
    if set(TRAITS) <= set(session.plan["dimensions"]):
        return
    session.plan = {**session.plan, "dimensions": list(TRAITS)}
    session.precision = starting_precision(TRAITS)
    session.save(update_fields=["plan", "precision"])


def _is_read(message: SessionMessage) -> bool:
    """Whether nobody is going to read this answer any more for what it tells about the traits."""
    return not Operation.objects.live().filter(message=message, kind="analysis").exists()


def _store(session_id: Any, answer: NewAnswer, actor: Actor) -> Answered | None:
    """The stored message; None while the opening question is being written."""
    session = turn_for(session_id, actor)
    if answer.client_message_id and session.messages.filter(client_message_id=answer.client_message_id).exists():
        return answers.submit_answer(session_id, answer, actor=actor)
    is_opening = session.status == Status.ACTIVE and session.current_question_number == 0
    if is_opening and session.phase == Phase.GENERATION_FAILED:
        answers.generate_question(session_id, actor=actor)
    if is_opening:
        return None
    if session.phase in (Phase.GENERATING, Phase.GENERATION_FAILED) and session.status == Status.ACTIVE:
        return _sent_again(session, answer)
    return _answer_open_question(session, answer, actor)


def _sent_again(session: InterviewSession, answer: NewAnswer) -> Answered:
    """The newest message, if this is the same text without a name. Raises GenerationInProgress."""
    newest = session.messages.history().filter(kind="answer").last()
    if newest is None or answer.client_message_id or newest.content != answer.text:
        raise errors.GenerationInProgress(
            "The reply to the message before is still being written. Wait for it, then send the next one."
        )
    return Answered(newest, None, is_new=False)


def _answer_open_question(session: InterviewSession, answer: NewAnswer, actor: Actor) -> Answered:
    question = session.open_question_id
    name = answer.client_message_id or (f"question:{question}" if question else "")
    try:
        return answers.submit_answer(session.pk, NewAnswer(answer.text, name, in_reply_to=question), actor=actor)
    except errors.ClientIdConflict as error:
        if answer.client_message_id:
            raise
        raise errors.AlreadyAnswered from error


@dataclass
class _Hope:
    """The reply that is waited for. A question that failed is asked for once more, since this contract has no retry."""

    said: SessionMessage
    actor: Actor
    has_asked: bool = False

    def look(self) -> SessionMessage | None:
        session = turn_for(self.said.session_id, self.actor)
        reply: SessionMessage | None = session.messages.history().filter(seq=(self.said.seq or 0) + 1).first()
        if reply is None and not session.turn_is_live:
            self._ask(session)
        return reply

    def _ask(self, session: InterviewSession) -> None:
        """Raises Unavailable when it failed again, and what ``generate_question`` raises."""
        if self.has_asked:
            raise errors.Unavailable("The reply could not be written. Your message is stored; send it again later.")
        self.has_asked = True
        answers.generate_question(session.pk, actor=self.actor)


def _wait(session_id: Any, look: Callable[[], T | None], end: float) -> T:
    """What ``look`` finds, looking again with every hint and every second. Raises Unavailable at the end."""
    with hub.listening_in_thread(session_id) as hint:
        while True:
            hint.clear()
            found = look()
            if found is not None:
                return found
            left = end - time.monotonic()
            if left <= 0 or hub.is_closed:
                raise errors.Unavailable(
                    "The reply is still being written. Your message is stored: send it again with the same "
                    "clientMessageId to get the reply."
                )
            let_go()
            hint.wait(min(left, LOOK_SECONDS))


def let_go() -> None:
    """Give the database connection back for as long as this thread sleeps."""
    if not connection.in_atomic_block:
        connection.close()
