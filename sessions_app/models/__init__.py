"""The rows: accounts, catalog (what is asked), session and message (what is said), operation (what runs), event."""

from .accounts import ApiKey, RefreshFamily, User
from .catalog import InterviewTemplate, JobPosting, PlannedQuestion, Resume, RubricPoint, TemplateVersion
from .event import EventReason, SessionEvent
from .idempotency import IdempotencyKey
from .invitation import CandidateRequest, Invitation, OutgoingMessage, SessionToken
from .message import SessionMessage
from .operation import Operation, TokenCharge
from .session import InterviewSession

__all__ = [
    "ApiKey",
    "CandidateRequest",
    "EventReason",
    "IdempotencyKey",
    "InterviewSession",
    "InterviewTemplate",
    "Invitation",
    "JobPosting",
    "Operation",
    "OutgoingMessage",
    "PlannedQuestion",
    "RefreshFamily",
    "Resume",
    "RubricPoint",
    "SessionEvent",
    "SessionMessage",
    "SessionToken",
    "TemplateVersion",
    "TokenCharge",
    "User",
]
