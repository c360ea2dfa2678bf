"""The one table of allowed actions, against every verb, in every place, for every role."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_fsm import TransitionNotAllowed

from sessions_app import errors, events
from sessions_app.access import SYSTEM, Actor
from sessions_app.models import InterviewSession, SessionMessage, User
from sessions_app.models.actions import ALLOWED, NOT_FOR, NOT_OPEN_YET, OPEN, Phase, Role, Status
from sessions_app.models.message import MessageState
from sessions_app.services import sessions

from . import factories as f
from .places import PLACES, VERBS, name_of, rows_of

pytestmark = pytest.mark.django_db

TARGET = {
    "start": ("session.started", Status.ACTIVE),
    "edit": ("session.updated", Status.CREATED),
    "pause": ("session.paused", Status.PAUSED),
    "resume": ("session.resumed", Status.ACTIVE),
    "complete": ("session.completed", Status.COMPLETED),
    "cancel": ("session.cancelled", Status.CANCELLED),
    "reopen": ("session.reopened", Status.PAUSED),
}
# The verbs that leave the status as it is, and what they write.
ALSO = {"extend": ["time.extended"], "retake": []}
OF_THE_CANDIDATE = {"answer", "skip", "save_draft", "generate_question"}

CASES = [
    pytest.param(place, action, role, id=f"{name_of(place)}-{action}-{role}")
    for place in PLACES
    for action in VERBS
    for role in Role
    if not (place[0] == Status.CREATED and action in ("retry", "stop"))  # there is no operation to name
]


def is_allowed(place: Any, action: str, role: Role) -> bool:
    """By the table. Asking for a question that failed is trying it again."""
    in_table = ALLOWED[place]
    again = action == "generate_question" and "retry" in in_table
    return (action in in_table or again) and action not in NOT_FOR[role]


def refusal(place: Any, action: str) -> str:
    """The code of 1-product, "Codes", for an action that the place does not allow to anybody."""
    status, phase = place
    if action in OF_THE_CANDIDATE:
        if status != Status.ACTIVE:
            return "SESSION_EXPIRED" if status == Status.EXPIRED else "SESSION_NOT_ACTIVE"
        if action != "generate_question":
            return "NOTHING_TO_ANSWER"
        in_the_way = {Phase.GENERATING: "GENERATION_IN_PROGRESS", Phase.WAITING_FOR_ANSWER: "QUESTION_OPEN"}
        return in_the_way.get(phase, "INVALID_SESSION_STATE")
    if action == "complete" and status == Status.COMPLETED:
        return "SESSION_ALREADY_COMPLETED"
    if action == "start" and phase == NOT_OPEN_YET:
        return "SESSION_NOT_OPEN"
    if action == "retry" and phase == Phase.GENERATING:
        return "GENERATION_IN_PROGRESS"
    return "INVALID_SESSION_STATE"


def written(session: InterviewSession, action: str) -> list[str]:
    """The entries of a verb in the session's own log."""
    if action == "delete":
        return ["session.cancelled", "session.erased"] if session.status in OPEN else ["session.erased"]
    return ALSO.get(action, [TARGET[action][0]] if action in TARGET else [])


def status_after(action: str, before: str) -> str:
    if action == "delete":
        return Status.CANCELLED if before in OPEN else before
    return TARGET.get(action, (None, before))[1]


def session_events(session: InterviewSession, after: int) -> list[str]:
    return [e.type for e in session.events.filter(seq__gt=after) if e.type.startswith(("session.", "time."))]


def test_every_place_of_the_table_can_be_reached(ann: User) -> None:
    assert set(PLACES) == set(ALLOWED)
    for (status, phase), build in PLACES.items():
        session = f.fresh(build(ann))
        assert session.status == status
        assert session.phase == (None if phase == NOT_OPEN_YET else phase)


def test_every_action_of_the_table_has_a_verb_here() -> None:
    assert {action for actions in ALLOWED.values() for action in actions} <= set(VERBS)


@pytest.mark.parametrize(("place", "action", "role"), CASES)
def test_a_verb_does_what_the_table_allows_and_refuses_the_rest(
    place: Any, action: str, role: Role, ann: User, sam: User
) -> None:
    session = f.fresh(PLACES[place](ann))
    actor = Actor(ann if role == Role.CANDIDATE else sam)
    before = rows_of(session)
    if is_allowed(place, action, role):
        VERBS[action](session, actor)
        after = f.fresh(session)
        assert after.status == status_after(action, session.status)
        assert session_events(session, before["session"]["last_seq"]) == written(session, action)
        assert list(events.broken_links(after)) == []
        return
    with pytest.raises(errors.DomainError) as refused:
        VERBS[action](session, actor)
    others = any(is_allowed(place, action, other) for other in Role)
    assert refused.value.code == ("PERMISSION_DENIED" if others else refusal(place, action))
    if not (place[0] == Status.EXPIRED and action == "answer" and role == Role.CANDIDATE):  # kept as a note
        assert rows_of(session) == before


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_what_is_offered_is_what_the_table_says(place: Any, ann: User, sam: User) -> None:
    session = f.fresh(PLACES[place](ann))
    now = timezone.now()
    for role in Role:
        offered = session.allowed_actions(frozenset({role}), now)
        assert offered == [action for action in ALLOWED[place] if action not in NOT_FOR[role]]
    assert session.allowed_actions(frozenset(), now) == []
    assert session.allowed_actions(frozenset(Role), now) == list(ALLOWED[place])


