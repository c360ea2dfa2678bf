"""The candidate's pages. A form posts to its action's address and gets a 303 to a page that can be reloaded."""

from __future__ import annotations

from django.urls import include, path, re_path

from . import (
    ui_kit,
    views,
    views_after,
    views_create,
    views_files,
    views_invite,
    views_practice,
    views_report,
    views_room,
    views_start,
)
from .language import choose_language
from .offline import offline, worker
from .preferences import timer

room_urls = [
    path("", views_room.room, name="session-room"),
    path("ready", views_start.ready, name="session-ready"),
    path("created", views_create.created, name="session-created"),
    path("start", views_start.start, name="session-start"),
    path("answer", views_room.answer, name="session-answer"),
    path("draft", views_room.draft, name="session-draft"),
    path("pause", views_room.pause, name="session-pause"),
    path("resume", views_room.resume, name="session-resume"),
    path("retry", views_room.retry, name="session-retry"),
    path("stop", views_room.stop, name="session-stop"),
    path("next", views_room.next_question, name="session-next"),
    path("ask", views_invite.ask, name="session-ask"),
    path("extend", views_after.extend, name="session-extend"),
    path("retake", views_after.retake, name="session-retake"),
    path("delete", views_after.delete, name="session-delete"),
    path("report", views_report.report, name="session-report"),
    path("disagree", views_report.disagree, name="session-disagree"),
    path("evaluate", views_report.evaluate, name="session-evaluate"),
    path("end", views_files.end, name="session-end"),
    path("done", views_files.done, name="session-done"),
    path("transcript", views_files.transcript, name="session-transcript"),
    re_path(r"^export\.(?P<extension>md|json|txt|pdf)$", views_files.export, name="session-export"),
]

urlpatterns = [
    path("", views.landing, name="landing"),
    path("practice/", views_practice.practice_list, name="practice-list"),
    path("practice/<slug:slug>/start", views_start.practice, name="practice-start"),
    path("example", views_report.example, name="example"),
    path("sessions/", views.session_list, name="session-list"),
    path("sessions/new", views_create.new_session, name="new-session"),
    path("sessions/insights", views_report.insights, name="insights"),
    path("sessions/<uuid:session_id>/", include(room_urls)),
    path("invite/", views.open_invitation, name="open-invitation"),
    path("invite/<str:token>/", views_invite.invite, name="invite"),
    path("invite/<str:token>/ask", views_invite.invite_ask, name="invite-ask"),
    path("invite/<str:token>/calendar.ics", views_invite.invite_calendar, name="invite-calendar"),
    path("admin/ui-kit/", ui_kit.ui_kit, name="ui-kit"),
    path("theme", views.theme, name="theme"),
    path("language", choose_language, name="language"),
    path("timer", timer, name="timer"),
    path("zone", views.zone, name="zone"),
    path("offline", offline, name="offline"),
    path("service-worker.js", worker, name="service-worker"),
    path("help/", views.text_page, {"page": "help"}, name="help"),
    path("accessibility", views.text_page, {"page": "accessibility"}, name="accessibility"),
    path("status", views_practice.status, name="status"),
    path("privacy", views.text_page, {"page": "privacy"}, name="privacy"),
    path("how-scoring-works", views_report.how_scoring_works, name="how-scoring-works"),
]
