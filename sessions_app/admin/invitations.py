"""Invitations and the outbox: to be read here, and changed by the verbs only, after a look at what would happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app import errors
from sessions_app.models import Invitation, OutgoingMessage
from sessions_app.services import outbox

from . import chips
from .actors import actor_of
from .invitation_acts import ACTS, MOST_LINKS, Act, why_not_each
from .inviting import InvitesPeople, one_result
from .readonly import ReadOnly
from .selecting import SelectsRows
from .session_filters import ByCondition
from .transitions import sentence_of

_FOLDER = "admin/sessions_app/invitation"


def _action(act: Act) -> Callable[..., HttpResponse | None]:
    @admin.action(description=f"{act.label}…", permissions=["act"])
    def carry_out(page: InvitationPage, request: HttpRequest, rows: QuerySet[Invitation]) -> HttpResponse | None:
        return page.many(request, rows, act)

    carry_out.__name__ = act.action
    return carry_out


class StateFilter(ByCondition):
    title, parameter_name = "state", "state"
    conditions: ClassVar = {
        state: (chips.INVITATIONS[state][1], Invitation.objects.all().condition(state, Now()))
        for state in Invitation.STATES
    }


class LetterFilter(ByCondition):
    title, parameter_name = "letter", "letter"
    conditions: ClassVar = {
        "sent": ("Sent", Q(sent_at__isnull=False)),
        "unsent": ("Not sent", Q(sent_at=None, has_letter=True)),
        "none": ("None, a link only", Q(has_letter=False)),
    }


@admin.register(Invitation)
class InvitationPage(ReadOnly, SelectsRows, InvitesPeople):
    list_display = ("of_session", "email", "state", "letter", "created", "expires_at")
    list_filter = (StateFilter, LetterFilter, "session__template", "created_at")
    search_fields = ("email", "session__candidate_name", "session__candidate_email", "session__title", "session__id")
    search_help_text = "Name, e-mail, title or id of the session"
    fields = (
        *("session", "email", "state", "letter", "created_by"),
        *("created_at", "expires_at", "sent_at", "opened_at", "accepted_at", "revoked_at"),
    )
    readonly_fields = ("state", "letter")
    list_per_page = 50
    show_full_result_count = False
    change_list_template = f"{_FOLDER}/change_list.html"
    change_form_template = f"{_FOLDER}/change_form.html"
    actions = tuple(_action(act) for act in ACTS.values())

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_invitation")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        letters = OutgoingMessage.objects.filter(invitation=OuterRef("pk"))
        rows = Invitation.objects.filter(session__erased_at=None).select_related("session__candidate", "created_by")
        return rows.prefetch_related("letters").annotate(has_letter=Exists(letters), now=Now())

    @admin.display(description="session")
    def of_session(self, invitation: Invitation) -> SafeString:
        return format_html("<bdi>{}</bdi>", invitation.session)

    @admin.display(description="state")
    def state(self, invitation: Any) -> SafeString:
        """With whether the link was opened, while that is all that happened to it."""
        opened = f"opened {chips.ago(invitation.opened_at, invitation.now)}" if invitation.opened_at else ""
        is_news = opened and invitation.accepted_at is None
        chip = chips.of_invitation(invitation, invitation.now)
        return format_html('{} <small class="quiet phase">{}</small>', chip, opened) if is_news else chip

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Invitations", **(extra_context or {})})

    @admin.display(description="letter")
    def letter(self, invitation: Invitation) -> str:
        return " · ".join(letter_state(letter) for letter in invitation.letters.all()) or "None, a link only"

    @admin.display(description="created", ordering="created_at")
    def created(self, invitation: Any) -> SafeString:
        return chips.moment(invitation.created_at, invitation.now)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        acts = list(ACTS.values()) if self.has_act_permission(request) else []
        return super().change_view(request, object_id, form_url, {"acts": acts, **(extra_context or {})})

    # -- what can be done, to one or to many -----------------------------------------------------------------------

    def many(self, request: HttpRequest, rows: QuerySet[Invitation], act: Act) -> HttpResponse | None:
        chosen = list(rows[: MOST_LINKS + 1])
        if len(chosen) > MOST_LINKS:
            messages.error(request, f"Choose at most {MOST_LINKS} invitations at a time.")
            return None
        if "confirmed" in request.POST:
            return self._carry_out(request, chosen, act)
        told = why_not_each(act, chosen, actor_of(request))
        able = [invitation for invitation in chosen if invitation.pk not in told]
        context = self._told(
            request,
            f"{act.label}: {len(able)} of {len(chosen)} invitations?",
            verb=act,
            action=act.action,
            note=act.note,
            able=able,
            refused=[(invitation, told[invitation.pk]) for invitation in chosen if invitation.pk in told],
        )
        return TemplateResponse(request, "admin/sessions_app/interviewsession/confirm.html", context)

    def _carry_out(self, request: HttpRequest, chosen: list[Invitation], act: Act) -> HttpResponse | None:
        origin, done = request.build_absolute_uri("/"), []
        for invitation in chosen:
            try:
                done.append(act.verb(invitation, actor_of(request), origin))
            except errors.DomainError as error:
                messages.warning(request, f"{invitation.session}: {sentence_of(error)}")
        if done:
            messages.success(request, f"{len(done)} invitation{'' if len(done) == 1 else 's'} {act.done}.")
        if not (done and act.shows_links):
            return None
        rows = [one_result(invitation, token) for invitation, token in done]
        return self.results_page(request, "New links", rows)


@admin.register(OutgoingMessage)
class OutboxPage(ReadOnly, SelectsRows):
    list_display = ("created_at", "kind", "to", "subject", "state", "attempts", "sent_at")
    list_filter = ("kind", "is_held", "created_at")
    search_fields = ("to", "subject")
    exclude = ("link_seed", "key")
    show_full_result_count = False

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_outgoingmessage")

    @admin.display(description="state")
    def state(self, letter: OutgoingMessage) -> str:
        return letter_state(letter)

    @admin.action(description="Try again", permissions=["act"])
    def try_again_selected(self, request: HttpRequest, rows: QuerySet[OutgoingMessage]) -> None:
        for letter in rows[:MOST_LINKS]:
            self._try_again(request, letter)

    actions = (try_again_selected,)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.try_again_view)
        route = path("<uuid:letter_id>/again/", view, name="sessions_app_outgoingmessage_again")
        return [route, *super().get_urls()]

    def try_again_view(self, request: HttpRequest, letter_id: Any) -> HttpResponse:
        """The button of a session's page; leads back to it."""
        if request.method != "POST":
            raise Http404
        if not self.has_act_permission(request):
            raise PermissionDenied
        letter = OutgoingMessage.objects.filter(pk=letter_id).first()
        if letter is None or letter.session_id is None:
            raise Http404
        self._try_again(request, letter)
        return HttpResponseRedirect(reverse("admin:sessions_app_interviewsession_change", args=[letter.session_id]))

    def _try_again(self, request: HttpRequest, letter: OutgoingMessage) -> None:
        try:
            outbox.try_again(letter.pk, actor=actor_of(request))
            messages.success(request, f"The letter to {letter.to} is sent again within a few seconds.")
        except errors.DomainError as error:
            messages.error(request, f"{letter}: {sentence_of(error)}")


def letter_state(letter: OutgoingMessage) -> str:
    if letter.sent_at:
        return "Sent"
    if letter.is_held:
        return "Held"
    if outbox.given_up(letter):
        return "Given up"
    return "Failed, waits" if letter.error else "Waits"
