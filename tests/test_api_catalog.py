"""Job postings, résumés, templates and models: what sessions are made from."""

from __future__ import annotations

import pytest

from sessions_app.models import JobPosting, Resume

from .factories import JobPostingFactory, ResumeFactory, TemplateFactory, created, fresh

pytestmark = pytest.mark.django_db
POSTINGS, RESUMES = "/api/v1/job-postings", "/api/v1/resumes"


def test_a_job_posting_is_stored_and_read_back(ann, as_):
    body = {
        "title": "Backend engineer",
        "company": "Acme",
        "description": "Line one\nLine two ",
        "tech_stack": ["Django"],
        "experience_level": "senior",
        "language": "en",
    }
    response = as_(ann).post(POSTINGS, body)
    assert response.status_code == 201
    stored = JobPosting.objects.get(pk=response.json()["id"])
    assert (stored.owner, stored.description) == (ann, body["description"])
    assert as_(ann).get(response["Location"]).json() == {"id": str(stored.pk), **body}


def test_only_the_title_is_needed(ann, as_):
    body = as_(ann).post(POSTINGS, {"title": "Nurse"}).json()
    assert (body["tech_stack"], body["experience_level"], body["language"]) == ([], "mid", "en")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "x", "tech_stack": "Django"}, "tech_stack"),
        ({"title": "x", "tech_stack": [""]}, "tech_stack.0"),
        ({"title": "x", "experience_level": "guru"}, "experience_level"),
        ({"title": "x", "language": "English please"}, "language"),
        ({"title": "x", "owner": "me"}, "owner"),
    ],
)
def test_a_bad_posting_names_the_field(ann, as_, body, field):
    response = as_(ann).post(POSTINGS, body)
    assert response.status_code == 400
    assert field in {error["field"] for error in response.json()["detail"]["errors"]}
    assert JobPosting.objects.count() == 0


def test_a_posting_is_changed_and_deleted_by_its_owner(ann, as_):
    posting = JobPostingFactory(owner=ann)
    session = created(ann, job_posting_id=posting.pk)
    client = as_(ann)
    assert client.patch(f"{POSTINGS}/{posting.pk}", {"company": "Umbrella"}).json()["company"] == "Umbrella"
    assert client.delete(f"{POSTINGS}/{posting.pk}").status_code == 204
    assert client.get(f"{POSTINGS}/{posting.pk}").json()["detail"]["code"] == "JOB_POSTING_NOT_FOUND"
    assert fresh(session).plan["questions"]


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_foreign_posting_is_a_missing_one(ann, ben, as_, method):
    posting = JobPostingFactory(owner=ann)
    foreign = getattr(as_(ben), method)(f"{POSTINGS}/{posting.pk}", {"title": "Mine"})
    missing = getattr(as_(ben), method)(f"{POSTINGS}/{ben.pk}", {"title": "Mine"})
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert JobPosting.objects.get().title == posting.title


def test_lists_show_ones_own_and_staff_everything(ann, ben, sam, as_):
    JobPostingFactory(owner=ann)
    JobPostingFactory(owner=ben)
    ResumeFactory(owner=ben)
    assert [as_(who).get(POSTINGS).json()["count"] for who in (ann, ben, sam)] == [1, 1, 2]
    assert [as_(who).get(RESUMES).json()["count"] for who in (ann, ben, sam)] == [0, 1, 1]


def test_a_resume_is_text(ann, ben, as_):
    response = as_(ann).post(RESUMES, {"content": "Ann\n- Django\n"})
    assert (response.status_code, response.json()["content"]) == (201, "Ann\n- Django\n")
    path = response["Location"]
    assert as_(ben).get(path).json()["detail"]["code"] == "RESUME_NOT_FOUND"
    assert as_(ann).delete(path).status_code == 204
    assert Resume.objects.count() == 0
    assert as_(ann).post(RESUMES, {"content": ""}).status_code == 400
    assert as_(ann).post(RESUMES, {"content": "x" * 50_001}).status_code == 400


def test_templates_on_offer_are_found_by_id_and_slug(ann, sam, as_):
    offered, hidden = TemplateFactory(), TemplateFactory(is_active=False)
    assert [row["slug"] for row in as_(ann).get("/api/v1/templates").json()["results"]] == [offered.slug]
    assert as_(ann).get(f"/api/v1/templates/{offered.slug}").json()["id"] == str(offered.pk)
    assert as_(ann).get(f"/api/v1/templates/{hidden.pk}").json()["detail"]["code"] == "TEMPLATE_NOT_FOUND"
    assert as_(sam).get(f"/api/v1/templates/{hidden.pk}").status_code == 200


def test_the_built_in_interviewer_says_what_it_is(ann, as_):
    (model,) = as_(ann).get("/api/v1/models").json()
    assert (model["name"], model["is_ai"]) == ("built-in", False)
