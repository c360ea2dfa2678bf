"""The site of the console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.core.checks import CheckMessage
from django.db.models import Model
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver

from sessions_app.services.candidate_requests import open_requests

# Packages bring pages of their own; these would only offer a second way to change what has a page already.
NOT_SHOWN = frozenset({"account.emailaddress", "axes.accesslog", "axes.accessfailurelog"})


class ConsoleSite(AdminSite):
    site_header = "Interviewer"
    site_title = "Interviewer"
    index_title = "Console"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        self._load_pages()
        from . import review_queue

        return [*review_queue.urls(self), *super().get_urls()]

    def check(self, app_configs: Any) -> list[CheckMessage]:
        self._load_pages()
        return super().check(app_configs)

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        shown = [model for model in models if model._meta.label_lower not in NOT_SHOWN]
        super().register(shown, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The interviews first, then what packages bring."""
        apps = super().get_app_list(request, app_label)
        for model in (model for app in apps for model in app["models"]):
            if model["object_name"] == "CandidateRequest" and (count := open_requests()):
                model["name"] = f"{model['name']} ({count} open)"
        return sorted(apps, key=lambda app: app["app_label"] != "sessions_app")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Home, with what waits for somebody first."""
        from .requests import needs_you
        from .review_queue import waits_for

        needed = [*waits_for(request), *needs_you(request)]
        return super().index(request, {"needs_you": needed, **(extra_context or {})})

    def _load_pages(self) -> None:
        """Import our own pages, which register themselves on this site; so they cannot be imported before it is made.

        Django's autodiscovery does not do it: it imports this package in order to find this class.
        """
        from . import catalog, connections, invitations, operations, people, requests, sessions, templates  # noqa: F401
