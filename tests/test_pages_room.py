"""The interview room: rebuilt from stored rows in every state, offering exactly what the table allows."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Operation, SessionMessage, User
from sessions_app.models.actions import ALLOWED, NOT_FOR, Phase, Role, Status
from sessions_app.pages import waiting
from sessions_app.services.answers import save_draft
from tests import factories as f
from tests.page_forms import ROUTES, post, room, without_reference
from tests.places import PLACES, name_of, rows_of

pytestmark = pytest.mark.django_db

PLACE = pytest.mark.parametrize("place", list(PLACES), ids=name_of)
# A late answer is kept as a note; asking for a question that failed is trying it again, which is allowed there.
KEPT_OR_SAME = {
    (Status.EXPIRED, None, "answer"),
    (Status.EXPIRED, None, "skip"),
    (Status.ACTIVE, Phase.GENERATION_FAILED, "generate_question"),
}


SCRIPTS = {f'<script type="module" src="/static/js/{name}.js">' for name in ("left_here", "offline", "room", "zone")}


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SECONDS", 0)


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def allowed(place: tuple[str, str | None]) -> set[str]:
    """What the pages offer a candidate there; changing the configuration is no button of its own."""
    return set(ALLOWED[place]) - NOT_FOR[Role.CANDIDATE] - {"edit"}


# -- the one table -----------------------------------------------------------------------------------------------------


@PLACE
def test_it_offers_exactly_what_the_table_allows(place: tuple[str, str | None], anns: Client, ann: User) -> None:
    session = PLACES[place](ann)  # all its time is left; five minutes more are for the end (test_pages_after.py)
    assert room(anns, session).offers(session.pk) == allowed(place) - {"extend"}


@PLACE
def test_it_changes_nothing_by_an_action_that_is_not_allowed(
    place: tuple[str, str | None], anns: Client, ann: User
) -> None:
    for action in sorted(set(ROUTES) - allowed(place)):
        session = PLACES[place](ann)
        before = rows_of(session)
        answer = post(anns, session, action)
        assert answer.status_code in (303, 400, 409), action
        if (*place, action) not in KEPT_OR_SAME:
            assert rows_of(session) == before, action


@PLACE
def test_it_carries_out_every_action_that_it_offers(place: tuple[str, str | None], anns: Client, ann: User) -> None:
    for action in sorted(allowed(place) - {"retake", "delete"}):  # they lead elsewhere, see test_pages_after.py
        session = PLACES[place](ann)
        before = session.last_seq
        answer = post(anns, session, action)
        assert (answer.status_code, answer.url) == (303, f"/sessions/{session.pk}/"), action
        assert f.fresh(session).last_seq > before or f.fresh(session).draft_text == "An answer", action


@PLACE
def test_it_shows_staff_the_room_without_a_single_button(
    place: tuple[str, str | None], client: Client, ann: User, sam: User
) -> None:
    session = PLACES[place](ann)
    client.force_login(sam)
    page = room(client, session)
    assert page.offers(session.pk) == set()
    assert "as staff" in page.html


def without_words(html: str) -> str:
    """The page without the sentences for its scripts, which nothing runs."""
    return re.sub(r'<script type="application/json" id="words">.*?</script>', "", html, flags=re.DOTALL)


@PLACE
def test_it_has_one_main_heading_and_no_id_twice(place: tuple[str, str | None], anns: Client, ann: User) -> None:
    page = room(anns, PLACES[place](ann))
    assert page.tags.count("h1") == 1
    assert len(page.ids) == len(set(page.ids))
    assert "style=" not in page.html
    scripts = re.findall(r"<script\b[^>]*>[^<]*", without_words(page.html))
    assert set(scripts) <= SCRIPTS  # a file of ours, nothing inline


# -- who ---------------------------------------------------------------------------------------------------------------


def test_it_tells_strangers_the_same_as_for_what_does_not_exist(client: Client, ann: User, ben: User) -> None:
    session = f.waiting(ann)
    client.force_login(ben)
    foreign, missing = client.get(f"/sessions/{session.pk}/"), client.get(f"/sessions/{uuid.uuid4()}/")
    assert foreign.status_code == missing.status_code == 404
    assert without_reference(foreign) == without_reference(missing)


@pytest.mark.parametrize("route", ["start", "answer", "draft", "pause", "resume", "retry", "stop", "next", "end"])
def test_it_lets_strangers_do_nothing(route: str, client: Client, ann: User, ben: User) -> None:
    session = f.waiting(ann)
    before = rows_of(session)
    client.force_login(ben)
    assert client.post(f"/sessions/{session.pk}/{route}", {"content": "Mine now"}).status_code == 404
    assert rows_of(session) == before


@pytest.mark.parametrize("route", ["start", "answer", "draft", "pause", "resume", "retry", "stop", "next"])
def test_it_does_nothing_by_a_link(route: str, anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    before = rows_of(session)
    answer = anns.get(f"/sessions/{session.pk}/{route}")
    assert (answer.status_code, answer.url) == (302, f"/sessions/{session.pk}/")
    assert rows_of(session) == before


def test_it_sends_somebody_unknown_to_the_sign_in_page_and_back(client: Client, ann: User) -> None:
    session = f.waiting(ann)
    answer = client.get(f"/sessions/{session.pk}/")
    assert (answer.status_code, answer.url) == (302, f"/login?next=/sessions/{session.pk}/")


def test_it_is_never_cached(anns: Client, ann: User) -> None:
    answer = anns.get(f"/sessions/{f.waiting(ann).pk}/")
    assert answer.headers["Cache-Control"] == "private, no-store"


# -- answering ---------------------------------------------------------------------------------------------------------


def test_it_stores_an_answer_and_shows_the_next_question(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    form = room(anns, session).form("/answer")
    answer = anns.post(form.action, form.fields | {"content": "Because of the write cost."})
    assert answer.status_code == 303
    stored = session.messages.get(kind="answer")
    assert (stored.content, stored.client_message_id) == (
        "Because of the write cost.",
        form.fields["client_message_id"],
    )
    assert f.types(session)[-2:] == ["message.created", "operation.queued"]
    f.write_question(session)
    assert "Question 2 of about 6" in room(anns, session).html


def test_it_stores_a_form_that_is_sent_twice_once(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    form = room(anns, session).form("/answer")
    sent = form.fields | {"content": "Once"}
    assert [anns.post(form.action, sent).status_code for _ in range(2)] == [303, 303]
    assert session.messages.filter(kind="answer").count() == 1


def test_it_stores_line_ends_as_they_were_typed(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    post(anns, session, "answer", content="one\r\ntwo")
    assert session.messages.get(kind="answer").content == "one\ntwo"


def test_it_keeps_an_empty_line_at_the_beginning(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    post(anns, session, "save_draft", content="\n    indented")
    assert room(anns, session).form("/answer").fields["content"] == "\n    indented"


def test_it_takes_a_skip_as_an_answer(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    post(anns, session, "skip", content="")
    assert session.messages.get(kind="answer").is_skip
    f.write_question(session)
    assert "skipped" in room(anns, session).html


def test_it_stores_what_is_left_of_a_text_with_a_nul(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    assert post(anns, session, "answer", content="be\0fore", client_message_id="a\0b").status_code == 303
    assert session.messages.get(kind="answer").content == "before"


def test_it_offers_code_where_it_is_enabled_and_shows_it_as_code(anns: Client, ann: User) -> None:
    session = f.waiting(ann, enabled_modes=["text", "code"])
    assert room(anns, session).form("/answer").fields["code"] == ""
    post(anns, session, "answer", content="if a < b:\n    pass", mode="code")
    assert session.messages.get(kind="answer").mode == "code"
    f.write_question(session)
    assert "<code>if a &lt; b:\n    pass</code>" in room(anns, session).html


def test_it_shows_what_people_wrote_as_text(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    post(anns, session, "answer", content="<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in room(anns, session).html


def test_it_shows_what_stands_between_backticks_as_code(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    post(anns, session, "answer", content="Of `a < b` and ``c``, not `this\nand` that.")
    html = room(anns, session).html
    assert '<code dir="ltr" translate="no">a &lt; b</code> and <code dir="ltr" translate="no">c</code>' in html
    assert "not `this<br>and` that." in html


# -- the states in words -----------------------------------------------------------------------------------------------


def test_it_shows_how_far_the_question_is_written(anns: Client, ann: User) -> None:
    session = f.generating(ann)
    Operation.objects.filter(pk=session.turn_id).update(status="running", attempt=1)
    SessionMessage.objects.filter(operation=session.turn_id).update(state="streaming", content="When would you")
    page = room(anns, session)
    assert "preparing your first question" in page.html and "When would you" in page.html
    assert f"/sessions/{session.pk}/" in page.links  # without a place in it: going there must load the page
    assert "http-equiv" not in page.html


def test_it_tries_a_failed_question_again(anns: Client, ann: User) -> None:
    session = f.failed(ann)
    assert "didn’t arrive" in room(anns, session).html
    assert post(anns, session, "retry").status_code == 303
    assert f.fresh(session).phase == "generating"


def test_it_stops_a_question(anns: Client, ann: User) -> None:
    session = f.generating(ann)
    post(anns, session, "stop")
    assert f.fresh(session).phase == "generation_failed"
    assert "The question was stopped." in room(anns, session).html


def test_it_says_after_a_minute_that_no_question_came_and_begins_anew(anns: Client, ann: User) -> None:
    session = f.generating(ann)
    late = re.compile(r"data-late\s*>")
    assert not late.search(room(anns, session).html)
    operations = Operation.objects.filter(pk=session.turn_id)
    operations.update(created_at=session.now - timedelta(seconds=61), attempt=1)
    assert late.search(room(anns, session).html)
    post(anns, session, "stop", again="1")
    assert f.fresh(session).phase == "generating"
    events = session.events.filter(type__startswith="operation.").values_list("type", flat=True).order_by("seq")
    assert list(events) == ["operation.queued", "operation.cancelled", "operation.queued"]


def test_it_asks_for_the_next_question_where_it_does_not_come_by_itself(anns: Client, ann: User) -> None:
    session = f.ready_for_next(ann)
    post(anns, session, "generate_question")
    assert f.fresh(session).phase == "generating"


def test_it_says_how_long_a_pause_has_lasted_and_how_much_time_is_left(anns: Client, ann: User) -> None:
    page = room(anns, f.paused(ann))
    assert "Paused just now." in page.html and "44 minutes left." in page.html


def test_it_does_not_resume_by_being_opened(anns: Client, ann: User) -> None:
    session = f.paused(ann)
    before = rows_of(session)
    room(anns, session)
    assert rows_of(session) == before


def test_it_resumes_exactly_where_it_was(anns: Client, ann: User) -> None:
    session = f.waiting(ann, questions=2)
    save_draft(session.pk, "My draft", 9, actor=Actor(ann))
    before = f.fresh(session)
    post(anns, session, "pause")
    assert "My draft" in room(anns, session).html
    assert anns.post(f"/sessions/{session.pk}/resume").status_code == 303
    after = f.fresh(session)
    assert after.open_question_id == before.open_question_id
    assert room(anns, session).form("/answer").fields["content"] == "My draft"


def test_it_shows_the_end_of_the_time_while_the_clock_runs(anns: Client, ann: User) -> None:
    page = room(anns, f.waiting(ann))
    assert "Ends at" in page.html and "44 minutes left when this page was loaded" in page.html


def test_it_shows_no_timer_without_a_limit(anns: Client, ann: User) -> None:
    page = room(anns, f.waiting(ann, time_limit_minutes=None))
    assert "No time limit" in page.html and "Ends at" not in page.html


def test_it_tells_how_an_expired_interview_ended(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    save_draft(session.pk, "Half a thought", 9, actor=Actor(ann))
    f.run_out(session)
    page = room(anns, session)
    assert "Time ran out at" in page.html
    assert "Half a thought" in page.html and "sent when time ran out" in page.html


def test_it_says_plainly_why_an_action_did_nothing(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    post(anns, session, "pause")
    assert "This interview is paused." in anns.post(f"/sessions/{session.pk}/pause", follow=True).content.decode()


def test_it_shows_the_newest_hundred_turns_and_the_others_on_request(anns: Client, ann: User) -> None:
    session = long_session(ann, exchanges=60)
    page = room(anns, session)
    assert "Show earlier (21)" in page.html and "Answer number 1." not in page.html
    everything = anns.get(f"/sessions/{session.pk}/?earlier=1").content.decode()
    assert "Answer number 1." in everything and "Show earlier" not in everything


def test_it_needs_as_many_queries_for_500_messages_as_for_5(
    anns: Client, ann: User, django_assert_max_num_queries: Any
) -> None:
    """Room: session, user, the interview with its turn, the messages. Budget 12 (4-pages, 16.14)."""
    counts = []
    for exchanges in (2, 250):
        session = long_session(ann, exchanges=exchanges)
        with django_assert_max_num_queries(12) as queries:
            anns.get(f"/sessions/{session.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def long_session(ann: User, *, exchanges: int) -> InterviewSession:
    """A waiting session with that many answered questions before the open one."""
    session = f.waiting(ann)
    opened = session.messages.get(kind="question")
    at = opened.completed_at
    common = {"session": session, "state": "complete", "created_at": at, "completed_at": at}
    rows: list[SessionMessage] = []
    for n in range(1, exchanges + 1):
        question = SessionMessage(
            seq=2 * n - 1,
            role="assistant",
            kind="question",
            question_number=n,
            content=f"Question number {n}?",
            **common,
        )
        rows += [question]
        rows += [
            SessionMessage(
                seq=2 * n,
                role="user",
                kind="answer",
                question_number=n,
                in_reply_to=question,
                content=f"Answer number {n}.",
                **common,
            )
        ]
    count = 2 * exchanges + 1
    SessionMessage.objects.filter(pk=opened.pk).update(seq=count, question_number=exchanges + 1)
    SessionMessage.objects.bulk_create(rows)
    InterviewSession.objects.filter(pk=session.pk).update(
        message_count=count, current_question_number=exchanges + 1, planned_questions=exchanges + 5
    )
    return f.fresh(session)
