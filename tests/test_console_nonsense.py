"""What the console's forms refuse: ids that are none, numbers beyond bounds, buttons nobody offered."""

from __future__ import annotations

import pytest

from sessions_app.models import InterviewSession, ModelConnection
from sessions_app.services import candidate_requests

from .admin_forms import ADMIN, change
from .factories import TemplateFactory, fresh, types, waiting
from .invited import assessed

pytestmark = pytest.mark.django_db
MODELS = f"{ADMIN}modelconnection/"
HUGE = "9223372036854775807"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


def model_form(**fields):
    given = {"name": "oracle-9", "base_url": "http://127.0.0.1:9/v1", "model_id": "o9", "position": 100}
    limits = {"context_tokens": 16000, "max_output_tokens": 800, "timeout_seconds": 5}
    return {**given, **limits, "is_enabled": "on", **fields}


def refused(response):
    assert response.status_code == 200
    return " ".join(" ".join(errors) for errors in response.context["errors"])


@pytest.mark.parametrize(
    ("page", "action"),
    [
        ("interviewsession", "pause_selected"),
        ("interviewsession", "export_json"),
        ("invitation", "revoke_selected"),
        ("outgoingmessage", "try_again_selected"),
        ("modelconnection", "test_selected"),
        ("interviewtemplate", "deactivate"),
        ("plannedquestion", "delete_selected"),
        ("jobposting", "delete_selected"),
        ("resume", "delete_selected"),
        ("user", "delete_selected"),
        ("candidaterequest", "delete_selected"),
        ("apikey", "revoke_selected"),
        ("operation", "delete_selected"),
    ],
)
@pytest.mark.parametrize("sent", [["x"], ["x", "5\x00"], ["é" * 40]])
def test_a_row_that_has_no_id_is_nothing_selected(console, ann, page, action, sent):
    session = waiting(ann)
    response = console.post(f"{ADMIN}{page}/", {"action": action, "_selected_action": sent, "index": "0"})
    assert response.status_code in (200, 302)
    assert fresh(session).status == "active"


def test_the_rows_that_have_one_are_taken(console, ann):
    session = waiting(ann)
    sent = {"action": "pause_selected", "_selected_action": [str(session.pk), "x"], "confirmed": "yes"}
    console.post(f"{ADMIN}interviewsession/", sent)
    assert fresh(session).status == "paused"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_pause_minutes", HUGE),
        ("max_pause_minutes", str(365 * 24 * 60 + 1)),
        ("idle_minutes", HUGE),
        ("idle_minutes", "1441"),
        ("quiet_minutes", HUGE),
        ("position", HUGE),
        ("questions-0-position", HUGE),
        ("time_limit_minutes", "１２"),
        ("max_pause_minutes", "６０"),
        ("planned_questions", "٣"),
    ],
)
def test_numbers_of_a_template_have_bounds_and_plain_digits(console, name, value):
    template = TemplateFactory(enabled_modes=["text"])
    assert change(console, template, **{name: value})
    template.refresh_from_db()
    assert (template.version, template.max_pause_minutes, template.idle_minutes) == (1, None, None)


def test_a_pause_of_a_year_is_taken(console):
    template = TemplateFactory(enabled_modes=["text"])
    assert not change(console, template, max_pause_minutes=str(365 * 24 * 60))
    assert template.max_pause_minutes == 365 * 24 * 60


