"""Sign-in, sign-up and passwords: allauth's views under our addresses, with the names allauth expects."""

from __future__ import annotations

from allauth.account import views
from django.urls import path, re_path, reverse_lazy
from django.views.generic import RedirectView

from . import views_account, views_keys
from .errors import not_found
from .preferences import preferences
from .shared import sign_out

_to_reset = RedirectView.as_view(url=reverse_lazy("account_reset_password"))

urlpatterns = [
    path("login", views.login, name="account_login"),
    path("logout", sign_out, name="account_logout"),
    path("signup", views.signup, name="account_signup"),
    path("account/", views_keys.home, name="account-home"),
    path("account/preferences/", preferences, name="preferences"),
    path("account/export.json", views_account.export, name="account-export"),
    path("account/erase", views_account.erase, name="account-erase"),
    path("account/erased", views_account.erased, name="account-erased"),
    path("account/keys/", views_keys.keys, name="account-keys"),
    path("account/keys/<uuid:key_id>/revoke", views_keys.revoke, name="account-key-revoke"),
    path("account/inactive", views.account_inactive, name="account_inactive"),
    path("password/reset", views.password_reset, name="account_reset_password"),
    path("password/reset/done", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/finished",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("password/change", views.password_change, name="account_change_password"),
    # allauth reverses these names in corner cases; the pages behind them are not part of this product.
    path("password/set", _to_reset, name="account_set_password"),
    path("account/reauthenticate", _to_reset, name="account_reauthenticate"),
    path("account/email", not_found, name="account_email"),
    path("account/confirm-email", not_found, name="account_email_verification_sent"),
    re_path(r"^account/confirm-email/([-:\w]+)$", not_found, name="account_confirm_email"),
    re_path(
        r"^(?P<page>login|logout|signup|password/reset|password/change)/$",
        RedirectView.as_view(url="/%(page)s", query_string=True),
    ),
]
