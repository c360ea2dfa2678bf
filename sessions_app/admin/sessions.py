"""Sessions and operations: to be read here, and changed by the verbs only.

Nobody has the admin's own right to change them, so no form of the admin can write a status, a counter or a word.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.forms import Media
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions_app import errors
from sessions_app.access import Actor, as_uuid
from sessions_app.models import InterviewSession, Operation, SessionEvent, SessionMessage, User
from sessions_app.services import operations

from . import chips
from .transitions import (
    MOST_AT_ONCE,
    OF_THE_QUESTION,
    VERBS,
    Verb,
    carry_out,
    needs_reason,
    offered,
    sentence_of,
    why_not,
)


def actor_of(request: HttpRequest) -> Actor:
    return Actor(cast(User, request.user))  # the site lets nobody else in


class ReadOnly(admin.options.BaseModelAdmin):
    """Mixin: nothing can be added, changed or deleted through the admin's forms."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PartOfSession(ReadOnly, admin.TabularInline):
    """Rows that belong to the session's page: who may see the one sees the other."""

    extra = 0
    can_delete = False
    fields = ()

    @property
    def media(self) -> Media:
        return Media()  # nothing can be added, so no script is needed

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class Transcript(PartOfSession):
    """What was said, then what is being written, then what arrived too late."""

    model = SessionMessage
    fk_name = "session"
    template = "admin/sessions_app/interviewsession/_transcript.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SessionMessage]:
        return super().get_queryset(request).order_by(F("seq").asc(nulls_last=True), "created_at")


class Log(PartOfSession):
    """The session's events, with the reasons that people gave."""

    model = SessionEvent
    template = "admin/sessions_app/interviewsession/_events.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SessionEvent]:
        return super().get_queryset(request).select_related("reason_row").order_by("seq")


