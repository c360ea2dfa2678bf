from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """The stock admin with our site in the place of its default one."""

    default_site = "sessions_app.admin.site.ConsoleSite"
