"""Lists of people: how they are read, what is wrong in them, and that a confirmation happens once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Invitation, ModelConnection
from sessions_app.services.config import SessionConfig
from sessions_app.services.inviting import checked, invite, invite_one
from sessions_app.services.people_list import Person, decoded, read_people, write_csv

from .factories import utc
from .invited import assessed, by_template
from .real_database import Crowd, real_database  # noqa: F401

YEAR = datetime.now(UTC).year + 1


@pytest.mark.parametrize(
    "text",
    [
        "name,email\nKim Lee,kim@example.com\n",
        "\ufeffName;E-mail\r\nKim Lee;kim@example.com\r\n\r\n",
        'email,name\n"kim@example.com","Kim Lee"',
        "Kim Lee,kim@example.com",
        "name\temail\nKim Lee\tkim@example.com",
    ],
)
def test_it_reads_what_spreadsheets_write(text):
    (person,) = read_people(text)
    assert (person.name, person.email, person.problems) == ("Kim Lee", "kim@example.com", [])


def test_rows_are_counted_as_a_spreadsheet_does_and_quotes_may_hold_anything():
    people = read_people('name,email\n"Lee, Kim",kim@example.com\n\n"Bo ""B"" Ek",bo@example.com\n')
    assert [(person.row, person.name) for person in people] == [(2, "Lee, Kim"), (4, 'Bo "B" Ek')]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("name,email\n", "empty"),
        ("name,phone\nKim,1", "columns"),
        ("name,name\nKim,Kim", "columns"),
        ('name,email\n"Kim,kim@example.com', "malformed"),
        ("name,email\n" + "Kim,\n" * 1001, "too_many"),
        ("name,email\n" + "x" * 1_000_001, "too_large"),
        ("name\0", "not_text"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(text, code):
    with pytest.raises(errors.ValidationFailed) as caught:
        read_people(text)
    assert [wrong.code for wrong in caught.value.errors] == [code]


def test_a_file_in_another_encoding_is_refused_and_not_guessed():
    with pytest.raises(errors.ValidationFailed) as caught:
        decoded("name,email\nJürgen,j@example.com".encode("latin-1"))
    assert "CSV UTF-8" in caught.value.errors[0].message
    assert decoded("\ufeffname".encode()) == "name"


def test_formulas_are_made_harmless():
    text = write_csv(["name"], [["=1+1"], [" @x"], ["-2"], ["Kim"], [""], ["＝1+1"], ["＠x"]])
    assert text == '\ufeff"name"\r\n"\'=1+1"\r\n"\' @x"\r\n"\'-2"\r\n"Kim"\r\n""\r\n"\'＝1+1"\r\n"\'＠x"\r\n'


@pytest.mark.django_db
def test_everything_wrong_is_told_by_row_and_column(sam):
    text = """name,email,accommodation_percent,opens_at,closes_at,time_zone
