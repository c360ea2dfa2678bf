"""Accounts and guests. Django's page for users, adapted to signing in with an e-mail address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest

from sessions_app.models import ApiKey, User
from sessions_app.services.accounts import revoke_sign_ins
from sessions_app.services.guests import move_guest
from sessions_app.services.keys import revoke_keys

from .readonly import ReadOnly
from .selecting import SelectsRows

# Who may hand these out could make themselves all-powerful, so only those who are already may.
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewAccountForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True


class AccountForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str | None:
        email = (self.cleaned_data.get("email") or "").strip().lower()
        if not email and not self.instance.is_guest:
            raise forms.ValidationError("An account needs an e-mail address; only guests have none.", code="required")
        return email or None


class SignIn(AdminAuthenticationForm):
    """Staff who practised as a guest in this browser keep those interviews, as at every other sign-in."""

    def confirm_login_allowed(self, user: User) -> None:
        """Called when the password was right; the move comes before the sign-in, which forgets the guest."""
        super().confirm_login_allowed(user)
        guest = getattr(self.request, "user", None)
        if isinstance(guest, User) and guest.is_guest:
            move_guest(guest.pk, to=user)


admin.site.login_form = SignIn


@admin.register(User)
class UserPage(SelectsRows, UserAdmin):
    form, add_form = AccountForm, NewAccountForm
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
        count = revoke_sign_ins(chosen)
        messages.success(request, f"{count} API sign-in{'' if count == 1 else 's'} revoked.")

    actions = (revoke_api_sign_ins,)


@admin.register(ApiKey)
class ApiKeyPage(ReadOnly, SelectsRows):
    """Whose keys there are and when they were used. Keys are made by their owners; staff can only end them."""

    list_display = ("name", "prefix", "user", "may", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "last_used_at", "created_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email")
    fields = ("name", "prefix", "user", "may", "created_at", "last_used_at", "expires_at", "revoked_at")
    show_full_result_count = False
    actions = ("revoke",)

    @admin.display(description="may")
    def may(self, key: ApiKey) -> str:
        return " and ".join(key.scopes)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.change_apikey")

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        count = revoke_keys(rows)
        messages.success(request, f"{count} key{'' if count == 1 else 's'} revoked.")
