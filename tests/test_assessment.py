"""Document 2's contract: start, message, get; for accounts and for anonymous callers."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from sessions_app.models import InterviewSession, Operation, SessionToken, User, limits
from sessions_app.models.ids import token_hash
from sessions_app.services import analysing, assessment, operations, sessions
from sessions_app.services.keys import create_key
from sessions_app.services.running import run_operation

from .factories import TemplateFactory, answer, as_actor, broken, fresh, generating, types, waiting, write_question

pytestmark = pytest.mark.django_db

START, MESSAGE = "/api/v1/assessment/start", "/api/v1/assessment/message"
TRAITS = {"openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"}


@pytest.fixture
def writer(monkeypatch):
    """Whoever waits sees the question written meanwhile; ``writer.provider`` writes it, None for the built-in one."""

    class Writer:
        provider = None
        slept = 0

        def write(self):
            self.slept += 1
            for session in InterviewSession.objects.filter(turn__status__in=["queued", "running"]):
                write_question(session, self.provider)
            for analysis in Operation.objects.live().filter(kind="analysis"):
                run_operation(analysis.pk)

    writer = Writer()
    monkeypatch.setattr(assessment, "let_go", writer.write)
    monkeypatch.setattr(assessment, "LOOK_SECONDS", 0.01)
    return writer


def holder(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def start(client, **body):
    response = client.post(START, body)
    assert response.status_code == 201, response.content
    return response.json()


def send(client, session_id, message, **more):
    return client.post(MESSAGE, {"sessionId": str(session_id), "message": message, **more})


def test_start_is_active_at_once(ann, as_):
    body = start(as_(ann), userId=str(ann.pk))
    session = InterviewSession.objects.get()
    assert body == {"sessionId": str(session.pk), "createdAt": session.created_at.isoformat().replace("+00:00", "Z")}
    assert (session.status, session.candidate, session.time_limit_seconds) == ("active", ann, None)
    assert session.precision == dict.fromkeys(TRAITS, 0.5)


@pytest.mark.parametrize("who", ["nobody", "ann", "sam"])
def test_a_foreign_user_id_is_403(api, ann, ben, sam, as_, who):
    client = {"nobody": api, "ann": as_(ann), "sam": as_(sam)}[who]
    for foreign in (str(ben.pk), "user_1"):
        response = client.post(START, {"userId": foreign})
        assert (response.status_code, response.json()["detail"]["code"]) == (403, "PERMISSION_DENIED")
    assert not InterviewSession.objects.exists()


def test_an_anonymous_caller_gets_a_token_for_the_calls_that_follow(api, writer):
    body = start(api, userId=None)
    token = SessionToken.objects.get()
    assert token.token_hash == token_hash(body["accessToken"]) and token.user.is_guest
    client = holder(body["accessToken"])
    reply = send(client, body["sessionId"], "Hello")
    assert reply.status_code == 200 and set(reply.json()["precision"]) == TRAITS
    told = client.get(f"/api/v1/assessment/{body['sessionId']}").json()
    assert told["session"]["userId"] is None
    assert send(api, body["sessionId"], "Hello").status_code == 401


def test_an_anonymous_start_is_never_replayed_to_somebody_else(api):
    """All anonymous callers would share their keys."""
    first = api.post(START, {}, headers={"Idempotency-Key": "1"})
    other = APIClient().post(START, {}, headers={"Idempotency-Key": "1"})
    assert first.json()["accessToken"] != other.json()["accessToken"]


def test_a_message_waits_for_the_opening_question_and_for_the_reply(ann, as_, writer):
    client = as_(ann)
    session = start(client)["sessionId"]
    reply = send(client, session, "I like tests").json()
    told = client.get(f"/api/v1/assessment/{session}").json()
    assert [(m["role"], m["content"]) for m in told["messages"]][1:] == [
        ("user", "I like tests"),
        ("assistant", reply["response"]),
    ]
    assert set(told["session"]) == {"id", "userId", "createdAt", "status", "precision"}
    assert set(told["messages"][0]) == {"id", "role", "content", "createdAt"}
    assert (told["session"]["userId"], told["session"]["status"]) == (str(ann.pk), "active")


def test_the_last_reply_is_the_closing_words(ann, as_, writer):
    session = waiting(ann, planned_questions=1)
    reply = send(as_(ann), session.pk, "The end").json()["response"]
    assert reply == fresh(session).messages.get(kind="notice").content
    refused = send(as_(ann), session.pk, "One more thing")
    assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "NOTHING_TO_ANSWER")


def test_the_same_name_again_is_the_same_message_and_reply(ann, as_, writer):
    session = waiting(ann)
    first = send(as_(ann), session.pk, "Yes", clientMessageId="m-1")
    again = send(as_(ann), session.pk, "Yes", clientMessageId="m-1")
    assert again.json() == first.json() and again["Idempotent-Replayed"] == "true"
    assert fresh(session).messages.filter(kind="answer").count() == 1
    other = send(as_(ann), session.pk, "No", clientMessageId="m-1")
    assert (other.status_code, other.json()["detail"]["code"]) == (409, "CLIENT_ID_CONFLICT")


def test_an_idempotency_key_names_the_message_too(ann, as_, writer):
    session = waiting(ann)
    body = {"sessionId": str(session.pk), "message": "Yes"}
    first = as_(ann).post(MESSAGE, body, headers={"Idempotency-Key": "k"})
    again = as_(ann).post(MESSAGE, body, headers={"Idempotency-Key": "k"})
    other = as_(ann).post(MESSAGE, body | {"message": "No"}, headers={"Idempotency-Key": "k"})
    assert again.json() == first.json()
    assert (other.status_code, other.json()["detail"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_it_gives_up_waiting_and_a_resend_gets_the_reply(ann, as_, writer, monkeypatch):
    session = waiting(ann)
    monkeypatch.setattr(assessment, "let_go", lambda: None)
    monkeypatch.setattr(assessment.say, "__kwdefaults__", {**assessment.say.__kwdefaults__, "seconds": 0.05})
    late = send(as_(ann), session.pk, "Slow")
    assert (late.status_code, late.json()["detail"]["code"]) == (503, "UNAVAILABLE")
    assert int(late["Retry-After"]) > 0
    other = send(as_(ann), session.pk, "Something else")
    assert (other.status_code, other.json()["detail"]["code"]) == (409, "GENERATION_IN_PROGRESS")
    write_question(session)
    monkeypatch.undo()
    assert fresh(session).messages.filter(kind="answer").count() == 1


def test_the_same_text_without_a_name_waits_for_the_same_reply(ann, as_, writer):
    session = waiting(ann)
    answer(session, "Twice")
    reply = send(as_(ann), session.pk, "Twice")
    assert reply.status_code == 200
    assert fresh(session).messages.filter(kind="answer").count() == 1


def test_a_question_that_failed_is_asked_for_once_more(ann, as_, writer):
    session = generating(ann)
    write_question(session, broken(retryable=False))
    assert fresh(session).phase == "generation_failed"
    assert send(as_(ann), session.pk, "Hello").status_code == 200


def test_a_reply_that_keeps_failing_is_503_and_the_message_is_kept(ann, as_, writer):
    session = waiting(ann)
    writer.provider = broken(retryable=False)
    response = send(as_(ann), session.pk, "Hello", clientMessageId="m")
    assert (response.status_code, response.json()["detail"]["code"]) == (503, "UNAVAILABLE")
    writer.provider = None
    assert send(as_(ann), session.pk, "Hello", clientMessageId="m").status_code == 200


# -- the traits ----------------------------------------------------------------------------------------------------


TELLING = "I love exploring new ideas, and before a trip I plan ahead."


def test_the_precision_of_a_reply_includes_its_message(ann, as_, writer):
    session = start(as_(ann))["sessionId"]
    first = send(as_(ann), session, TELLING).json()["precision"]
    assert first["openness"] > 0.5 and first["conscientiousness"] > 0.5 and first["extraversion"] == 0.5
    assert list(first) == list(limits.TRAITS)
    second = send(as_(ann), session, "I try new things, and I enjoy meeting new people.").json()["precision"]
    assert all(second[trait] >= first[trait] for trait in TRAITS) and second["extraversion"] > 0.5
    told = as_(ann).get(f"/api/v1/assessment/{session}").json()["session"]["precision"]
    assert told == second == InterviewSession.objects.get().precision


def test_it_asks_the_questions_of_the_shipped_template(ann, as_, writer):
    call_command("load_templates", verbosity=0)
    session = InterviewSession.objects.get(pk=start(as_(ann))["sessionId"])
    assert (session.template.slug, session.time_limit_seconds) == ("personality", None)
    assert session.plan["dimensions"] == list(limits.TRAITS)
    assert send(as_(ann), session.pk, TELLING).status_code == 200


def test_a_template_that_was_changed_leaves_the_contract_alone(ann, as_, writer):
    """It may have a time limit then, but it is about the five traits."""
    fixed = {"time_limit_minutes": 20, "allows_time_choice": False}
    TemplateFactory(slug="personality", dimensions=["ownership"], **fixed)
    body = start(as_(ann))
    session = InterviewSession.objects.get()
    assert (session.time_limit_seconds, session.precision) == (1200, dict.fromkeys(TRAITS, 0.5))
    assert set(send(as_(ann), body["sessionId"], TELLING).json()["precision"]) == TRAITS


def test_of_another_session_only_the_traits_are_told(ann, as_, writer):
    session = waiting(ann)
    assert send(as_(ann), session.pk, TELLING).json()["precision"] == dict.fromkeys(TRAITS, 0.5)
    assert "ownership" in fresh(session).precision


def test_a_reading_that_fails_does_not_keep_the_reply(ann, as_, writer, monkeypatch):
    session = start(as_(ann))["sessionId"]
    monkeypatch.setattr(analysing, "add_up", lambda session: 1 / 0)
    monkeypatch.setattr(operations, "BACKOFF_SECONDS", (0.0, 0.0, 0.0))
    reply = send(as_(ann), session, TELLING)
    assert (reply.status_code, reply.json()["precision"]) == (200, dict.fromkeys(TRAITS, 0.5))
    assert Operation.objects.get(kind="analysis").status == "failed"


def test_a_reading_that_takes_too_long_does_not_keep_the_reply(ann, as_, writer, monkeypatch):
    session = waiting(ann)
    monkeypatch.setattr(assessment, "let_go", lambda: write_question(session))
    monkeypatch.setattr(assessment.say, "__kwdefaults__", {**assessment.say.__kwdefaults__, "seconds": 0.5})
    assert send(as_(ann), session.pk, TELLING).status_code == 200
    assert Operation.objects.get(kind="analysis").status == "queued"


@pytest.mark.parametrize("verb", ["pause_session", "end_session"])
def test_a_session_that_is_not_active_is_400(ann, as_, verb):
    session = waiting(ann)
    getattr(sessions, verb)(session.pk, actor=as_actor(ann))
    response = send(as_(ann), session.pk, "Hello")
    assert (response.status_code, response.json()["detail"]["code"]) == (400, "SESSION_NOT_ACTIVE")


def test_a_missing_and_a_foreign_session_are_the_same_404(ann, ben, as_):
    session = waiting(ann)
    for path in (str(session.pk), str(ben.pk), "nonsense"):
        told = [send(as_(ben), path, "Hello"), as_(ben).get(f"/api/v1/assessment/{path}")]
        assert [each.status_code for each in told] == [404, 404]
        assert {each.json()["detail"]["code"] for each in told} == {"SESSION_NOT_FOUND"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": "x"}, "sessionId"),
        ({"sessionId": "x"}, "message"),
        ({"sessionId": "x", "message": ""}, "message"),
        ({"sessionId": "x", "message": "y", "session_id": "z"}, "session_id"),
    ],
)
def test_a_bad_message_names_the_field(ann, as_, body, field):
    response = as_(ann).post(MESSAGE, body)
    assert [error["field"] for error in response.json()["detail"]["errors"]] == [field]


# -- taking an anonymous session over ------------------------------------------------------------------------------


def claim(client, session_id, token):
    return client.post(f"/api/v1/sessions/{session_id}/claim", {"accessToken": token})


def test_a_claimed_session_belongs_to_the_account(ann, as_, api, writer):
    body = start(api)
    send(holder(body["accessToken"]), body["sessionId"], "Before the claim")
    guest = User.objects.get(is_guest=True)
    response = claim(as_(ann), body["sessionId"], body["accessToken"])
    assert (response.status_code, response.json()["candidate"]["email"]) == (200, ann.email)
    session = InterviewSession.objects.get()
    assert (session.candidate, session.created_by) == (ann, ann)
    assert types(session)[-1] == "session.claimed"
    assert session.events.order_by("seq").last().actor == f"candidate:{ann.pk}"
    assert not User.objects.filter(pk=guest.pk).exists()
    assert holder(body["accessToken"]).get(f"/api/v1/sessions/{session.pk}").status_code == 401
    told = as_(ann).get(f"/api/v1/assessment/{session.pk}").json()
    assert told["messages"][1]["content"] == "Before the claim" and told["session"]["userId"] == str(ann.pk)


def test_claiming_twice_changes_nothing(ann, as_, api):
    body = start(api)
    claim(as_(ann), body["sessionId"], body["accessToken"])
    before = types(InterviewSession.objects.get())
    assert claim(as_(ann), body["sessionId"], body["accessToken"]).status_code == 200
    assert types(InterviewSession.objects.get()) == before


def test_a_wrong_expired_or_spent_token_is_a_missing_session(ann, ben, as_, api):
    body, other = start(api), start(APIClient())
    missing = claim(as_(ann), ann.pk, body["accessToken"])
    wrong = claim(as_(ann), body["sessionId"], other["accessToken"])
    SessionToken.objects.filter(session_id=other["sessionId"]).update(expires_at="2020-01-01T00:00Z")
    expired = claim(as_(ann), other["sessionId"], other["accessToken"])
    claim(as_(ann), body["sessionId"], body["accessToken"])
    spent = claim(as_(ben), body["sessionId"], body["accessToken"])
    for refused in (missing, wrong, expired, spent):
        assert refused.status_code == 404
        assert refused.json()["detail"] == missing.json()["detail"]
    assert InterviewSession.objects.get(pk=other["sessionId"]).candidate.is_guest


def test_an_expired_token_says_so(api):
    body = start(api)
    SessionToken.objects.update(expires_at="2020-01-01T00:00Z")
    response = holder(body["accessToken"]).get(f"/api/v1/sessions/{body['sessionId']}")
    assert (response.status_code, response.json()["detail"]["code"]) == (401, "TOKEN_EXPIRED")


def test_only_an_account_can_claim(as_, api):
    body = start(api)
    refused = claim(as_(User.objects.create_guest()), body["sessionId"], body["accessToken"])
    by_itself = claim(holder(body["accessToken"]), body["sessionId"], body["accessToken"])
    assert (refused.status_code, by_itself.status_code) == (403, 403)


def test_a_key_of_an_account_can_claim(ann, api):
    body = start(api)
    _, secret = create_key("x", actor=as_actor(ann), scopes=["write"])
    assert claim(holder(secret), body["sessionId"], body["accessToken"]).status_code == 200


def test_the_resume_context_and_the_verbs_are_there_for_the_token(api, writer):
    body = start(api)
    client, here = holder(body["accessToken"]), f"/api/v1/sessions/{body['sessionId']}"
    assert client.get(here).json()["status"] == "active"
    assert client.put(f"{here}/pause").status_code == 200
    assert client.put(f"{here}/resume").status_code == 200
    assert client.get("/api/v1/sessions").json()["count"] == 1
    assert client.post("/api/v1/sessions", {}).status_code == 403
    assert client.get("/api/v1/resumes").status_code == 404
    assert client.get(f"/api/v1/sessions/{start(APIClient())['sessionId']}").status_code == 404
