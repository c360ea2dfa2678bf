"""What interviews are made from: templates with their questions and rubric, job postings, résumés."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Field, QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest

from sessions_app.models import InterviewTemplate, JobPosting, PlannedQuestion, Resume, RubricPoint, SessionMessage
from sessions_app.models.limits import MODES

from .words import EditsWords

_WORDS = dict(SessionMessage.MODES)


def raise_version(template_id: Any) -> None:
    """One more, counted by the database, so that two editors at once make two versions."""
    InterviewTemplate.objects.filter(pk=template_id).update(version=F("version") + 1)


def has_changed(form: ModelForm[Any], formsets: list[BaseModelFormSet[Any, Any]]) -> bool:
    return form.has_changed() or any(formset.has_changed() for formset in formsets)


class QuestionsInline(EditsWords, admin.StackedInline):
    model = PlannedQuestion
    extra = 0
    show_change_link = True
    fields = (("position", "key", "question_type"), "text", "skills")
    word_help = {"skills": "One a line. “Change” leads to the rubric of a question."}


@admin.register(InterviewTemplate)
class TemplatePage(EditsWords, admin.ModelAdmin):
    list_display = ("title", "slug", "version", "planned_questions", "minutes", "is_practice", "is_active", "position")
    list_filter = ("is_active", "is_practice", "level")
    search_fields = ("title", "slug", "summary")
    prepopulated_fields = {"slug": ("title",)}
    readonly_fields = ("version",)
    inlines = (QuestionsInline,)
    fieldsets = (
        (None, {"fields": ("title", "slug", "summary", "version", "is_active", "is_practice", "position")}),
        ("Interview", {"fields": ("level", "time_limit_minutes", "planned_questions", "enabled_modes")}),
        ("Task", {"fields": ("challenge_text",)}),
        ("Rules", {"fields": ("shows_precision", "quiet_minutes")}),
    )

    @admin.display(description="minutes", ordering="time_limit_minutes", empty_value="no limit")
    def minutes(self, template: InterviewTemplate) -> int | None:
        return template.time_limit_minutes

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name != "enabled_modes":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return forms.MultipleChoiceField(
            choices=[(mode, _WORDS[mode]) for mode in MODES],
            widget=forms.CheckboxSelectMultiple,
            required=False,
            help_text="How candidates may answer. None ticked means text.",
        )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)  # a slug is an address: it stays

    def save_model(self, request: HttpRequest, obj: InterviewTemplate, form: Any, change: bool) -> None:
        """Without the version, whose read value may be old by now."""
        if not change:
            obj.save()
            return
        obj.save(update_fields=[f.name for f in obj._meta.concrete_fields if f.name not in ("id", "version")])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and has_changed(form, formsets):
            raise_version(form.instance.pk)


class PointsInline(EditsWords, admin.StackedInline):
    model = RubricPoint
    extra = 0
    fields = ("position", "statement", "aliases", "follow_up", "developing", "solid", "strong")
    word_help = {"aliases": "Words in an answer that show this point, one a line."}


@admin.register(PlannedQuestion)
class QuestionPage(EditsWords, admin.ModelAdmin):
    """Reached from its template, so it has no entry in the index."""

    list_display = ("key", "template", "position", "question_type")
    list_filter = ("template", "question_type")
    list_select_related = ("template",)
    search_fields = ("key", "text")
    ordering = ("template", "position", "id")
    inlines = (PointsInline,)
    fields = ("template", ("position", "key", "question_type"), "text", "skills")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("template",) if obj else ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change or has_changed(form, formsets):
            raise_version(form.instance.template_id)

    def delete_model(self, request: HttpRequest, obj: PlannedQuestion) -> None:
        raise_version(obj.template_id)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PlannedQuestion]) -> None:
        for template_id in set(queryset.values_list("template_id", flat=True)):
            raise_version(template_id)
        super().delete_queryset(request, queryset)


@admin.register(JobPosting)
class JobPostingPage(EditsWords, admin.ModelAdmin):
    list_display = ("title", "company", "experience_level", "language", "owner", "created_at")
    list_filter = ("experience_level", "language", "created_at")
    list_select_related = ("owner",)
    search_fields = ("title", "company", "owner__email")
    autocomplete_fields = ("owner",)
    fields = ("title", "company", "description", "tech_stack", "experience_level", "language", "owner")
    word_help = {"tech_stack": "What the job asks for, one a line: Python, Django, …"}


@admin.register(Resume)
class ResumePage(admin.ModelAdmin):
    list_display = ("__str__", "owner", "source_name", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("owner",)
    search_fields = ("source_name", "owner__email", "owner__name")
    autocomplete_fields = ("owner",)
    fields = ("content", "source_name", "owner")
