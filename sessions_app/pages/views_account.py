"""Everything about me as a file, and erasing all of it: asked once more, with the password, and with a receipt."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate, logout
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render, resolve_url
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.export_account import as_chunks, file_name
from sessions_app.models import User
from sessions_app.models.clock import database_now
from sessions_app.services.personal_data import erase_account, sessions_about

from .answers import see_other
from .guard import personal
from .words import moment

_SALT = "receipt"
_RECEIPT_SECONDS = 60 * 60
_WORDS = {
    "interviews": gettext_lazy("interviews"),
    "questions_and_answers": gettext_lazy("questions and answers"),
    "requests": gettext_lazy("requests"),
    "invitations": gettext_lazy("invitations"),
    "letters": gettext_lazy("letters"),
    "resumes": gettext_lazy("résumés"),
    "job_postings": gettext_lazy("job postings"),
    "api_keys": gettext_lazy("API keys"),
    "sign_ins": gettext_lazy("sign-ins of programs"),
    "browsers": gettext_lazy("sign-ins of browsers"),
    "stored_answers": gettext_lazy("stored answers to programs"),
    "account": gettext_lazy("account"),
    "interviews_as_numbers": gettext_lazy("logs of interviews, as moments and numbers"),
    "scores": gettext_lazy("scores, as numbers"),
    "reviews_by_people": gettext_lazy("reviews by people, without your name"),
}


class ErasureForm(forms.Form):
    """A guest has no password, so the box has to do."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        max_length=128,
        help_text=gettext_lazy("Once more, so that nobody else does this on your device."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": gettext_lazy("Enter your password.")},
    )
    sure = forms.BooleanField(
        label=gettext_lazy("Yes, erase everything for good"),
        error_messages={"required": gettext_lazy("Tick the box, if this is what you want.")},
    )

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request, self._user = request, user
        if user.is_guest:
            del self.fields["password"]

    def clean_password(self) -> str:
        """Wrong ones are counted, as at the sign-in."""
        password: str = self.cleaned_data["password"]
        if authenticate(self._request, username=self._user.email, password=password) != self._user:
            raise forms.ValidationError(_("This is not your password. Try again."))
        return password


@require_safe
@personal
def export(request: HttpRequest, actor: Actor) -> Any:
    disposition = {"Content-Disposition": f'attachment; filename="{file_name(database_now())}"'}
    return StreamingHttpResponse(as_chunks(actor), content_type="application/json", headers=disposition)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def erase(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Ask first. Afterwards the browser is signed out and forgets what these pages kept in it."""
    if actor.user is None:
        raise errors.NotAuthenticated
    form = ErasureForm(request.POST if request.method == "POST" else None, request=request, user=actor.user)
    if not form.is_valid():
        return _ask(request, actor.user, form, status=400 if form.is_bound else 200)
    try:
        receipt = erase_account(actor=actor)
    except errors.AccountNeeded as error:
        form.add_error(None, error.message)
        return _ask(request, actor.user, form, status=error.status)
    logout(request)
    told = signing.dumps({**receipt, "erased_at": receipt["erased_at"].isoformat()}, salt=_SALT, compress=True)
    response = see_other(f"{resolve_url('account-erased')}?receipt={told}")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    """The receipt. It is in its own signed address, for an hour: nothing about the account is stored any more.

    Raises:
        NotFound: it is no receipt of ours, or an old one.
    """
    try:
        receipt = signing.loads(request.GET.get("receipt", ""), salt=_SALT, max_age=_RECEIPT_SECONDS)
    except signing.BadSignature as error:
        raise errors.NotFound from error
    if request.GET.get("as") == "json":
        return JsonResponse(receipt, headers={"Content-Disposition": 'attachment; filename="receipt.json"'})
    at = parse_datetime(receipt["erased_at"])
    context = {
        "receipt": receipt,
        "at": moment(at) if at else None,
        "removed": _in_words(receipt["removed"]),
        "kept": _in_words(receipt["kept"]),
        "token": request.GET["receipt"],
    }
    response = render(request, "account/erased.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _in_words(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(str(_WORDS.get(name, name)), number) for name, number in counts.items() if number]


def _ask(request: HttpRequest, user: User, form: ErasureForm, *, status: int) -> HttpResponse:
    context = {"form": form, "interviews": sessions_about(user).count()}
    return render(request, "account/erase.html", context, status=status)