,kim,7,soon,,Mars/Base
Bo,bo@example.com,50 %,2030-03-31 02:30,,Europe/Berlin
Al,bo@example.com,25,2030-01-02 09:00,2030-01-01 09:00,
Di,di@example.com,25,2030-01-02 09:00,2030-01-03 09:00,Asia/Tokyo
"""
    people = checked(by_template(sam), read_people(text), actor=Actor(sam))
    found = {person.row: [wrong.field for wrong in person.problems] for person in people}
    assert sorted(found[2]) == ["accommodation_percent", "email", "name", "opens_at", "time_zone"]
    assert found[3] == ["opens_at"]
    assert sorted(found[4]) == ["closes_at", "email"]
    assert found[5] == []
    assert not InterviewSession.objects.exists()


@pytest.mark.django_db
def test_a_repeated_confirmation_creates_nothing_twice(sam):
    template, actor = by_template(sam), Actor(sam)
    people = [Person(2, "Kim", "kim@example.com", "50"), Person(3, "", "bo@example.com"), Person(4, "Al", "")]
    first = invite(template, people, actor=actor, batch="b", time_zone="Europe/Berlin")
    second = invite(template, people, actor=actor, batch="b", time_zone="Europe/Berlin")
    assert [bool(row.token) for row in first] == [True, False, True]
    assert [row.field for row in first[1].problems] == ["name"]
    assert [row.token for row in second] == ["", "", ""]
    assert [row.invitation for row in second] == [row.invitation for row in first]
    assert Invitation.objects.count() == InterviewSession.objects.count() == 2
    kim = InterviewSession.objects.get(candidate_name="Kim")
    assert (kim.accommodation_percent, kim.time_zone, kim.is_practice) == (50, "Europe/Berlin", False)


@pytest.mark.django_db
def test_somebody_with_an_open_invitation_is_pointed_out(sam):
    template, actor = by_template(sam), Actor(sam)
    invite(template, [Person(2, "Kim", "kim@example.com")], actor=actor)
    (kim,) = checked(template, [Person(2, "Kim", "KIM@example.com")], actor=actor)
    assert kim.hint and not kim.problems


@pytest.mark.django_db
def test_only_staff_invite_people(ann, sam):
    with pytest.raises(errors.PermissionDenied):
        invite(by_template(sam), [Person(2, "Kim")], actor=Actor(ann))


@pytest.mark.usefixtures("real_database")
def test_the_same_form_twice_at_once_is_one_batch(sam):
    template, actor = by_template(sam), Actor(sam)

    def confirm():
        people = [Person(n, f"Person {n}", f"p{n}@example.com") for n in range(2, 8)]
        return invite(template, people, actor=actor, batch="b")

    with Crowd(2) as crowd:
        one, two = crowd.at_once([confirm, confirm])
    assert Invitation.objects.count() == InterviewSession.objects.count() == 6
    assert sorted(bool(a.token) + bool(b.token) for a, b in zip(one, two, strict=True)) == [1] * 6


@pytest.mark.usefixtures("real_database")
@pytest.mark.parametrize("is_new", [True, False])
def test_one_key_twice_at_once_is_one_invitation(sam, is_new):
    actor = Actor(sam)
    session_id = None if is_new else assessed(sam).pk

    def once():
        config = SessionConfig(candidate_name="Kim") if is_new else None
        return invite_one(actor=actor, session_id=session_id, config=config, email="", key="k", fingerprint="same")

    with Crowd(2) as crowd:
        (one, first), (two, second) = crowd.at_once([once, once])
    assert one.pk == two.pk and sorted(map(bool, (first, second))) == [False, True]
    assert Invitation.objects.count() == InterviewSession.objects.count() == 1


@pytest.mark.django_db
def test_a_rows_zone_does_not_move_the_window_that_all_share(sam):
    template, actor = by_template(sam), Actor(sam)
    people = [
        Person(2, "Kim", time_zone="Asia/Tokyo"),
        Person(3, "Bo", time_zone="Asia/Tokyo", opens_at=f"{YEAR}-01-17 10:00"),
        Person(4, "Al"),
    ]
    window = {"time_zone": "Europe/Berlin", "opens_at": f"{YEAR}-01-17T09:00", "closes_at": f"{YEAR}-01-17T18:00"}
    assert not any(person.problems for person in checked(template, people, actor=actor, **window))
    invite(template, people, actor=actor, **window)
    opens = dict(InterviewSession.objects.values_list("candidate_name", "opens_at"))
    assert opens == {"Kim": utc(YEAR, 1, 17, 8), "Bo": utc(YEAR, 1, 17, 1), "Al": utc(YEAR, 1, 17, 8)}
    assert InterviewSession.objects.get(candidate_name="Kim").time_zone == "Asia/Tokyo"


@pytest.mark.django_db
def test_a_shared_moment_that_is_none_is_refused_at_once(sam):
    with pytest.raises(errors.ValidationFailed) as caught:
        invite(by_template(sam), [Person(2, "Kim")], actor=Actor(sam), opens_at="soon")
    assert [wrong.field for wrong in caught.value.errors] == ["opens_at"]


@pytest.mark.django_db
def test_looking_at_a_list_costs_as_many_queries_for_20_rows_as_for_2(sam):
    template, actor = by_template(sam), Actor(sam)
    ModelConnection.objects.create(name="oracle-9", base_url="http://127.0.0.1:9/v1", model_id="o9")

    def looked_at(count):
        people = [Person(n, f"Person {n}", closes_at=f"{YEAR}-01-17 10:00") for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert not any(person.problems for person in checked(template, people, actor=actor))
        return len(queries)

    assert looked_at(20) == looked_at(2)


@pytest.mark.django_db
def test_inviting_a_list_looks_up_the_models_once(sam):
    template, actor = by_template(sam), Actor(sam)
    with CaptureQueriesContext(connection) as queries:
        invite(template, [Person(n, f"Person {n}") for n in range(5)], actor=actor)
    table = ModelConnection._meta.db_table
    assert sum(f'FROM "{table}"' in query["sql"] for query in queries) == 1
