"""``/job-postings``, ``/resumes``, ``/templates``, ``/models``: what sessions are made from."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from sessions_app import represent
from sessions_app.access import job_posting_for, job_postings_of, resume_for, resumes_of, template_for
from sessions_app.ai.protocol import descriptions
from sessions_app.models import InterviewTemplate
from sessions_app.services import catalog

from . import inputs, outputs
from .base import ApiView, PageQuery, page
from .docs import KEY, says


class _Rows(ViewSetMixin, ApiView):
    lookup_field = "id"
    lookup_value_regex = "[^/]+"


class JobPostingViewSet(_Rows):
    @says(
        "Job postings, newest first",
        {200: outputs.page_of(outputs.JobPostingOut)},
        query=PageQuery,
        errors=(400,),
    )
    def list(self, request: Any) -> Response:
        rows = job_postings_of(self.actor)
        return Response(page(request, rows, self.query(PageQuery), represent.job_posting))

    @says(
        "Store a job posting",
        {201: outputs.JobPostingOut},
        body=inputs.JobPostingBody,
        errors=(400, 409, 422),
        headers=(KEY,),
    )
    def create(self, request: Any) -> Response:
        posting = catalog.create_job_posting(self.body(inputs.JobPostingBody), actor=self.actor)
        headers = {"Location": f"/api/v1/job-postings/{posting.pk}"}
        return Response(represent.job_posting(posting), status=201, headers=headers)

    @says("A job posting", {200: outputs.JobPostingOut}, errors=(404,))
    def retrieve(self, request: Any, id: str) -> Response:
        return Response(represent.job_posting(job_posting_for(id, self.actor)))

    @says(
        "Change a job posting",
        {200: outputs.JobPostingOut},
        body=inputs.JobPostingBody,
        errors=(400, 404, 409, 422),
        headers=(KEY,),
    )
    def partial_update(self, request: Any, id: str) -> Response:
        changes = self.body(inputs.JobPostingBody, partial=True)
        return Response(represent.job_posting(catalog.update_job_posting(id, changes, actor=self.actor)))

    @says("Delete a job posting", {204: None}, errors=(404,))
    def destroy(self, request: Any, id: str) -> Response:
        catalog.delete_job_posting(id, actor=self.actor)
        return Response(status=204)


class ResumeViewSet(_Rows):
    @says("Résumés, newest first", {200: outputs.page_of(outputs.ResumeOut)}, query=PageQuery, errors=(400,))
    def list(self, request: Any) -> Response:
        return Response(page(request, resumes_of(self.actor), self.query(PageQuery), represent.resume))

    @says(
        "Store a résumé",
        {201: outputs.ResumeOut},
        body=inputs.ResumeBody,
        errors=(400, 409, 422),
        headers=(KEY,),
    )
    def create(self, request: Any) -> Response:
        resume = catalog.create_resume(self.body(inputs.ResumeBody)["content"], actor=self.actor)
        headers = {"Location": f"/api/v1/resumes/{resume.pk}"}
        return Response(represent.resume(resume), status=201, headers=headers)

    @says("A résumé", {200: outputs.ResumeOut}, errors=(404,))
    def retrieve(self, request: Any, id: str) -> Response:
        return Response(represent.resume(resume_for(id, self.actor)))

    @says("Delete a résumé", {204: None}, errors=(404,))
    def destroy(self, request: Any, id: str) -> Response:
        catalog.delete_resume(id, actor=self.actor)
        return Response(status=204)


class TemplateViewSet(_Rows):
    @says(
        "Practice interviews on offer",
        {200: outputs.page_of(outputs.TemplateOut)},
        query=PageQuery,
        errors=(400,),
    )
    def list(self, request: Any) -> Response:
        rows = InterviewTemplate.objects.offered()
        return Response(page(request, rows, self.query(PageQuery), represent.template))

    @says("A template, by id or slug", {200: outputs.TemplateOut}, errors=(404,))
    def retrieve(self, request: Any, id: str) -> Response:
        return Response(represent.template(template_for(id, self.actor)))


class ModelsView(ApiView):
    @says("The interviewers that are connected", {200: outputs.ModelOut(many=True)})
    def get(self, request: Any) -> Response:
        return Response(descriptions())
