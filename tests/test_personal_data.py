"""Everything about a person as a file, and its erasure: no word and no name stays in any table, log or cache."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app import errors
from sessions_app.events import broken_links
from sessions_app.export_account import as_chunks
from sessions_app.models import (
    CandidateRequest,
    CriterionScore,
    DimensionEvidence,
    Evaluation,
    IdempotencyKey,
    InterviewSession,
    Invitation,
    JobPosting,
    OutgoingMessage,
    Resume,
    Review,
    User,
)
from sessions_app.models.clock import database_now
from sessions_app.services import accounts, reviewing, sessions
from sessions_app.services.guests import issue_token
from sessions_app.services.keys import create_key
from sessions_app.services.personal_data import erase_account
from tests import factories as f
from tests.judged import answers, filled, judged

pytestmark = pytest.mark.django_db

CANARY = "Zanquaril"  # the person's name; every text about them has it
URL = "/account/erase"

# Columns that hold codes, hashes, ids or what staff wrote in the catalogue, never a person's words.
_NOT_WORDS = {
    *("id", "key_hash", "token_hash", "hash", "previous_hash", "last_hash", "salt", "fingerprint", "link_seed"),
    *("type", "actor", "kind", "status", "state", "role", "mode", "code", "password", "prefix", "current_jti"),
    *("model_name", "prompt_version", "rubric_version", "worker", "error_code", "language", "level", "method"),
    *("verdict", "dimension", "key", "rating", "recommendation", "currency", "caller", "title_of_rubric"),
    *("question_type", "session_key", "session_data", "batch", "client_message_id", "experience_level"),
    *("enabled_modes", "precision", "estimates", "usage", "scopes", "plan", "preferences", "headers"),
    *("http_accept", "path_info", "ip_address", "action_flag", "object_id"),
}
# Rows that are nobody's: the catalogue, the connected models, and the log, which holds ids and numbers by its own rule.
_NOT_PERSONAL = {
    *("InterviewTemplate", "TemplateVersion", "PlannedQuestion", "RubricPoint", "ModelConnection", "SessionEvent"),
    *("ContentType", "Permission", "Group", "CriterionScore", "TokenCharge", "Session"),
}


@pytest.fixture
def zan(db: Any) -> User:
    return f.UserFactory(email=f"{CANARY.lower()}@example.com", name=CANARY)


def filled_in(zan: User, sam: User) -> list[InterviewSession]:
    """A long life with the product: practice under way, an interview that people judged, and all around them."""
    resume, posting = f.ResumeFactory(owner=zan), f.JobPostingFactory(owner=zan)
    practice = f.waiting(zan, questions=2, resume_id=resume.pk, job_posting_id=posting.pk, challenge_text="x")
    sessions.extend_session(practice.pk, minutes=5, reason="x", actor=f.as_actor(sam))
    issue_token(practice, zan)
    now = database_now()
    Invitation.objects.create(session=practice, email="x@example.com", token_hash="x", created_at=now, expires_at=now)
    assessed = judged(zan)
    reviewing.submit_review(assessed.pk, filled(), actor=f.as_actor(sam))
    said = answers(assessed)[0]
    DimensionEvidence.objects.create(
        session=assessed, message=said, dimension="drive", polarity=1, strength=1, start=0, end=3, quote="I w",
        created_at=database_now(),
    )  # fmt: skip
    CandidateRequest.objects.create(session=assessed, kind="human", text="x", created_at=database_now())
    _around(zan, sam, practice)
    return [practice, assessed]


def _around(zan: User, sam: User, session: InterviewSession) -> None:
    now = database_now()
    create_key("x", actor=f.as_actor(zan))
    accounts.sign_in(zan)
    AccessAttempt.objects.create(username=zan.email, ip_address="127.0.0.1", failures_since_start=1)
    for caller, key in ((zan.pk, "a"), (sam.pk, "b")):
        IdempotencyKey.objects.create(caller=caller, key=key, fingerprint="x", claimed_at=now, body=f'"{session.pk}"')
    OutgoingMessage.objects.create(
        key="x", kind="x", session=session, to=zan.email or "", subject="x", text="x", created_at=now, not_before=now
    )
    for row in (zan, session):
        kind = ContentType.objects.get_for_model(row)
        LogEntry.objects.create(user=sam, content_type=kind, object_id=str(row.pk), action_flag=CHANGE)


def put_canaries(zan: User, sam: User) -> set[str]:
    """The canary into every text column of every row that is not staff's own. Returns the tables."""
    for model in apps.get_models():
        if model.__name__ in _NOT_PERSONAL:
            continue
        rows = model._default_manager.exclude(pk=sam.pk) if model is User else model._default_manager.all()
        for field in model._meta.concrete_fields:
            if field.name not in _NOT_WORDS and not field.choices:
                _put(rows, field, "email" in field.name or field.name in ("to", "username"))
    CriterionScore.objects.update(rationale=f"{CANARY} weighs.", points=[{"statement": CANARY}])
    Evaluation.objects.update(summary=f"{CANARY} knows.", went_well=[CANARY])
    for entry in LogEntry.objects.all():
        entry.change_message = CANARY
        entry.save()
    return set(tables_with(CANARY))


