"""Preferences: the page, the cookie of a browser without an account, and what a page's first byte says of them.

The server puts them into ``<html data-…>``, so that nothing flashes or jumps; style sheets and scripts read them there.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from sessions_app.access import Actor
from sessions_app.models import User
from sessions_app.services.accounts import choose_time_zone
from sessions_app.services.moments import is_zone
from sessions_app.services.preferences import CHOICES, DEFAULTS, chosen, keep_preferences

from .answers import see_other
from .zones import YEAR, remember, zone_context

COOKIE, THEME = "preferences", "theme"
_LONGEST = 1_000  # characters of a cookie that are worth reading


def preferences_of(request: HttpRequest) -> dict[str, str]:
    """The account's, else this browser's. Asks who is signed in."""
    kept = getattr(request.user, "preferences", {})
    return chosen(kept, in_browser(request))


def in_browser(request: HttpRequest) -> dict[str, str]:
    """What the cookies say, without a look at session or database."""
    kept = dict(parse_qsl(request.COOKIES.get(COOKIE, "")[:_LONGEST]))
    return kept | {"theme": request.COOKIES[THEME]} if THEME in request.COOKIES else kept


def remember_in_browser(request: HttpRequest, response: HttpResponse, values: dict[str, str]) -> None:
    """With an account, too: pages about errors and the sign-in page read nothing else."""
    options: dict[str, Any] = {"samesite": "Lax", "secure": request.is_secure(), "httponly": True}
    others = {name: value for name, value in values.items() if name != "theme" and value != DEFAULTS[name]}
    response.set_cookie(COOKIE, urlencode(others), YEAR, **options)
    response.set_cookie(THEME, values["theme"], YEAR, **options)


def adopt(request: HttpRequest, user: User) -> None:
    """At sign-in, an account that never chose gets what this browser chose before."""
    if not user.preferences and (found := in_browser(request)):
        keep_preferences(found, actor=Actor(user))


def attributes(values: dict[str, str]) -> SafeString:
    """For ``<html>``: everything that is not as it is for everybody. The theme has an attribute of its own."""
    told = [(name, value) for name, value in values.items() if name != "theme" and value != DEFAULTS[name]]
    return format_html_join("", ' data-{}="{}"', told)


class PreferencesForm(forms.Form):
    theme = forms.ChoiceField(
        label="Colours", choices=(("system", "As this device has them"), ("light", "Light"), ("dark", "Dark"))
    )
    text = forms.ChoiceField(label="Text size", choices=[(size, f"{size} %") for size in CHOICES["text"]])
    motion = forms.ChoiceField(
        label="Motion", choices=(("system", "As this device has it"), ("reduced", "As little as possible"))
    )
    answers = forms.ChoiceField(
        label="Questions appear",
        choices=(("streaming", "While they are written"), ("whole", "All at once, when they are complete")),
    )
    enter = forms.ChoiceField(
        label="The Enter key",
        choices=(("line", "Begins a new line"), ("send", "Sends the answer")),
        help_text="Ctrl or ⌘ with Enter does the other of the two. On touch screens it always begins a new line.",
    )
    shortcuts = forms.ChoiceField(label="Keyboard shortcuts", choices=(("on", "On"), ("off", "Off")))
    timer = forms.ChoiceField(
        label="Time left",
        choices=(("shown", "Shown"), ("hidden", "Hidden")),
        help_text="Hidden, it still warns you when the end is near.",
    )
    announce = forms.ChoiceField(
        label="Screen readers hear",
        choices=(("minimal", "Questions and what went wrong"), ("normal", "The usual"), ("verbose", "Everything")),
    )
    clock = forms.ChoiceField(label="Clock times", choices=(("24", "15:04"), ("12", "3:04 pm")))
    zone = forms.ChoiceField(label="Time zone", required=False)

    def __init__(self, *args: Any, zones: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["zone"]
        field.choices = [("", zones["zone_default"]), *zones["zone_choices"]]

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"]
        if zone and not is_zone(zone):
            raise forms.ValidationError("Choose a time zone such as Europe/Berlin.")
        return zone


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """For everybody, guests and strangers, too: no account is needed to be able to read."""
    zones = zone_context(request)
    now = {**preferences_of(request), "zone": zones["zone_chosen"]}
    form = PreferencesForm(request.POST if request.method == "POST" else None, initial=now, zones=zones)
    if request.method != "POST" or not form.is_valid():
        status = 400 if request.method == "POST" else 200
        response = render(request, "account/preferences.html", {"form": form}, status=status)
        response.headers["Cache-Control"] = "private, no-store"
        return response
    return _kept(request, dict(form.cleaned_data))


def _kept(request: HttpRequest, values: dict[str, str]) -> HttpResponse:
    zone = values.pop("zone")
    response = see_other("preferences")
    actor = Actor(request.user) if isinstance(request.user, User) else Actor()
    has_account = keep_preferences(values, actor=actor)
    remember_in_browser(request, response, values)
    if not (has_account and choose_time_zone(zone, actor=actor)):
        remember(request, response, zone)
    messages.success(request, "Kept with your account." if has_account else "Kept in this browser.")
    return response