@pytest.mark.parametrize("name", ["gpt-4.1", "llama-3.1:8b", "meta-llama/Llama-3.1_8B", "o" * 80])
def test_a_model_has_its_usual_name(console, name):
    console.post(f"{MODELS}add/", model_form(name=name))
    row = ModelConnection.objects.get()
    assert row.name == name and console.get(f"{MODELS}{row.pk}/change/").status_code == 200


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "gpt 4"}, "such as gpt-4.1"),
        ({"name": "gpt\u20114"}, "such as gpt-4.1"),
        ({"name": "o" * 81}, "at most 80"),
        ({"base_url": "http://[::1"}, "Enter an address like"),
        ({"base_url": "http://localhost:99999/v1"}, "Enter an address like"),
        ({"base_url": "http://:80/v1"}, "Enter an address like"),
        ({"base_url": "ftp://localhost/v1"}, "Enter an address like"),
        ({"base_url": "http://local host/v1"}, "Enter an address like"),
        ({"base_url": "https://me:secret@api.example.com/v1"}, "Leave name and password out"),
        ({"timeout_seconds": "301"}, "300"),
        ({"context_tokens": "10000001"}, "10000000"),
        ({"max_output_tokens": "100001"}, "100000"),
        ({"timeout_seconds": "６０"}, "digits 0 to 9"),
        ({"position": HUGE}, "30000"),
        ({"key": "sk-\u2026abc"}, "Copy it again"),
        ({"key": "sk-a\u200bbc"}, "Copy it again"),
        ({"key": "sk-a bc"}, "Copy it again"),
    ],
)
def test_a_model_that_could_not_be_called_is_refused_with_the_remedy(console, fields, words):
    assert words in refused(console.post(f"{MODELS}add/", model_form(**fields)))
    assert not ModelConnection.objects.exists()


@pytest.mark.parametrize("url", ["http://[::1]:11434/v1", "http://ollama:11434/v1", "https://api.example.com/v1/"])
def test_an_address_of_this_network_is_one(console, url):
    console.post(f"{MODELS}add/", model_form(base_url=url))
    assert ModelConnection.objects.get().base_url == url


@pytest.mark.parametrize("do", ["bogus", "look", "", "GRANT"])
def test_only_the_two_buttons_answer_a_request(console, sam, do):
    row = candidate_requests.ask(assessed(sam).pk, "extra_time", "I read slowly.")
    address = f"{ADMIN}candidaterequest/{row.pk}/change/"
    html = console.post(address, {"do": do, "minutes": "9", "answer": "Sure."}).content.decode()
    row.refresh_from_db()
    assert row.status == "open" and fresh(row.session).accommodation_percent == 0
    assert "Press Grant or Decline" in html and "Sure.</textarea>" in html


def test_enter_in_its_form_presses_a_button_that_answers_nothing(console, sam):
    row = candidate_requests.ask(assessed(sam).pk, "extra_time", "I read slowly.")
    html = console.get(f"{ADMIN}candidaterequest/{row.pk}/change/").content.decode()
    first = html[html.index('class="ask"') :].split('type="submit"')[1]
    assert 'value="look"' in first.split(">")[0]


@pytest.mark.parametrize("version", ["abc", "１", "1.5", "-1", "9" * 12])
def test_a_button_of_no_version_does_nothing(console, ann, version):
    session = waiting(ann)
    console.post(f"{ADMIN}interviewsession/{session.pk}/do/pause/", {"version": version})
    assert InterviewSession.objects.get(pk=session.pk).status == "active"


def test_the_page_of_a_list_says_that_it_can_be_closed(console):
    template = TemplateFactory()
    sent = {"template": str(template.pk), "name": "Kim", "by": "link", "do": "confirm", "batch": "b1"}
    html = console.post(f"{ADMIN}invitation/invite/", sent, follow=True).content.decode()
    assert 0 < html.index("You can close this page: everybody is invited all the same, once") < html.index("<tbody>")


def test_it_gives_back_what_was_typed_beside_every_sentence(console, ann):
    session = waiting(ann)
    form = {"minutes": "other", "other_minutes": "12abc", "reason": "A long story <b>", "version": session.version}
    html = console.post(f"{ADMIN}interviewsession/{session.pk}/do/extend/", form).content.decode()
    assert "Choose 1 to 1,440 minutes." in html
    assert 'value="12abc"' in html and "A long story &lt;b&gt;" in html
    assert "time.extended" not in types(session)
