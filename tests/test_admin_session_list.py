"""The console's list of sessions: what it shows, finds and filters, and that its queries stay short."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Phase

from .factories import (
    TemplateFactory,
    closing,
    created,
    ended,
    failed,
    fresh,
    generating,
    paused,
    ready_for_next,
    waiting,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/interviewsession/"
IN_PHASES = (waiting, generating, failed, closing, ready_for_next)


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


def found(client, query=""):
    response = client.get(f"{LIST}{query}")
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def evaluated(candidate, status):
    """Ended, and its evaluation stands like that."""
    session, now = ended(candidate), timezone.now()
    session.operations.filter(kind="evaluation").delete()
    operation = session.operations.create(kind="evaluation", status=status, created_at=now, not_before=now)
    return fresh(update(session, evaluation_operation=operation))


def update(session, **columns):
    InterviewSession.objects.filter(pk=session.pk).update(**columns)
    return session


def test_it_tells_tokens_accommodation_version_and_when(console, ann):
    template = TemplateFactory()
    session = created(ann, template_id=template.slug, token_budget=10_000)
    update(session, tokens_used=3_600, accommodation_percent=50, template_version=4)
    html = console.get(LIST).content.decode()
    for words in ('<progress max="10000" value="3600"', "36 %", "+50 %", "v4", " s ago", "—"):
        assert words in html


@pytest.mark.parametrize("phase", list(Phase))
def test_the_phase_filter_agrees_with_the_phase(console, ann, phase):
    every = [fresh(make(ann)) for make in (*IN_PHASES, paused, ended, created)]
    every += [evaluated(ann, status) for status in ("queued", "running", "succeeded", "failed", "cancelled")]
    wanted = {session.pk for session in every if session.phase == phase}
    assert wanted
    assert {session.pk for session in found(console, f"?phase={phase}")} == wanted


def test_it_filters_by_mode_accommodation_guest_and_version(console, ann):
    template = TemplateFactory()
    plain, other = created(ann), created(ann, enabled_modes=["text", "code"])
    guest = User.objects.create_guest()
    update(other, accommodation_percent=25, candidate=guest, template=template, template_version=2)
    for query in ("mode=code", "accommodation=yes", "guest=yes", f"template__id__exact={template.pk}"):
        assert found(console, f"?{query}") == [other], query
    assert found(console, "?guest=no") == [plain]
    address = f"?template__id__exact={template.pk}&template_version=2"
    assert found(console, address) == [other]
    assert "Version 2" in console.get(f"{LIST}{address}").content.decode()
    assert found(console, f"?template__id__exact={template.pk}&template_version=1") == []


def test_it_filters_by_day(console, ann):
    new, old = created(ann), created(ann)
    ago = timezone.now() - timedelta(days=10)
    update(old, created_at=ago)
    assert found(console, "?created=today") == [new]
    assert found(console, "?created=7") == [new]
    assert found(console, "?created=30") == [new, old]
    day = ago.date().isoformat()
    assert found(console, f"?created_from={day}&created_to={day}") == [old]
    html = console.get(f"{LIST}?created_from={day}&status__exact=created").content.decode()
    assert f'value="{day}"' in html
    assert '<input type="hidden" name="status__exact" value="created">' in html


@pytest.mark.parametrize(
    "query",
    ["phase=x", "mode=x", "template_version=²", "template_version=99999999999", "created_from=x", "created=99"]
    + ["created_to=9999-12-31", "template__id__exact=x&template_version=1", "p=99", "p=x", "o=9", "guest="],
)
def test_it_survives_any_filter(console, ann, query):
    created(ann)
    assert console.get(f"{LIST}?{query}", follow=True).status_code == 200


def test_facets_count(console, ann):
    waiting(ann), waiting(ann), paused(ann), created(ann, enabled_modes=["text", "code"])
    html = " ".join(console.get(f"{LIST}?_facets=True").content.decode().split())
    for words in ("Waiting for the answer (2)", "With code (1)", "Paused (1)", "built-in (4)"):
        assert words in html


def test_a_search_goes_on_with_filters_and_finds_the_newest(console, ann, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.session_list.MOST_FOUND", 2)
    _, running, newest = created(ann), waiting(ann), created(ann)
    assert found(console, "?q=smith") == [newest, running]
    assert found(console, "?q=ann+smith&status__exact=active") == [running]
    assert found(console, "?q=nobody") == []


def test_erased_sessions_are_not_shown(console, ann):
    session = update(ended(ann), erased_at=timezone.now())
    assert found(console) == []
    assert found(console, f"?q={session.pk}") == []


def test_the_beginning_of_an_id_finds_it(console, ann):
    session, _ = created(ann), created(ann)
    assert session in found(console, f"?q={str(session.pk)[:13]}")
    assert found(console, f"?q={session.pk.hex}") == [session]
    assert found(console, f"?q={uuid.uuid4()}") == []


def test_it_counts_no_further_than_ten_pages_ahead(console, ann, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.session_list.SessionList.list_per_page", 1)
    monkeypatch.setattr("sessions_app.admin.session_list.SessionList.list_max_show_all", 1)
    monkeypatch.setattr("sessions_app.admin.patient_pages.PAGES_AHEAD", 2)
    for _ in range(6):
        created(ann)
    assert "More than 3 sessions" in " ".join(console.get(LIST).content.decode().split())
    html = " ".join(console.get(f"{LIST}?p=4").content.decode().split())
    assert "More than" not in html
    assert "6 sessions" in html


# -- among many --------------------------------------------------------------------------------------------------------

_COPY = """
INSERT INTO sessions_app_interviewsession ({columns})
SELECT {values} FROM sessions_app_interviewsession, generate_series(1, 20000) AS n
"""


def fill(session):
    """20 000 copies of a session that ended, at other times and with other ids."""
    columns = [field.column for field in InterviewSession._meta.concrete_fields]
    changed = {
        "id": "gen_random_uuid()",
        "created_at": "created_at - n * interval '1 minute'",
        "turn_id": "NULL",
        "status": "(ARRAY['created','paused','completed','completed','completed','expired'])[1 + n % 6]",
        "candidate_email": "'person' || n || '@example.com'",
        "running_since": "NULL",
    }
    values = ", ".join(changed.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(_COPY.format(columns=names, values=values))
        cursor.execute("ANALYZE sessions_app_interviewsession")


def scans_of_sessions(plan):
    if plan.get("Node Type") == "Seq Scan" and plan.get("Relation Name") == "sessions_app_interviewsession":
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans_of_sessions(part)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Plans are PostgreSQL's.")
@pytest.mark.parametrize(
    "query",
    ["", "?p=3", "?status__exact=paused", "?phase=generating", "?created=today", "?q={id}", "?q={part}"]
    + ["?template__id__exact={template}&template_version=1"],
)
def test_no_query_of_a_page_reads_all_sessions(console, ann, query):
    template = TemplateFactory()
    session = ended(ann)
    fill(session)
    mine = update(created(ann), template=template, template_version=1)
    address = LIST + query.format(id=mine.pk, part=str(mine.pk)[:13], template=template.pk)
    with CaptureQueriesContext(connection) as captured:
        assert console.get(address).status_code == 200
    read = [row["sql"] for row in captured if "sessions_app_interviewsession" in row["sql"]]
    assert read
    for sql in read:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"))
            plan = cursor.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        assert not list(scans_of_sessions(plan[0]["Plan"])), sql
