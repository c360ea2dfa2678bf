"""What interviews are made from besides templates: job postings and résumés."""

from __future__ import annotations

from django.contrib import admin

from sessions_app.models import JobPosting, Resume
from sessions_app.services.resumes import noticed

from .selecting import SelectsRows
from .words import EditsWords


class ChoosesOwner(SelectsRows):
    """Whose it is, found as one types; a script gives that field the name that its library leaves out."""

    autocomplete_fields = ("owner",)

    class Media:
        js = ("js/select_names.js",)


@admin.register(JobPosting)
class JobPostingPage(EditsWords, ChoosesOwner):
    list_display = ("title", "company", "experience_level", "language", "owner", "created_at")
    list_filter = ("experience_level", "language", "created_at")
    list_select_related = ("owner",)
    search_fields = ("title", "company", "owner__email")
    fields = ("title", "company", "description", "tech_stack", "experience_level", "language", "noticed", "owner")
    readonly_fields = ("noticed",)
    word_help = {"tech_stack": "What the job asks for, one a line: Python, Django, …"}

    @admin.display(description="noticed")
    def noticed(self, posting: JobPosting) -> str:
        return noticed(posting.flags)


@admin.register(Resume)
class ResumePage(ChoosesOwner):
    list_display = ("__str__", "owner", "source_name", "noticed", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("owner",)
    search_fields = ("source_name", "owner__email", "owner__name")
    fields = ("content", "source_name", "noticed", "owner")
    readonly_fields = ("noticed",)

    @admin.display(description="noticed")
    def noticed(self, resume: Resume) -> str:
        return noticed(resume.flags)
