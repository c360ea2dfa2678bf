"""Where everything is. Candidates: pages. Staff: /admin/. Machines: /api/v1/."""

from django.contrib import admin
from django.urls import include, path

from sessions_app.api import schema

urlpatterns = [
    path("api/v1/", include("sessions_app.api.urls")),  # first, like its sessions: patterns are tried one by one
    path("", include("sessions_app.pages.urls")),
    path("", include("sessions_app.pages.account_urls")),
    path("openapi.json", schema.openapi, name="openapi"),
    path("docs", schema.docs, name="docs"),
    path("health/", include("sessions_app.api.health")),
    path("admin/", admin.site.urls),
]

handler400 = "sessions_app.pages.errors.bad_request"
handler403 = "sessions_app.pages.errors.forbidden"
handler404 = "sessions_app.pages.errors.not_found"
handler500 = "sessions_app.pages.errors.server_error"
