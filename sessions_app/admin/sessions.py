"""A session's page: everything to be read, and changed by the verbs only.

Nobody has the admin's own right to change it, so no form of the admin can write a status, a counter or a word.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions_app import errors
from sessions_app.access import Actor, session_for
from sessions_app.models import InterviewSession, SessionEvent, SessionMessage
from sessions_app.services import budget
from sessions_app.services.coverage import coverage_of
from sessions_app.services.dimensions import dimensions_of, precision_of
from sessions_app.services.resumes import noticed
from sessions_app.services.scorecards import may_see_estimates, may_see_scores

from . import chips
from .actors import actor_of
from .contact import contact_of
from .latest import who_was_quicker
from .many import ManyAtOnce
from .readonly import PartOfSession, ReadOnly
from .selecting import SelectsRows
from .session_list import SessionList
from .transitions import (
    BUTTONS,
    ERASING,
    OF_THE_QUESTION,
    Verb,
    arguments_from,
    buttons,
    carry_out,
    needs_reason,
    sentence_of,
    version_in,
)

_FOLDER = "admin/sessions_app/interviewsession"
EVENTS_PER_PAGE = 50
TABS = ("overview", "transcript", "coverage", "events", "usage", "settings")


def tab_of(request: HttpRequest) -> str:
    tab = request.GET.get("tab", "")
    return tab if tab in TABS else TABS[0]


def shown_page(request: HttpRequest) -> int:
    """Which page of the events is asked for, from 1."""
    page = request.GET.get("page", "")
    return max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 7 else 1


def pages_of(session: InterviewSession, shown: int) -> dict[str, int]:
    """Where in the events the page is; 0 where there is no page before or after."""
    last = max(1, -(-session.last_seq // EVENTS_PER_PAGE))
    return {
        "shown": shown,
        "last": last,
        "before": min(shown - 1, last),
        "after": shown + 1 if shown < last else 0,
        "total": session.last_seq,
    }


class Transcript(PartOfSession):
    """What was said, then what is being written, then what arrived too late."""

    model = SessionMessage
    fk_name = "session"
    template = f"{_FOLDER}/_transcript.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SessionMessage]:
        rows = super().get_queryset(request).select_related("in_reply_to")
        return rows.order_by(F("seq").asc(nulls_last=True), "created_at")


class Log(PartOfSession):
    """A page of the session's events, with the reasons that people gave. They are numbered, so a page is a range."""

    model = SessionEvent
    template = f"{_FOLDER}/_events.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SessionEvent]:
        after = EVENTS_PER_PAGE * (shown_page(request) - 1)
        rows = super().get_queryset(request).filter(seq__gt=after, seq__lte=after + EVENTS_PER_PAGE)
        return rows.select_related("reason_row").order_by("seq")


def _judged(session: InterviewSession, actor: Actor, tab: str) -> dict[str, Any]:
    """What says how somebody did: not for those who have yet to rate it. How much is known says nothing of that."""
    if tab == "coverage":
        return {"coverage": coverage_of(session) if may_see_scores(session, actor) else None}
    if tab != "overview":
        return {}
    sees = may_see_estimates(session, actor)
    return {"dimensions": dimensions_of(session) if sees else precision_of(session), "sees_estimates": sees}


def _flags_of(session: InterviewSession) -> list[tuple[str, str]]:
    """What was noticed about the files that it is made from."""
    files = (("résumé", session.resume), ("job posting", session.job_posting))
    return [(name, noticed(row.flags)) for name, row in files if row is not None and row.flags]


