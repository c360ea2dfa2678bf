"""One set of rules for a session's configuration: the API, the page and Python say the same about the same field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_app.access import Actor
from sessions_app.errors import ValidationFailed
from sessions_app.models import InterviewSession, JobPosting, ModelConnection
from sessions_app.models.ids import new_id
from sessions_app.services.config import SessionConfig, exchanges_for
from sessions_app.services.guests import start_practice
from sessions_app.services.sessions import create_session, update_session
from tests import factories as f

pytestmark = pytest.mark.django_db
URL = "/api/v1/sessions"

NAME = ("candidate_name", "blank", "Enter the candidate's name.")
ADDRESS = ("candidate_email", "invalid", "Enter an address like name@example.com.")
MINUTES = ("time_limit_minutes", "out_of_range", "Choose 5 to 180 minutes.")
PERCENT = ("accommodation_percent", "out_of_range", "Choose 0 to 400 % in steps of 5.")
TOKENS = ("token_budget", "out_of_range", "Choose 1,000 to 200,000 tokens.")
QUESTIONS = ("planned_questions", "out_of_range", "Choose 1 to 30 questions.")
MODEL = ("model_name", "not_connected", "Choose a model that is connected.")
MODES = ("enabled_modes", "invalid_choice", "Choose from text and code.")
TASK = ("challenge_text", "max_length", "Use at most 20,000 characters.")
ZONE = ("time_zone", "invalid_choice", "Choose a time zone such as Europe/Berlin.")
NO_MOMENT = "Enter a date and a time, such as 2026-11-23 09:00."

RULES: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    *(({"candidate_name": name}, NAME) for name in ("", "   ")),
    ({"candidate_name": "x" * 121}, ("candidate_name", "max_length", "Use at most 120 characters.")),
    ({"candidate_name": 7}, ("candidate_name", "invalid", "Send a text.")),
    *(({"candidate_email": address}, ADDRESS) for address in ("nope", "a@b", f"{'a' * 250}@example.com", None)),
    *(({"time_limit_minutes": minutes}, MINUTES) for minutes in (4, 181, 0, -1, 10**30, 7.5, "x", "", True)),
    *(({"accommodation_percent": percent}, PERCENT) for percent in (-5, 405, 12, "half", None)),
    *(({"token_budget": tokens}, TOKENS) for tokens in (999, 200_001, None, "many")),
    *(({"planned_questions": count}, QUESTIONS) for count in (0, 31, None)),
    *(({"model_name": name}, MODEL) for name in ("gpt-9", "", None)),
    *(({"enabled_modes": modes}, MODES) for modes in ([], ["mime"], "text", None, [[]])),
    ({"challenge_text": "x" * 20_001}, TASK),
    (
        {"challenge_text": "a\0"},
        ("challenge_text", "null_characters_not_allowed", "Null characters are not allowed. Take them out."),
    ),
    *(({"time_zone": zone}, ZONE) for zone in ("Mars/Olympus", None, {})),
    *(({"closes_at": at}, ("closes_at", "invalid", NO_MOMENT)) for at in ("soon", "2030-13-01T00:00", "", 5)),
    (
        {"opens_at": "2030-01-02T00:00Z", "closes_at": "2030-01-01T00:00Z"},
        ("closes_at", "before_opening", "Closing time is before opening time."),
    ),
    (
        {"closes_at": "2020-01-01T00:00Z"},
        ("closes_at", "in_the_past", "Closing time is in the past. Choose a later one."),
    ),
    (
        {"opens_at": "2030-03-31T02:30", "time_zone": "Europe/Berlin"},
        (
            "opens_at",
            "does_not_exist",
            "02:30 does not exist on that day in Europe/Berlin: the clocks go forward. Choose another time.",
        ),
    ),
    (
        {"opens_at": "2030-10-27T02:30", "time_zone": "Europe/Berlin"},
        (
            "opens_at",
            "ambiguous",
            "02:30 comes twice on that day in Europe/Berlin: the clocks go back. Choose another time.",
        ),
    ),
    (
        {"template_id": "00000000-0000-7000-8000-000000000000"},
        ("template_id", "not_found", "Interview template not found or no longer offered"),
    ),
]


@pytest.mark.parametrize(("given", "wrong"), RULES)
def test_api_and_python_refuse_with_the_same_code_and_sentence(given, wrong, sam, as_):
    body = {"candidate_name": "Kim Lee"} | given
    answer = as_(sam).post(URL, body)
    assert answer.status_code == 400
    assert [tuple(error.values()) for error in answer.json()["detail"]["errors"]] == [wrong]
    with pytest.raises(ValidationFailed) as refused:
        create_session(SessionConfig(**body), actor=Actor(sam))
    assert [(error.field, error.code, error.message) for error in refused.value.errors] == [wrong]
    assert not InterviewSession.objects.exists()


def _typed(value: Any) -> Any:
    """What a form can send for it; None when it cannot."""
    if isinstance(value, list):
        return value or None
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def sent_by_the_page(given: dict[str, Any]) -> dict[str, Any] | None:
    """The same values from the form; None for those that a form takes otherwise, such as an empty date for none."""
    body = {name: _typed(value) for name, value in given.items()}
    otherwise = given in ({"candidate_name": 7}, {"closes_at": ""}, {"enabled_modes": "text"})
    if otherwise or None in body.values():
        return None
    choice = {"accommodation": "custom"} if "accommodation_percent" in body else {}
    filled = {"time_limit_minutes": "45", "token_budget": "50000", "planned_questions": "6", "model_name": "built-in"}
    return {"candidate_name": "Kim Lee"} | filled | choice | body


PAGE_RULES = [(body, wrong) for given, wrong in RULES if (body := sent_by_the_page(given)) is not None]


@pytest.mark.parametrize(("body", "wrong"), PAGE_RULES)
def test_the_page_refuses_with_the_same_code_and_sentence(body, wrong, sam, client):
    client.force_login(sam)
    answer = client.post("/sessions/new", body)
    assert answer.status_code == 400
    assert [(error.field, error.code, error.message) for error in answer.context["errors"]] == [wrong]
    assert f'id="{wrong[0]}-error"' in answer.content.decode()
    assert not InterviewSession.objects.exists()


def test_everything_wrong_is_told_at_once(sam):
    with pytest.raises(ValidationFailed) as refused:
        create_session(SessionConfig(**{key: value for given, _ in RULES[:-4] for key, value in given.items()}))
    assert {error.field for error in refused.value.errors} >= {NAME[0], ADDRESS[0], MINUTES[0], TOKENS[0], ZONE[0]}


def test_numbers_may_come_as_text_and_moments_in_the_candidates_zone(sam):
    config = SessionConfig(
        candidate_name=" Kim ",
        time_limit_minutes="30",
        token_budget="2000",
        opens_at="2030-07-01T09:00",
        time_zone="Europe/Berlin",
    )
    session = create_session(config, actor=Actor(sam))
    assert (session.candidate_name, session.time_limit_seconds, session.token_budget) == ("Kim", 1800, 2000)
    assert session.opens_at == datetime(2030, 7, 1, 7, 0, tzinfo=UTC)
    assert session.time_zone == "Europe/Berlin"


def test_text_is_always_enabled(ann):
    assert f.created(ann, enabled_modes=["code"]).enabled_modes == ["text", "code"]


def test_a_template_gives_what_is_not_named(ann):
    template = f.TemplateFactory(
        token_budget=9_000, idle_minutes=7, max_pause_minutes=600, quiet_minutes=3, enabled_modes=["text", "code"]
    )
    session = f.created(ann, template_id=template.pk)
    copied = (session.token_budget, session.idle_minutes, session.max_pause_minutes, session.quiet_minutes)
    assert copied == (9_000, 7, 600, 3)
    assert (session.template_version, session.enabled_modes) == (template.version, ["text", "code"])
    named = f.created(ann, template_id=template.pk, token_budget=2_000, challenge_text="")
    assert (named.token_budget, named.challenge_text) == (2_000, "")


def test_editing_something_else_keeps_the_frozen_plan(ann):
    template = f.TemplateFactory()
    session = f.fresh(f.created(ann, template_id=template.pk))
    template.questions.all().delete()
    type(template).objects.filter(pk=template.pk).update(version=9, title="Changed")
    changed = update_session(session.pk, actor=Actor(ann), time_limit_minutes=30)
    assert (changed.plan, changed.template_version, changed.title) == (session.plan, 1, session.title)
    assert changed.time_limit_seconds == 1800
    assert f.types(changed)[-1] == "session.updated"


def test_an_accommodation_is_extra_time_and_an_edit_replaces_only_its_part(ann):
    session = f.created(ann, time_limit_minutes=45, accommodation_percent=50)
    assert (session.time_limit_seconds, session.extra_seconds) == (2700, 1350)
    InterviewSession.objects.filter(pk=session.pk).update(extra_seconds=1350 + 300)  # five minutes from elsewhere
    changed = update_session(session.pk, actor=Actor(ann), time_limit_minutes=60, accommodation_percent=25)
    assert (f.fresh(changed).time_limit_seconds, f.fresh(changed).extra_seconds) == (3600, 900 + 300)
    untimed = update_session(session.pk, actor=Actor(ann), time_limit_minutes=None)
    assert (untimed.extra_seconds, untimed.remaining_ms(timezone.now())) == (300, None)


@pytest.mark.parametrize("minutes", [None, 30])
def test_a_template_may_keep_candidates_to_its_limit(minutes, ann, sam):
    template = f.TemplateFactory(time_limit_minutes=20, allows_time_choice=False)
    with pytest.raises(ValidationFailed) as refused:
        f.created(ann, template_id=template.pk, time_limit_minutes=minutes)
    (error,) = refused.value.errors
    assert (error.field, error.code) == ("time_limit_minutes", "fixed_by_template")
    assert f.created(ann, template_id=template.pk, time_limit_minutes=15).time_limit_seconds == 900
    assert f.created(sam, template_id=template.pk, time_limit_minutes=minutes)


def test_the_same_id_makes_one_session(ann, ben):
    key, config = new_id(), {"job_posting_text": "Backend engineer\nYou build the shop."}
    first = create_session(SessionConfig(**config), actor=Actor(ann), id=key)
    again = create_session(SessionConfig(**config), actor=Actor(ann), id=key)
    assert first.pk == again.pk == key
    assert (InterviewSession.objects.count(), JobPosting.objects.count()) == (1, 1)
    assert first.title == "Backend engineer"
    assert f.types(first) == ["session.created"]


def test_a_posting_is_chosen_or_written_not_both(ann):
    posting = f.JobPostingFactory(owner=ann)
    with pytest.raises(ValidationFailed) as refused:
        f.created(ann, job_posting_id=posting.pk, job_posting_text="Another")
    assert [error.field for error in refused.value.errors] == ["job_posting_text"]


def test_what_hides_in_a_pasted_posting_is_taken_out_and_flagged(ann):
    session = f.created(ann, job_posting_text="Back\u200bend engineer\nYou build the shop.")
    posting = session.job_posting
    assert (posting.title, posting.flags) == ("Backend engineer", ["hidden_characters"])
    assert posting.description.startswith("Backend engineer")


def test_closing_is_held_against_the_time_of_creation(ann):
    at = timezone.now() - timedelta(days=2)
    assert f.created(ann, now=at, closes_at=at + timedelta(hours=1)).closes_at == at + timedelta(hours=1)


@pytest.mark.parametrize(("tokens", "exchanges"), [(1_000, 1), (50_000, 38), (200_000, 153)])
def test_a_budget_pays_for_about_so_many_exchanges(tokens, exchanges):
    assert exchanges_for(tokens) == exchanges


@pytest.mark.parametrize("how", [{"test_error": "The key is wrong."}, {"is_enabled": False}])
def test_a_session_keeps_a_model_that_is_away_while_the_rest_is_edited(ann, how):
    url = {"base_url": "http://127.0.0.1:9/v1", "model_id": "o9"}
    models = [ModelConnection.objects.create(name=name, **url) for name in ("oracle-9", "oracle-10")]
    session = f.created(ann, model_name="oracle-9")
    ModelConnection.objects.update(**how)
    assert update_session(session.pk, actor=Actor(ann), planned_questions=3).planned_questions == 3
    with pytest.raises(ValidationFailed) as refused:
        update_session(session.pk, actor=Actor(ann), model_name=models[1].name)
    assert [error.code for error in refused.value.errors] == ["not_connected"]


@pytest.mark.parametrize(
    ("method", "path", "sent", "words"),
    [
        ("put", URL, {}, "not allowed. The Allow header names those that are."),
        ("post", URL, "{", "Send a JSON object."),
        ("post", "/api/v1/job-postings", '{"title": "a", "language": "german!"}', "documentation at /docs shows"),
        ("post", "/api/v1/job-postings", '{"title": "a\\u0000"}', "Take them out."),
        ("post", "/api/v1/invitations", "[]", "Send a JSON object."),
    ],
)
def test_what_the_framework_refuses_has_a_remedy(method, path, sent, words, sam, as_):
    answer = getattr(as_(sam), method)(path, sent, content_type="application/json")
    assert 400 <= answer.status_code < 500 and words in answer.content.decode()


# -- SELF_SERVICE off ----------------------------------------------------------------------------------------------


def test_without_self_service_candidates_start_what_is_offered_and_nothing_else(ann, sam, as_, settings):
    template = f.TemplateFactory()
    settings.SELF_SERVICE = False
    refused = as_(ann).post(URL, {})
    assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "PERMISSION_DENIED")
    assert not InterviewSession.objects.exists()
    offered = as_(ann).post(URL, {"template_id": template.slug})
    assert offered.status_code == 201
    assert start_practice(template.slug, user=None).is_practice
    assert as_(sam).post(URL, {"candidate_name": "Kim"}).status_code == 201
    away = as_(ann).patch(f"{URL}/{offered.json()['id']}", {"template_id": None})
    assert (away.status_code, away.json()["detail"]["code"]) == (403, "PERMISSION_DENIED")


def test_what_was_set_up_before_can_still_be_edited(ann, as_, settings):
    session = f.created(ann)
    settings.SELF_SERVICE = False
    assert as_(ann).patch(f"{URL}/{session.pk}", {"planned_questions": 3}).status_code == 200
