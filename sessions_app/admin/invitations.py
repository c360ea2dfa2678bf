"""Invitations, what candidates ask for, and the outbox: to be read here, and changed by the verbs only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from sessions_app import errors
from sessions_app.models import CandidateRequest, Invitation, OutgoingMessage
from sessions_app.models.clock import database_now
from sessions_app.services.invitations import resend_invitation, revoke_invitation
from sessions_app.services.letters import invite_address

from .actors import actor_of
from .readonly import ReadOnly

MOST_LINKS = 50


@admin.register(Invitation)
class InvitationPage(ReadOnly, admin.ModelAdmin):
    list_display = ("session", "email", "state", "created_at", "sent_at", "opened_at", "accepted_at", "expires_at")
    list_filter = ("created_at",)
    search_fields = ("email", "session__candidate_name", "session__id")
    list_select_related = ("session",)
    exclude = ("token_hash", "batch", "batch_row")
    show_full_result_count = False

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_invitation")

    @admin.display(description="state")
    def state(self, invitation: Invitation) -> str:
        return invitation.state(database_now()).capitalize()

    @admin.action(description="New link (the old one dies)", permissions=["act"])
    def resend_selected(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        """The link is shown once, here; a letter is written where there is an address."""
        origin = request.build_absolute_uri("/")
        for invitation in rows[:MOST_LINKS]:
            try:
                _, token = resend_invitation(invitation.pk, actor=actor_of(request), origin=origin)
                messages.success(request, f"{invitation.session}: {invite_address(token, origin)} (shown only now)")
            except errors.DomainError as error:
                messages.error(request, f"{invitation.session}: {error.message}")

    @admin.action(description="Revoke the link", permissions=["act"])
    def revoke_selected(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        for invitation in rows[:MOST_LINKS]:
            revoke_invitation(invitation.pk, actor=actor_of(request))
            messages.success(request, f"{invitation.session}: the link is dead.")

    actions = (resend_selected, revoke_selected)


@admin.register(CandidateRequest)
class RequestPage(ReadOnly, admin.ModelAdmin):
    """The queue, oldest first."""

    list_display = ("created_at", "kind", "status", "session", "handled_at", "handled_by")
    list_filter = ("status", "kind")
    ordering = ("created_at",)
    list_select_related = ("session", "handled_by")
    show_full_result_count = False


@admin.register(OutgoingMessage)
class OutboxPage(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "kind", "to", "subject", "state", "attempts", "sent_at")
    list_filter = ("kind", "is_held", "created_at")
    search_fields = ("to", "subject")
    exclude = ("link_seed", "key")
    show_full_result_count = False

    @admin.display(description="state")
    def state(self, letter: OutgoingMessage) -> Any:
        if letter.sent_at:
            return "Sent"
        return "Held" if letter.is_held else "Failed, waits" if letter.error else "Waits"
