"""The routes of the API, written without a trailing slash; ``EitherSlashMiddleware`` takes them with one, too."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from . import accounts, assessment, evaluation, reviews
from .catalog import JobPostingViewSet, ModelsView, ResumeViewSet, TemplateViewSet
from .conversations import ActiveSessionView, TaskStatusView
from .export import ExportView
from .invitations import InvitationViewSet, RequestViewSet, SessionRequestsView
from .keys import KeyViewSet
from .operations import OperationViewSet
from .sessions import SessionViewSet
from .usage import UsageView

router = SimpleRouter(trailing_slash=False)
router.register("sessions", SessionViewSet, basename="api-session")
router.register("operations", OperationViewSet, basename="api-operation")
router.register("job-postings", JobPostingViewSet, basename="api-job-posting")
router.register("resumes", ResumeViewSet, basename="api-resume")
router.register("invitations", InvitationViewSet, basename="api-invitation")
router.register("requests", RequestViewSet, basename="api-request")
router.register("keys", KeyViewSet, basename="api-key")
router.register("templates", TemplateViewSet, basename="api-template")

urlpatterns = [
    *router.urls,
    path("auth/register", accounts.RegisterView.as_view(), name="api-register"),
    path("auth/token", accounts.TokenView.as_view(), name="api-token"),
    path("auth/token/refresh", accounts.RefreshView.as_view(), name="api-token-refresh"),
    path("auth/logout", accounts.LogoutView.as_view(), name="api-logout"),
    path("auth/me", accounts.MeView.as_view(), name="api-me"),
    path("account", accounts.AccountView.as_view(), name="api-account"),
    path("account/export", accounts.AccountExportView.as_view(), name="api-account-export"),
    path("assessment/start", assessment.StartView.as_view(), name="api-assessment-start"),
    path("assessment/message", assessment.MessageView.as_view(), name="api-assessment-message"),
    path("assessment/<str:id>", assessment.AssessmentView.as_view(), name="api-assessment"),
    path("conversations/<str:id>/active-session", ActiveSessionView.as_view(), name="api-conversation-active"),
    path("conversations/<str:id>/task-status", TaskStatusView.as_view(), name="api-conversation-task"),
    path("sessions/<str:id>/requests", SessionRequestsView.as_view(), name="api-session-requests"),
    path("sessions/<str:id>/evaluation", evaluation.EvaluationView.as_view(), name="api-session-evaluation"),
    path("sessions/<str:id>/evaluation/retry", evaluation.RetryView.as_view(), name="api-session-evaluation-retry"),
    path("sessions/<str:id>/export", ExportView.as_view(), name="api-session-export"),
    path("models", ModelsView.as_view(), name="api-models"),
    path("sessions/<str:id>/review", reviews.ReviewView.as_view(), name="api-session-review"),
    path("sessions/<str:id>/review/submit", reviews.SubmitView.as_view(), name="api-session-review-submit"),
    path("sessions/<str:id>/review/skip", reviews.SkipView.as_view(), name="api-session-review-skip"),
    path("sessions/<str:id>/review/reviewers", reviews.ReviewersView.as_view(), name="api-session-reviewers"),
    path("reviews/agreement", reviews.AgreementView.as_view(), name="api-agreement"),
    path("sessions/<str:id>/usage", UsageView.as_view(), name="api-session-usage"),
]
