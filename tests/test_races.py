"""Verbs at the same moment, on real threads and a real database.

Whatever happens must be explainable by one order of the two: the outcome of the race is compared with the outcomes of
both orders, carried out one after the other on twins of the session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import combinations_with_replacement
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sessions_app import errors, events
from sessions_app.access import SYSTEM, Actor
from sessions_app.ai.protocol import Outcome
from sessions_app.models import InterviewSession, Operation, SessionEvent, SessionMessage, User
from sessions_app.models.actions import Phase, Status
from sessions_app.services import answers, operations, sessions
from sessions_app.services.answers import NewAnswer
from sessions_app.services.operations import Claim, LeaseLost
from sessions_app.services.sweep import sweep

from . import factories as f
from . import servers
from .places import PLACES, VERBS, name_of
from .real_database import Crowd, real_database  # noqa: F401

pytestmark = pytest.mark.usefixtures("real_database")

Place = tuple[str, str | None]
BEING_WRITTEN = "being written"  # like "generating", and the operation is claimed already
OVERDUE = "overdue"  # like "waiting for answer", and its time and grace are over, and nobody has noticed


@dataclass(frozen=True)
class Twin:
    """A session in a place, and the claim on its operation where there is one."""

    session: InterviewSession
    claim: Claim | None = None


def claim(twin: Twin) -> Any:
    return "taken" if operations.claim(twin.session.turn_id) else "not taken"


def finish(twin: Twin) -> Any:
    assert twin.claim is not None
    return operations.finish(twin.claim, "A question?", Outcome("technical"))


def by_the_system(name: str, twin: Twin) -> Any:
    return VERBS[name](twin.session, SYSTEM)


def expire(twin: Twin) -> Any:
    sweep()  # what it finds to do is also what the rounds before have left
    return "swept"


OF_THE_TABLE = (
    *("start", "pause", "resume", "complete", "cancel", "answer", "generate_question", "stop"),
    *("extend", "reopen", "retake", "delete"),
)
RACERS: dict[str, Callable[[Twin], Any]] = {
    "claim": claim,
    "finish": finish,
    "expire": expire,
    **{name: partial(by_the_system, name) for name in OF_THE_TABLE},
}
ALWAYS = ("complete", "cancel", "extend", "delete")
AGAIN = ("reopen", "retake", "delete")

# Who can begin where, in the order of the table; the last two places have a worker in them.
STARTS: dict[Place, tuple[str, ...]] = {
    (Status.CREATED, None): ("start", "cancel", "delete"),
    (Status.ACTIVE, Phase.WAITING_FOR_ANSWER): ("answer", "pause", *ALWAYS),
    (Status.ACTIVE, Phase.GENERATING): ("claim", "pause", "stop", *ALWAYS),
    (Status.ACTIVE, Phase.GENERATION_FAILED): ("generate_question", "pause", *ALWAYS),
    (Status.ACTIVE, Phase.READY_FOR_NEXT): ("generate_question", "pause", *ALWAYS),
    (Status.ACTIVE, Phase.CLOSING): ("pause", *ALWAYS),
    (Status.PAUSED, None): ("resume", *ALWAYS),
    (Status.PAUSED, Phase.GENERATING): ("resume", "claim", *ALWAYS),
    (Status.PAUSED, Phase.GENERATION_FAILED): ("resume", *ALWAYS),
    (Status.COMPLETED, None): AGAIN,
    (Status.EXPIRED, None): AGAIN,
    (Status.CANCELLED, None): ("retake", "delete"),
    (Status.ACTIVE, BEING_WRITTEN): ("finish", "pause", "stop", *ALWAYS),
    (Status.PAUSED, BEING_WRITTEN): ("resume", "finish", *ALWAYS),
    (Status.ACTIVE, OVERDUE): ("expire", "answer", "pause", *ALWAYS),
}
# SQLite has one writer at a time: less can happen there, and a quick run tries it in fewer places.
ROUNDS, PLACES_TRIED = (8, 4) if servers.postgres_wanted() else (4, 2)
PAIRS = sorted({tuple(sorted(pair)) for racers in STARTS.values() for pair in combinations_with_replacement(racers, 2)})


def places_of(first: str, second: str) -> list[Place]:
    return [place for place, racers in STARTS.items() if first in racers and second in racers]


def make(place: Place, user: User) -> Twin:
    status, phase = place
    with transaction.atomic():  # one commit for all its steps
        if phase == OVERDUE:
            return Twin(f.overdue(f.waiting(user)))
        if phase != BEING_WRITTEN:
            return Twin(f.fresh(PLACES[place](user)))
        session = PLACES[status, Phase.GENERATING](user)
        return Twin(f.fresh(session), operations.claim(session.turn_id))


def outcome(twin: Twin, first: Any, second: Any) -> tuple[Any, ...]:
    """What both were told, where the session is now, and its log, without what differs between twins."""
    session = f.fresh(twin.session)
    again = list(session.retakes.order_by("retake_number", "created_at"))
    for one in (session, *again):
        assert list(events.broken_links(one)) == []
    numbers = list(session.messages.history().values_list("seq", flat=True))
    assert numbers == ([] if session.erased_at else list(range(1, session.message_count + 1)))
    assert session.operations.filter(kind="question").live().count() == (session.phase == Phase.GENERATING)
    running = session.running_since is not None
    assert running == (session.phase == Phase.WAITING_FOR_ANSWER)
    seen = (session.status, session.phase, session.message_count, session.extra_seconds, len(again))
    return said(first), said(second), *seen, *f.types(session)


def said(result: Any) -> str:
    if isinstance(result, errors.DomainError):
        return result.code
    if isinstance(result, LeaseLost):
        return "lease lost"
    if isinstance(result, Exception):
        raise result
    return result if isinstance(result, str) else "ok"


def attempt(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (errors.DomainError, LeaseLost) as refused:
        return refused


def one_after_the_other(place: Place, user: User, first: str, second: str) -> set[tuple[Any, ...]]:
    """The outcomes of both orders."""
    legal, names = set(), (first, second)
    for order in ((0, 1), (1, 0)):
        twin = make(place, user)
        told = {index: attempt(partial(RACERS[names[index]], twin)) for index in order}
        legal.add(outcome(twin, told[0], told[1]))
    return legal


def race(first: str, second: str, places: list[Place], rounds: int) -> None:
    """That many races, shared out among the places."""
    user = f.UserFactory(email="ann@example.com")
    with Crowd(2) as crowd:
        for index, place in enumerate(places):
            legal = one_after_the_other(place, user, first, second)
            for number in range(-(-rounds // len(places))):
                twin = make(place, user)
                acts = [partial(RACERS[first], twin), partial(RACERS[second], twin)]
                told = list(reversed(crowd.at_once(acts[::-1]))) if (index + number) % 2 else crowd.at_once(acts)
                assert outcome(twin, *told) in legal, f"{first} and {second} in {name_of(place)}"


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_verbs_at_once_are_one_after_the_other(first: str, second: str) -> None:
    """In some of the places where both can begin."""
    places = places_of(first, second)
    race(first, second, places[:: -(-len(places) // PLACES_TRIED)], rounds=ROUNDS)


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_verbs_at_once_are_one_after_the_other_two_hundred_times(first: str, second: str) -> None:
    race(first, second, places_of(first, second), rounds=200)


def test_who_can_begin_where_is_what_the_table_says(ann: User) -> None:
    """Nothing above is left out by mistake."""
    for (status, phase), racers in STARTS.items():
        like = {BEING_WRITTEN: Phase.GENERATING, OVERDUE: Phase.WAITING_FOR_ANSWER}.get(phase or "", phase)
        session = f.fresh(PLACES[status, like](ann))
        allowed = set(session.allowed_actions(Actor(None).roles_in(session), session.now)) & set(RACERS)
        allowed |= {"generate_question"} if phase == Phase.GENERATION_FAILED and status == Status.ACTIVE else set()
        assert set(racers) - {"claim", "finish", "expire"} == allowed, name_of((status, phase))


# -- crowds --------------------------------------------------------------------------------------------------------

CROWD = 8


def test_one_answer_sent_eight_times_at_once_is_one_message_and_one_operation() -> None:
    ann = f.UserFactory(email="ann@example.com")
    with Crowd(CROWD) as crowd:
        for _ in range(5):
            session = make((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), ann).session
            sent = NewAnswer("The same words", client_message_id="one", in_reply_to=session.open_question_id)
            given = crowd.at_once([partial(answers.submit_answer, session.pk, sent, actor=Actor(ann))] * CROWD)
            assert [type(one) for one in given] == [answers.Answered] * CROWD
            assert sorted(one.is_new for one in given) == [False] * (CROWD - 1) + [True]
            assert len({one.message.pk for one in given}) == len({one.operation.pk for one in given}) == 1
            assert session.messages.filter(kind="answer").count() == 1
            assert session.operations.filter(kind="question").count() == 2
            assert f.types(session).count("message.created") == 1
            assert list(events.broken_links(f.fresh(session))) == []


def test_eight_answers_to_one_question_have_one_winner() -> None:
    ann = f.UserFactory(email="ann@example.com")
    with Crowd(CROWD) as crowd:
        for named in (True, False, True, False):
            session = make((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), ann).session
            question = session.open_question_id if named else None
            sent = [NewAnswer(f"Tab {n}", client_message_id=str(n), in_reply_to=question) for n in range(CROWD)]
            given = crowd.at_once([partial(answers.submit_answer, session.pk, one, actor=Actor(ann)) for one in sent])
            (winner,) = [one for one in given if isinstance(one, answers.Answered)]
            losers = {one.code for one in given if one is not winner}
            assert losers == {"ALREADY_ANSWERED" if named else "NOTHING_TO_ANSWER"}
            stored = session.messages.get(kind="answer")
            assert (stored.pk, stored.seq) == (winner.message.pk, 2)
            assert session.operations.filter(kind="question").live().count() == 1


def test_eight_workers_take_an_operation_once() -> None:
    ann = f.UserFactory(email="ann@example.com")
    with Crowd(CROWD) as crowd:
        for _ in range(5):
            session = make((Status.ACTIVE, Phase.GENERATING), ann).session
            taken = crowd.at_once([partial(operations.claim, session.turn_id)] * CROWD)
            assert sum(isinstance(one, Claim) for one in taken) == 1
            assert taken.count(None) == CROWD - 1
            assert Operation.objects.get(pk=session.turn_id).attempt == 1
            assert f.types(session).count("operation.started") == 1


def test_eight_presses_of_a_button_are_one_event() -> None:
    ann = f.UserFactory(email="ann@example.com")
    with Crowd(CROWD) as crowd:
        session = make((Status.CREATED, None), ann).session
        for verb, event in (
            (sessions.start_session, "session.started"),
            (sessions.pause_session, "session.paused"),
            (sessions.resume_session, "session.resumed"),
            (sessions.end_session, "session.completed"),
        ):
            told = crowd.at_once([partial(verb, session.pk, actor=Actor(ann))] * CROWD)
            assert sum(isinstance(one, InterviewSession) for one in told) == 1
            refused = {one.code for one in told if isinstance(one, errors.DomainError)}
            expected = "SESSION_ALREADY_COMPLETED" if event == "session.completed" else "INVALID_SESSION_STATE"
            assert refused == {expected}
            assert f.types(session).count(event) == 1


def test_of_eight_drafts_the_newest_revision_stays() -> None:
    ann = f.UserFactory(email="ann@example.com")
    with Crowd(CROWD) as crowd:
        for _ in range(5):
            session = make((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), ann).session
            save = partial(answers.save_draft, actor=Actor(ann))
            told = crowd.at_once([partial(save, session.pk, f"Draft {n}", n) for n in range(1, CROWD + 1)])
            assert [type(one) for one in told] == [InterviewSession] * CROWD
            stored = f.fresh(session)
            assert (stored.draft_text, stored.draft_revision) == (f"Draft {CROWD}", CROWD)


def test_an_acknowledged_draft_is_never_undone_by_another_change() -> None:
    """A pause that read the row before the draft was saved must not write the old draft back."""
    ann = f.UserFactory(email="ann@example.com")
    with Crowd(2) as crowd:
        for number in range(1, 11):
            session = make((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), ann).session
            save = partial(answers.save_draft, session.pk, f"Draft {number}", 5, actor=Actor(ann))
            saved, _ = crowd.at_once([save, partial(sessions.pause_session, session.pk)])
            expected = f"Draft {number}" if isinstance(saved, InterviewSession) else ""
            assert f.fresh(session).draft_text == expected


def test_many_sweeps_and_commands_at_once_do_everything_once() -> None:
    """Outages are credited once, deadlines met once, and nobody waits for somebody who waits for them."""
    ann = f.UserFactory(email="ann@example.com")
    count = 12
    away = [make((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), ann).session for _ in range(count)]
    over = [make((Status.ACTIVE, Phase.WAITING_FOR_ANSWER), ann).session for _ in range(count)]
    now = timezone.now()
    InterviewSession.objects.filter(pk__in=[s.pk for s in away]).update(
        alive_at=now - timedelta(minutes=2), running_since=now - timedelta(minutes=5), last_activity_at=now
    )
    InterviewSession.objects.filter(pk__in=[s.pk for s in over]).update(
        running_since=now - timedelta(hours=1), deadline=now - timedelta(minutes=1), alive_at=now
    )
    with Crowd(CROWD) as crowd:
        pauses = [lambda: [sessions.pause_session(s.pk) for s in away]]
        resumes = [lambda: [attempt(partial(sessions.pause_session, s.pk)) for s in over]]
        told = crowd.at_once([sweep] * (CROWD - 2) + pauses + resumes)
    assert [one for one in told if isinstance(one, Exception)] == []
    assert SessionEvent.objects.filter(type="session.expired").count() == count
    for session in away:
        assert f.fresh(session).status == Status.PAUSED
        assert f.types(session).count("time.extended") <= 1
    for session in (*away, *over):
        assert list(events.broken_links(f.fresh(session))) == []


def test_writers_of_many_sessions_do_not_get_in_each_others_way() -> None:
    """No "database is locked", no deadlock, whatever the database: eight candidates at work."""
    people = [f.UserFactory() for _ in range(CROWD)]

    def interview(user: User) -> InterviewSession:
        session = f.waiting(user, questions=3)
        sessions.pause_session(session.pk, actor=Actor(user))
        sessions.resume_session(session.pk, actor=Actor(user))
        return sessions.end_session(session.pk, actor=Actor(user))

    with Crowd(CROWD) as crowd:
        done = crowd.at_once([partial(interview, user) for user in people])
    assert [one for one in done if isinstance(one, Exception)] == []
    assert {one.status for one in done} == {Status.COMPLETED}
    assert SessionMessage.objects.filter(seq__isnull=False).count() == CROWD * 5


def test_this_is_the_kind_of_database_that_is_used_in_production() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone()[0] == "wal"
            assert "mode=memory" not in connection.settings_dict["NAME"]
        else:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone()[0] == "read committed"
