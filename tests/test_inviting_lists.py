"""A long list of people to invite: worked off bit by bit, by anybody, through the death of whoever did it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Invitation, InvitationList, OutgoingMessage, User
from sessions_app.models.clock import database_now
from sessions_app.services import inviting
from sessions_app.services.erasure import erase_session
from sessions_app.services.inviting import Invited
from sessions_app.services.inviting_lists import NO_STAFF, OURS, confirm_list, results_of, work_off, work_off_all
from sessions_app.services.people_list import Person, read_people
from sessions_app.services.sweep import sweep
from tests.browser.backstage import shell
from tests.crash.server import Server, until
from tests.migrated import sqlite_copy

from .invited import by_template
from .real_database import Crowd, real_database  # noqa: F401

pytestmark = pytest.mark.django_db


def people(count: int) -> list[Person]:
    return read_people("name,email\n" + "\n".join(f"Person {n},p{n}@example.com" for n in range(count)))


def confirmed(sam: User, count: int = 12, batch: str = "b", **more: Any) -> InvitationList:
    return confirm_list(by_template(sam), people(count), actor=Actor(sam), batch=batch, **more)


def told(stored: InvitationList) -> list[Invited]:
    return results_of(InvitationList.objects.get(pk=stored.pk))


def tokens(stored: InvitationList) -> list[str]:
    return [one.token for one in told(stored)]


def test_it_dies_in_the_middle_and_another_goes_on_without_inviting_anybody_twice(
    sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, make = confirmed(sam), inviting.create_session

    def die(config: Any, **more: Any) -> Any:
        if config.candidate_name == "Person 7":
            raise KeyboardInterrupt  # as a process ends: nothing of ours catches it
        return make(config, **more)

    monkeypatch.setattr(inviting, "create_session", die)
    with pytest.raises(KeyboardInterrupt):
        work_off(stored.pk, seconds=60)
    before = tokens(stored)
    assert len(before) == Invitation.objects.count() == 7
    monkeypatch.setattr(inviting, "create_session", make)
    sweep()
    stored.refresh_from_db()
    assert stored.done_at is not None and stored.people == []
    assert Invitation.objects.count() == InterviewSession.objects.count() == 12
    assert tokens(stored)[:7] == before and all(tokens(stored))


@pytest.mark.crash
def test_a_killed_server_goes_on_when_it_is_started_again(tmp_path: Path) -> None:
    prepare = """
