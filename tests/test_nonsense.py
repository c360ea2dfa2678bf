"""What no field takes: numbers for texts, moments beyond the calendar, digits of another script, unknown filters."""

from __future__ import annotations

import pytest
from django.urls import reverse

from sessions_app.ai.protocol import BUILT_IN
from sessions_app.errors import ValidationFailed
from sessions_app.models import InterviewSession, Invitation, User
from sessions_app.services import answers
from sessions_app.services.config import SessionConfig

from .factories import created, fresh, waiting

pytestmark = pytest.mark.django_db
SESSIONS = "/api/v1/sessions"
TEXTS = (
    *("candidate_name", "candidate_email", "job_posting_text", "model_name", "challenge_text", "time_zone"),
    *("language", "ai_model", "resume_data"),
)
NO_NAMES = ("\u200b", " \u2060\ufeff ", "\u3164", "\u2800", "Ann\nSmith", "Ann\u2028Smith", "Ann\u0085Smith", "An\x1bn")


def wrong(response):
    assert response.status_code == 400, response.content
    return {error["field"]: error for error in response.json()["detail"]["errors"]}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [5, 1.5, True, ["a"], {"a": 1}])
def test_a_text_of_the_configuration_is_a_text(name, value):
    if name == "resume_data" and isinstance(value, dict):
        pytest.skip("a mapping is a résumé")
    given = {"candidate_name": "Ann", name: value}
    field = "model_name" if name == "ai_model" else name
    assert field in {error.field for error in SessionConfig(**given).problems(models={BUILT_IN})}


def test_the_api_names_the_field_that_is_no_text(as_, sam):
    response = as_(sam).post(SESSIONS, {"candidate_name": "Ann", "candidate_email": 5}, format="json")
    assert wrong(response)["candidate_email"]["message"].startswith("Enter an address")
    assert not InterviewSession.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/answers", {"answer_text": 5}, "answer_text"),
        ("/answers", {"answer_text": "Yes", "client_message_id": 5}, "client_message_id"),
        ("/complete", {"reason": 5}, "reason"),
        ("/requests", {"kind": "human", "text": 5}, "text"),
    ],
)
def test_a_number_is_no_text_in_a_body(as_, ann, path, body, field):
    session = waiting(ann)
    response = as_(ann).post(f"{SESSIONS}/{session.pk}{path}", body, format="json")
    assert wrong(response)[field]["message"] == "Send a text."
    assert fresh(session).message_count == session.message_count


def test_a_number_is_no_resume(as_, ann):
    assert "content" in wrong(as_(ann).post("/api/v1/resumes", {"content": 5}, format="json"))


@pytest.mark.parametrize("name", ["opens_at", "closes_at"])
@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"])
def test_a_window_is_within_five_years(as_, sam, name, moment):
    body = {"candidate_name": "Ann", "time_zone": "Pacific/Auckland", name: moment}
    for path in (SESSIONS, "/api/v1/invitations"):
        told = wrong(as_(sam).post(path, body, format="json"))[name]
        assert told["code"] == "too_far" and "five years" in told["message"]
    assert not InterviewSession.objects.exists() and not Invitation.objects.exists()


@pytest.mark.parametrize(("name", "code"), [("opens_at", "too_far"), ("closes_at", "in_the_past")])
def test_a_window_does_not_lie_before_the_calendar(as_, sam, name, code):
    body = {"candidate_name": "Ann", "time_zone": "America/New_York", name: "0001-01-01T00:00:00Z"}
    assert wrong(as_(sam).post(SESSIONS, body, format="json"))[name]["code"] == code


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"])
def test_a_link_is_good_for_five_years_at_most(as_, sam, moment):
    body = {"session_id": str(created(sam, candidate_name="Ann").pk), "expires_at": moment}
    assert wrong(as_(sam).post("/api/v1/invitations", body, format="json"))["expires_at"]["code"] == "too_far"


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_can_be_read_and_is_one_line(as_, sam, name):
    assert "candidate_name" in wrong(as_(sam).post(SESSIONS, {"candidate_name": name}, format="json"))


