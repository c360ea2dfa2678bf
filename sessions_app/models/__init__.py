"""The rows: accounts, catalog (what is asked), session and message (what is said), operation (what runs), event."""

from .accounts import RefreshFamily, User
from .catalog import InterviewTemplate, JobPosting, PlannedQuestion, Resume, RubricPoint
from .event import EventReason, SessionEvent
from .idempotency import IdempotencyKey
from .message import SessionMessage
from .operation import Operation
from .session import InterviewSession

__all__ = [
    "EventReason",
    "IdempotencyKey",
    "InterviewSession",
    "InterviewTemplate",
    "JobPosting",
    "Operation",
    "PlannedQuestion",
    "RefreshFamily",
    "Resume",
    "RubricPoint",
    "SessionEvent",
    "SessionMessage",
    "User",
]
