"""What comes with the product: the practice templates, the demo, and the proof that no log was changed."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sessions_app import events
from sessions_app.models import (
    CandidateRequest,
    Evaluation,
    InterviewSession,
    InterviewTemplate,
    Invitation,
    JobPosting,
    Resume,
    Review,
    SessionEvent,
    User,
)
from sessions_app.services import demo

from .factories import PASSWORD, JobPostingFactory, UserFactory, answer, created, fresh, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _local(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


def run(*command):
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


# -- templates ---------------------------------------------------------------------------------------------------------


def test_templates_are_loaded_once():
    assert "system-design: added, version 1" in run("load_templates")
    assert run("load_templates").count("up to date") == 7
    offered = InterviewTemplate.objects.offered()
    limits = [(t.slug, t.time_limit_minutes, t.planned_questions, t.enabled_modes) for t in offered]
    assert limits == [
        ("system-design", 15, 5, ["text", "code"]),
        ("tell-me-about", 10, 4, ["text"]),
        ("python-and-sql", 20, 6, ["text", "code"]),
        ("leading-people", 20, 5, ["text"]),
        ("customers", 15, 5, ["text"]),
        ("data-analysis", 20, 5, ["text"]),
        ("personality", None, 10, ["text"]),
    ]
    assert run("load_templates", "--verbosity", "0") == ""


def test_what_staff_edited_is_kept_unless_they_say_otherwise():
    run("load_templates")
    InterviewTemplate.objects.filter(slug="tell-me-about").update(title="Ours", is_active=False, version=2)
    assert "tell-me-about: differs from the shipped one, kept" in run("load_templates")
    kept = InterviewTemplate.objects.get(slug="tell-me-about")
    assert (kept.title, kept.is_active, kept.version, kept.questions.count()) == ("Ours", False, 2, 4)
    InterviewTemplate.objects.get(slug="tell-me-about").questions.all().delete()
    assert "tell-me-about: replaced, version 3" in run("load_templates", "--replace")
    replaced = InterviewTemplate.objects.get(slug="tell-me-about")
    assert (replaced.title, replaced.is_active, replaced.questions.count()) == ("Tell me about…", False, 4)


# -- the demo ----------------------------------------------------------------------------------------------------------


def test_it_is_loaded_once():
    run("demo", "load")
    rows = InterviewSession.objects.count(), User.objects.count(), SessionEvent.objects.count()
    passwords = list(User.objects.values_list("password", flat=True))
    said = run("demo", "load")
    assert (InterviewSession.objects.count(), User.objects.count(), SessionEvent.objects.count()) == rows
    assert list(User.objects.values_list("password", flat=True)) == passwords
    assert "shown when they were made" in said


def test_it_prints_where_to_go_and_how_to_sign_in(monkeypatch, client):
    monkeypatch.setenv("PORT", "8123")
    said = run("demo", "load")
    assert "http://localhost:8123/admin/" in said
    assert "7 templates, 13 demo interviews, 207 questions" in said
    assert connection.vendor in said
    password = said.split("ana@demo.local")[1].split()[0]
    assert User.objects.get(email="ana@demo.local").check_password(password)
    client.defaults["SERVER_NAME"] = "localhost"
    client.post("/admin/login/", {"username": "ana@demo.local", "password": password})
    html = client.get("/admin/sessions_app/interviewsession/").content.decode()
    assert "Noor Haddad" in html


def test_it_prints_json_for_scripts():
    found = json.loads(run("demo", "load", "--json"))
    assert found["demo_interviews"] == InterviewSession.objects.count()
    assert [account["email"] for account in found["accounts"]] == ["ana@demo.local", "sam@demo.local", "lee@demo.local"]
    for account in found["accounts"]:
        assert User.objects.get(email=account["email"]).check_password(account["password"])


def test_it_sets_new_passwords():
    first = json.loads(run("demo", "load", "--json"))["accounts"]
    second = json.loads(run("demo", "credentials", "--json"))["accounts"]
    assert {a["password"] for a in first}.isdisjoint(a["password"] for a in second)
    for account in second:
        assert User.objects.get(email=account["email"]).check_password(account["password"])
    assert second[0]["email"] in run("demo", "credentials")


def test_passwords_are_two_words_and_a_number():
    made = {demo.new_password() for _ in range(200)}
    assert len(made) > 190
    assert all(len(password.split("-")) == 3 and password[-2:].isdecimal() for password in made)


def test_the_first_time_is_when_nobody_has_an_account(ann):
    assert run("demo", "load", "--first-time") == ""
    assert InterviewSession.objects.count() == 0
    ann.delete()
    assert "ana@demo.local" in run("demo", "load", "--first-time")


def test_it_logs_nothing_of_its_past(caplog):
    with caplog.at_level("INFO", logger="interviewer"):
        run("demo", "load")
    assert [record for record in caplog.records if record.name == "interviewer"] == []


@pytest.mark.parametrize("hosts", [["example.com"], ["localhost", "10.0.0.5"], ["*"]])
def test_it_is_not_for_sites_that_others_reach(settings, hosts):
    settings.ALLOWED_HOSTS = hosts
    with pytest.raises(CommandError, match="demo accounts are refused"):
        run("demo", "load")
    assert "ana@demo.local" not in run("demo", "load", "--first-time")
    assert User.objects.count() == 0
    assert "ana@demo.local" in run("demo", "load", "--force")


def test_it_leaves_somebodys_account_alone():
    UserFactory(email="lee@demo.local")
    with pytest.raises(CommandError, match=r"lee@demo\.local is somebody's account"):
        run("demo", "load")
    assert (User.objects.count(), InterviewSession.objects.count()) == (1, 0)
    assert User.objects.get().check_password(PASSWORD)


# -- and away again ----------------------------------------------------------------------------------------------------


def test_it_removes_what_it_made_and_nothing_else(ann, sam):
    mine = waiting(ann)
    posting = JobPostingFactory(owner=ann)
    run("demo", "load")
    assert "Removed 13 sessions and 3 accounts." in run("demo", "clear")
    assert list(InterviewSession.objects.all()) == [mine]
    assert set(User.objects.all()) == {ann, sam}
    assert list(JobPosting.objects.all()) == [posting]
    for model in (Resume, Review, Evaluation, CandidateRequest, Invitation):
        assert not model.objects.exists(), model
    assert InterviewTemplate.objects.count() == 7
    assert list(events.broken_links(fresh(mine))) == []
    assert "Removed 0 sessions and 0 accounts." in run("demo", "clear")


def test_it_can_be_loaded_again():
    run("demo", "load")
    created(User.objects.get(email="sam@demo.local"))
    assert "Nobody can sign in to the console now" in run("demo", "clear")
    accounts = json.loads(run("demo", "load", "--json"))["accounts"]
    assert [bool(account["password"]) for account in accounts] == [True] * 3
    assert InterviewSession.objects.filter(is_demo=True).count() == 13


def test_it_does_not_come_back_by_itself():
    run("demo", "load", "--first-time")
    run("demo", "clear")
    assert run("demo", "load", "--first-time") == ""
    assert "ana@demo.local" in run("demo", "load")
    User.objects.all().delete()
    InterviewSession.objects.all().delete()
    assert "ana@demo.local" in run("demo", "load", "--first-time")


def test_without_a_demo_there_are_no_credentials():
    with pytest.raises(CommandError, match="no demo accounts"):
        run("demo", "credentials")


# -- the proof ---------------------------------------------------------------------------------------------------------


def test_whole_logs_are_confirmed(ann):
    waiting(ann)
    assert run("verify_events") == "1 session checked: every log is whole.\n"


def test_a_changed_log_is_named(ann, ben, capsys):
    good, bad = waiting(ann), waiting(ben)
    with connection.cursor() as cursor:
        table = SessionEvent._meta.db_table
        cursor.execute(f"UPDATE {table} SET actor = 'somebody else' WHERE session_id = %s AND seq = 2", [_key(bad)])
    errors = StringIO()
    with pytest.raises(CommandError, match=r"1 of 2 logs are not as they were written\."):
        call_command("verify_events", stderr=errors)
    assert errors.getvalue() == f"session {bad.pk}: event 2 was changed\n"
    assert str(good.pk) not in errors.getvalue()


def test_an_event_that_comes_in_meanwhile_is_no_alarm(ann, monkeypatch):
    session = waiting(ann)
    walk = events.broken_links
    looks = []

    def while_somebody_answers(row):
        looks.append(row.pk)
        if len(looks) == 1:
            answer(session)
        return walk(row)

    monkeypatch.setattr(events, "broken_links", while_somebody_answers)
    assert "every log is whole" in run("verify_events")
    assert len(looks) == 2


def _key(session):
    return session.pk.hex if connection.vendor == "sqlite" else session.pk
