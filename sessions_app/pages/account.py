"""Signing up and in. A guest who does either keeps the interviews they started."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from allauth.account.adapter import DefaultAccountAdapter
from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from sessions_app.models import User
from sessions_app.models.limits import MAX_NAME
from sessions_app.services.guests import move_guest
from sessions_app.services.names import why_no_name
from sessions_app.services.preferences import language_of

from .preferences import adopt

GUEST = "guest_before_sign_in"


class SignupForm(forms.SignupForm):
    """E-mail and password; the name is how the interviewer addresses somebody, and may stay empty."""

    name = django_forms.CharField(
        label=gettext_lazy("Your name (optional)"),
        max_length=MAX_NAME,
        required=False,
        help_text=gettext_lazy("How the interviewer addresses you."),
        widget=django_forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("name", "email", "password1")

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if problem := why_no_name(name):
            raise django_forms.ValidationError(problem, code="invalid")
        return name


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_taken": gettext_lazy("There is an account with this e-mail address already. Sign in with it."),
        "email_password_mismatch": gettext_lazy("This e-mail address and password do not belong together. Try again."),
        "too_many_login_attempts": gettext_lazy("Too many failed tries. Wait a few minutes, or reset your password."),
    }

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.name = form.cleaned_data.get("name", "").strip()
        return super().save_user(request, user, form, commit)

    def render_mail(self, template_prefix: str, email: Any, context: dict[str, Any], headers: Any = None) -> Any:
        """In the language that its reader chose, whoever typed the address."""
        with override(language_of(context.get("user")) or get_language()):
            return super().render_mail(template_prefix, email, context, headers)

    def login(self, request: HttpRequest, user: Any) -> None:
        """The move comes first: should it fail, the guest is still signed in and nothing is out of reach."""
        guest_id = _guest_of(request)
        moved = move_guest(guest_id, to=user) if guest_id and str(guest_id) != str(user.pk) else 0
        super().login(request, user)
        adopt(request, user)
        if moved:
            messages.success(request, _("The interviews you started as a guest are in your account now."))

    def logout(self, request: HttpRequest) -> None:
        """A password link signs a guest out on the way; only the sign-out page itself may forget who it was."""
        guest_id = _guest_of(request)
        super().logout(request)
        asked_for = request.resolver_match is not None and request.resolver_match.url_name == "account_logout"
        if guest_id and not asked_for:
            request.session[GUEST] = str(guest_id)


def _guest_of(request: HttpRequest) -> Any:
    user = request.user
    if isinstance(user, User) and user.is_authenticated:
        return user.pk if user.is_guest else None
    return request.session.get(GUEST)
