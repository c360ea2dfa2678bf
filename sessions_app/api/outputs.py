"""The shapes of what the API answers, for the OpenAPI file; a test holds real answers against them."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer, inline_serializer
from rest_framework import serializers as s

from sessions_app.models.actions import Phase
from sessions_app.models.catalog import Level, QuestionType
from sessions_app.models.limits import MODES, TRAITS
from sessions_app.models.operation import OperationStatus
from sessions_app.models.session import STATUS_CHOICES

PHASES = [str(phase) for phase in Phase]


def _nullable(field: type[s.Field[Any, Any, Any, Any]], **options: Any) -> s.Field[Any, Any, Any, Any]:
    return field(allow_null=True, **options)


class Candidate(s.Serializer[Any]):
    name = s.CharField()
    email = s.CharField()


class Clock(s.Serializer[Any]):
    time_limit_seconds = _nullable(s.IntegerField)
    extra_seconds = s.IntegerField()
    used_seconds = s.IntegerField()
    remaining_seconds = _nullable(s.IntegerField)
    accommodation_percent = s.IntegerField(help_text="Part of the extra seconds.")
    running = s.BooleanField()
    deadline = _nullable(s.DateTimeField)
    server_time = s.DateTimeField()


class JobPostingOut(s.Serializer[Any]):
    id = s.UUIDField()
    title = s.CharField()
    company = s.CharField()
    description = s.CharField()
    tech_stack = s.ListField(child=s.CharField())
    experience_level = s.ChoiceField(Level.choices)
    language = s.CharField()


class ResumeOut(s.Serializer[Any]):
    id = s.UUIDField()
    content = s.CharField()
    source_name = s.CharField(help_text="Name of the uploaded file; empty for text.")
    created_at = s.DateTimeField()
    flags = s.ListField(child=s.CharField(), required=False, help_text="Staff only: such as hidden_text.")


class ResumeInContext(s.Serializer[Any]):
    id = s.UUIDField()
    content = s.CharField()


class JobPostingInList(s.Serializer[Any]):
    id = s.UUIDField()
    title = s.CharField()
    company = s.CharField()


class MessageOut(s.Serializer[Any]):
    id = s.UUIDField()
    seq = s.IntegerField()
    role = s.ChoiceField(["assistant", "user", "system"])
    kind = s.ChoiceField(["question", "answer", "notice"])
    question_number = _nullable(s.IntegerField)
    question_type = _nullable(s.ChoiceField, choices=QuestionType.choices)
    in_reply_to = _nullable(s.UUIDField)
    mode = s.ChoiceField(["text", "code", "whiteboard", "audio"])
    content = s.CharField()
    state = s.ChoiceField(["complete"])
    created_at = s.DateTimeField()
    asked_by = s.CharField(
        required=False, allow_null=True, help_text="Questions only: the model that wrote it, or built-in."
    )
    client_message_id = s.CharField(required=False, allow_null=True, help_text="Answers only.")
    payload = s.DictField(required=False, help_text="Answers only.")
    skipped = s.BooleanField(required=False, help_text="Answers only.")
    auto_submitted = s.BooleanField(required=False, help_text="Answers only: sent by the clock.")


class OperationError(s.Serializer[Any]):
    code = s.CharField()
    message = s.CharField()
    retryable = s.BooleanField()


class OperationOut(s.Serializer[Any]):
    id = s.UUIDField()
    kind = s.ChoiceField(["question", "analysis", "evaluation"])
    status = s.ChoiceField([str(status) for status in OperationStatus])
    attempt = s.IntegerField()
    session_id = s.UUIDField()
    message_id = _nullable(s.UUIDField)
    error = OperationError(allow_null=True)
    created_at = s.DateTimeField()
    started_at = _nullable(s.DateTimeField)
    finished_at = _nullable(s.DateTimeField)


class CurrentOperation(OperationOut):
    offset = s.IntegerField(required=False, help_text="Length of the text so far.")
    text = s.CharField(required=False, help_text="What is written so far.")
    estimated_completion = s.DateTimeField(required=False)


class Draft(s.Serializer[Any]):
    text = s.CharField()
    revision = s.IntegerField()


class Duration(s.Serializer[Any]):
    active_seconds = s.IntegerField(help_text="The candidate's own thinking time.")
    paused_seconds = s.IntegerField()


class Progress(s.Serializer[Any]):
    current = s.IntegerField()
    planned = s.IntegerField()


Precision = inline_serializer("Precision", {trait: s.FloatField() for trait in TRAITS}, allow_null=True)


@extend_schema_field(
    {
        "type": "object",
        "description": "Every trait, and the competencies that the session's answers are read for; null where hidden.",
        "properties": {trait: {"type": "number"} for trait in TRAITS},
        "required": list(TRAITS),
        "additionalProperties": {"type": "number"},
    }
)
class PrecisionOfAll(s.DictField):
    child = s.FloatField()


class _Session(s.Serializer[Any]):
    id = s.UUIDField()
    title = s.CharField()
    status = s.ChoiceField(STATUS_CHOICES)
    phase = _nullable(s.ChoiceField, choices=PHASES)
    version = s.IntegerField()
    candidate = Candidate()
    model_name = s.CharField()
    current_question_number = s.IntegerField()
    planned_questions = s.IntegerField()
    message_count = s.IntegerField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()
    started_at = _nullable(s.DateTimeField)
    paused_at = _nullable(s.DateTimeField)
    ended_at = _nullable(s.DateTimeField)
    last_activity_at = s.DateTimeField()


class SessionSummary(_Session):
    job_posting = JobPostingInList(allow_null=True)
    progress = Progress()
    duration_seconds = s.IntegerField()
    duration = Duration()
    score = _nullable(s.FloatField)


class SessionContext(_Session):
    enabled_modes = s.ListField(child=s.ChoiceField(MODES))
    challenge_text = s.CharField()
    language = s.CharField()
    auto_advance = s.BooleanField()
    is_practice = s.BooleanField()
    template_id = _nullable(s.UUIDField)
    clock = Clock()
    opens_at = _nullable(s.DateTimeField)
    closes_at = _nullable(s.DateTimeField)
    token_budget = s.IntegerField()
    tokens_used = s.IntegerField()
    precision = PrecisionOfAll(allow_null=True)
    estimates = s.DictField(
        child=s.FloatField(),
        allow_null=True,
        help_text="-1 to 1; null for staff until they have rated, for candidates who may not read the report.",
    )
    job_posting = JobPostingOut(allow_null=True)
    resume = ResumeInContext(allow_null=True)
    messages = MessageOut(many=True)
    operation = CurrentOperation(allow_null=True)
    draft = Draft()
    cursor = s.CharField(help_text="Where to open the stream.")
    allowed_actions = s.ListField(child=s.CharField())
    retake_of = _nullable(s.UUIDField)
    retake_number = s.IntegerField()
    template_version = _nullable(s.IntegerField)
    time_zone = s.CharField(allow_blank=True)
    extensions_left = s.IntegerField(help_text="How often the candidate may still add five minutes.")
    idle_minutes = _nullable(s.IntegerField, help_text="Paused after so long without a sign of life.")
    max_pause_minutes = _nullable(s.IntegerField)
    pause_ends_at = _nullable(s.DateTimeField, help_text="The last moment to resume, if pauses have an end.")


class AnswerOut(s.Serializer[Any]):
    message = MessageOut()
    operation = OperationOut(allow_null=True)


class QueuedOut(s.Serializer[Any]):
    operation = OperationOut()


class EventOut(s.Serializer[Any]):
    seq = s.IntegerField()
    type = s.CharField()
    at = s.DateTimeField()
    actor = s.CharField()
    reason = _nullable(s.CharField, help_text="Staff only.")
    data = _nullable(s.DictField, help_text="Staff only.")  # type: ignore[assignment]


class EventPage(s.Serializer[Any]):
    count = s.IntegerField(help_text="Events after the cursor, this page included.")
    next = _nullable(s.CharField)
    previous = _nullable(s.CharField)
    cursor = s.CharField()
    results = EventOut(many=True)


class ActiveSession(s.Serializer[Any]):
    sessionId = s.CharField(help_text="conversation:{user id}:{message id}")
    status = s.ChoiceField(["active", "idle", "completed"])
    cursor = s.CharField(help_text="Where to open the stream.")
    conversationId = s.UUIDField()
    startedAt = s.IntegerField(help_text="Unix milliseconds.")
    lastActivity = s.IntegerField(help_text="Unix milliseconds.")


class TaskStatus(s.Serializer[Any]):
    isActive = s.BooleanField()
    sessionId = s.CharField()
    estimatedCompletion = s.IntegerField(help_text="Unix milliseconds; the real end once it has ended.")
    conversationId = s.UUIDField()


class ConversationDenied(s.Serializer[Any]):
    detail = s.CharField()


class NothingRan(s.Serializer[Any]):
    error = s.CharField()
    conversationId = s.CharField()


class TemplateOut(s.Serializer[Any]):
    id = s.UUIDField()
    slug = s.CharField()
    title = s.CharField()
    summary = s.CharField()
    version = s.IntegerField()
    time_limit_minutes = _nullable(s.IntegerField)
    planned_questions = s.IntegerField()
    enabled_modes = s.ListField(child=s.CharField())
    experience_level = s.ChoiceField(Level.choices)


class ModelOut(s.Serializer[Any]):
    name = s.CharField()
    is_ai = s.BooleanField()
    description = s.CharField()
    unavailable = s.CharField(required=False, help_text="Why no session can use it now; absent if one can.")


class UserOut(s.Serializer[Any]):
    id = s.UUIDField()
    email = _nullable(s.CharField)
    name = s.CharField()
    is_staff = s.BooleanField()
    is_guest = s.BooleanField()


class ApiKeyOut(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    prefix = s.CharField(help_text="How the key begins.")
    scopes = s.ListField(child=s.ChoiceField(["read", "write"]))
    created_at = s.DateTimeField()
    expires_at = _nullable(s.DateTimeField)
    last_used_at = _nullable(s.DateTimeField, help_text="To the minute.")


class NewApiKeyOut(ApiKeyOut):
    key = s.CharField(help_text="The secret. It is shown this once.")


class AssessmentStarted(s.Serializer[Any]):
    sessionId = s.UUIDField()
    createdAt = s.DateTimeField()
    accessToken = s.CharField(required=False, help_text="Anonymous callers only: the Bearer token of this session.")


class AssessmentReply(s.Serializer[Any]):
    response = s.CharField()
    precision = Precision


class AssessmentSession(s.Serializer[Any]):
    id = s.UUIDField()
    userId = _nullable(s.UUIDField, help_text="null: anonymous.")
    createdAt = s.DateTimeField()
    status = s.ChoiceField(STATUS_CHOICES)
    precision = Precision


class AssessmentMessage(s.Serializer[Any]):
    id = s.UUIDField()
    role = s.ChoiceField(["assistant", "user"])
    content = s.CharField()
    createdAt = s.DateTimeField()


class AssessmentOut(s.Serializer[Any]):
    session = AssessmentSession()
    messages = AssessmentMessage(many=True)


class InvitationOut(s.Serializer[Any]):
    id = s.UUIDField()
    session_id = s.UUIDField()
    candidate_name = s.CharField()
    email = s.CharField(help_text="Empty for a link that was only copied.")
    state = s.ChoiceField(["open", "accepted", "expired", "revoked"])
    created_at = s.DateTimeField()
    expires_at = s.DateTimeField()
    sent_at = _nullable(s.DateTimeField)
    opened_at = _nullable(s.DateTimeField)
    accepted_at = _nullable(s.DateTimeField)
    revoked_at = _nullable(s.DateTimeField)


class NewInvitationOut(InvitationOut):
    token = _nullable(s.CharField, help_text="Shown once; null when a repeated request finds the invitation there.")
    url = _nullable(s.CharField)


class RequestOut(s.Serializer[Any]):
    id = s.UUIDField()
    session_id = s.UUIDField()
    kind = s.ChoiceField(["extra_time", "adjustment", "human", "score"])
    criterion = _nullable(s.CharField, help_text="Of a score that is disagreed with.")
    text = s.CharField()
    status = s.ChoiceField(["open", "granted", "declined"])
    answer = s.CharField()
    created_at = s.DateTimeField()
    handled_at = _nullable(s.DateTimeField)


class TokenPair(s.Serializer[Any]):
    access = s.CharField()
    refresh = s.CharField()


class FieldErrorOut(s.Serializer[Any]):
    field = s.CharField()
    code = s.CharField()
    message = s.CharField()


class ErrorDetailOut(s.Serializer[Any]):
    code = s.CharField()
    message = s.CharField()
    errors = FieldErrorOut(many=True, required=False)  # type: ignore[assignment]
    operation_id = s.UUIDField(required=False)


class ErrorOut(s.Serializer[Any]):
    detail = ErrorDetailOut()
    request_id = s.CharField()


@cache
def page_of(item: type[s.Serializer[Any]]) -> Any:
    """``{count, next, previous, results}`` of that item."""
    fields = {
        "count": s.IntegerField(),
        "next": _nullable(s.CharField),
        "previous": _nullable(s.CharField),
        "results": item(many=True),
    }
    serializer = inline_serializer(f"PageOf{item.__name__}", fields)
    extend_schema_serializer(many=False)(serializer.__class__)  # a list action answers one page, not an array
    return serializer
