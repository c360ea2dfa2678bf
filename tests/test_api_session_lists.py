"""Lists of sessions, their events, and the same verbs in Python."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from .factories import JobPostingFactory, TemplateFactory, as_actor, created, ended, paused, types, waiting
from .test_api_sessions import URL, detail, wrong_fields

pytestmark = pytest.mark.django_db


# -- list --------------------------------------------------------------------------------------------------------------


def test_the_list_is_newest_first_and_ones_own(ann, ben, sam, as_):
    mine = [created(ann), waiting(ann)]
    created(ben)
    body = as_(ann).get(URL).json()
    assert (body["count"], body["next"], body["previous"]) == (2, None, None)
    assert [row["id"] for row in body["results"]] == [str(mine[1].pk), str(mine[0].pk)]
    assert body["results"][0]["progress"] == {"current": 1, "planned": 6}
    assert body["results"][0]["score"] is None
    assert as_(sam).get(URL).json()["count"] == 3


def test_the_list_is_filtered_searched_and_ordered(ann, as_):
    posting = JobPostingFactory(owner=ann)
    one, two = created(ann, candidate_name="Zoe"), paused(ann, candidate_name="Abe", job_posting_id=posting.pk)
    client = as_(ann)

    def ids(**query):
        return [row["id"] for row in client.get(URL, query).json()["results"]]

    assert ids(status="paused") == [str(two.pk)]
    assert ids(search="zo") == [str(one.pk)]
    assert ids(job_posting_id=str(posting.pk)) == [str(two.pk)]
    assert ids(search=str(one.pk)) == [str(one.pk)]
    assert ids(created_after=(timezone.now() + timedelta(hours=1)).isoformat()) == []
    assert ids(created_before=(timezone.now() + timedelta(hours=1)).isoformat(), ordering="candidate_name") == [
        str(two.pk),
        str(one.pk),
    ]


def test_the_list_is_filtered_by_template_and_mode_and_counted_right(ann, as_):
    template = TemplateFactory()
    both, text = created(ann, enabled_modes=["text", "code"]), created(ann, template_id=template.pk)
    client = as_(ann)
    for query, wanted in (
        ({"mode": "code"}, [both]),
        ({"mode": "text"}, [text, both]),
        ({"template_id": str(template.pk)}, [text]),
        ({"template_id": str(template.pk), "mode": "code"}, []),
    ):
        body = client.get(URL, query).json()
        assert (body["count"], [row["id"] for row in body["results"]]) == (len(wanted), [str(row.pk) for row in wanted])


def test_the_list_is_ordered_by_several_fields(ann, as_):
    zoe, abe, late_abe = (created(ann, candidate_name=name) for name in ("Zoe", "Abe", "Abe"))

    def ids(ordering):
        return [row["id"] for row in as_(ann).get(URL, {"ordering": ordering}).json()["results"]]

    assert ids("candidate_name,created_at") == [str(row.pk) for row in (abe, late_abe, zoe)]
    assert ids("-candidate_name,-created_at") == [str(row.pk) for row in (zoe, late_abe, abe)]


def test_the_list_has_pages_with_links(ann, as_):
    for _ in range(3):
        created(ann)
    client = as_(ann)
    first = client.get(URL, {"limit": 2, "status": "created"}).json()
    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    second = client.get(first["next"]).json()
    assert (len(second["results"]), second["next"]) == (1, None)
    assert client.get(second["previous"]).json()["results"] == first["results"]


def test_an_unknown_status_has_its_own_code(ann, as_):
    response = as_(ann).get(URL, {"status": "done"})
    assert (response.status_code, response.json()["detail"]["code"]) == (400, "INVALID_STATUS_FILTER")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "101"},
        {"limit": "0"},
        {"limit": "x"},
        {"offset": "-1"},
        {"ordering": "secret"},
        {"job_posting_id": "x"},
        {"template_id": "x"},
        {"mode": "mime"},
        {"ordering": "status,secret"},
        {"ordering": "status,,created_at"},
        {"created_after": "yesterday"},
        {"search": "a\0"},
        {"limit": "9" * 40},
    ],
)
def test_a_wrong_query_is_a_clear_error(ann, as_, query):
    assert wrong_fields(as_(ann).get(URL, query)) == list(query)


@pytest.mark.parametrize("rows", [2, 12])
def test_the_list_costs_the_same_queries_however_long(ann, as_, django_assert_num_queries, rows):
    for _ in range(rows):
        created(ann, job_posting_id=JobPostingFactory(owner=ann).pk)
    with django_assert_num_queries(2):  # the count and the rows
        as_(ann).get(URL)


# -- events ------------------------------------------------------------------------------------------------------------


def test_owners_see_every_event_and_staff_the_reasons(ann, sam, as_):
    session = ended(ann, "cancel_session")
    mine = as_(ann).get(detail(session, "events")).json()
    theirs = as_(sam).get(detail(session, "events")).json()
    assert [event["type"] for event in mine["results"]] == types(session)
    assert {(event["reason"], event["data"]) for event in mine["results"]} == {(None, None)}
    assert theirs["results"][-1]["reason"] == "A reason"
    assert set(theirs["results"][-1]) == {"seq", "type", "at", "actor", "reason", "data"}


def test_events_are_paged_by_their_number(ann, as_):
    session = waiting(ann)
    page = as_(ann).get(detail(session, "events"), {"after": 2, "limit": 2}).json()
    assert [event["seq"] for event in page["results"]] == [3, 4]
    assert page["cursor"] == "4"
    rest = as_(ann).get(page["next"]).json()
    assert [event["seq"] for event in rest["results"]] == [5, 6]
    assert rest["next"] is None


def test_the_python_verbs_are_the_same(ann, ben):
    from sessions_app.services import sessions

    session = waiting(ann, time_limit_minutes=10)
    assert sessions.get_active_session(actor=as_actor(ann)) == session
    assert sessions.validate_session_access(session.pk, actor=as_actor(ann))
    assert not sessions.validate_session_access(session.pk, actor=as_actor(ben))
    assert sessions.get_remaining_time(session.pk) in (599, 600)
    assert not sessions.is_session_expired(session.pk)
    assert sessions.is_session_expired(session.pk, now=timezone.now() + timedelta(minutes=11))
    assert sessions.list_sessions("active") == [session]


def test_older_callers_names_are_mapped(db):
    from sessions_app.errors import ValidationFailed
    from sessions_app.services.config import SessionConfig
    from sessions_app.services.sessions import create_session

    one = create_session(SessionConfig(candidate_name="John Doe", time_limit=3600, token_budget=50_000))
    assert one.time_limit_seconds == 3600
    two = create_session(
        SessionConfig(
            candidate_name="Jane",
            duration_minutes=45,
            ai_provider="built-in",
            ai_model="built-in",
            resume_data={"name": "Jane", "skills": ["Django"]},
        )
    )
    assert (two.time_limit_seconds, two.resume.content) == (2700, 'name: Jane\nskills: ["Django"]')
    with pytest.raises(ValidationFailed) as refused:
        create_session(SessionConfig(time_limit=60, token_budget=1))
    assert [error.field for error in refused.value.errors] == ["candidate_name", "time_limit_minutes", "token_budget"]
