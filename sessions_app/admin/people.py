"""Accounts and guests. Django's page for users, adapted to signing in with an e-mail address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from sessions_app.models import RefreshFamily, User

# Who may hand these out could make themselves all-powerful, so only those who are already may.
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewAccount(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True


class Account(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str | None:
        email = (self.cleaned_data.get("email") or "").strip().lower()
        if not email and not self.instance.is_guest:
            raise forms.ValidationError("An account needs an e-mail address; only guests have none.", code="required")
        return email or None


@admin.register(User)
class UserPage(UserAdmin):
    form, add_form = Account, NewAccount
    list_display = ("__str__", "name", "is_staff", "is_guest", "is_active", "is_demo", "date_joined", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_guest", "is_active", "is_demo", "groups")
    search_fields = ("email", "name")
    ordering = ("-date_joined",)
    readonly_fields = ("is_guest", "is_demo", "last_login", "date_joined")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "is_active")}),
        ("Permissions", {"fields": POWERS}),
        ("Origin", {"fields": ("is_guest", "is_demo", "date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody deletes the account they work with."""
        allowed = super().has_delete_permission(request, obj) and self._may_touch(request, obj)
        return allowed and (obj is None or obj.pk != request.user.pk)

    def _may_touch(self, request: HttpRequest, obj: User | None) -> bool:
        return obj is None or not obj.is_superuser or request.user.is_superuser

    @admin.action(description="Sign out of the API", permissions=["change"])
    def revoke_api_sign_ins(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """The refresh tokens of these people are good for nothing from now on."""
        chosen = [user for user in rows if self._may_touch(request, user)]
        open_ones = RefreshFamily.objects.filter(user__in=chosen, revoked_at__isnull=True)
        count = open_ones.update(revoked_at=timezone.now())
        messages.success(request, f"{count} API sign-in{'' if count == 1 else 's'} revoked.")

    actions = (revoke_api_sign_ins,)