@admin.register(InterviewSession)
class SessionPage(ReadOnly, admin.ModelAdmin):
    list_display = ("who", "title", "state", "progress", "time", "created")
    list_filter = ("status", "template", "model_name", "created_at", "is_practice", "is_demo")
    search_fields = ("candidate_name", "candidate_email", "title", "id")
    search_help_text = "Name, e-mail, title or id"
    list_per_page = 50
    list_max_show_all = MOST_AT_ONCE
    show_full_result_count = False
    inlines = (Transcript, Log)
    fieldsets = (
        (None, {"fields": ("id", "title", "state", "progress", "time", "created_at", "started_at", "ended_at")}),
        ("Candidate", {"fields": ("candidate_name", "candidate_email", "candidate", "created_by", "draft")}),
        (
            "Configuration",
            {
                "classes": ("collapse",),
                "fields": (
                    *("template", "job_posting", "resume", "language", "model_name", "enabled_modes", "auto_advance"),
                    *("challenge_text", "opens_at", "closes_at", "quiet_minutes", "is_practice", "is_demo"),
                ),
            },
        ),
        ("Question plan", {"classes": ("collapse",), "fields": ("plan_outline",)}),
        (
            "Counters",
            {
                "classes": ("collapse",),
                "fields": (
                    *("token_budget", "tokens_used", "tokens_reserved", "traits", "message_count", "last_seq"),
                    *("version", "paused_at", "last_activity_at", "updated_at", "retake_of", "retake_number"),
                ),
            },
        ),
    )
    # Every field is read-only by lack of permission; the computed ones have to be named.
    readonly_fields = ("state", "progress", "time", "draft", "plan_outline", "traits")
    change_form_template = "admin/sessions_app/interviewsession/change_form.html"

    # -- who may do what -------------------------------------------------------------------------------------------

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may use the verbs. The admin's own change permission is nobody's, see ReadOnly."""
        return request.user.has_perm("sessions_app.change_interviewsession")

    # -- the list --------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[InterviewSession]:
        return InterviewSession.objects.with_turn().select_related("template")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Sessions", **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InterviewSession], search_term: str
    ) -> tuple[QuerySet[InterviewSession], bool]:
        """A whole id is looked up by the primary key; anything else is searched for in the texts."""
        if key := as_uuid(search_term.strip()):
            return queryset.filter(pk=key), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="candidate", ordering="candidate_name")
    def who(self, session: InterviewSession) -> SafeString:
        name = session.candidate_name or "No name"
        return format_html('<bdi>{}</bdi><br><small class="quiet">{}</small>', name, session.candidate_email)

    @admin.display(description="status", ordering="status")
    def state(self, session: InterviewSession) -> SafeString:
        phase = chips.phase(session)
        return format_html('{} <small class="quiet phase">{}</small>', chips.chip(session), phase)

    @admin.display(description="progress", ordering="current_question_number")
    def progress(self, session: InterviewSession) -> str:
        return chips.progress(session)

    @admin.display(description="thinking time")
    def time(self, session: InterviewSession) -> str:
        return chips.time_used(session, session.now)

    @admin.display(description="created", ordering="created_at")
    def created(self, session: InterviewSession) -> SafeString:
        at = session.created_at
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), f"{at:%-d %b %Y %H:%M}")

    # -- the page --------------------------------------------------------------------------------------------------

    @admin.display(description="draft")
    def draft(self, session: InterviewSession) -> str:
        """How much is written, not what: a draft has not been sent."""
        words = len(session.draft_text.split())
        return f"{words} word{'' if words == 1 else 's'}, not sent" if words else ""

    @admin.display(description="questions")
    def plan_outline(self, session: InterviewSession) -> SafeString:
        rows = ((row["text"], row["type"], row["key"]) for row in session.plan.get("questions", ()))
        items = format_html_join("", '<li>{} <small class="quiet">{} · {}</small></li>', rows)
        return format_html('<ol class="outline">{}</ol>', items)

    @admin.display(description="trait precision")
    def traits(self, session: InterviewSession) -> str:
        return " · ".join(f"{trait} {value:.2f}" for trait, value in session.precision.items())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        session: InterviewSession = context["original"]
        actor = actor_of(request)
        verbs = offered(session, actor) if self.has_act_permission(request) else []
        context |= {
            "title": session.title,
            "subtitle": session.candidate_name or "No name",
            "verbs": [(verb, needs_reason(verb, session, actor)) for verb in verbs],
            "has_reasons": any(needs_reason(verb, session, actor) for verb in verbs),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.transition_view)
        route = path("<uuid:session_id>/do/<slug:action>/", act, name="sessions_app_interviewsession_do")
        return [route, *super().get_urls()]

    def transition_view(self, request: HttpRequest, session_id: Any, action: str) -> HttpResponse:
        """One button of the page. Nothing but the verb decides whether it may be pressed."""
        verb = VERBS.get(action)
        if verb is None or request.method != "POST":
            raise Http404
        if not self.has_act_permission(request):
            raise PermissionDenied
        version = request.POST.get("version", "")
        expect = int(version) if version.isdecimal() and len(version) < 12 else None
        try:
            carry_out(session_id, verb, actor_of(request), request.POST.get("reason", "").strip(), expect)
        except errors.NotFound as error:
            raise Http404 from error
        except errors.DomainError as error:
            messages.error(request, sentence_of(error))
        else:
            what = "question" if verb.name in OF_THE_QUESTION else "session"
            messages.success(request, f"The {what} was {verb.done}.")
        return HttpResponseRedirect(reverse("admin:sessions_app_interviewsession_change", args=[session_id]))

    # -- many at once ----------------------------------------------------------------------------------------------

    @admin.action(description="Start…", permissions=["act"])
    def start_selected(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> HttpResponse | None:
        return self._many(request, rows, VERBS["start"])

    @admin.action(description="Pause…", permissions=["act"])
    def pause_selected(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> HttpResponse | None:
        return self._many(request, rows, VERBS["pause"])

    @admin.action(description="Resume…", permissions=["act"])
    def resume_selected(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> HttpResponse | None:
        return self._many(request, rows, VERBS["resume"])

    @admin.action(description="Complete…", permissions=["act"])
    def complete_selected(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> HttpResponse | None:
        return self._many(request, rows, VERBS["complete"])

    @admin.action(description="Cancel…", permissions=["act"])
    def cancel_selected(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> HttpResponse | None:
        return self._many(request, rows, VERBS["cancel"])

    actions = (start_selected, pause_selected, resume_selected, complete_selected, cancel_selected)

    def _many(self, request: HttpRequest, rows: QuerySet[InterviewSession], verb: Verb) -> HttpResponse | None:
        """First what would happen, then, once that is confirmed, each session by its verb."""
        chosen = list(rows[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            messages.error(request, f"Choose at most {MOST_AT_ONCE} sessions at a time.")
            return None
        actor = actor_of(request)
        refusals = [(session, why_not(session, verb, actor)) for session in chosen]
        able = [session for session, sentence in refusals if not sentence]
        wants_reason = any(needs_reason(verb, session, actor) for session in able)
        reason = request.POST.get("reason", "").strip()
        if "confirmed" in request.POST and (reason or not wants_reason):
            self._carry_out_many(request, chosen, verb, reason)
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{verb.label} {len(able)} of {len(chosen)} sessions?",
            "verb": verb,
            "able": able,
            "refused": [(session, sentence) for session, sentence in refusals if sentence],
            "wants_reason": wants_reason,
            "is_missing": "confirmed" in request.POST,
            "action": f"{verb.name}_selected",
        }
        return TemplateResponse(request, "admin/sessions_app/interviewsession/confirm.html", context)

    def _carry_out_many(self, request: HttpRequest, chosen: list[InterviewSession], verb: Verb, reason: str) -> None:
        done = 0
        for session in chosen:
            try:
                carry_out(session.pk, verb, actor_of(request), reason)
                done += 1
            except errors.DomainError as error:
                messages.warning(request, f"{session}: {sentence_of(error)}")
        if done:
            messages.success(request, f"{done} session{'' if done == 1 else 's'} {verb.done}.")


@admin.register(Operation)
class OperationPage(ReadOnly, admin.ModelAdmin):
    list_display = (
        "created_at",
        "session_link",
        "kind",
        "status",
        "attempt",
        "error_code",
        "model_name",
        "finished_at",
    )
    list_display_links = ("created_at",)
    list_filter = ("status", "kind", "error_code", "model_name", "created_at")
    search_fields = ("id", "session__id", "session__candidate_name", "session__candidate_email")
    list_select_related = ("session",)
    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ("session_link",)
    exclude = ("session", "message")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_interviewsession")

    @admin.display(description="session", ordering="session__title")
    def session_link(self, operation: Operation) -> SafeString:
        url = reverse("admin:sessions_app_interviewsession_change", args=[operation.session_id])
        return format_html('<a href="{}">{}</a>', url, operation.session)

    @admin.action(description="Try again", permissions=["act"])
    def retry_selected(self, request: HttpRequest, rows: QuerySet[Operation]) -> None:
        self._each(request, rows, operations.retry_operation, "sent back to the interviewer")

    @admin.action(description="Stop", permissions=["act"])
    def stop_selected(self, request: HttpRequest, rows: QuerySet[Operation]) -> None:
        self._each(request, rows, operations.cancel_operation, "stopped")

    actions = (retry_selected, stop_selected)

    def _each(self, request: HttpRequest, rows: QuerySet[Operation], verb: Any, done: str) -> None:
        for operation in rows[:MOST_AT_ONCE]:
            try:
                verb(operation.pk, actor=actor_of(request))
                messages.success(request, f"{operation.session}: the question was {done}.")
            except errors.DomainError as error:
                messages.error(request, f"{operation.session}: {sentence_of(error)}")