def _put(rows: Any, field: Any, is_address: bool) -> None:
    if isinstance(field, models.JSONField):
        value: Any = {"x": CANARY} if field.default is dict else [CANARY]
    elif isinstance(field, models.CharField | models.TextField):
        value = f"{CANARY.lower()}@example.com" if is_address else f"It says {CANARY} here"
    else:
        return
    for row in rows:
        kept = getattr(row, field.name)
        said = f"{value} {kept}" if field.name == "body" else value  # it still names the session
        type(row)._default_manager.filter(pk=row.pk).update(**{field.name: said})


def tables_with(word: str) -> Iterator[str]:
    """By a look into every column of every table there is, whatever the models say."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            if any(word.lower() in str(value).lower() for row in cursor.fetchall() for value in row):
                yield table


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_no_canary_is_left_in_any_table_log_or_cache(zan: User, sam: User, caplog: pytest.LogCaptureFixture) -> None:
    both = filled_in(zan, sam)
    browser = browser_of(zan)
    before = put_canaries(zan, sam)
    for table in ("user", "sessionmessage", "resume", "jobposting", "evidence", "review", "candidaterequest",
                  "dimensionevidence", "outgoingmessage", "invitation", "apikey", "idempotencykey", "eventreason",
                  "interviewsession", "evaluation", "reviewrating"):  # fmt: skip
        assert f"sessions_app_{table}" in before
    assert {"axes_accessattempt", "django_admin_log"} <= before
    with caplog.at_level(logging.DEBUG):
        answer = browser.post(URL, {"password": f.PASSWORD, "sure": "on"})
    assert answer.status_code == 303
    assert list(tables_with(CANARY)) == []
    assert CANARY.lower() not in caplog.text.lower()
    assert CANARY.lower().encode() not in pickle.dumps(cache.__dict__.get("_cache", {}), protocol=5).lower()
    for session in both:
        stored = InterviewSession.objects.get(pk=session.pk)
        assert list(broken_links(stored)) == []
        assert f.types(stored)[-1] == "session.erased"


def test_nothing_leads_back_to_the_account(zan: User, sam: User) -> None:
    filled_in(zan, sam)
    tokens, browser = accounts.sign_in(zan), browser_of(zan)
    erase_account(actor=f.as_actor(zan))
    assert not User.objects.filter(pk=zan.pk).exists()
    assert browser.get("/sessions/").status_code == 302
    assert Session.objects.count() == 0
    assert IdempotencyKey.objects.count() == 0
    with pytest.raises(errors.NotAuthenticated):
        accounts.refresh(tokens["refresh"])
    with pytest.raises(errors.NotAuthenticated):
        erase_account(actor=f.as_actor(zan))


def test_what_others_judged_stays_as_numbers(zan: User, sam: User) -> None:
    assessed = filled_in(zan, sam)[1]
    Review.objects.update(takeaways=f"{CANARY} weighs costs.")
    receipt = erase_account(actor=f.as_actor(zan))
    review, evaluation = Review.objects.get(session=assessed), Evaluation.objects.get(session=assessed)
    assert (review.reviewer, review.takeaways) == (sam, "█████████ weighs costs.")
    assert [one.rating for one in review.ratings.all()] == ["strong", "weak", "solid"]
    assert (evaluation.overall_score, evaluation.summary) == (71.0, "")
    assert [one.score for one in evaluation.criteria.all()] == [80.0, 40.0, None]
    assert receipt["kept"] == {"interviews_as_numbers": 2, "scores": 1, "reviews_by_people": 1}
    assert receipt["removed"]["interviews"] == 2 and receipt["removed"]["resumes"] == 0  # it went with its interview


def test_other_people_keep_everything(zan: User, ann: User, sam: User) -> None:
    theirs = judged(ann)
    resume, posting = f.ResumeFactory(owner=ann), f.JobPostingFactory(owner=zan)
    used = f.created(ann)
    InterviewSession.objects.filter(pk=used.pk).update(job_posting=posting)
    browser = browser_of(ann)
    before = list(theirs.messages.values_list("pk", "content"))
    erase_account(actor=f.as_actor(zan))
    assert list(theirs.messages.values_list("pk", "content")) == before
    assert Resume.objects.get() == resume and Evaluation.objects.get().summary
    assert JobPosting.objects.get().owner is None
    assert f.fresh(used).job_posting == posting
    assert browser.get("/sessions/").status_code == 200


def test_text_that_waits_in_a_signed_out_browser_goes_too(zan: User) -> None:
    store = SessionStore()
    store["carried_text"] = {"session": str(f.waiting(zan).pk), "text": CANARY}
    store.save()
    erase_account(actor=f.as_actor(zan))
    assert not Session.objects.exists()


def test_a_wrong_password_or_no_consent_changes_nothing(zan: User) -> None:
    browser = browser_of(zan)
    for given in ({"password": "wrong", "sure": "on"}, {"sure": "on"}, {"password": f.PASSWORD}):
        assert browser.post(URL, given).status_code == 400
    assert User.objects.filter(pk=zan.pk).exists()


def test_a_guest_needs_no_password(client: Client) -> None:
    f.TemplateFactory(slug="databases")
    client.post("/practice/databases/start")
    assert 'name="password"' not in client.get(URL).content.decode()
    assert client.post(URL, {"sure": "on"}).status_code == 303
    assert not User.objects.exists() and InterviewSession.objects.get().erased_at


def test_the_receipt_tells_numbers_and_can_be_saved(zan: User, sam: User) -> None:
    filled_in(zan, sam)
    answer = browser_of(zan).post(URL, {"password": f.PASSWORD, "sure": "on"})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    anybody = Client()
    page = anybody.get(answer.url).content.decode()
    assert "Everything is erased" in page and "2 · interviews" in page and CANARY not in page
    saved = anybody.get(f"{answer.url}&as=json").json()
    assert saved["removed"]["account"] == 1 and saved["removed"]["api_keys"] == 1
    assert anybody.get("/account/erased?receipt=forged").status_code == 404


def test_staff_whom_others_depend_on_are_told_why_not(ann: User, sam: User) -> None:
    f.created(sam, candidate_name="Kim Lee", candidate_email="kim@example.com")
    reviewing.save_review(judged(ann).pk, filled(), actor=f.as_actor(sam))
    answer = browser_of(sam).post(URL, {"password": f.PASSWORD, "sure": "on"})
    page = answer.content.decode()
    assert answer.status_code == 409
    for why in ("only one that may administer", "candidates are expected", "not submitted"):
        assert why in page
    assert User.objects.filter(pk=sam.pk).exists()


def test_staff_nobody_depends_on_can_go_and_their_reviews_stay(ann: User, sam: User) -> None:
    other = f.UserFactory(is_staff=True)
    session = judged(ann)
    reviewing.submit_review(session.pk, filled(), actor=f.as_actor(other))
    erase_account(actor=f.as_actor(other))
    assert Review.objects.get().reviewer is None and Review.objects.get().takeaways


# -- over the API, and the file --------------------------------------------------------------------------------------


def test_the_api_erases_with_the_password(zan: User, as_: Any) -> None:
    f.ended(zan)
    wrong = as_(zan).delete("/api/v1/account", {"password": "wrong"})
    assert (wrong.status_code, wrong.json()["detail"]["errors"][0]["field"]) == (400, "password")
    gone = as_(zan).delete("/api/v1/account", {"password": f.PASSWORD}, headers={"Idempotency-Key": "k"})
    assert gone.status_code == 200
    assert gone.json()["removed"]["interviews"] == 1
    assert not User.objects.exists() and not IdempotencyKey.objects.exists()


def test_the_file_has_everything_and_no_secret(zan: User, sam: User, as_: Any) -> None:
    practice, assessed = filled_in(zan, sam)
    key, secret = create_key("Nightly", actor=f.as_actor(zan))
    answer = browser_of(zan).get("/account/export.json")
    assert answer.streaming and "attachment" in answer.headers["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode()
    told = json.loads(text)
    assert told["account"]["email"] == zan.email
    assert {one["file"]["session"]["id"] for one in told["interviews"]} == {str(practice.pk), str(assessed.pk)}
    second = next(one for one in told["interviews"] if one["file"]["session"]["id"] == str(assessed.pk))
    assert [m["content"] for m in second["file"]["messages"] if m["role"] == "user"] == [
        message.content for message in answers(assessed)
    ]
    assert second["file"]["evaluation"]["overall_score"] == 71.0 and second["requests"][0]["text"] == "x"
    assert told["resumes"] and told["job_postings"] and told["api_keys"] and told["sign_ins"]
    for hidden in (key.key_hash, secret, zan.password, zan.refresh_families.first().current_jti):
        assert hidden not in text
    assert json.loads(b"".join(as_(zan).get("/api/v1/account/export").streaming_content))["account"] == told["account"]


def test_the_file_of_one_person_has_nothing_of_another(zan: User, ann: User) -> None:
    f.ended(zan)
    f.ended(ann)
    told = json.loads(b"".join(browser_of(ann).get("/account/export.json").streaming_content))
    assert len(told["interviews"]) == 1 and CANARY.lower() not in json.dumps(told).lower()


def test_the_file_costs_the_same_for_every_interview_however_long(zan: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as context:
            b"".join(as_chunks(f.as_actor(zan)))
        return len(context)

    f.ended(zan)
    before = queries()
    f.waiting(zan, questions=4)
    assert queries() - before <= 7
