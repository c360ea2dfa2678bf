"""Templates with their questions and rubric. Every change is kept as a version; nobody overwrites unseen."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions_app import errors
from sessions_app.models import InterviewSession, InterviewTemplate, PlannedQuestion, RubricPoint, TemplateVersion
from sessions_app.services import templates
from sessions_app.services.differences import Difference, differences

from .actors import actor_of
from .selecting import SelectsRows
from .template_forms import QuestionForm, TemplateForm
from .words import EditsWords

_FOLDER = "admin/sessions_app/interviewtemplate"


def keep_and_tell(request: HttpRequest, template_id: Any, before: int | None) -> None:
    """Keep what was written as a version, and say so if it became one."""
    template = templates.keep_version(template_id, actor=actor_of(request))
    if before is not None and template.version != before:
        messages.info(request, f"Kept as version {template.version} of “{template.title}”.")


class QuestionsInline(EditsWords, admin.StackedInline):
    model = PlannedQuestion
    extra = 0
    show_change_link = True
    fields = (("position", "key", "question_type", "criterion"), "text", "skills")
    word_help = {"skills": "One a line. “Change” leads to the rubric of a question."}


@admin.register(InterviewTemplate)
class TemplatePage(EditsWords, SelectsRows):
    form = TemplateForm
    list_display = ("title", "slug", "version", "used_by", "planned_questions", "minutes", "is_practice", "is_active")
    list_filter = ("is_active", "is_practice", "level")
    search_fields = ("title", "slug", "summary")
    prepopulated_fields = {"slug": ("title",)}
    readonly_fields = ("version", "used_by_versions")
    inlines = (QuestionsInline,)
    actions = ("activate", "deactivate")
    change_form_template = f"{_FOLDER}/change_form.html"
    fieldsets = (
        (None, {"fields": ("title", "slug", "summary", "is_active", "is_practice", "position")}),
        ("History", {"fields": ("version", "used_by_versions")}),
        ("Interview", {"fields": ("level", "planned_questions", "enabled_modes", "token_budget")}),
        ("Time", {"fields": ("time_limit_minutes", "allows_time_choice", "limit_reason")}),
        ("Task", {"fields": ("challenge_text",)}),
        ("Rules", {"fields": ("shows_precision", "idle_minutes", "max_pause_minutes", "quiet_minutes")}),
        ("Judging", {"fields": ("dimensions", "criteria", "shows_report", "needs_model_score", "may_fall_back")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[InterviewTemplate]:
        used = InterviewSession.objects.kept().filter(template=OuterRef("pk")).order_by().values("template")
        count = used.annotate(count=Count("pk")).values("count")
        return super().get_queryset(request).annotate(used=Coalesce(Subquery(count), 0))

    @admin.display(description="minutes", ordering="time_limit_minutes", empty_value="no limit")
    def minutes(self, template: InterviewTemplate) -> int | None:
        return template.time_limit_minutes

    @admin.display(description="used by", ordering="used")
    def used_by(self, template: Any) -> str | SafeString:
        return _sessions_link(template.used, template) if template.used else "no session"

    @admin.display(description="used by")
    def used_by_versions(self, template: InterviewTemplate) -> str | SafeString:
        """How many sessions were made from it, each version with a link to the list of them."""
        counts = templates.sessions_by_version(template) if template.pk else {}
        if not counts:
            return "no session yet"
        rows = [(_sessions_link(count, template, version), _name(version)) for version, count in _newest_first(counts)]
        whole = _sessions_link(sum(counts.values()), template)
        return format_html('{}<ul class="plain">{}</ul>', whole, format_html_join("", "<li>{} of {}</li>", rows))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)  # a slug is an address: it stays

    # -- saving ----------------------------------------------------------------------------------------------------

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        keep_and_tell(request, form.instance.pk, form.instance.version if change else None)

    @admin.action(description="Offer again (activate)", permissions=["change"])
    def activate(self, request: HttpRequest, rows: QuerySet[InterviewTemplate]) -> None:
        self._offer(request, rows, offered=True)

    @admin.action(description="Offer no longer (deactivate)", permissions=["change"])
    def deactivate(self, request: HttpRequest, rows: QuerySet[InterviewTemplate]) -> None:
        self._offer(request, rows, offered=False)

    def _offer(self, request: HttpRequest, rows: QuerySet[InterviewTemplate], *, offered: bool) -> None:
        changed = templates.offer_templates(rows.values_list("pk", flat=True), offered=offered, actor=actor_of(request))
        word = "offered again" if offered else "offered no longer"
        messages.success(request, f"{changed} template{'' if changed == 1 else 's'} {word}.")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without deleting many at once: a template that was used is deactivated, the others are deleted singly."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except errors.TemplateInUse as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(_address("change", object_id))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refused before it asks for a confirmation. What would go with it needs no permission of its own."""
        for template in objs:
            templates.check_unused(template)
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: InterviewTemplate) -> None:
        templates.delete_template(obj.pk)

    # -- pages of its own ------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        pages = {"versions": self.versions_view, "preview": self.preview_view, "duplicate": self.duplicate_view}
        own = [
            path(f"<uuid:template_id>/{name}/", self.admin_site.admin_view(view), name=_url_name(name))
            for name, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def versions_view(self, request: HttpRequest, template_id: Any) -> HttpResponse:
        """Every version and what it changed; ``?from=2&to=4`` compares any two."""
        template = self._template_for(request, template_id)
        versions = templates.versions_of(template)
        new = _chosen(request, "to", versions) or versions[0]
        older = [version for version in versions if version.version < new.version]
        old = _chosen(request, "from", versions) or (older[0] if older else None)
        context = {
            "versions": versions,
            "counts": templates.sessions_by_version(template),
            "old": old,
            "new": new,
            "differences": [(d.where, _marked(d)) for d in differences(old.content, new.content)] if old else [],
        }
        return self._page(request, template, "versions.html", f"Versions of {template.title}", context)

    def preview_view(self, request: HttpRequest, template_id: Any) -> HttpResponse:
        """What a candidate would see; nothing is stored."""
        template = self._template_for(request, template_id)
        questions = template.questions.all()[: template.planned_questions]
        context = {"questions": questions, "from_bank": template.planned_questions - len(questions)}
        return self._page(request, template, "preview.html", f"Preview of {template.title}", context)

    def duplicate_view(self, request: HttpRequest, template_id: Any) -> HttpResponse:
        if request.method != "POST":
            raise Http404
        template = self._template_for(request, template_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        copy = templates.duplicate_template(template.pk, actor=actor_of(request))
        messages.success(request, f"This is “{copy.title}”. It is not offered to anybody until you activate it.")
        return HttpResponseRedirect(_address("change", copy.pk))

    def _template_for(self, request: HttpRequest, template_id: Any) -> InterviewTemplate:
        template: InterviewTemplate | None = self.get_object(request, str(template_id))
        if template is None:
            raise Http404
        if not self.has_view_permission(request, template):
            raise PermissionDenied
        return template

    def _page(
        self, request: HttpRequest, template: InterviewTemplate, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "template": template}
        return TemplateResponse(request, f"{_FOLDER}/{name}", whole | context)


class PointsInline(EditsWords, admin.StackedInline):
    model = RubricPoint
    extra = 0
    fields = ("position", "statement", "aliases", "follow_up", "developing", "solid", "strong")
    word_help = {"aliases": "Words in an answer that show this point, one a line."}


@admin.register(PlannedQuestion)
class QuestionPage(EditsWords, SelectsRows):
    """Reached from its template, so it has no entry in the index."""

    form = QuestionForm
    list_display = ("key", "template", "position", "question_type")
    list_filter = ("template", "question_type")
    list_select_related = ("template",)
    search_fields = ("key", "text")
    ordering = ("template", "position", "id")
    inlines = (PointsInline,)
    fields = ("template", ("position", "key", "question_type", "criterion"), "text", "skills")
    change_form_template = f"{_FOLDER}/question_form.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("template",) if obj else ()

    def save_model(self, request: HttpRequest, obj: PlannedQuestion, form: Any, change: bool) -> None:
        form.version_before = templates.open_template(obj.template_id).version
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        keep_and_tell(request, form.instance.template_id, form.version_before)

    def delete_model(self, request: HttpRequest, obj: PlannedQuestion) -> None:
        self.delete_queryset(request, PlannedQuestion.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PlannedQuestion]) -> None:
        before = {pk: templates.open_template(pk).version for pk in set(queryset.values_list("template_id", flat=True))}
        super().delete_queryset(request, queryset)
        for template_id, version in before.items():
            keep_and_tell(request, template_id, version)


def _sessions_link(count: int, template: InterviewTemplate, version: int | None = None) -> SafeString:
    address = f"{reverse('admin:sessions_app_interviewsession_changelist')}?template__id__exact={template.pk}"
    if version is not None:
        address += f"&template_version={version}"
    return format_html('<a href="{}">{} session{}</a>', address, count, "" if count == 1 else "s")


def _newest_first(counts: dict[int | None, int]) -> list[tuple[int | None, int]]:
    return sorted(counts.items(), key=lambda pair: -(pair[0] or 0))


def _marked(difference: Difference) -> SafeString:
    """The words with what went and what came marked up; no space between them, since spaces count here."""
    tags = {"same": "span", "removed": "del", "added": "ins"}
    return format_html_join("", "<{0}>{1}</{0}>", ((tags[what], text) for what, text in difference.words))


def _name(version: int | None) -> str:
    return "a version that was not recorded" if version is None else f"version {version}"


def _chosen(request: HttpRequest, name: str, versions: list[TemplateVersion]) -> TemplateVersion | None:
    return next((row for row in versions if str(row.version) == request.GET.get(name)), None)


def _url_name(name: str) -> str:
    return f"sessions_app_interviewtemplate_{name}"


def _address(name: str, template_id: Any) -> str:
    return reverse(f"admin:{_url_name(name)}", args=[template_id])
