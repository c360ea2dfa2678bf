"""A person's account and its API keys. A new key is in the answer to the form alone, so no redirect follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from sessions_app.access import Actor, key_for, keys_of
from sessions_app.models.clock import database_now
from sessions_app.services.keys import MAX_NAME, create_key, revoke_key

from .answers import see_other
from .guard import personal
from .zones import zone_context


class KeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_NAME,
        help_text=gettext_lazy("Of the program that will use it, such as “Nightly import”."),
        error_messages={"required": gettext_lazy("Name the key after the program that will use it.")},
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("What it may do"),
        choices=(("read", gettext_lazy("Read")), ("write", gettext_lazy("Read and change"))),
        help_text=gettext_lazy("It acts as you: whatever you may see or change, it may."),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("How long it is good"),
        coerce=int,
        choices=(
            (30, gettext_lazy("30 days")),
            (90, gettext_lazy("90 days")),
            (365, gettext_lazy("One year")),
            (0, gettext_lazy("Until I revoke it")),
        ),
        initial=90,
    )


@require_safe
@personal
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The way to everything that belongs to an account."""
    if actor.user is not None and actor.user.is_guest:
        return redirect("account_signup")
    return render(request, "account/home.html", zone_context(request))


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def keys(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The keys, and a form for another one."""
    if actor.user is not None and actor.user.is_guest:
        return redirect("account_signup")
    form = KeyForm(request.POST or None)
    if request.method != "POST":
        return _page(request, actor, form)
    if not form.is_valid():
        return _page(request, actor, form, status=400)
    days = form.cleaned_data["days"]
    end = database_now() + timedelta(days=days) if days else None
    key, secret = create_key(
        form.cleaned_data["name"], actor=actor, scopes=[form.cleaned_data["scope"]], expires_at=end
    )
    return _page(request, actor, KeyForm(), status=201, made=key, secret=secret)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def revoke(request: HttpRequest, actor: Actor, key_id: UUID) -> HttpResponse:
    """Ask first: programs that use the key stop working at once."""
    key = key_for(key_id, actor)
    if request.method != "POST":
        return render(request, "account/key_revoke.html", {"key": key})
    revoke_key(key_id, actor=actor)
    messages.success(request, _("The key “%(name)s” is revoked.") % {"name": key.name})
    return see_other("account-keys")


def _page(request: HttpRequest, actor: Actor, form: KeyForm, *, status: int = 200, **made: Any) -> HttpResponse:
    return render(request, "account/keys.html", {"form": form, "keys": keys_of(actor), **made}, status=status)
