"""The console's list of sessions: what it shows, finds and filters, and that its queries stay short."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import Evaluation, InterviewSession, User
from sessions_app.models.actions import Phase
from sessions_app.services import disagreeing, reviewing, sessions

from .factories import (
    ReviewFactory,
    TemplateFactory,
    UserFactory,
    as_actor,
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
from .judged import evaluation_of, filled, judged

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
    + ["created_to=9999-12-31", "template__id__exact=x&template_version=1", "p=99", "p=x", "o=9", "guest="]
    + [
        "reviewer=x",
        "flagged=x",
        "score=x",
        "score_from=x",
        "score_from=²",
        "score_to=9999",
        "score_from=9&score_to=3",
    ],
)
def test_it_survives_any_filter(console, ann, query):
    created(ann)
    assert console.get(f"{LIST}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize(
    "query", ["created_from=2026-13-45", "created_to=x", "created=99", "score=x", "score_from=abc", "score_to=9999"]
)
def test_a_range_that_cannot_be_read_shows_nothing_and_is_named(console, ann, query):
    ended(ann)
    page = console.get(f"{LIST}?{query}")
    name, value = query.split("=")
    assert f"The filter {name} cannot be “{value}”" in page.content.decode()
    assert not page.context["cl"].result_list


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


# -- scores and reviewers ----------------------------------------------------------------------------------------------


@pytest.fixture
def ines(db):
    return UserFactory(email="ines@example.com", name="Ines <Second>", is_staff=True)


def cells(client, session, query=""):
    """What the row of a session says of its score and its reviewers."""
    row = next(row for row in found(client, query) if row.pk == session.pk)
    return str(row.told_score), str(row.told_reviewers)


def test_a_score_is_a_word_and_a_number_with_its_mark_once_it_may_be_seen(console, ann, sam, ines):
    session = judged(ann, overall=71.0)
    assert cells(console, session) == ("rate first", "nobody yet")
    reviewing.skip_review(session.pk, "I know her.", actor=as_actor(sam))
    score, reviewer = cells(console, session)
    assert score == '<span aria-hidden="true">✧</span> Solid, 71 (AI)'
    assert "You" in reviewer and "skipped" in reviewer
    reviewing.submit_review(session.pk, filled("strong", "strong", "strong", reason="Both."), actor=as_actor(ines))
    assert "👤</span> Strong, 100 (people)" in cells(console, session)[0]
    assert "<bdi>Ines &lt;Second&gt;</bdi>" in console.get(LIST).content.decode()


def test_it_tells_who_reviews_but_not_how_far_apart_they_are(console, ann, sam, ines):
    session = judged(ann, overall=20.0)
    reviewing.assign_reviewer(session.pk, ines.pk, actor=as_actor(sam))
    assert "asked" in cells(console, session)[1]
    reviewing.save_review(session.pk, filled(), actor=as_actor(ines))
    assert "begun" in cells(console, session)[1]
    assert reviewing.submit_review(session.pk, filled(), actor=as_actor(ines)).status == "sealed"
    assert "begun" in cells(console, session)[1]
    reviewing.submit_review(session.pk, filled(reason="She said so."), actor=as_actor(ines))
    assert cells(console, session)[0] == "rate first"
    assert "submitted" in cells(console, session)[1]


def test_counted_evidence_is_nobodys_judgement(console, ann, sam):
    session = judged(ann, overall=50.0, method="evidence_coverage")
    reviewing.skip_review(session.pk, "I know her.", actor=as_actor(sam))
    assert cells(console, session)[0].endswith(" Partly shown, 50 (practice engine)")
    practice = judged(ann, assessed=False)
    assert cells(console, practice)[1] == "—"
    assert cells(console, created(ann)) == ("—", "—")


def test_it_filters_by_reviewer(console, ann, sam, ines):
    mine, hers, free, skipped, reopened = (judged(ann) for _ in range(5))
    practice, unscored = judged(ann, assessed=False), created(ann)
    reviewing.save_review(mine.pk, filled(), actor=as_actor(sam))
    reviewing.submit_review(hers.pk, filled(), actor=as_actor(ines))
    reviewing.skip_review(skipped.pk, "I know her.", actor=as_actor(sam))
    reviewing.submit_review(reopened.pk, filled(), actor=as_actor(sam))
    sessions.reopen_session(reopened.pk, reason="Too early")
    assert found(console, "?reviewer=me") == [mine]
    assert found(console, "?reviewer=submitted") == [hers]
    assert found(console, "?reviewer=nobody") == [skipped, free]
    disagreeing.disagree(practice.pk, "criterion-0", "I said more.", actor=as_actor(ann))
    assert found(console, "?reviewer=nobody") == [practice, skipped, free]
    assert unscored in found(console)


def test_a_score_filter_counts_only_what_may_be_seen(console, ann, sam):
    hidden, seen, low = judged(ann, overall=90.0), judged(ann, overall=88.0), judged(ann, overall=30.0)
    for session in (seen, low):
        reviewing.skip_review(session.pk, "I know her.", actor=as_actor(sam))
    assert found(console, "?score=85-100") == [seen]
    assert found(console, "?score=0-49") == [low]
    assert found(console, "?score_from=0&score_to=100") == [low, seen]
    assert found(console, "?score_from=31") == [seen]
    assert found(console, "?score_to=30") == [low]
    html = " ".join(console.get(f"{LIST}?_facets=True&score_from=31").content.decode().split())
    assert "85 and more (1)" in html and "Under 50 (1)" in html
    assert 'name="score_from" min="0" max="100" value="31"' in html
    assert hidden in found(console)


def test_the_facets_of_a_hidden_score_stay_the_same_whatever_it_is(console, ann, sam):
    session = judged(ann)
    told = set()
    for score in (5.0, 60.0, 95.0, None):
        Evaluation.objects.filter(session=session).update(overall_score=score)
        html = " ".join(console.get(f"{LIST}?_facets=True").content.decode().split())
        told.add(html[html.index("By score") : html.index("By flag")])
    assert len(told) == 1


def test_it_filters_what_is_flagged(console, ann):
    disputed, speaking, plain = judged(ann), judged(ann), judged(ann)
    disagreeing.disagree(disputed.pk, "criterion-0", "I said more.", actor=as_actor(ann))
    Evaluation.objects.filter(session=speaking).update(flags=[{"code": "INSTRUCTIONS", "start": 0, "end": 9}])
    Evaluation.objects.filter(session=plain).update(flags=[{"code": "MODEL_AWAY"}])
    assert found(console, "?flagged=disagrees") == [disputed]
    assert found(console, "?flagged=instructions") == [speaking]
    assert found(console, "?flagged=yes") == [speaking, disputed]
    html = " ".join(console.get(f"{LIST}?_facets=True").content.decode().split())
    assert "Candidate disagrees (1)" in html and "Any (2)" in html
    disputed.requests.update(status="declined")
    assert found(console, "?flagged=disagrees") == []


@pytest.mark.parametrize("query", ["", "?score=85-100", "?reviewer=nobody", "?flagged=yes", "?_facets=True"])
def test_a_page_costs_the_same_queries_however_many_it_shows(console, ann, sam, ines, query):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            console.get(f"{LIST}{query}")
        return len(captured)

    def reviewed():
        session = judged(ann)
        ReviewFactory(evaluation=evaluation_of(session), reviewer=ines, created_at=timezone.now())
        reviewing.skip_review(session.pk, "I know her.", actor=as_actor(sam))
        judged(ann)

    reviewed()
    queries()
    before = queries()
    for _ in range(4):
        reviewed()
    assert queries() == before
    assert before <= 12 or "_facets" in query


# -- among many --------------------------------------------------------------------------------------------------------

_COPY = """
INSERT INTO sessions_app_interviewsession ({columns})
SELECT {values} FROM sessions_app_interviewsession, generate_series(1, 20000) AS n
"""

# Every ended one is scored, one in a hundred has answers that speak to the judge.
_SCORES = """
INSERT INTO sessions_app_evaluation (id, session_id, method, model_name, prompt_version, rubric_version, overall_score,
    summary, went_well, okay, to_improve, improvement_plan, knowledge_gaps, recommendations, needs_human, flags,
    quotes_dropped, input_tokens, output_tokens, created_at)
