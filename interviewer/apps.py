from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """The stock admin with our site in the place of its default one."""

    default_site = "sessions_app.admin.site.ConsoleSite"


class ProjectConfig(AppConfig):
    """Says who is told about a new operation: the workers of Celery, where they run it."""

    name = "interviewer"

    def ready(self) -> None:
        if settings.OPERATIONS == "celery":
            from interviewer.celery import send
            from sessions_app.services import dispatch

            dispatch.listen(send)