@admin.register(InterviewSession)
class SessionPage(ReadOnly, SelectsRows, ManyAtOnce, SessionList):
    readonly_fields = ("draft", "plan_outline", "traits", "clock")
    change_form_template = f"{_FOLDER}/change_form.html"
    inlines_of = {"transcript": (Transcript,), "events": (Log,)}
    fieldsets_of = {
        "overview": (
            ("Candidate", {"fields": ("candidate_name", "candidate_email", "candidate", "created_by", "draft")}),
            ("Clock", {"fields": ("clock", "started_at", "paused_at", "ended_at", "last_activity_at")}),
            ("Known so far", {"fields": ("traits", "message_count", "version")}),
        ),
        "settings": (
            ("Interview", {"fields": ("id", "title", "template", "template_version", "job_posting", "resume")}),
            ("Answering", {"fields": ("language", "model_name", "enabled_modes", "auto_advance", "challenge_text")}),
            (
                "Rules",
                {
                    "fields": (
                        *("time_limit_seconds", "extra_seconds", "accommodation_percent", "opens_at", "closes_at"),
                        *("idle_minutes", "max_pause_minutes", "quiet_minutes", "token_budget"),
                    )
                },
            ),
            ("Kind", {"fields": ("is_practice", "is_demo", "retake_of", "retake_number", "created_at", "updated_at")}),
            ("Question plan", {"fields": ("plan_outline",)}),
        ),
    }

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may use the verbs. The admin's own change permission is nobody's, see ReadOnly."""
        return bool(request.user.has_perm("sessions_app.change_interviewsession"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Sessions", **(extra_context or {})})

    # -- the page --------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets_of.get(tab_of(request), ())

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines_of.get(tab_of(request), ())

    @admin.display(description="draft")
    def draft(self, session: InterviewSession) -> str:
        """How much is written, not what: a draft has not been sent."""
        words = len(session.draft_text.split())
        return f"{words} word{'' if words == 1 else 's'}, not sent" if words else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[InterviewSession]:
        rows = super().get_queryset(request)
        is_page = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return rows.select_related("candidate", "created_by") if is_page else rows

    @admin.display(description="thinking time")
    def clock(self, session: InterviewSession) -> str:
        extra = f"{session.extra_seconds // 60} min extra" if session.extra_seconds else ""
        return " · ".join(filter(None, (chips.time_used(session, session.now), chips.accommodation(session), extra)))

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
        actor, tab = actor_of(request), tab_of(request)
        verbs = buttons(session, actor) if self.has_act_permission(request) else []
        context |= {
            "title": session.title,
            "subtitle": session.candidate_name or "No name",
            "verbs": [(verb, needs_reason(verb, session, actor)) for verb in verbs],
            "tab": tab,
            "tabs": TABS,
            "chip": chips.chip(session),
            "phase": chips.phase(session),
            "progress": chips.progress(session),
            "time_left": chips.time_left(session, session.now),
            "tokens": chips.tokens(session),
            "usage": budget.usage_of(session) if tab == "usage" else None,
            **_judged(session, actor, tab),
            "contact": contact_of(session, request) if tab == "overview" else None,
            "flags": _flags_of(session) if tab == "overview" else [],
            "pages": pages_of(session, shown_page(request)) if tab == "events" else None,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    # -- its buttons -----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.transition_view)
        route = path("<uuid:session_id>/do/<slug:action>/", act, name="sessions_app_interviewsession_do")
        return [route, *super().get_urls()]

    def transition_view(self, request: HttpRequest, session_id: Any, action: str) -> HttpResponse:
        """One button of the page. Nothing but the verb decides whether it may be pressed."""
        verb = BUTTONS.get(action)
        if verb is None or request.method != "POST":
            raise Http404
        if not self.has_act_permission(request):
            raise PermissionDenied
        address = reverse("admin:sessions_app_interviewsession_change", args=[session_id])
        try:
            expect = version_in(request.POST.get("version", ""))
            changed = carry_out(session_id, verb, actor_of(request), arguments_from(request.POST), expect)
        except errors.NotFound as error:
            raise Http404 from error
        except errors.PreconditionFailed:
            messages.error(request, who_was_quicker(session_id, actor_of(request)))
        except errors.ValidationFailed as error:
            return self._ask_again(request, session_id, verb, error)
        except errors.DomainError as error:
            messages.error(request, sentence_of(error))
        else:
            address = self._tell(request, verb, changed)
        return HttpResponseRedirect(address)

    def _ask_again(
        self, request: HttpRequest, session_id: Any, verb: Verb, error: errors.ValidationFailed
    ) -> HttpResponse:
        """The form of one button with what was typed, and every sentence about it."""
        session = session_for(session_id, actor_of(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": verb.label,
            "original": session,
            "verb": verb,
            "wants_reason": needs_reason(verb, session, actor_of(request)),
            "typed": request.POST,
            "wrong": list(dict.fromkeys(each.message for each in error.errors)),
        }
        return TemplateResponse(request, f"{_FOLDER}/act.html", context, status=400)

    def _tell(self, request: HttpRequest, verb: Verb, changed: InterviewSession) -> str:
        """Say what was done. Returns where to go on."""
        if verb.name in ERASING:
            kept = "log, scores and ratings are" if verb.name != "delete" else "log is"
            messages.success(request, f"The session was {verb.done}. Its {kept} kept, without names and texts.")
            return reverse("admin:sessions_app_interviewsession_changelist")
        what = "question" if verb.name in OF_THE_QUESTION else "session"
        messages.success(request, f"The {what} was {verb.done}.")
        return reverse("admin:sessions_app_interviewsession_change", args=[changed.pk])
