"""The bodies and query strings that the API takes. Unknown fields are errors, and all wrong fields are told at once."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import SkipField, empty

from sessions_app.models import limits
from sessions_app.models.catalog import Level
from sessions_app.represent import dumps
from sessions_app.services.config import SessionConfig, config_fields

from .base import Body, PageQuery, WholeNumber

ORDERINGS = ("created_at", "updated_at", "last_activity_at", "candidate_name", "status", "score")


class Nothing(Body):
    """An action without arguments."""


class Line(serializers.CharField):
    """Text without what is blank around it. A number is none, though the framework would write it out."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text


class Text(Line):
    """Text as it was typed: not trimmed, since an answer is the candidate's own words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)


class AsSent:
    """Documents a field; its value goes on as it was sent, because SessionConfig has the rules for every door."""

    def run_validation(self, data: Any = empty) -> Any:
        if data is empty:
            raise SkipField
        return data


class SentText(AsSent, serializers.CharField): ...


class SentNumber(AsSent, serializers.IntegerField): ...


class SentFlag(AsSent, serializers.BooleanField): ...


class SentId(AsSent, serializers.UUIDField): ...


class SentMoment(AsSent, serializers.DateTimeField): ...


class SentList(AsSent, serializers.ListField): ...


class SessionBody(Body):
    """The configuration of a session. What is not sent comes from the template, else from the defaults."""

    candidate_name = SentText(max_length=limits.MAX_NAME)
    candidate_email = SentText(allow_blank=True, max_length=limits.MAX_ADDRESS)
    job_posting_id = SentId(allow_null=True)
    resume_id = SentId(allow_null=True)
    template_id = SentId(allow_null=True)
    time_limit_minutes = SentNumber(
        allow_null=True,
        min_value=limits.MIN_MINUTES,
        max_value=limits.MAX_MINUTES,
        help_text="null: no limit.",
    )
    accommodation_percent = SentNumber(
        min_value=0,
        max_value=limits.MAX_ACCOMMODATION,
        help_text="Extra time on top of the limit, in percent; a multiple of 5.",
    )
    token_budget = SentNumber(min_value=limits.MIN_TOKENS, max_value=limits.MAX_TOKENS)
    model_name = SentText(max_length=120)
    enabled_modes = SentList(child=serializers.ChoiceField(limits.MODES), min_length=1, max_length=10)
    challenge_text = SentText(allow_blank=True, max_length=limits.MAX_CHALLENGE)
    planned_questions = SentNumber(min_value=1, max_value=limits.MAX_QUESTIONS)
    auto_advance = SentFlag()
    opens_at = SentMoment(allow_null=True)
    closes_at = SentMoment(allow_null=True)
    time_zone = SentText(
        allow_blank=True,
        max_length=64,
        help_text="The candidate's, such as Europe/Berlin; moments that name no zone are meant in it.",
    )
    language = SentText(allow_blank=True, max_length=12, help_text="Such as en.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields

    def to_internal_value(self, data: Any) -> Any:
        """Where a field is unknown the others are checked here, so that all wrong fields are told at once."""
        try:
            return super().to_internal_value(data)
        except ValidationError as error:
            if not isinstance(data, dict) or not isinstance(error.detail, dict):
                raise
            wrong: dict[str, Any] = {**error.detail}
            known = {name: value for name, value in data.items() if name in self.fields and name in config_fields()}
            for found in SessionConfig(**known).problems():
                wrong[found.field] = [ErrorDetail(found.message, code=found.code)]
            raise ValidationError(wrong) from None


class NewSessionBody(SessionBody):
    start = serializers.BooleanField(help_text="Start it in the same call.")


class AnswerBody(Body):
    answer_text = Text(required=False, allow_blank=True, max_length=limits.MAX_ANSWER, default="")
    client_message_id = Line(
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
    revision = WholeNumber(min_value=0, max_value=2**53)
    in_reply_to = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="Id of the question it is written under; without it, the open one. Only such a draft becomes the "
        "answer when time runs out.",
    )


class ReasonBody(Body):
    reason = Line(required=False, allow_blank=True, default="", max_length=500)


class Ordering(serializers.RegexField):
    """Names of fields, with a minus for the other direction, separated by commas."""

    def __init__(self, names: tuple[str, ...], **options: Any) -> None:
        one = f"-?({'|'.join(names)})"
        self.names = names
        choices = f"Choose from {', '.join(names)}, with a minus for the other direction."
        super().__init__(f"^{one}(,{one}){{0,4}}$", error_messages={"invalid": choices}, **options)


class ExtendBody(ReasonBody):
    """Either minutes or tokens; their ranges depend on the session, so the verb checks them with the reason."""

    minutes = WholeNumber(required=False, help_text="Candidates of practice sessions add exactly 5; staff up to 1,440.")
    tokens = WholeNumber(required=False, help_text="Staff only; at most 200,000 in all.")


class ReopenBody(ReasonBody):
    minutes = WholeNumber(required=False, default=0, help_text="Extra time; an expired session needs at least 1.")


class SessionQuery(PageQuery):
    status = Line(required=False, help_text="One of the six statuses.")
    search = Line(
        required=False, allow_blank=True, max_length=200, help_text="Part of a name, an address or a title; or an id."
    )
    job_posting_id = serializers.UUIDField(required=False)
    template_id = serializers.UUIDField(required=False)
    mode = serializers.ChoiceField(limits.MODES, required=False, help_text="Sessions in which it is enabled.")
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    ordering = Ordering(
        ORDERINGS,
        required=False,
        default="-created_at",
        help_text="Such as status,-created_at. Of score only those count that you may see; sessions without come last.",
    )


class AfterQuery(Body):
    """``after`` is the number of the last row the caller has."""

    after = WholeNumber(min_value=0, max_value=2_147_483_647, default=0)
    limit = WholeNumber(min_value=1, max_value=1000, required=False)


class JobPostingBody(Body):
    title = Line(max_length=200)
    company = Line(required=False, allow_blank=True, max_length=200, default="")
    description = Text(required=False, allow_blank=True, max_length=20_000, default="")
    tech_stack = serializers.ListField(child=Line(max_length=80), required=False, default=list, max_length=50)
    experience_level = serializers.ChoiceField(Level.choices, required=False, default=Level.MID)
    language = serializers.RegexField(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$", required=False, default="en")


class ResumeBody(Body):
    content = Text(max_length=50_000)


class ResumeFile(Body):
    file = serializers.FileField(help_text="PDF, DOCX or text; at most 5 MB.")


class KeyBody(Body):
    name = Line(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(["read", "write"]), required=False, min_length=1, max_length=2, default=["read"]
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ClaimBody(Body):
    accessToken = Line(max_length=200)


class AssessmentBody(Body):
    userId = Line(required=False, allow_null=True, allow_blank=True, max_length=100, default=None)


class AssessmentMessageBody(Body):
    sessionId = Line(max_length=100)
    message = Text(max_length=limits.MAX_ANSWER)
    clientMessageId = Line(
        required=False, max_length=100, help_text="Your name for this message; sending it twice stores it once."
    )


class RegisterBody(Body):
    email = serializers.EmailField(max_length=254)
    password = Line(max_length=128, trim_whitespace=False, write_only=True)
    name = Line(required=False, allow_blank=True, max_length=limits.MAX_NAME, default="")


class PasswordBody(Body):
    password = Line(max_length=128, trim_whitespace=False, write_only=True)


class TokenBody(Body):
    email = Line(max_length=254)
    password = Line(max_length=128, trim_whitespace=False, write_only=True)


class RefreshBody(Body):
    refresh = Line(max_length=4000)


class InvitationBody(SessionBody):
    """``session_id`` of a session that is there, or the configuration of a new one."""

    session_id = serializers.UUIDField(required=False)
    email = serializers.EmailField(
        required=False,
        allow_blank=True,
        max_length=limits.MAX_ADDRESS,
        help_text="The candidate's unless given; empty: no letter, and any account may join.",
    )
    expires_at = serializers.DateTimeField(required=False, help_text="When the session closes, else in 30 days.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        extra = sorted(set(attrs) - {"session_id", "email", "expires_at"})
        if "session_id" in attrs and extra:
            raise ValidationError({name: [ErrorDetail("The session is configured already.", "both")] for name in extra})
        if not extra and "session_id" not in attrs:
            raise ValidationError({"session_id": [ErrorDetail("Name a session, or configure one.", "required")]})
        if extra and "candidate_name" not in attrs:
            raise ValidationError({"candidate_name": [ErrorDetail("Enter the candidate's name.", "required")]})
        return attrs


class InvitationQuery(PageQuery):
    session_id = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(["open", "accepted", "expired", "revoked"], required=False)


class RequestBody(Body):
    kind = serializers.ChoiceField(["extra_time", "adjustment", "human", "score"])
    text = Text(required=False, allow_blank=True, default="", max_length=2_000)
    criterion = Line(
        required=False, max_length=80, help_text="Of a score: the key of the criterion that is disagreed with."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["kind"] == "score") != ("criterion" in attrs):
            raise ValidationError({"criterion": [ErrorDetail("A score needs it, nothing else takes it.", "criterion")]})
        return attrs


class RequestQuery(PageQuery):
    session_id = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(["open", "granted", "declined"], required=False)


class GrantBody(Body):
    minutes = WholeNumber(required=False, min_value=1, max_value=limits.MAX_EXTRA_MINUTES)
    answer = Line(required=False, allow_blank=True, default="", max_length=2_000)


class DeclineBody(Body):
    answer = Line(max_length=2_000, help_text="The candidate reads it.")


def _dumped(payload: Any) -> str:
    return dumps(payload).decode()
