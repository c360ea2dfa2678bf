"""My interviews: what is unfinished first, then the history, one's own only."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_app.models import InterviewSession, User
from tests import factories as f
from tests.page_forms import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def many(ann: User, count: int, **fields: Any) -> None:
    """Copies of a finished session, as rows."""
    one = f.ended(ann)
    rows = []
    for _ in range(count - 1):
        copy = InterviewSession(
            **{field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields if field.name != "id"}
        )
        rows.append(copy)
    InterviewSession.objects.bulk_create(rows)
    InterviewSession.objects.filter(candidate=ann).update(**fields) if fields else None


def test_it_shows_unfinished_interviews_first_with_the_way_on(anns: Client, ann: User) -> None:
    done, open_one, stopped = f.ended(ann), f.waiting(ann), f.paused(ann, questions=2)
    page = Page(anns.get("/sessions/"))
    assert "resume" in page.offers(stopped.pk)
    assert f"/sessions/{open_one.pk}/" in page.links
    assert f"/sessions/{done.pk}/done" in page.links
    assert page.html.index("Unfinished") < page.html.index("History")
    assert "clock running" in page.html and "paused just now" in page.html


def test_it_resumes_from_the_list(anns: Client, ann: User) -> None:
    session = f.paused(ann)
    form = Page(anns.get("/sessions/")).form("/resume")
    assert anns.post(form.action, form.fields).url == f"/sessions/{session.pk}/"
    assert f.fresh(session).status == "active"


def test_it_says_so_when_there_is_nothing(anns: Client) -> None:
    assert "No interviews yet." in anns.get("/sessions/").content.decode()


def test_it_shows_nobody_elses_not_even_to_staff(client: Client, ann: User, ben: User, sam: User) -> None:
    session = f.ended(ann)
    for other in (ben, sam):
        client.force_login(other)
        assert str(session.pk) not in client.get("/sessions/").content.decode()


@pytest.mark.parametrize(("status", "shown"), [("completed", 1), ("paused", 1), ("unfinished", 2), ("cancelled", 0)])
def test_it_filters_by_status(status: str, shown: int, anns: Client, ann: User) -> None:
    f.ended(ann), f.paused(ann), f.waiting(ann)
    page = Page(anns.get(f"/sessions/?status={status}"))
    assert page.tags.count("tr") == (shown + 1 if shown else 0)
    assert ("Clear the filter" in page.html) == (shown == 0)


def test_it_refuses_a_status_that_does_not_exist(anns: Client) -> None:
    answer = anns.get("/sessions/?status=asleep", headers={"accept-language": "de"})
    assert answer.status_code == 400
    assert "#status" in Page(answer).links and "Use one of" not in Page(answer).html


def test_the_modes_to_choose_from_keep_their_capitals(anns: Client) -> None:
    page = Page(anns.get("/sessions/", headers={"accept-language": "de"}))
    assert ">Schriftliche Antworten</option>" in page.html


@pytest.mark.parametrize(
    ("query", "shown"),
    [("mode=code", 1), ("mode=text", 2), ("search=graphs", 1), ("since=2001-01-01", 2), ("until=2001-01-01", 0)],
)
def test_it_filters_by_mode_words_and_days(query: str, shown: int, anns: Client, ann: User) -> None:
    f.ended(ann)
    about_graphs = f.ended(ann, enabled_modes=["text", "code"])
    InterviewSession.objects.filter(pk=about_graphs.pk).update(title="Graphs")
    page = Page(anns.get(f"/sessions/?{query}"))
    assert page.tags.count("tr") == (shown + 1 if shown else 0)
    assert ("Nothing matches." in page.html) == (shown == 0)


def test_a_day_is_one_in_the_readers_zone(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    InterviewSession.objects.filter(pk=session.pk).update(created_at=f.utc(2026, 3, 1, 20))
    day = "/sessions/?since=2026-03-02&until=2026-03-02"
    assert "Nothing matches." in anns.get(day).content.decode()
    anns.cookies["tz"] = "Asia/Tokyo"
    assert Page(anns.get(day)).tags.count("tr") == 2


@pytest.mark.parametrize(
    ("query", "link"),
    [
        ("since=yesterday", "#since"),
        ("until=2026-02-30", "#until"),
        ("since=2026-03-02&until=2026-03-01", "#until"),
        ("mode=dance", "#mode"),
    ],
)
def test_it_says_which_filter_it_cannot_read_and_keeps_the_others(query: str, link: str, anns: Client) -> None:
    answer = anns.get(f"/sessions/?search=graphs&{query}")
    assert answer.status_code == 400 and link in Page(answer).links
    assert 'value="graphs"' in answer.content.decode()


def test_it_tells_thinking_time_and_pauses_apart(anns: Client, ann: User) -> None:
    session = f.ended(ann)
    InterviewSession.objects.filter(pk=session.pk).update(active_ms=23 * 60_000, paused_ms=6 * 60_000)
    assert "23 min + 6 min paused" in anns.get("/sessions/").content.decode()
    InterviewSession.objects.filter(pk=session.pk).update(active_ms=2 * 60_000, paused_ms=1200 * 60_000)
    assert "2 min + 20 h 0 min paused" in anns.get("/sessions/").content.decode()


def test_links_to_other_pages_keep_the_filters(anns: Client, ann: User) -> None:
    many(ann, 30)
    assert "?status=completed&page=2" in Page(anns.get("/sessions/?status=completed")).links


def test_it_turns_pages_by_links(anns: Client, ann: User) -> None:
    many(ann, 30)
    first, second = Page(anns.get("/sessions/")), Page(anns.get("/sessions/?page=2"))
    assert (first.tags.count("tr"), second.tags.count("tr")) == (26, 6)
    assert "?page=2" in first.links and "?page=1" in second.links


@pytest.mark.parametrize(("asked", "number"), [("99", 2), ("x", 1), ("0", 2), ("-1", 2)])
def test_it_says_that_there_is_no_such_page(asked: str, number: int, anns: Client, ann: User) -> None:
    many(ann, 30)
    page = anns.get(f"/sessions/?page={asked}").content.decode()
    assert f"There is no page “{asked}”. This is page {number}." in page
    assert "There is no page" not in anns.get(f"/sessions/?page={number}").content.decode()


def test_it_needs_as_many_queries_for_50_rows_as_for_5(
    anns: Client, ann: User, django_assert_max_num_queries: Any
) -> None:
    """List: session, user, unfinished, count, page."""
    counts = []
    for total in (5, 50):
        InterviewSession.objects.all().delete()
        many(ann, total)
        for _ in range(3 if total == 5 else 9):
            f.paused(ann)
        with django_assert_max_num_queries(8) as queries:
            anns.get("/sessions/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_it_wants_to_know_who_asks(client: Client) -> None:
    assert client.get("/sessions/").url == "/login?next=/sessions/"
