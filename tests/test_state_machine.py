"""The one table of allowed actions, against every verb, in every place, for every role."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_fsm import TransitionNotAllowed

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor
from sessions_app.models import InterviewSession, SessionMessage, User
from sessions_app.models.actions import ALLOWED, NOT_OPEN_YET, Role, Status, refused_to
from sessions_app.models.message import MessageState
from sessions_app.services import sessions

from . import factories as f
from .action_table import (
    CANDIDATE,
    STAFF,
    assert_carried_out,
    code_of_refusal,
    is_allowed,
    keeps_a_note,
    status_after,
    undone,
)
from .places import JUDGED, PLACES, VERBS, name_of, rows_of

pytestmark = pytest.mark.django_db

EVERYWHERE = PLACES | JUDGED
IN_EVERY_PLACE = pytest.mark.parametrize("place", EVERYWHERE, ids=name_of)


def test_every_place_of_the_table_can_be_reached(ann: User) -> None:
    assert set(EVERYWHERE) == set(ALLOWED)
    for (status, phase), build in EVERYWHERE.items():
        session = f.fresh(build(ann))
        assert session.status == status
        assert session.phase == (None if phase == NOT_OPEN_YET else phase)


def test_every_action_of_the_table_has_a_verb_here() -> None:
    assert {action for actions in ALLOWED.values() for action in actions} <= set(VERBS)


@pytest.mark.parametrize("is_practice", [True, False], ids=["practice", "assessed"])
@IN_EVERY_PLACE
def test_a_verb_does_what_the_table_allows_and_refuses_the_rest(
    place: Any, is_practice: bool, ann: User, sam: User
) -> None:
    """For the candidate, for staff, and for staff who are the candidate themselves."""
    for owner, user, roles in ((ann, ann, CANDIDATE), (ann, sam, STAFF), (sam, sam, CANDIDATE | STAFF)):
        session = EVERYWHERE[place](owner)
        InterviewSession.objects.filter(pk=session.pk).update(is_practice=is_practice)
        before = rows_of(session)
        for action in VERBS:
            if place[0] == Status.CREATED and action in ("retry", "stop"):
                continue  # there is no operation to name
            with undone():
                if is_allowed(place, action, roles, is_practice=is_practice):
                    VERBS[action](session, Actor(user))
                    assert_carried_out(session, action, before["session"])
                    continue
                with pytest.raises(errors.DomainError) as refused:
                    VERBS[action](session, Actor(user))
                assert refused.value.code == code_of_refusal(place, action, is_practice=is_practice), action
                assert keeps_a_note(place, action, roles) or rows_of(session) == before, action


@pytest.mark.parametrize("is_practice", [True, False], ids=["practice", "assessed"])
@IN_EVERY_PLACE
def test_what_is_offered_is_what_the_table_says(place: Any, is_practice: bool, ann: User) -> None:
    session = EVERYWHERE[place](ann)
    InterviewSession.objects.filter(pk=session.pk).update(is_practice=is_practice)
    session, now = f.fresh(session), timezone.now()
    for role in Role:
        offered = session.allowed_actions(frozenset({role}), now)
        refused = refused_to(role, is_practice=is_practice)
        assert offered == [action for action in ALLOWED[place] if action not in refused]
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


@IN_EVERY_PLACE
def test_the_system_may_do_whatever_anybody_may(place: Any, ann: User) -> None:
    session = EVERYWHERE[place](ann)
    for action in ALLOWED[place]:
        with undone():
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