SELECT gen_random_uuid(), s.id, 'model', 'a-model', '', '', 71, '', '[]', '[]', '[]', '[]', '[]', '[]', false,
    (CASE WHEN row_number() OVER () % 100 = 0 THEN '[{"code": "INSTRUCTIONS"}]' ELSE '[]' END)::jsonb, 0, 0, 0, now()
FROM sessions_app_interviewsession s WHERE s.status IN ('completed', 'expired')
AND NOT EXISTS (SELECT 1 FROM sessions_app_evaluation e WHERE e.session_id = s.id)
"""


def fill(session):
    """20 000 copies of a session that ended, at other times and with other ids, half of them with a score."""
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
        cursor.execute(_SCORES)
        for table in ("interviewsession", "evaluation", "review", "candidaterequest"):
            # Rows of earlier tests were rolled back: a vacuum cuts the table short, and indexes look dear beside it.
            cursor.execute(f"REINDEX TABLE sessions_app_{table}")
            cursor.execute(f"ANALYZE sessions_app_{table}")


def scans_of_sessions(plan):
    if plan.get("Node Type") == "Seq Scan" and plan.get("Relation Name") == "sessions_app_interviewsession":
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans_of_sessions(part)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Plans are PostgreSQL's.")
@pytest.mark.parametrize(
    "query",
    ["", "?p=3", "?status__exact=paused", "?phase=generating", "?created=today", "?q={id}", "?q={part}"]
    + ["?template__id__exact={template}&template_version=1", "?reviewer=me", "?reviewer=nobody", "?reviewer=submitted"]
    + [
        "?score=85-100",
        "?score_from=20&score_to=70&p=2",
        "?flagged=disagrees",
        "?flagged=instructions",
        "?flagged=yes",
    ],
)
def test_no_query_of_a_page_reads_all_sessions(console, ann, sam, ines, query):
    template = TemplateFactory()
    session = judged(ann)
    disagreeing.disagree(session.pk, "criterion-0", "I said more.", actor=as_actor(ann))
    fill(session)
    for evaluation in Evaluation.objects.order_by("pk")[:300]:
        ReviewFactory(evaluation=evaluation, reviewer=sam, created_at=timezone.now())
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
