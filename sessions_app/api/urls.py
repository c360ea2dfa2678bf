"""The routes of the API, written without a trailing slash; ``EitherSlashMiddleware`` takes them with one, too."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from . import accounts
from .catalog import JobPostingViewSet, ModelsView, ResumeViewSet, TemplateViewSet
from .conversations import ActiveSessionView, TaskStatusView
from .operations import OperationViewSet
from .sessions import SessionViewSet

router = SimpleRouter(trailing_slash=False)
router.register("sessions", SessionViewSet, basename="api-session")
router.register("operations", OperationViewSet, basename="api-operation")
router.register("job-postings", JobPostingViewSet, basename="api-job-posting")
router.register("resumes", ResumeViewSet, basename="api-resume")
router.register("templates", TemplateViewSet, basename="api-template")

urlpatterns = [
    path("auth/register", accounts.RegisterView.as_view(), name="api-register"),
    path("auth/token", accounts.TokenView.as_view(), name="api-token"),
    path("auth/token/refresh", accounts.RefreshView.as_view(), name="api-token-refresh"),
    path("auth/logout", accounts.LogoutView.as_view(), name="api-logout"),
    path("auth/me", accounts.MeView.as_view(), name="api-me"),
    path("conversations/<str:id>/active-session", ActiveSessionView.as_view(), name="api-conversation-active"),
    path("conversations/<str:id>/task-status", TaskStatusView.as_view(), name="api-conversation-task"),
    path("models", ModelsView.as_view(), name="api-models"),
    *router.urls,
]
