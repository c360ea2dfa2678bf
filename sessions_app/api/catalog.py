"""``/job-postings``, ``/resumes``, ``/templates``, ``/models``: what sessions are made from."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import QueryDict
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from sessions_app import represent
from sessions_app.access import job_posting_for, job_postings_of, resume_for, resumes_of, template_for
from sessions_app.models import InterviewTemplate
from sessions_app.services import catalog, resumes
from sessions_app.services.connections import descriptions

from . import inputs, outputs
from .base import ApiView, PageQuery, page
from .docs import KEY, says
from .json import StrictJSONParser


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
    parser_classes = (StrictJSONParser, MultiPartParser)
    throttle_kinds = {"create": "create"}

    @says("Résumés, newest first", {200: outputs.page_of(outputs.ResumeOut)}, query=PageQuery, errors=(400,))
    def list(self, request: Any) -> Response:
        rows = resumes_of(self.actor)
        return Response(page(request, rows, self.query(PageQuery), partial(represent.resume, actor=self.actor)))

    @says(
        "Store a résumé: text, or a PDF, DOCX or text file of at most 5 MB",
        {201: outputs.ResumeOut},
        body={"application/json": inputs.ResumeBody, "multipart/form-data": inputs.ResumeFile},
        errors=(400, 409, 413, 422, 503),
        headers=(KEY,),
    )
    def create(self, request: Any) -> Response:
        resume = resumes.store_resume(actor=self.actor, **self._sent)
        headers = {"Location": f"/api/v1/resumes/{resume.pk}"}
        return Response(represent.resume(resume, self.actor), status=201, headers=headers)

    def prepare(self) -> None:
        """The text that was sent, or that is in the file: reading a file may take many seconds."""
        if self.action != "create":
            return
        if not isinstance(self.request.data, QueryDict):
            self._sent: dict[str, Any] = {"text": self.body(inputs.ResumeBody)["content"]}
            return
        file = self.body(inputs.ResumeFile)["file"]
        text, flags = resumes.read_resume(file)
        self._sent = {"text": text, "flags": flags, "source_name": file.name or ""}

    @says("A résumé", {200: outputs.ResumeOut}, errors=(404,))
    def retrieve(self, request: Any, id: str) -> Response:
        return Response(represent.resume(resume_for(id, self.actor), self.actor))

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