from sessions_app.models import Invitation, InvitationList, InterviewTemplate
from sessions_app.services.inviting_lists import confirm_list
from sessions_app.services.people_list import read_people
sam = User.objects.create(email="sam@example.com", name="Sam", is_staff=True)
template = InterviewTemplate.objects.create(slug="t", title="Databases", is_practice=False)
text = "name,email\\n" + "\\n".join(f"P{n},p{n}@example.com" for n in range(300))
confirm_list(template, read_people(text), actor=Actor(sam), batch="b")
"""

    def invited() -> int:
        with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as rows:
            sql = "SELECT COUNT(*), COUNT(DISTINCT email) FROM sessions_app_invitation"
            count, addresses = rows.execute(sql).fetchone()
        assert count == addresses
        return int(count)

    with Server(tmp_path, sqlite_copy(tmp_path / "db.sqlite3"), word_ms=0) as server:
        shell(server, prepare)
        server.start()
        until(lambda: invited() >= 20, 40, every=0.01)
        server.kill()
        assert 20 <= invited() < 300
        server.start()
        until(lambda: invited() == 300, 60, every=0.2)


@pytest.mark.usefixtures("real_database")
def test_two_workers_at_once_invite_everybody_once(sam: User) -> None:
    stored = confirmed(sam, 8)
    with Crowd(2) as crowd:
        crowd.at_once([lambda: work_off(stored.pk, seconds=60)] * 2)
    assert Invitation.objects.count() == InterviewSession.objects.count() == 8
    assert len(set(tokens(stored))) == 8


def test_a_request_does_a_part_and_the_links_are_the_same_later(sam: User) -> None:
    stored = confirmed(sam, 3)
    assert work_off(stored.pk, seconds=0) is False
    (first,) = tokens(stored)
    assert work_off(stored.pk, seconds=60) is True
    assert tokens(stored)[0] == first


def test_rows_with_problems_are_told_and_not_invited(sam: User) -> None:
    rows = read_people("name,email\nKim,kim@example.com\nBo,bo@nowhere\nAl,kim@example.com\n")
    inviting.checked(template := by_template(sam), rows, actor=Actor(sam))
    stored = confirm_list(template, rows, actor=Actor(sam), batch="b")
    work_off(stored.pk, seconds=60)
    wrong = {one.person.name: [problem.field for problem in one.problems] for one in told(stored)}
    assert wrong == {"Kim": [], "Bo": ["email"], "Al": ["email"]}


def test_a_row_that_never_works_is_given_up_and_the_list_ends(sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, make = confirmed(sam, 3), inviting.create_session

    def fail(config: Any, **more: Any) -> Any:
        if config.candidate_name == "Person 1":
            raise OSError("disk full")
        return make(config, **more)

    monkeypatch.setattr(inviting, "create_session", fail)
    assert work_off(stored.pk, seconds=60) is False
    assert work_off(stored.pk, seconds=60, now=database_now() + timedelta(minutes=11)) is True
    assert [problem.message for problem in told(stored)[1].problems] == [OURS]


def test_it_stops_when_its_maker_is_no_longer_staff(sam: User) -> None:
    stored = confirmed(sam, 2)
    User.objects.filter(pk=sam.pk).update(is_staff=False)
    work_off(stored.pk, seconds=60)
    assert not InterviewSession.objects.exists()
    assert {one.problems[0].message for one in told(stored)} == {NO_STAFF}


def test_who_was_erased_meanwhile_is_not_invited_again(sam: User) -> None:
    stored = confirmed(sam, 2)
    work_off(stored.pk, seconds=0)
    erase_session(InterviewSession.objects.get().pk, reason="Asked for it.", actor=Actor(sam))
    assert work_off(stored.pk, seconds=60) is True
    assert [invitation.email for invitation in Invitation.objects.all()] == ["p1@example.com"]


def test_a_list_that_fails_keeps_no_other_from_being_worked_off(sam: User) -> None:
    first, second = confirmed(sam, 1), confirmed(sam, 2, batch="c")
    InvitationList.objects.filter(pk=first.pk).update(shared={"unheard_of": 1})
    work_off_all(seconds=60)
    assert set(InvitationList.objects.filter(done_at=None)) == {first}
    assert Invitation.objects.filter(batch=second.group).count() == 2


def test_letters_hold_the_same_link_and_what_all_share_is_kept(sam: User, settings: Any) -> None:
    settings.SENDS_LETTERS = True
    stored = confirmed(sam, 1, time_zone="Europe/Berlin", closes_at="2030-07-01T18:00")
    work_off(stored.pk, seconds=60)
    session = InterviewSession.objects.get()
    assert (session.time_zone, session.closes_at.isoformat()) == ("Europe/Berlin", "2030-07-01T16:00:00+00:00")
    assert OutgoingMessage.objects.get().invitation.email == "p0@example.com"


def test_an_erased_or_replaced_link_is_not_shown_and_a_day_later_none_is(sam: User) -> None:
    stored = confirmed(sam, 2)
    work_off(stored.pk, seconds=60)
    Invitation.objects.filter(batch_row=2).update(revoked_at=database_now())
    assert [bool(token) for token in tokens(stored)] == [False, True]
    work_off_all(seconds=1, now=database_now() + timedelta(hours=25))
    assert not InvitationList.objects.exists() and Invitation.objects.count() == 2
