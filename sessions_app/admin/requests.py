"""What candidates ask for, as a queue: open first, the oldest first; granted or declined in words that they read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app import errors
from sessions_app.access import request_for, session_for
from sessions_app.models import CandidateRequest
from sessions_app.models.limits import MAX_EXTRA_MINUTES
from sessions_app.services import candidate_requests

from . import chips
from .actors import actor_of
from .readonly import ReadOnly
from .selecting import SelectsRows
from .transitions import sentence_of

_LIST = "admin:sessions_app_candidaterequest_changelist"
_NOT_A_NUMBER = errors.FieldError("minutes", "invalid", f"Choose 1 to {MAX_EXTRA_MINUTES} minutes.")

_NO_ANSWER = errors.FieldError("do", "invalid_choice", "Press Grant or Decline to answer it.")


def needs_you(request: HttpRequest) -> list[tuple[str, str]]:
    """What waits for staff, in words, and where it is."""
    if not request.user.has_perm("sessions_app.view_candidaterequest"):
        return []
    count = candidate_requests.open_requests()
    words = f"{count} request{'' if count == 1 else 's'} of candidates"
    return [(words, f"{reverse(_LIST)}?status__exact=open")] if count else []


@admin.register(CandidateRequest)
class RequestPage(ReadOnly, SelectsRows):
    list_display = ("asked", "state", "kind", "of_session", "words", "handled_by")
    list_filter = ("status", "kind", "created_at")
    search_fields = ("session__candidate_name", "session__candidate_email", "session__title")
    sortable_by = ()
    list_per_page = 50
    show_full_result_count = False

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_candidaterequest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CandidateRequest]:
        rows = CandidateRequest.objects.filter(session__erased_at=None)
        return rows.select_related("session", "handled_by").annotate(now=Now())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Requests", **(extra_context or {})})

    def get_ordering(self, request: HttpRequest) -> Any:
        waits = When(status="open", then=Value(0))
        return (Case(waits, default=Value(1), output_field=IntegerField()), "created_at", "pk")

    @admin.display(description="asked")
    def asked(self, row: Any) -> SafeString:
        return chips.moment(row.created_at, row.now)

    @admin.display(description="state")
    def state(self, row: CandidateRequest) -> SafeString:
        return chips.of_request(row)

    @admin.display(description="session")
    def of_session(self, row: CandidateRequest) -> SafeString:
        url = reverse("admin:sessions_app_interviewsession_change", args=[row.session_id])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', url, row.session)

    @admin.display(description="in their words")
    def words(self, row: CandidateRequest) -> str:
        return row.text if len(row.text) <= 80 else f"{row.text[:79]}…"

    # -- one request, and the answer to it -------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A page of its own: what is wanted, how the interview stands, and the two answers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            asked = request_for(object_id, actor_of(request))
        except errors.NotFound as error:
            raise Http404 from error
        if request.method == "POST":
            return self._answer(request, asked)
        return self._page(request, asked)

    def _answer(self, request: HttpRequest, asked: CandidateRequest) -> HttpResponse:
        """Back to the queue; the page again, with the words, if they cannot be taken."""
        if not self.has_answer_permission(request):
            raise PermissionDenied
        try:
            answered = _answered(request, asked)
        except errors.RequestAnswered as error:
            messages.error(request, sentence_of(error))
            return HttpResponseRedirect(request.path)
        except errors.DomainError as error:
            return self._page(request, asked, said=sentence_of(error))
        messages.success(request, f"{answered.get_kind_display()}: {answered.get_status_display().lower()}.")
        return HttpResponseRedirect(reverse(_LIST))

    def _page(self, request: HttpRequest, asked: CandidateRequest, said: str = "") -> HttpResponse:
        session = session_for(asked.session_id, actor_of(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": asked.get_kind_display(),
            "subtitle": session.candidate_name or "No name",
            "asked": asked,
            "session": session,
            "chip": chips.of_request(asked),
            "session_chip": chips.chip(session),
            "progress": chips.progress(session),
            "used": chips.time_used(session, session.now),
            "may_answer": asked.status == "open" and self.has_answer_permission(request),
            "wants_time": asked.kind == "extra_time",
            "most": MAX_EXTRA_MINUTES,
            "said": said,
            "typed": request.POST,
        }
        return TemplateResponse(request, "admin/sessions_app/candidaterequest/answer.html", context)


def _answered(request: HttpRequest, asked: CandidateRequest) -> CandidateRequest:
    """By the verb of the button that was pressed. Raises what the verbs raise."""
    if asked.status != "open":
        raise errors.RequestAnswered
    actor, answer = actor_of(request), request.POST.get("answer", "").strip()
    wanted = request.POST.get("do")
    if wanted not in ("grant", "decline"):
        raise errors.ValidationFailed([_NO_ANSWER])
    if wanted == "decline":
        return candidate_requests.decline(asked.pk, actor=actor, answer=answer)
    text = request.POST.get("minutes", "").strip() if asked.kind == "extra_time" else ""
    if text and not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise errors.ValidationFailed([_NOT_A_NUMBER])
    return candidate_requests.grant(asked.pk, actor=actor, answer=answer, minutes=int(text) if text else None)
