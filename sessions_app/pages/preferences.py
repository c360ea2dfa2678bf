"""Preferences: the page, the cookie of a browser without an account, and what a page's first byte says of them.

The server puts them into ``<html data-…>``, so that nothing flashes or jumps; style sheets and scripts read them there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import translation
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app.access import Actor
from sessions_app.models import User
from sessions_app.services.accounts import choose_time_zone
from sessions_app.services.moments import is_zone
from sessions_app.services.preferences import CHOICES, DEFAULTS, chosen, keep_preferences

from .answers import keep_cookie, see_again, see_other
from .zones import YEAR, remember, zone_context

COOKIE, THEME, LANGUAGE = "preferences", "theme", "language"
_ELSEWHERE = (THEME, LANGUAGE)  # with a cookie and an attribute each of their own
_LONGEST = 1_000  # characters of a cookie that are worth reading


def preferences_of(request: HttpRequest) -> dict[str, str]:
    """The account's, else this browser's. Asks who is signed in."""
    kept = getattr(request.user, "preferences", {})
    return chosen(kept, in_browser(request))


def in_browser(request: HttpRequest) -> dict[str, str]:
    """What the cookies say, without a look at session or database."""
    kept = dict(parse_qsl(request.COOKIES.get(COOKIE, "")[:_LONGEST]))
    return kept | {name: request.COOKIES[name] for name in _ELSEWHERE if name in request.COOKIES}


def remember_in_browser(request: HttpRequest, response: HttpResponse, values: dict[str, str]) -> None:
    """With an account, too: pages about errors and the sign-in page read nothing else."""
    others = {name: value for name, value in values.items() if name not in _ELSEWHERE and value != DEFAULTS[name]}
    keep_cookie(request, response, COOKIE, urlencode(others), YEAR)
    keep_cookie(request, response, THEME, values["theme"], YEAR)
    remember_language(request, response, values["language"])


def remember_language(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """In this browser. No cookie stands for no choice: then the browser's own languages count."""
    if language == DEFAULTS["language"]:
        response.delete_cookie(LANGUAGE, samesite="Lax")
    else:
        keep_cookie(request, response, LANGUAGE, language, YEAR)


def language_for(request: HttpRequest, preferences: dict[str, str]) -> str:
    """One of the site's languages, such as "de"."""
    wanted = preferences.get(LANGUAGE, DEFAULTS[LANGUAGE])
    if wanted != DEFAULTS[LANGUAGE] and wanted in CHOICES[LANGUAGE]:
        return wanted
    return next(_asked_for(request), settings.LANGUAGE_CODE)


def _asked_for(request: HttpRequest) -> Iterator[str]:
    """Those of ``Accept-Language`` that are there, the most wanted first."""
    for code, wanted in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if code == "*":
            return
        if not wanted:  # "anything but this"
            continue
        try:
            yield translation.get_supported_language_variant(code)
        except LookupError:
            continue


def adopt(request: HttpRequest, user: User) -> None:
    """At sign-in, an account that never chose gets what this browser chose before."""
    if not user.preferences and (found := in_browser(request)):
        keep_preferences(found, actor=Actor(user))


def attributes(values: dict[str, str]) -> SafeString:
    """For ``<html>``: everything that is not as it is for everybody."""
    told = [(name, value) for name, value in values.items() if name not in _ELSEWHERE and value != DEFAULTS[name]]
    return format_html_join("", ' data-{}="{}"', told)


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the pages"),
        choices=[("auto", gettext_lazy("The one this browser asks for")), *settings.LANGUAGES],
        help_text=gettext_lazy("Interviews are held in a language of their own, which is named before one begins."),
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Colours"),
        choices=(
            ("system", gettext_lazy("As this device has them")),
            ("light", gettext_lazy("Light")),
            ("dark", gettext_lazy("Dark")),
        ),
    )
    text = forms.ChoiceField(label=gettext_lazy("Text size"), choices=[(size, f"{size} %") for size in CHOICES["text"]])
    motion = forms.ChoiceField(
        label=gettext_lazy("Motion"),
        choices=(("system", gettext_lazy("As this device has it")), ("reduced", gettext_lazy("As little as possible"))),
    )
    answers = forms.ChoiceField(
        label=gettext_lazy("Questions appear"),
        choices=(
            ("streaming", gettext_lazy("While they are written")),
            ("whole", gettext_lazy("All at once, when they are complete")),
        ),
    )
    enter = forms.ChoiceField(
        label=gettext_lazy("The Enter key"),
        choices=(("line", gettext_lazy("Begins a new line")), ("send", gettext_lazy("Sends the answer"))),
        help_text=gettext_lazy(
            "Ctrl or ⌘ with Enter does the other of the two. On touch screens it always begins a new line."
        ),
    )
    shortcuts = forms.ChoiceField(
        label=gettext_lazy("Keyboard shortcuts"), choices=(("on", gettext_lazy("On")), ("off", gettext_lazy("Off")))
    )
    timer = forms.ChoiceField(
        label=gettext_lazy("Time left"),
        choices=(("shown", gettext_lazy("Shown")), ("hidden", gettext_lazy("Hidden"))),
        help_text=gettext_lazy("Hidden, it still warns you when the end is near."),
    )
    announce = forms.ChoiceField(
        label=gettext_lazy("Screen readers hear"),
        choices=(
            ("minimal", gettext_lazy("Questions and what went wrong")),
            ("normal", gettext_lazy("The usual")),
            ("verbose", gettext_lazy("Everything")),
        ),
    )
    clock = forms.ChoiceField(
        label=gettext_lazy("Clock times"), choices=(("24", "15:04"), ("12", gettext_lazy("3:04 pm")))
    )
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)

    def __init__(self, *args: Any, zones: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["zone"]
        field.choices = [("", zones["zone_default"]), *zones["zone_choices"]]

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"]
        if zone and not is_zone(zone):
            raise forms.ValidationError(_("Choose a time zone such as Europe/Berlin."))
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
    translation.activate(language_for(request, values))
    messages.success(request, _("Kept with your account.") if has_account else _("Kept in this browser."))
    return response


@require_POST
def timer(request: HttpRequest) -> HttpResponse:
    """Hide the time left, or show it again: the one preference that is wanted in the middle of an interview."""
    wanted = request.POST.get("timer", "")
    if wanted not in CHOICES["timer"]:
        return HttpResponseBadRequest(_("Choose shown or hidden."))
    response = see_again(request)
    remember_in_browser(request, response, preferences_of(request) | {"timer": wanted})
    if isinstance(request.user, User):
        keep_preferences({"timer": wanted}, actor=Actor(request.user))
    return response
