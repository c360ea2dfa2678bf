"""The rows: accounts, catalog (what is asked), session and message (what is said), operation (what runs), event,
evaluation (what it was worth), connection (the models that are there).
"""

from .accounts import ApiKey, RefreshFamily, User
from .catalog import InterviewTemplate, JobPosting, PlannedQuestion, Resume, RubricPoint, TemplateVersion
from .connection import ModelConnection
from .evaluation import CriterionScore, DimensionEvidence, Evaluation, Evidence, Review, ReviewRating
from .event import EventReason, SessionEvent
from .idempotency import IdempotencyKey
from .invitation import CandidateRequest, Invitation, InvitationList, OutgoingMessage, SessionToken
from .message import SessionMessage
from .operation import Operation, TokenCharge
from .session import InterviewSession

__all__ = [
    "ApiKey",
    "CandidateRequest",
    "CriterionScore",
    "DimensionEvidence",
    "Evaluation",
    "Evidence",
    "EventReason",
    "IdempotencyKey",
    "InterviewSession",
    "InterviewTemplate",
    "Invitation",
    "InvitationList",
    "JobPosting",
    "ModelConnection",
    "Operation",
    "OutgoingMessage",
    "PlannedQuestion",
    "RefreshFamily",
    "Resume",
    "Review",
    "ReviewRating",
    "RubricPoint",
    "SessionEvent",
    "SessionMessage",
    "SessionToken",
    "TemplateVersion",
    "TokenCharge",
    "User",
]
