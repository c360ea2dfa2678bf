"""The console's list: many sessions at once, and as files."""

from __future__ import annotations

import csv
import io
import json

import pytest

from sessions_app.admin.exports import plain
from sessions_app.admin.transitions import VERBS
from sessions_app.models import InterviewSession, OutgoingMessage, SessionEvent

from .factories import created, ended, fresh, paused, waiting
from .invited import assessed, invited

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/interviewsession/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


def bulk(client, action, *chosen, **form):
    name = action if "_" in action else f"{action}_selected"
    return client.post(LIST, {"action": name, "_selected_action": [s.pk for s in chosen], **form}, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_it_first_lists_what_would_happen(console, ann, ben):
    running, over = waiting(ann), ended(ben)
    response = bulk(console, "pause", running, over)
    html = response.content.decode()
    assert "1 will be paused" in html
    assert "1 of 2 can&#x27;t be paused because it is finished." in html
    assert "Cannot pause completed session." in html
    assert 'name="reason"' not in html
    assert (fresh(running).status, fresh(over).status) == ("active", "completed")


@pytest.mark.parametrize(
    ("make", "verb", "status"),
    [
        (created, "start", "active"),
        (waiting, "pause", "paused"),
        (paused, "resume", "active"),
        (paused, "complete", "completed"),
        (waiting, "cancel", "cancelled"),
    ],
)
def test_then_does_it_and_tells_what_was_not_possible(console, sam, ann, ben, make, verb, status):
    able, over = make(ann), ended(ben)
    response = bulk(console, verb, able, over, confirmed="yes", reason="All called off")
    assert f"1 session {VERBS[verb].done}." in said(response)
    assert any("Ben Jones" in sentence for sentence in said(response))
    assert (fresh(able).status, fresh(over).status) == (status, "completed")
    assert f"staff:{sam.pk}" in SessionEvent.objects.filter(session=able).values_list("actor", flat=True)


def test_it_asks_once_why_for_all(console, ann, ben):
    chosen = [waiting(ann), waiting(ben)]
    assert 'name="reason"' in bulk(console, "cancel", *chosen).content.decode()
    response = bulk(console, "cancel", *chosen, confirmed="yes", reason=" ")
    assert "Say why" in response.content.decode()
    assert {fresh(session).status for session in chosen} == {"active"}
    bulk(console, "cancel", *chosen, confirmed="yes", reason="All called off")
    assert [s.events.last().reason_row.text for s in chosen] == ["All called off"] * 2


def test_it_takes_200_at_most(console, ann, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.many.MOST_AT_ONCE", 1)
    chosen = [waiting(ann), waiting(ann)]
    assert said(bulk(console, "pause", *chosen, confirmed="yes")) == ["Choose at most 1 sessions at a time."]
    assert {fresh(session).status for session in chosen} == {"active"}


@pytest.mark.parametrize(
    ("minutes", "other", "added"), [("5", "", 300), ("15", "99", 900), ("other", "45", 2700), ("", "45", 2700)]
)
def test_it_adds_time_to_many(console, ann, ben, minutes, other, added):
    chosen = [waiting(ann, time_limit_minutes=20), paused(ben, time_limit_minutes=20)]
    assert "+15" in bulk(console, "extend", *chosen).content.decode()
    bulk(console, "extend", *chosen, confirmed="yes", reason="Fire drill", minutes=minutes, other_minutes=other)
    assert [fresh(session).extra_seconds for session in chosen] == [added, added]


def test_it_asks_how_much(console, ann):
    session = waiting(ann, time_limit_minutes=20)
    html = bulk(console, "extend", session, confirmed="yes", reason="Fire drill").content.decode()
    assert "Choose how many minutes" in html
    html = bulk(console, "extend", session, confirmed="yes", reason="Fire drill", minutes="0").content.decode()
    assert "Choose 1 to 1,440 minutes." in html
    assert fresh(session).extra_seconds == 0


def test_it_reopens_and_deletes_many(console, ann, ben):
    chosen = [ended(ann), ended(ben)]
    bulk(console, "reopen", *chosen, confirmed="yes", reason="Too early")
    assert {fresh(session).status for session in chosen} == {"paused"}
    response = bulk(console, "erase_selected", *chosen, confirmed="yes", reason="They asked us to")
    assert "2 sessions deleted." in said(response)
    assert not InterviewSession.objects.kept().exists()


def test_a_reminder_goes_to_who_waits_and_the_others_are_told_why_not(console, sam, ann, settings):
    settings.SENDS_LETTERS = True
    waits, practice = invited(sam)[0].session, paused(ann)
    nobody, no_address = assessed(sam), assessed(sam, candidate_email="")
    html = bulk(console, "remind", waits, practice, nobody, no_address).content.decode()
    assert "1 will be reminded" in html and "3 will be skipped" in html
    for sentence in ("This is practice", "Nobody has a link that works.", "There is no address"):
        assert sentence in html
    assert not OutgoingMessage.objects.filter(kind="nudge").exists()
    response = bulk(console, "remind", waits, practice, confirmed="yes")
    assert "1 session reminded." in said(response)
    assert OutgoingMessage.objects.get(kind="nudge").session == waits
    assert "less than 12 hours ago" in said(bulk(console, "remind", waits, confirmed="yes"))[0]


# -- files -------------------------------------------------------------------------------------------------------------


def test_csv_has_a_row_a_session_and_no_formulas(console, ann, ben):
    session, other = waiting(ann), ended(ben)
    InterviewSession.objects.filter(pk=session.pk).update(candidate_name='=HYPERLINK("http://x")')
    response = bulk(console, "export_csv", session, other)
    assert "attachment" in response.headers["Content-Disposition"]
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))}
    assert set(rows) == {str(session.pk), str(other.pk)}
    assert rows[str(session.pk)]["candidate_name"] == '\'=HYPERLINK("http://x")'
    assert rows[str(other.pk)]["status"] == "completed"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_what_looks_like_a_formula_is_text(text):
    assert plain(text) == f"'{text}"
    assert (plain("a=1"), plain(None), plain(7), plain(True)) == ("a=1", "", "7", "True")


def test_json_has_the_transcripts(console, ann):
    session = ended(ann)
    told = json.loads(bulk(console, "export_json", session).content)
    assert told["schema_version"] == 1
    assert [row["kind"] for row in told["sessions"][0]["messages"]] == ["question", "answer", "question"]
    assert told["sessions"][0]["candidate_name"] == "Ann Smith"
