"""An anonymous session goes to one account, and a message sent twice at once is one message, on real threads."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.events import broken_links
from sessions_app.models import InterviewSession, SessionToken, User
from sessions_app.services import assessment
from sessions_app.services.guests import claim_session, move_guest

from .factories import UserFactory, analyse, fresh, types, waiting, write_question
from .real_database import Crowd, real_database  # noqa: F401

pytestmark = pytest.mark.usefixtures("real_database")


def test_of_two_who_claim_at_once_one_gets_it() -> None:
    with Crowd(2) as crowd:
        for _ in range(10):
            session, token = assessment.start_assessment(user=None)
            people = [UserFactory(), UserFactory()]
            got = crowd.at_once([partial(claim_session, session.pk, token, actor=Actor(who)) for who in people])
            winners = [who for who, what in zip(people, got, strict=True) if isinstance(what, InterviewSession)]
            losers = [what for what in got if isinstance(what, Exception)]
            assert [type(what) for what in losers] == [errors.SessionNotFound]
            assert fresh(session).candidate == winners[0]
            assert types(session).count("session.claimed") == 1
            assert list(broken_links(fresh(session))) == []
    assert not User.objects.filter(is_guest=True).exists()


def test_a_claim_and_the_guests_own_sign_in_at_once_leave_one_owner() -> None:
    with Crowd(2) as crowd:
        for _ in range(10):
            session, token = assessment.start_assessment(user=None)
            guest_id, ann, ben = session.candidate_id, UserFactory(), UserFactory()
            got = crowd.at_once(
                [partial(claim_session, session.pk, token, actor=Actor(ann)), partial(move_guest, guest_id, to=ben)]
            )
            allowed = (InterviewSession, errors.SessionNotFound, int)
            assert all(isinstance(what, allowed) for what in got), got
            assert fresh(session).candidate in (ann, ben)
            assert types(session).count("session.claimed") == 1
            assert not SessionToken.objects.filter(session=session, revoked_at=None).exists()


def test_a_message_sent_twice_at_once_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name. Whoever sleeps has given the connection back; somebody else does the work meanwhile."""
    session = waiting(UserFactory())
    actor = Actor(session.candidate)
    let_go = assessment.let_go

    def sleep() -> None:
        let_go()
        assert connection.connection is None
        write_question(session)
        analyse(session)
        connection.close()

    monkeypatch.setattr(assessment, "let_go", sleep)
    monkeypatch.setattr(assessment, "LOOK_SECONDS", 0.05)
    with Crowd(2) as crowd:
        send: Any = partial(assessment.say, session.pk, "Both at once", actor=actor)
        replies = crowd.at_once([send, send])
    assert len({reply.message.pk for reply in replies}) == 1, replies
    assert fresh(session).messages.filter(kind="answer").count() == 1
