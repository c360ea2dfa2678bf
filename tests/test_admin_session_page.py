"""The console's page of a session: what surrounds the interview, and that it costs the same however long it is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app import events
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, SessionMessage
from sessions_app.services import candidate_requests, invitations

from .factories import ResumeFactory, created, fresh, waiting
from .invited import invited

pytestmark = pytest.mark.django_db
LIST = "/admin/sessions_app/interviewsession/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


def page(session, query=""):
    return f"{LIST}{session.pk}/change/{query}"


def queries(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_it_tells_of_invitations_requests_and_letters(console, sam):
    invitation, _ = invited(sam)
    candidate_requests.ask(invitation.session_id, "human", "I stutter <b>.")
    html = console.get(page(invitation.session)).content.decode()
    for words in ("kim@example.com", "Revoke…", "A human interview", "I stutter &lt;b&gt;.", "Your interview", "Held"):
        assert words in html
    inside = html.index('id="interviewsession_form"'), html.index("invitations-title")
    assert html.index("</form>", inside[0]) < inside[1], "forms cannot be nested"
    invitations.revoke_invitation(invitation.pk, actor=Actor(sam))
    assert "Revoke…" not in console.get(page(invitation.session)).content.decode()


def test_it_says_when_there_is_nothing(console, ann):
    html = console.get(page(created(ann))).content.decode()
    for words in ("Nobody was invited", "has asked for nothing", "No letters were written"):
        assert words in html


def test_what_was_noticed_about_the_resume_is_shown(console, ann):
    resume = ResumeFactory(owner=ann, flags=["hidden_text"])
    html = console.get(page(created(ann, resume_id=resume.pk))).content.decode()
    assert "Has text that people who look at the file cannot see" in html
    for address in ("", f"{resume.pk}/change/"):
        html = console.get(f"/admin/sessions_app/resume/{address}").content.decode()
        assert "Has text that people who look at the file cannot see" in html
    assert 'name="flags"' not in html


def lengthen(session, messages):
    """Copies of its question and of an answer, up to that many messages."""
    now = timezone.now()
    rows = [
        SessionMessage(
            session=session,
            seq=seq,
            role="user" if seq % 2 == 0 else "assistant",
            kind="answer" if seq % 2 == 0 else "question",
            question_number=(seq + 1) // 2,
            content=f"Words {seq}",
            state="complete",
            created_at=now,
            completed_at=now,
        )
        for seq in range(2, messages + 1)
    ]
    made = SessionMessage.objects.bulk_create(rows)
    for question, answered in zip(made[1::2], made[2::2], strict=False):
        answered.in_reply_to = question
    SessionMessage.objects.bulk_update(made, ["in_reply_to"])
    InterviewSession.objects.filter(pk=session.pk).update(message_count=messages)
    return session


def log(session, entries):
    """Further entries, so many."""
    session = InterviewSession.objects.get(pk=session.pk)
    for _ in range(entries):
        events.append(session, "time.warning", actor="system", at=timezone.now())
    session.save(update_fields=["last_seq", "last_hash"])


@pytest.mark.parametrize("tab", ["overview", "transcript", "coverage", "events", "usage", "settings"])
def test_it_costs_as_many_queries_with_500_messages_as_with_5(console, ann, tab):
    short, long = lengthen(waiting(ann), 5), lengthen(waiting(ann), 500)
    log(long, 120)
    console.get(page(short))
    few, many = (queries(console, page(session, f"?tab={tab}")) for session in (short, long))
    # session cookie, user, session with turn, open requests, three of the overview, related rows by key
    assert few == many <= 14


def test_events_come_50_a_page(console, ann):
    session = waiting(ann)
    log(session, 115 - fresh(session).last_seq)
    html = console.get(page(session, "?tab=events")).content.decode()
    assert "<td>1</td>" in html and "<td>50</td>" in html and "<td>51</td>" not in html
    assert "Page 1 of 3, 115 entries" in html and "page=2" in html and "page=3" in html
    html = console.get(page(session, "?tab=events&page=3")).content.decode()
    assert "<td>101</td>" in html and "<td>115</td>" in html and "<td>100</td>" not in html
    assert "Later" not in html and "Earlier" in html


@pytest.mark.parametrize("wish", ["0", "-1", "x", "99", "²", "9" * 20])
def test_any_page_of_the_events_can_be_asked_for(console, ann, wish):
    assert console.get(page(waiting(ann), f"?tab=events&page={wish}")).status_code == 200
