"""The checked-in OpenAPI file is what the code says, and what the code answers is what the file says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from sessions_app.models import InterviewSession
from sessions_app.services import operations

from .factories import JobPostingFactory, ResumeFactory, failed, write_question

FILE = Path(__file__).with_name("openapi.yaml")
REMEDY = "Run: ./run manage spectacular --file tests/openapi.yaml"


@pytest.fixture(scope="module")
def schema():
    return yaml.safe_load(FILE.read_text())


def test_the_file_is_what_the_code_says():
    generated = SchemaGenerator().get_schema(request=None, public=True)
    text = OpenApiYamlRenderer().render(generated, renderer_context={}).decode()
    assert yaml.safe_load(text) == yaml.safe_load(FILE.read_text()), REMEDY


def test_the_file_is_valid_openapi_3_1(schema):
    assert schema["openapi"].startswith("3.1")
    validate(schema)


def test_every_operation_has_a_summary_and_says_401_or_is_open(schema):
    for path, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            assert operation.get("summary"), f"{verb} {path}"
            assert "401" in operation["responses"], f"{verb} {path}"


def test_descriptions_are_about_the_call_and_not_about_our_classes(schema):
    operations = [operation for verbs in schema["paths"].values() for operation in verbs.values()]
    described = [*operations, *schema["components"]["schemas"].values()]
    told = " ".join(one.get("description", "") for one in described)
    for words in ("magic", "as_view", "throttle_kinds", "open_to_tokens", "refuses keys"):
        assert words not in told
    assert "names the message here" in told  # a view's own words stay


def conforms(schema, response, path):
    """Hold a real answer against the file."""
    template = next(p for p in schema["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", p), path))
    said = schema["paths"][template][response.request["REQUEST_METHOD"].lower()]["responses"]
    assert str(response.status_code) in said, f"{response.status_code} is not said for {path}"
    content = said[str(response.status_code)].get("content")
    if content is None:
        assert response.content == b""
        return
    shape = {**content["application/json"]["schema"], "components": schema["components"]}
    OAS31Validator(shape).validate(response.json())


@pytest.fixture
def call(schema, ann, as_):
    """Asks the API, by default as ann, and holds the answer against the file."""
    anns = as_(ann)

    def call(method, path, body=None, by=anns, **headers):
        response = getattr(by, method)(f"/api/v1{path}", body, headers=headers or None)
        conforms(schema, response, f"/api/v1{path}")
        return response

    return call


@pytest.mark.django_db
def test_real_answers_about_a_session_conform(call, ann, sam, as_):
    staff = as_(sam)
    posting, resume = JobPostingFactory(owner=ann), ResumeFactory(owner=ann)
    made = call("post", "/sessions", {"job_posting_id": str(posting.pk), "resume_id": str(resume.pk)}).json()
    here = f"/sessions/{made['id']}"
    call("patch", here, {"planned_questions": 3})
    call("post", f"{here}/start")
    session = InterviewSession.objects.get(pk=made["id"])
    claimed = operations.claim(session.turn_id)
    operations.write(claimed, "Half a ques")
    call("get", here)
    operations.release(claimed)
    write_question(session)
    answered = call("post", f"{here}/answers", {"answer_text": "Yes", "client_message_id": "a"}).json()
    call("get", f"/operations/{answered['operation']['id']}")
    write_question(session)
    call("put", f"{here}/draft", {"text": "I", "revision": 1})
    call("put", f"{here}/pause")
    unchanged = call("get", here)
    call("get", here, **{"If-None-Match": unchanged["ETag"]})
    call("put", f"{here}/resume")
    call("put", f"{here}/resume")
    for path in ("", "/messages", "/events"):
        call("get", here + path)
        call("get", here + path, by=staff)
    call("post", f"{here}/generate-question")
    call("post", f"{here}/complete")
    call("post", f"{here}/complete")
    call("get", "/sessions")
    call("get", "/sessions", {"status": "nope"})
    call("post", f"{here}/cancel", {"reason": "x"}, staff)


@pytest.mark.django_db
def test_real_answers_about_a_question_that_failed_conform(call, ann):
    broken = failed(ann)
    call("get", f"/sessions/{broken.pk}")
    call("post", f"/operations/{broken.turn_id}/retry")
    call("post", f"/operations/{broken.turn_id}/retry")
    call("post", f"/operations/{broken.turn_id}/cancel")


@pytest.mark.django_db
def test_real_answers_about_material_conform(call):
    made = call("post", "/job-postings", {"title": "Nurse"}).json()
    call("get", "/job-postings")
    call("patch", f"/job-postings/{made['id']}", {"company": "St. Mary"})
    call("delete", f"/job-postings/{made['id']}")
    call("get", f"/job-postings/{made['id']}")
    made = call("post", "/resumes", {"content": "CV"}).json()
    call("get", "/resumes")
    call("delete", f"/resumes/{made['id']}")
    call("get", "/models")
    call("get", "/templates")


@pytest.mark.django_db
def test_real_answers_about_accounts_conform(call, api):
    call("get", "/auth/me")
    call("get", "/auth/me", by=api)
    call("post", "/auth/register", {"email": "n@example.com", "password": "tall-copper-71"}, api)
    call("post", "/auth/register", {"email": "n"}, api)
    tokens = call("post", "/auth/token", {"email": "n@example.com", "password": "tall-copper-71"}, api).json()
    tokens = call("post", "/auth/token/refresh", {"refresh": tokens["refresh"]}, api).json()
    call("post", "/auth/logout", {"refresh": tokens["refresh"]}, api)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.json/", "/docs", "/docs/", "/docs?script="])
def test_the_documentation_is_served_without_a_redirect_and_from_here(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert "https://" not in response.content.decode().replace("https://json-schema.org", "")


@pytest.mark.django_db
def test_every_route_of_the_api_is_in_the_file(schema):
    from django.urls import get_resolver

    def walk(patterns, prefix=""):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            else:
                yield prefix + str(pattern.pattern)

    routes = {
        re.sub(r"<str:(\w+)>|\(\?P<(\w+)>[^)]*\)", lambda found: f"{{{found[1] or found[2]}}}", route)
        .replace("^", "")
        .rstrip("$")
        for route in walk(get_resolver().url_patterns)
        if route.startswith("api/v1/")
    }
    assert {f"/{route}".replace("\\Z", "") for route in routes} == set(schema["paths"])