@pytest.mark.parametrize("action", VERBS)
def test_a_stranger_is_told_that_there_is_no_such_session(action: str, ann: User, ben: User) -> None:
    session = f.generating(ann)
    before = rows_of(session)
    with pytest.raises(errors.NotFound) as refused:
        VERBS[action](session, Actor(ben))
    assert refused.value.code == ("OPERATION_NOT_FOUND" if action in ("retry", "stop") else "SESSION_NOT_FOUND")
    assert rows_of(session) == before


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_the_system_may_do_whatever_anybody_may(place: Any, ann: User) -> None:
    for action in ALLOWED[place]:
        session = f.fresh(PLACES[place](ann))
        VERBS[action](session, SYSTEM)
        assert f.fresh(session).status == status_after(action, place[0])


# -- the row itself ------------------------------------------------------------------------------------------------

TRANSITIONS = {
    "start": {Status.CREATED},
    "pause": {Status.ACTIVE},
    "resume_interview": {Status.PAUSED},
    "complete": {Status.ACTIVE, Status.PAUSED},
    "expire": {Status.CREATED, Status.ACTIVE, Status.PAUSED},
    "cancel": {Status.CREATED, Status.ACTIVE, Status.PAUSED},
    "reopen": {Status.COMPLETED, Status.EXPIRED},
}


@pytest.mark.parametrize("place", PLACES, ids=name_of)
@pytest.mark.parametrize("transition_name", TRANSITIONS)
def test_a_transition_takes_its_edge_only_and_asks_the_database_nothing(
    place: Any, transition_name: str, ann: User, django_assert_num_queries: Any
) -> None:
    session = f.fresh(PLACES[place](ann))
    stored = InterviewSession.objects.filter(pk=session.pk).values().get()
    with django_assert_num_queries(0):
        if session.status in TRANSITIONS[transition_name]:
            getattr(session, transition_name)(session.now)
            assert session.status != place[0]
        else:
            with pytest.raises(TransitionNotAllowed):
                getattr(session, transition_name)(session.now)
            assert session.status == place[0]
    assert InterviewSession.objects.filter(pk=session.pk).values().get() == stored


MESSAGE_TRANSITIONS = {
    "begin": ((2,), {MessageState.PENDING, MessageState.STREAMING}, MessageState.STREAMING),
    "complete": ((timezone.now(), 1, 1), {MessageState.STREAMING}, MessageState.COMPLETE),
    "fail": ((), {MessageState.PENDING, MessageState.STREAMING}, MessageState.FAILED),
    "wait_again": ((), {MessageState.FAILED, MessageState.STREAMING}, MessageState.PENDING),
}


@pytest.mark.parametrize("state", MessageState)
@pytest.mark.parametrize("name", MESSAGE_TRANSITIONS)
def test_a_message_moves_along_its_edges_only(name: str, state: MessageState, django_assert_num_queries: Any) -> None:
    arguments, sources, target = MESSAGE_TRANSITIONS[name]
    message = SessionMessage(role="assistant", kind="question", state=state, content="Half a quest")
    with django_assert_num_queries(0):
        if state in sources:
            getattr(message, name)(*arguments)
            assert message.state == target
            assert message.content == ("Half a quest" if name == "complete" else "")
        else:
            with pytest.raises(TransitionNotAllowed):
                getattr(message, name)(*arguments)
            assert message.state == state


def test_a_status_is_never_assigned(ann: User) -> None:
    session = f.waiting(ann)
    with pytest.raises(AttributeError):
        session.status = Status.COMPLETED
    message = session.messages.get()
    with pytest.raises(AttributeError):
        message.state = MessageState.FAILED
    assert f.fresh(session).status == Status.ACTIVE


@pytest.mark.parametrize("status", ["", "running", "ACTIVE", "done"])
def test_the_database_refuses_an_unknown_status(status: str, ann: User) -> None:
    session = f.created(ann)
    with pytest.raises(IntegrityError), transaction.atomic():
        InterviewSession.objects.filter(pk=session.pk).update(status=status)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_interviewsession SET status = %s", [status])
    assert f.fresh(session).status == Status.CREATED


def test_pausing_and_resuming_a_wrong_state_says_the_documented_sentence(ann: User) -> None:
    done = f.ended(ann)
    with pytest.raises(errors.InvalidSessionState, match=r"^Cannot pause completed session\. Only active sessions"):
        VERBS["pause"](done, Actor(ann))
    running = f.waiting(ann)
    with pytest.raises(errors.InvalidSessionState, match=r"^Cannot resume active session\. Only paused sessions"):
        VERBS["resume"](running, Actor(ann))


def test_staff_must_say_why_and_the_candidate_need_not(ann: User, sam: User) -> None:

    for verb in (sessions.end_session, sessions.cancel_session):
        session = f.waiting(ann)
        before = rows_of(session)
        with pytest.raises(errors.ValidationFailed):
            verb(session.pk, actor=Actor(sam), reason="  ")
        assert rows_of(session) == before
    assert sessions.end_session(session.pk, actor=Actor(ann)).status == Status.COMPLETED
