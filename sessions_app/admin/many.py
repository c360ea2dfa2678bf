"""Many sessions at once: first what would happen, then, once that is confirmed, each session by its verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from sessions_app import errors
from sessions_app.models import InterviewSession

from . import bulk, exports
from .actors import actor_of
from .bulk import Bulk
from .transitions import MOST_AT_ONCE, Arguments, arguments_from, needs_reason, sentence_of

Answer = HttpResponseBase | None


def _action(what: Bulk) -> Callable[..., Answer]:
    @admin.action(description=f"{what.verb.label}…", permissions=[what.permission])
    def act(page: ManyAtOnce, request: HttpRequest, rows: QuerySet[InterviewSession]) -> Answer:
        return page.many(request, rows, what)

    act.__name__ = what.action_name
    return act


class ManyAtOnce(admin.ModelAdmin):
    """Mixin: the actions of the list. Each session is changed by itself; at most ``MOST_AT_ONCE`` at a time."""

    actions = (*(_action(what) for what in bulk.ALL), "export_json", "export_csv", "export_pdf")

    def has_review_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("sessions_app.change_review"))

    @admin.action(description="Export as JSON", permissions=["view"])
    def export_json(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> Answer:
        chosen = self._chosen(request, rows)
        return exports.as_json(chosen) if chosen else None

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> Answer:
        chosen = self._chosen(request, rows)
        return exports.as_csv(chosen) if chosen else None

    @admin.action(description=f"Export as PDFs in a ZIP (at most {exports.MOST_PDFS})", permissions=["view"])
    def export_pdf(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> Answer:
        chosen = self._chosen(request, rows, exports.MOST_PDFS)
        return exports.as_zip(chosen, actor_of(request)) if chosen else None

    def many(self, request: HttpRequest, rows: QuerySet[InterviewSession], what: Bulk) -> Answer:
        chosen, said = self._chosen(request, rows), ""
        if not chosen:
            return None
        told = None
        if {"confirmed", "look"} & set(request.POST):
            told, said = _told(request, what, chosen)
        if told is not None and "confirmed" in request.POST:
            self._carry_out(request, chosen, what, told)
            return None
        return self._ask(request, what, chosen, said, told)

    def _chosen(
        self, request: HttpRequest, rows: QuerySet[InterviewSession], most: int | None = None
    ) -> list[InterviewSession]:
        most = most or MOST_AT_ONCE
        chosen = list(rows.select_related("candidate")[: most + 1])
        if len(chosen) > most:
            messages.error(request, f"Choose at most {most} sessions at a time.")
            return []
        return chosen

    def _ask(
        self,
        request: HttpRequest,
        what: Bulk,
        chosen: Sequence[InterviewSession],
        said: str,
        told: Arguments | None = None,
    ) -> TemplateResponse:
        """What would happen. Where a number is asked for, the second look says what each session gets of it."""
        actor = actor_of(request)
        able, refused = what.sorted_out(chosen, actor)
        summary, gains = what.summary(len(chosen), refused), None
        if what.adds and told:
            gains, without = bulk.gains_of(able, told)
            able, refused = [session for session, _ in gains], refused + without
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{what.verb.label}: {len(able)} of {len(chosen)} sessions?",
            "verb": what.verb,
            "able": able,
            "gains": gains,
            "looks": what.adds and not gains,
            "refused": refused,
            "summary": summary,
            "wants_reason": any(needs_reason(what.verb, session, actor) for session in able),
            "staff": bulk.staff() if "reviewer" in what.verb.takes else [],
            "note": what.note,
            "said": said,
            "typed": request.POST,
            "action": what.action_name,
        }
        return TemplateResponse(request, "admin/sessions_app/interviewsession/confirm.html", context)

    def _carry_out(self, request: HttpRequest, chosen: Sequence[InterviewSession], what: Bulk, told: Arguments) -> None:
        done = 0
        for session in chosen:
            try:
                what.act(request, session, told)
                done += 1
            except errors.DomainError as error:
                messages.warning(request, f"{session}: {sentence_of(error)}")
        if done:
            messages.success(request, f"{done} session{'' if done == 1 else 's'} {what.verb.done}.")


def _told(request: HttpRequest, what: Bulk, chosen: Sequence[InterviewSession]) -> tuple[Arguments | None, str]:
    """What the form says, or what is wrong with it."""
    actor = actor_of(request)
    try:
        told = arguments_from(request.POST)
    except errors.ValidationFailed as error:
        return None, sentence_of(error)
    able, _ = what.sorted_out(chosen, actor)
    if not told.reason and any(needs_reason(what.verb, session, actor) for session in able):
        return None, "Say why; the reason is kept in the log of each session."
    if what.adds and (told.minutes, told.tokens, told.percent) == (None, None, None):
        return None, "Choose how many minutes, percent or tokens to add."
    if what.adds and told.tokens and (told.minutes or told.percent):
        return None, "Choose either time or tokens, and empty the other field."
    if "reviewer" in what.verb.takes and not request.POST.get("reviewer"):
        return None, "Choose who is to review them."
    return told, ""