@pytest.mark.parametrize("name", ["Zoë O’Neill-Ü", "李小龍", "محمد", "नि\u200dल", "Łukasz 3."])
def test_a_name_of_any_script_is_one(name):
    assert not SessionConfig(candidate_name=name).problems(models={BUILT_IN})


@pytest.mark.parametrize("query", ["limit=１２", "offset=１２", "limit=1٢"])
def test_digits_of_another_script_are_no_number_of_a_query(as_, ann, query):
    told = wrong(as_(ann).get(f"{SESSIONS}?{query}"))[query.split("=")[0]]
    assert told["message"] == "Send a whole number, such as 10."


def test_digits_of_another_script_are_no_number_of_a_body(as_, ann):
    session = waiting(ann)
    response = as_(ann).put(f"{SESSIONS}/{session.pk}/draft", {"text": "a", "revision": "１２"}, format="json")
    assert "revision" in wrong(response)


@pytest.mark.parametrize("path", ["/api/v1/requests", SESSIONS, "/api/v1/invitations"])
def test_a_filter_that_is_not_known_is_refused(as_, sam, path):
    told = wrong(as_(sam).get(f"{path}?stat=bogus"))["stat"]
    assert told["code"] == "unknown_field"


def test_requests_have_no_filter_named_state(as_, sam):
    assert "state" in wrong(as_(sam).get("/api/v1/requests?state=bogus"))


def test_a_draft_cannot_jump_ahead_of_all_later_ones(as_, ann):
    session = waiting(ann)
    client, path = as_(ann), f"{SESSIONS}/{session.pk}/draft"
    told = wrong(client.put(path, {"text": "a", "revision": 2**53 - 1}, format="json"))["revision"]
    assert told["code"] == "out_of_range" and "1,000,000" in told["message"]
    assert client.put(path, {"text": "b", "revision": 1_000_000}, format="json").status_code == 200
    assert client.put(path, {"text": "c", "revision": 1_000_001}, format="json").status_code == 200
    assert fresh(session).draft_text == "c"


def test_the_verb_refuses_it_as_well(ann):
    with pytest.raises(ValidationFailed):
        answers.save_draft(waiting(ann).pk, "a", 1_000_002)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"text": "a", "revision": "x"}, "revision", "Send a whole number, such as 10."),
        ({"text": None, "revision": 1}, "text", "Send a value."),
        ({"revision": 1}, "text", "This field is needed: send it, too."),
        ({"text": "a", "revision": 1, "more": 1}, "more", "There is no such field. Leave it out."),
    ],
)
def test_what_is_wrong_is_told_with_the_remedy(as_, ann, body, field, message):
    response = as_(ann).put(f"{SESSIONS}/{waiting(ann).pk}/draft", body, format="json")
    assert wrong(response)[field]["message"] == message


@pytest.mark.parametrize(
    ("path", "body", "field", "remedy"),
    [
        ("keys", {"name": ""}, "name", "Write something here."),
        ("keys", {"name": "a", "scopes": []}, "scopes", "Name at least one."),
    ],
)
def test_what_is_needed_is_not_called_optional(as_, ann, path, body, field, remedy):
    assert wrong(as_(ann).post(f"/api/v1/{path}", body, format="json"))[field]["message"] == remedy


def test_a_wrong_ordering_is_told_the_right_ones(as_, ann):
    message = wrong(as_(ann).get(f"{SESSIONS}?ordering=foo"))["ordering"]["message"]
    assert message.startswith("Choose from created_at, updated_at")


@pytest.mark.parametrize("name", NO_NAMES)
def test_an_account_has_a_name_that_can_be_read_or_none(api, client, name):
    body = {"email": "kim@example.com", "password": "quiet-harbour-94", "name": name}
    assert "name" in wrong(api.post("/api/v1/auth/register", body, format="json"))
    form = {"email": "kim@example.com", "password1": "quiet-harbour-94", "name": name}
    assert client.post(reverse("account_signup"), form).status_code == 200
    assert not User.objects.exists()
