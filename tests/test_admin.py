"""The console's sessions: everything to be seen, nothing to be changed but by the verbs."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import NoReverseMatch, reverse

from sessions_app.admin.transitions import VERBS
from sessions_app.models import InterviewSession, Operation, SessionEvent, SessionMessage
from sessions_app.models.actions import Role, allowed_actions
from sessions_app.services import answers, sessions

from .factories import (
    UserFactory,
    answer,
    as_actor,
    closing,
    created,
    ended,
    expired,
    failed,
    fresh,
    generating,
    paused,
    types,
    waiting,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/interviewsession/"
OPERATIONS = "/admin/sessions_app/operation/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


@pytest.fixture
def viewer(client, db):
    """Staff who may look at sessions and operations, and no more."""
    user = UserFactory(email="vera@example.com", is_staff=True)
    may = Permission.objects.filter(codename__in=["view_interviewsession", "view_operation"])
    user.user_permissions.set(may)
    client.force_login(user)
    return client


def page(session):
    return f"{LIST}{session.pk}/change/"


def do(client, session, verb, *, version=None, **form):
    form["version"] = fresh(session).version if version is None else version
    return client.post(f"{LIST}{session.pk}/do/{verb}/", form, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


# -- the list ----------------------------------------------------------------------------------------------------------


def test_it_lists_who_what_state_progress_and_time(console, ann):
    failed(ann, time_limit_minutes=45)
    html = console.get(LIST).content.decode()
    for words in ("Ann Smith", "ann@example.com", "Practice interview", "In progress", "the question failed", "0/6"):
        assert words in html
    assert "0 min of 45 min" in html


def test_it_says_when_a_session_opens(console, ann):
    from .factories import utc

    created(ann, opens_at=utc(2030, 1, 4, 9))
    html = console.get(LIST).content.decode()
    assert "Opens 4 Jan" in html
    assert "at 09:00 UTC" in html


def test_it_costs_as_many_queries_for_50_rows_as_for_5(console, ann, django_assert_num_queries):
    for _ in range(5):
        waiting(ann)
    console.get(LIST)
    # session, user, count, template filter, model filter, rows with turn and message, and one the admin needs
    queries = _count_queries(console, LIST)
    for _ in range(45):
        paused(ann)
    with django_assert_num_queries(queries):
        console.get(LIST)
    assert queries <= 12


@pytest.mark.parametrize("tab", ["overview", "transcript", "events", "usage", "settings"])
def test_its_page_costs_as_many_queries_for_a_long_session(console, ann, tab):
    short, long = (f"{page(s)}?tab={tab}" for s in (waiting(ann), waiting(ann, questions=12, planned_questions=30)))
    console.get(short)
    # session cookie, user, session with turn, what the tab shows, related rows by key
    assert _count_queries(console, long) == _count_queries(console, short) <= 12


@pytest.mark.parametrize("term", ["smith", "ann@example", "practice", "{id}", " {id} ", "{id:.13}"])
def test_it_finds_by_name_email_title_and_id(console, ann, ben, term):
    wanted, other = waiting(ann), waiting(ben)
    InterviewSession.objects.filter(pk=other.pk).update(title="Another")
    response = console.get(LIST, {"q": term.replace("{id:.13}", str(wanted.pk)[:8]).format(id=wanted.pk)})
    assert wanted in response.context["cl"].result_list
    if "{id:" not in term:
        assert other not in response.context["cl"].result_list


@pytest.mark.parametrize(
    "term", ["not-a-uuid", "0193d000-0000-7000-8000-00000000000", "%_\\'\"", "\x00", "é" * 300, "{}"]
)
def test_it_survives_any_search(console, ann, term):
    waiting(ann)
    assert console.get(LIST, {"q": term}).status_code == 200


@pytest.mark.parametrize(
    ("query", "count"),
    [("status__exact=paused", 1), ("model_name=built-in", 2), ("is_practice__exact=0", 0), ("is_demo__exact=1", 0)],
)
def test_it_filters(console, ann, query, count):
    waiting(ann), paused(ann)
    assert console.get(f"{LIST}?{query}").context["cl"].result_count == count


# -- the page ----------------------------------------------------------------------------------------------------------


def test_it_shows_the_transcript_escaped_with_notes_and_reasons(console, ann, sam):
    session = waiting(ann)
    answer(session, "<script>alert(1)</script> I would add an index")
    sessions.end_session(session.pk, actor=as_actor(sam), reason="Asked <b>by phone</b>")
    html = console.get(page(session), {"tab": "transcript"}).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; I would add an index" in html
    assert "<script>alert" not in html
    assert "6 words" in html
    html = console.get(page(session), {"tab": "events"}).content.decode()
    assert "Asked &lt;b&gt;by phone&lt;/b&gt;" in html
    assert "session.completed" in html


def test_it_shows_what_arrived_too_late(console, ann):
    session = expired(ann, time_limit_minutes=5)
    with pytest.raises(Exception, match="over"):
        answers.submit_answer(session.pk, answers.NewAnswer("A second too late"), actor=as_actor(ann))
    html = console.get(page(session), {"tab": "transcript"}).content.decode()
    assert "A second too late" in html
    assert "no part of the interview" in html


def test_it_tells_how_much_is_written_but_not_what(console, ann):
    session = waiting(ann)
    answers.save_draft(session.pk, "half a thought", 5, actor=as_actor(ann))
    html = console.get(page(session)).content.decode()
    assert "3 words, not sent" in html
    assert "half a thought" not in html


@pytest.mark.parametrize("make", [created, generating, waiting, failed, closing, paused, ended, expired])
def test_it_offers_the_buttons_of_the_table_and_no_others(console, ann, make):
    session = fresh(make(ann, **({"time_limit_minutes": 5} if make is expired else {})))
    html = console.get(page(session)).content.decode()
    table = allowed_actions(session.status, session.phase, frozenset({Role.STAFF}))
    assert set(re.findall(r"/do/(\w+)/", html)) == {name for name in table if name in VERBS}


@pytest.mark.parametrize(
    ("make", "verb", "status", "event"),
    [
        (created, "start", "active", "session.started"),
        (waiting, "pause", "paused", "session.paused"),
        (paused, "resume", "active", "session.resumed"),
        (waiting, "complete", "completed", "session.completed"),
        (created, "cancel", "cancelled", "session.cancelled"),
        (failed, "retry", "active", "operation.queued"),
        (generating, "stop", "active", "operation.cancelled"),
    ],
)
def test_each_button_calls_its_verb_in_the_name_of_who_pressed_it(console, sam, ann, make, verb, status, event):
    session = make(ann)
    response = do(console, session, verb, reason="Agreed by phone")
    assert response.redirect_chain == [(page(session), 302)]
    assert VERBS[verb].done in said(response)[0]
    assert fresh(session).status == status
    recorded = SessionEvent.objects.filter(session=session, type=event).last()
    assert recorded.actor == f"staff:{sam.pk}"
    if verb in ("complete", "cancel"):
        assert recorded.reason_row.text == "Agreed by phone"


@pytest.mark.parametrize("verb", ["complete", "cancel"])
@pytest.mark.parametrize("reason", ["", "   "])
def test_it_asks_why(console, ann, verb, reason):
    session = waiting(ann)
    before = types(session)
    response = do(console, session, verb, reason=reason)
    assert "Say why; the reason is kept in the session&#x27;s log." in response.content.decode()
    assert (fresh(session).status, types(session)) == ("active", before)


@pytest.mark.parametrize(
    ("make", "verb"),
    [(created, "start"), (waiting, "pause"), (paused, "resume"), (waiting, "complete"), (waiting, "cancel")]
    + [(failed, "retry"), (generating, "stop")],
)
def test_it_refuses_who_acts_on_an_old_page(console, ann, make, verb):
    session = fresh(make(ann))
    before = types(session)
    response = do(console, session, verb, version=session.version - 1, reason="Agreed")
    assert "Nothing of yours was done." in said(response)[0]
    assert (fresh(session).status, types(session)) == (session.status, before)


def test_it_tells_why_a_verb_is_refused(console, ann):
    session = ended(ann)
    response = do(console, session, "pause")
    assert said(response) == ["Cannot pause completed session. Only active sessions can be paused."]


def test_it_knows_no_other_verbs_sessions_or_methods(console, ann):
    session = waiting(ann)
    assert do(console, session, "expire").status_code == 404
    assert console.get(f"{LIST}{session.pk}/do/pause/").status_code == 404
    assert console.post(f"{LIST}0193d000-0000-7000-8000-000000000000/do/pause/").status_code == 404
    assert console.post(f"{LIST}nonsense/do/pause/").status_code in (302, 404)
    assert fresh(session).status == "active"


def test_it_tells_who_was_quicker(console, sam, ann):
    session = waiting(ann)
    old = session.version
    sessions.pause_session(session.pk, actor=as_actor(sam))
    response = do(console, session, "pause", version=old)
    assert said(response)[0].startswith("Sam Staff paused this ")
    assert types(session).count("session.paused") == 1


@pytest.mark.parametrize(
    ("make", "verb", "form", "event"),
    [
        (waiting, "extend", {"minutes": "10"}, ("time.extended", "milliseconds", 600_000)),
        (waiting, "extend", {"minutes": "other", "other_minutes": "7"}, ("time.extended", "milliseconds", 420_000)),
        (waiting, "extend", {"minutes": "other", "tokens": "900"}, ("tokens.extended", "tokens", 900)),
        (ended, "reopen", {"minutes": "5"}, ("session.reopened", "milliseconds", 300_000)),
    ],
)
def test_verbs_take_numbers(console, ann, make, verb, form, event):
    session = make(ann, time_limit_minutes=20)
    response = do(console, session, verb, reason="Agreed by phone", **form)
    assert VERBS[verb].done in said(response)[0]
    kind, name, number = event
    recorded = SessionEvent.objects.get(session=session, type=kind)
    assert (recorded.data[name], recorded.reason_row.text) == (number, "Agreed by phone")


@pytest.mark.parametrize("form", [{"minutes": "-5"}, {"other_minutes": "x"}, {"tokens": "9999999"}, {"minutes": "²"}])
def test_numbers_out_of_range_do_nothing(console, ann, form):
    session = waiting(ann, time_limit_minutes=20)
    before = types(session)
    assert "Choose 1 to" in do(console, session, "extend", reason="Agreed", **form).content.decode()
    assert types(session) == before


def test_a_retake_leads_to_the_new_session(console, ann):
    session = ended(ann)
    response = do(console, session, "retake")
    again = InterviewSession.objects.get(retake_of=session)
    assert response.redirect_chain == [(page(again), 302)]


def test_a_deleted_session_is_gone_from_list_and_page(console, ann):
    session = ended(ann)
    response = do(console, session, "delete", reason="She asked us to")
    assert response.redirect_chain == [(LIST, 302)]
    assert "Its log is kept" in said(response)[0]
    assert list(response.context["cl"].result_list) == []
    assert console.get(page(session)).status_code == 302
    assert do(console, session, "pause", version=1).status_code == 404


def test_usage_is_told(console, ann):
    html = console.get(page(waiting(ann)), {"tab": "usage"}).content.decode()
    assert "Nothing was charged" in html or "Built-in" in html or "built-in" in html


# -- no way round the verbs --------------------------------------------------------------------------------------------


def test_no_form_writes_a_status(console, ann):
    session = waiting(ann)
    before = InterviewSession.objects.filter(pk=session.pk).values().get()
    form = {"status": "completed", "title": "Changed", "version": "1", "_save": "Save", "messages-TOTAL_FORMS": "0"}
    assert console.post(page(session), form).status_code == 403
    assert console.post(LIST, {"form-0-status": "completed", "_save": "Save"}).status_code in (200, 302, 403)
    assert InterviewSession.objects.filter(pk=session.pk).values().get() == before


def test_nothing_is_added_or_deleted(console, ann):
    session = ended(ann)
    operation = Operation.objects.filter(session=session).first()
    for model, key in (("interviewsession", session.pk), ("operation", operation.pk)):
        root = f"/admin/sessions_app/{model}/"
        assert console.get(f"{root}add/").status_code == 403
        assert console.post(f"{root}add/", {"title": "New"}).status_code == 403
        assert console.post(f"{root}{key}/delete/", {"post": "yes"}).status_code == 403
        assert console.post(f"{root}{key}/change/", {"status": "queued"}).status_code == 403
        console.post(root, {"action": "delete_selected", "_selected_action": [key], "post": "yes"})
    assert InterviewSession.objects.count() == 1
    assert Operation.objects.filter(pk=operation.pk).exists()


def test_messages_and_events_have_no_pages_of_their_own():
    reverse("admin:index")
    assert not admin.site.is_registered(SessionMessage)
    assert not admin.site.is_registered(SessionEvent)
    with pytest.raises(NoReverseMatch):
        reverse("admin:sessions_app_sessionevent_changelist")
    # the order of the models is the site's own setting; everything else is changed on a page that shows all of it
    assert {model.__name__ for model, page in admin.site._registry.items() if page.list_editable} <= {"ModelConnection"}


def test_a_viewer_sees_and_does_nothing(viewer, ann):
    session = waiting(ann)
    html = viewer.get(page(session)).content.decode()
    assert "Ann Smith" in html
    assert "/do/" not in html
    assert do(viewer, session, "pause").status_code == 403
    assert "pause_selected" not in viewer.get(LIST).content.decode()
    viewer.post(LIST, {"action": "pause_selected", "_selected_action": [session.pk], "confirmed": "yes"})
    assert fresh(session).status == "active"


def test_candidates_are_not_let_in(client, ann):
    session = waiting(ann)
    client.force_login(ann)
    for address in ("/admin/", LIST, page(session)):
        assert client.get(address).headers["Location"].startswith("/admin/login/")
    client.post(f"{LIST}{session.pk}/do/pause/", {"version": session.version})
    assert fresh(session).status == "active"


# -- operations --------------------------------------------------------------------------------------------------------


def test_operations_are_tried_again_and_stopped_from_their_list(console, ann, ben):
    broken, writing = failed(ann), generating(ben)
    console.post(OPERATIONS, {"action": "retry_selected", "_selected_action": [broken.turn_id]})
    response = console.post(
        OPERATIONS, {"action": "stop_selected", "_selected_action": [writing.turn_id, broken.turn_id]}, follow=True
    )
    assert fresh(writing).phase == "generation_failed"
    assert len(said(response)) == 3
    again = console.post(OPERATIONS, {"action": "stop_selected", "_selected_action": [writing.turn_id]}, follow=True)
    assert "nothing to stop" in said(again)[0]
    assert console.get(f"{OPERATIONS}{writing.turn_id}/change/").status_code == 200


# -- every page --------------------------------------------------------------------------------------------------------


def test_every_page_holds_to_the_policy(console, ann, sam):
    session = waiting(ann)
    addresses = ["/admin/", LIST, page(session), OPERATIONS, f"/admin/sessions_app/user/{ann.pk}/change/"]
    addresses += ["/admin/sessions_app/interviewtemplate/add/", "/admin/sessions_app/jobposting/add/"]
    console.cookies.pop("theme", None)
    confirm = console.post(LIST, {"action": "cancel_selected", "_selected_action": [session.pk]})
    pages = [console.get(address) for address in addresses] + [confirm]
    console.logout()
    for response in [*pages, console.get("/admin/login/")]:
        html = response.content.decode()
        assert response.status_code == 200
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|\son\w+=", html)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
        assert "css/admin.css" in html
        assert "| Interviewer" in html


def _count_queries(client, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
