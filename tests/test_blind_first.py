"""Blind first: before their own ratings are fixed, nobody of the staff is told a score, on no surface whatever."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from sessions_app.access import Actor
from sessions_app.live import Cursor, read
from sessions_app.models import CriterionScore, Evaluation, InterviewSession
from sessions_app.represent import dumps
from sessions_app.services import reviewing
from sessions_app.services.change import changing

from .factories import UserFactory, as_actor
from .judged import evaluation_of, filled, judged

pytestmark = pytest.mark.django_db

# Values that nothing but the machine's report holds, in every way that a page, a file or JSON may write them.
SECRETS = (
    "68.123",
    "68.1 ",
    "68,1",
    "83.456",
    "Secretsummary",
    "Secretwhy",
    "Secretwell",
    "68 (",
    "· 68 of",
    "evidence for 68",
)


@pytest.fixture
def ines(db):
    return UserFactory(email="ines@example.com", name="Ines Second", is_staff=True, is_superuser=True)


@pytest.fixture
def session(ann):
    session = judged(ann, overall=68.123)
    evaluation = evaluation_of(session)
    Evaluation.objects.filter(pk=evaluation.pk).update(summary="Secretsummary", went_well=["Secretwell"])
    CriterionScore.objects.filter(evaluation=evaluation, position=0).update(score=83.456, rationale="Secretwhy")
    with changing(session.pk) as change:
        told = {"evaluation_id": evaluation.pk, "operation_id": session.evaluation_operation_id, "method": "model"}
        change.record("evaluation.completed", overall_score=68.123, **told)
    return InterviewSession.objects.get(pk=session.pk)


def surfaces(session):
    """Every address at which staff meet an interview, by what it is called."""
    api, room = f"/api/v1/sessions/{session.pk}", f"/sessions/{session.pk}"
    page = f"/admin/sessions_app/interviewsession/{session.pk}/change/"
    files = {f"export {name}": f"{room}/export.{name}" for name in ("md", "json", "txt")}
    tabs = {f"console {tab}": f"{page}?tab={tab}" for tab in ("overview", "transcript", "events", "usage", "settings")}
    return {
        "api context": api,
        "api list": "/api/v1/sessions",
        "api evaluation": f"{api}/evaluation",
        "api events": f"{api}/events",
        "api messages": f"{api}/messages",
        "api usage": f"{api}/usage",
        "api review": f"{api}/review",
        "api export json": f"{api}/export?format=json",
        "api export md": f"{api}/export?format=md",
        "room": f"{room}/",
        "report": f"{room}/report",
        "done": f"{room}/done",
        "transcript": f"{room}/transcript",
        "scorecard": f"/admin/review/{session.pk}/",
        "queue": "/admin/review/",
        "agreement": "/admin/review/agreement/",
        "console home": "/admin/",
        "console list": "/admin/sessions_app/interviewsession/",
        "console operations": "/admin/sessions_app/operation/",
        "how scoring works": "/how-scoring-works",
        **files,
        **tabs,
    }


def told_by(user, session):
    """What each surface tells that user of the secrets."""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    found = {}
    for name, address in surfaces(session).items():
        text = browser.get(address, follow=True).content.decode(errors="replace")
        found[name] = [secret for secret in SECRETS if secret in text]
    found["stream"] = [secret for secret in SECRETS if secret in stream(user, session)]
    found["bulk csv"] = [secret for secret in SECRETS if secret in bulk(browser, session, "export_csv")]
    found["bulk json"] = [secret for secret in SECRETS if secret in bulk(browser, session, "export_json")]
    return found


def stream(user, session):
    frames = read(session.pk, Actor(user), Cursor(0)).frames + read(session.pk, Actor(user), None).frames
    return dumps([frame.data for frame in frames]).decode()


def bulk(browser, session, action):
    sent = {"action": action, "_selected_action": [str(session.pk)]}
    return browser.post("/admin/sessions_app/interviewsession/", sent).content.decode(errors="replace")


def leaks(found):
    return {name: secrets for name, secrets in found.items() if secrets}


def test_before_rating_no_surface_tells_a_score(sam, session):
    assert leaks(told_by(sam, session)) == {}


def test_a_draft_opens_nothing(sam, session):
    reviewing.save_review(session.pk, filled(), actor=as_actor(sam))
    assert leaks(told_by(sam, session)) == {}


def test_what_another_submitted_opens_nothing(sam, ines, session):
    reviewing.submit_review(session.pk, filled(reason="Firstreason", takeaways="Firsttakeaways"), actor=as_actor(ines))
    found = told_by(sam, session)
    assert leaks(found) == {}
    browser = Client()
    browser.force_login(sam, backend="django.contrib.auth.backends.ModelBackend")
    for name, address in surfaces(session).items():
        text = browser.get(address, follow=True).content.decode(errors="replace")
        assert "Firsttakeaways" not in text, name
        assert "68.333" not in text, name  # the mean of strong, weak and solid


def test_afterwards_the_surfaces_that_have_a_score_tell_it(sam, session):
    """The check on the check: the same values are found once they may be."""
    reviewing.skip_review(session.pk, "I know her.", actor=as_actor(sam))
    found = told_by(sam, session)
    for name in ("api evaluation", "api review", "report", "scorecard", "api events", "console list", "export md"):
        assert found[name], name


def test_the_candidate_reads_their_own(ann, session):
    client = Client()
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/api/v1/sessions/{session.pk}/evaluation").json()["overall_score"] == 68.123


def test_where_the_report_is_hidden_from_candidates_no_surface_tells_it_to_them(ann, session):
    InterviewSession.objects.filter(pk=session.pk).update(shows_report=False)
    found = {name: secrets for name, secrets in told_by(ann, session).items() if not name.startswith("bulk")}
    assert leaks(found) == {}
    events = Client()
    events.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert "68.123" not in json.dumps(events.get(f"/api/v1/sessions/{session.pk}/events").json())
