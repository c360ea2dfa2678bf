"""The bodies and query strings that the API takes. Unknown fields are errors, and all wrong fields are told at once."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from sessions_app.models import limits
from sessions_app.models.catalog import Level
from sessions_app.represent import dumps

from .base import PageQuery

ORDERINGS = ("created_at", "updated_at", "last_activity_at", "candidate_name", "status")


class Body(serializers.Serializer[Any]):
    """A body that refuses keys it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError({"body": [ErrorDetail("Send a JSON object.", code="invalid")]})
        wrong: dict[str, Any] = {
            str(key): [ErrorDetail("There is no such field.", code="unknown_field")]
            for key in data
            if key not in self.fields
        }
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            wrong |= error.detail if isinstance(error.detail, dict) else {"body": error.detail}
        if wrong:
            raise ValidationError(wrong)
        return value


class Nothing(Body):
    """An action without arguments."""


class Text(serializers.CharField):
    """Text as it was typed: not trimmed, since an answer is the candidate's own words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)


class SessionBody(Body):
    """The configuration of a session; ranges and choices are checked by SessionConfig, for every door alike."""

    candidate_name = serializers.CharField(allow_blank=True, help_text="1 to 120 characters.")
    candidate_email = serializers.CharField(allow_blank=True, max_length=254)
    job_posting_id = serializers.UUIDField(allow_null=True)
    resume_id = serializers.UUIDField(allow_null=True)
    template_id = serializers.UUIDField(allow_null=True)
    time_limit_minutes = serializers.IntegerField(
        allow_null=True,
        min_value=limits.MIN_MINUTES,
        max_value=limits.MAX_MINUTES,
        help_text="null: no limit.",
    )
    token_budget = serializers.IntegerField(min_value=limits.MIN_TOKENS, max_value=limits.MAX_TOKENS)
    model_name = serializers.CharField(max_length=120)
    enabled_modes = serializers.ListField(child=serializers.ChoiceField(limits.MODES), min_length=1, max_length=10)
    challenge_text = Text(allow_blank=True, max_length=limits.MAX_CHALLENGE)
    planned_questions = serializers.IntegerField(min_value=1, max_value=limits.MAX_QUESTIONS)
    auto_advance = serializers.BooleanField()
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields


class NewSessionBody(SessionBody):
    start = serializers.BooleanField(help_text="Start it in the same call.")


class AnswerBody(Body):
    answer_text = Text(required=False, allow_blank=True, max_length=limits.MAX_ANSWER, default="")
    client_message_id = serializers.CharField(
        required=False,
        max_length=100,
        help_text="Your name for this answer; sending it twice stores it once.",
    )
    in_reply_to = serializers.UUIDField(required=False, allow_null=True, help_text="Id of the question it answers.")
    skip = serializers.BooleanField(required=False, default=False)
    mode = serializers.ChoiceField(limits.MODES, required=False, default="text")
    payload = serializers.JSONField(required=False, default=dict)

    def validate_payload(self, payload: Any) -> Any:
        if not isinstance(payload, dict):
            raise ValidationError("Send a JSON object.")
        if "\\u0000" in _dumped(payload):
            raise ValidationError("Null characters are not allowed.", code="null_characters_not_allowed")
        if len(_dumped(payload)) > 50_000:
            raise ValidationError("Send at most 50,000 characters.", code="max_length")
        return payload


class DraftBody(Body):
    text = Text(allow_blank=True, max_length=limits.MAX_ANSWER)
    revision = serializers.IntegerField(min_value=0, max_value=2**53)


class ReasonBody(Body):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class SessionQuery(PageQuery):
    status = serializers.CharField(required=False, help_text="One of the six statuses.")
    search = serializers.CharField(required=False, allow_blank=True, max_length=200)
    job_posting = serializers.UUIDField(required=False)
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    ordering = serializers.ChoiceField(
        [*ORDERINGS, *(f"-{name}" for name in ORDERINGS)], required=False, default="-created_at"
    )


class AfterQuery(serializers.Serializer[Any]):
    """``after`` is the number of the last row the caller has."""

    after = serializers.IntegerField(min_value=0, max_value=2_147_483_647, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=1000, required=False)


class JobPostingBody(Body):
    title = serializers.CharField(max_length=200)
    company = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    description = Text(required=False, allow_blank=True, max_length=20_000, default="")
    tech_stack = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, default=list, max_length=50
    )
    experience_level = serializers.ChoiceField(Level.choices, required=False, default=Level.MID)
    language = serializers.RegexField(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$", required=False, default="en")


class ResumeBody(Body):
    content = Text(max_length=50_000)


class RegisterBody(Body):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)
    name = serializers.CharField(required=False, allow_blank=True, max_length=limits.MAX_NAME, default="")


class TokenBody(Body):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)


class RefreshBody(Body):
    refresh = serializers.CharField(max_length=4000)


def _dumped(payload: Any) -> str:
    return dumps(payload).decode()
