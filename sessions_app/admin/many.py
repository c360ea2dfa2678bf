"""Many sessions at once: first what would happen, then, once that is confirmed, each session by its verb."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import InterviewSession
from sessions_app.models.actions import Status
from sessions_app.models.clock import database_now
from sessions_app.models.session import STATUS_CHOICES
from sessions_app.services.reminding import remind
from sessions_app.services.reminding import why_not as why_not_remind

from . import exports
from .actors import actor_of
from .transitions import (
    MOST_AT_ONCE,
    VERBS,
    Arguments,
    Verb,
    arguments_from,
    carry_out,
    needs_reason,
    sentence_of,
    why_not,
)

_STATUS_WORDS = {str(status): word.lower() for status, word in STATUS_CHOICES} | {Status.EXPIRED: "out of time"}
REMIND = Verb("remind", "Send a reminder", "reminded")  # no action of the table: it changes nothing about a session
_IN_LIST = ("start", "pause", "resume", "extend", "complete", "reopen", "cancel", "delete")


def _action(verb: Verb) -> Callable[..., HttpResponse | None]:
    @admin.action(description=f"{verb.label}…", permissions=["act"])
    def act(page: ManyAtOnce, request: HttpRequest, rows: QuerySet[InterviewSession]) -> HttpResponse | None:
        return page.many(request, rows, verb)

    act.__name__ = action_name(verb)
    return act


def action_name(verb: Verb) -> str:
    """Django has an action ``delete_selected`` of its own, which deletes rows."""
    return "erase_selected" if verb.name == "delete" else f"{verb.name}_selected"


class ManyAtOnce(admin.ModelAdmin):
    """Mixin: the actions of the list. Each session is changed by itself; at most ``MOST_AT_ONCE`` at a time."""

    actions = (*(_action(VERBS[name]) for name in _IN_LIST), _action(REMIND), "export_json", "export_csv")

    @admin.action(description="Export as JSON", permissions=["view"])
    def export_json(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> HttpResponse | None:
        chosen = self._chosen(request, rows)
        return exports.as_json(chosen) if chosen else None

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> HttpResponse | None:
        chosen = self._chosen(request, rows)
        return exports.as_csv(chosen) if chosen else None

    def many(self, request: HttpRequest, rows: QuerySet[InterviewSession], verb: Verb) -> HttpResponse | None:
        chosen = self._chosen(request, rows)
        if not chosen:
            return None
        actor, said = actor_of(request), ""
        if "confirmed" in request.POST:
            told, said = _told(request, verb, chosen, actor)
            if told is not None:
                self._carry_out(request, chosen, verb, told)
                return None
        return self._ask(request, verb, chosen, said)

    def _chosen(self, request: HttpRequest, rows: QuerySet[InterviewSession]) -> list[InterviewSession]:
        chosen = list(rows.select_related("candidate")[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            messages.error(request, f"Choose at most {MOST_AT_ONCE} sessions at a time.")
            return []
        return chosen

    def _ask(self, request: HttpRequest, verb: Verb, chosen: list[InterviewSession], said: str) -> HttpResponse:
        actor = actor_of(request)
        able, refused = _sorted_out(verb, chosen, actor)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{verb.label}: {len(able)} of {len(chosen)} sessions?",
            "verb": verb,
            "able": able,
            "refused": refused,
            "summary": [] if verb is REMIND else _skipped(verb, len(chosen), [session for session, _ in refused]),
            "wants_reason": any(needs_reason(verb, session, actor) for session in able),
            "said": said,
            "action": action_name(verb),
        }
        return TemplateResponse(request, "admin/sessions_app/interviewsession/confirm.html", context)

    def _carry_out(self, request: HttpRequest, chosen: list[InterviewSession], verb: Verb, told: Arguments) -> None:
        done = 0
        for session in chosen:
            try:
                if verb is REMIND:
                    remind(session.pk, actor=actor_of(request), origin=request.build_absolute_uri("/"))
                else:
                    carry_out(session.pk, verb, actor_of(request), told)
                done += 1
            except errors.DomainError as error:
                messages.warning(request, f"{session}: {sentence_of(error)}")
        if done:
            messages.success(request, f"{done} session{'' if done == 1 else 's'} {verb.done}.")


def _told(
    request: HttpRequest, verb: Verb, chosen: list[InterviewSession], actor: Actor
) -> tuple[Arguments | None, str]:
    """What the form says, or what is wrong with it."""
    try:
        told = arguments_from(request.POST)
    except errors.ValidationFailed as error:
        return None, sentence_of(error)
    able, _ = _sorted_out(verb, chosen, actor)
    if not told.reason and any(needs_reason(verb, session, actor) for session in able):
        return None, "Say why; the reason is kept in the log of each session."
    if verb.name == "extend" and told.minutes is None and told.tokens is None:
        return None, "Choose how many minutes or tokens to add."
    return told, ""


def _sorted_out(
    verb: Verb, chosen: list[InterviewSession], actor: Actor
) -> tuple[list[InterviewSession], list[tuple[InterviewSession, str]]]:
    """Those that the table allows it for now, and the others with the reason why not."""
    if verb is REMIND:
        left_out = why_not_remind(chosen, database_now())
        told = [(session, left_out.get(session.pk, "")) for session in chosen]
    else:
        told = [(session, why_not(session, verb, actor)) for session in chosen]
    return [session for session, why in told if not why], [(session, why) for session, why in told if why]


def _skipped(verb: Verb, total: int, refused: list[InterviewSession]) -> list[str]:
    """Such as "2 of 14 can't be paused because they are finished."."""
    counts = Counter(session.status for session in refused)
    return [
        f"{count} of {total} can't be {verb.done} because {'it is' if count == 1 else 'they are'} "
        f"{_STATUS_WORDS[status]}."
        for status, count in counts.most_common()
    ]
