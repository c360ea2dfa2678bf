"""A finished example for everybody: the demo's first report, to be read and nothing else; and the site's own pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app.access import example_session
from sessions_app.errors import NotFound
from sessions_app.models import InterviewSession, ModelConnection, User
from sessions_app.services import demo
from tests import factories as f
from tests.judged import judged
from tests.page_forms import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(ann: User) -> InterviewSession:
    """As the demo leaves it."""
    User.objects.filter(pk=ann.pk).update(is_demo=True)
    session = judged(ann, assessed=False, candidate_name="Ann Smith")
    InterviewSession.objects.filter(pk=session.pk).update(is_demo=True)
    return session


def test_without_a_demo_there_is_none(client: Client, ann: User) -> None:
    judged(ann, assessed=False)
    assert client.get("/example").status_code == 404
    assert "/example" not in Page(client.get("/")).links
    with pytest.raises(NotFound):
        example_session()


def test_everybody_may_read_it_and_do_nothing(client: Client, told: InterviewSession) -> None:
    assert "/example" in Page(client.get("/")).links
    answer = client.get("/example")
    page = Page(answer)
    assert answer.status_code == 200
    assert "An example: this interview is invented." in page.html and "71 of 100" in page.html
    assert [form.action for form in page.forms if str(told.pk) in form.action] == []
    assert [link for link in page.links if str(told.pk) in link] == []


@pytest.mark.parametrize(
    "fields", [{"is_demo": False}, {"is_practice": False}, {"shows_report": False}, {"status": "cancelled"}]
)
def test_nobody_elses_interview_is_ever_the_example(client: Client, told: InterviewSession, fields: Any) -> None:
    InterviewSession.objects.filter(pk=told.pk).update(**fields)
    assert client.get("/example").status_code == 404


def test_what_a_visitor_does_with_a_demo_account_is_not_the_example(told: InterviewSession, ann: User) -> None:
    """Interviews of one's own carry no mark of the demo; a retake of one of its does, and is none of its stories."""
    again = judged(ann, assessed=False)
    InterviewSession.objects.filter(pk=again.pk).update(is_demo=True, retake_of=told, retake_number=1)
    assert example_session().pk == told.pk
    told.delete()
    with pytest.raises(NotFound):
        example_session()


def test_it_costs_the_same_however_long_it_is(client: Client, told: InterviewSession) -> None:
    with CaptureQueriesContext(connection) as captured:
        client.get("/example")
    assert len(captured) <= 12


def test_the_real_demo_has_one_and_it_took_time(client: Client) -> None:
    call_command("load_templates", verbosity=0)
    demo.load()
    session = example_session()
    assert session.title == "System design" and session.active_ms > 60_000
    html = client.get("/example").content.decode()
    assert "under 1 min" not in html and "Sam Rivera" in html


# -- what the site says of itself --------------------------------------------------------------------------------------


def test_the_status_says_who_asks(client: Client) -> None:
    html = client.get("/status").content.decode()
    assert "This site works" in html and "No AI model is connected" in html
    ModelConnection.objects.create(name="local-llama", base_url="http://localhost:11434/v1", model_id="llama")
    html = client.get("/status").content.decode()
    assert "AI model — local-llama" in html and "Connected" in html and "localhost:11434" not in html


def test_the_status_says_that_a_model_is_away(client: Client) -> None:
    ModelConnection.objects.create(name="local-llama", base_url="http://localhost:11434/v1", model_id="llama")
    cache.set("model-resting:local-llama", "It did not answer.", 60)
    assert "Away at the moment" in client.get("/status").content.decode()


def test_the_status_says_that_questions_are_late(client: Client, ann: User) -> None:
    session = f.generating(ann)
    assert "This site works" in client.get("/status").content.decode()
    session.operations.update(not_before=f.utc(2020, 1, 17))
    assert "are late" in client.get("/status").content.decode()


def test_the_statement_on_accessibility_is_linked_everywhere_and_says_what_was_not_tested(client: Client) -> None:
    assert "/accessibility" in Page(client.get("/help/")).links
    html = client.get("/accessibility").content.decode()
    assert "NVDA" in html and "Chromium" in html and 'datetime="2026-11-21"' in html
