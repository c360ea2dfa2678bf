"""A computer that others use, too: this browser forgets who sat at it, and what they wrote, as soon as it can.

The choice is a cookie that ends with the browser, and so does the sign-in. Scripts read ``<html data-keep="tab">`` and
keep texts in their tab alone.
"""

from __future__ import annotations

from typing import Any

from allauth.account.views import LogoutView
from django.http import HttpRequest, HttpResponse

from sessions_app.models import InterviewSession

from .answers import keep_cookie

COOKIE = "shared"
FORGET = '"cache", "storage"'
_MOST = 500  # sessions whose texts a browser is told to forget


def is_shared(request: HttpRequest) -> bool:
    return request.COOKIES.get(COOKIE) == "yes"


def remember_choice(request: HttpRequest, response: HttpResponse) -> None:
    """Of the form before an interview, which has the box."""
    if request.POST.get("shared"):
        keep_cookie(request, response, COOKIE, "yes", None)
        request.session.set_expiry(0)
    elif is_shared(request):
        response.delete_cookie(COOKIE, samesite="Lax")
        request.session.set_expiry(None)


class SignOut(LogoutView):
    """allauth's page. It names the interviews of the account, so that scripts find what this browser kept of them."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = InterviewSession.objects.filter(candidate=self.request.user.pk).order_by("-created_at")
        left_of = " ".join(str(key) for key in mine.values_list("pk", flat=True)[:_MOST])
        return {**super().get_context_data(**kwargs), "left_of": left_of}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """On a shared computer the browser drops everything that this site kept in it."""
        response: HttpResponse = super().post(*args, **kwargs)
        if is_shared(self.request):
            response.headers["Clear-Site-Data"] = FORGET
            response.delete_cookie(COOKIE, samesite="Lax")
        return response


sign_out = SignOut.as_view()
