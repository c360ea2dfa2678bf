"""What a session is made from, validated once for the API, the pages, the admin and Python."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from sessions_app.ai.protocol import model_names
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.models import limits

DEFAULT_MINUTES = 45


class Unset:
    """Not given, which is something else than None: None means "no limit"."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()


@dataclass
class SessionConfig:
    """The configuration of a session.

    ``time_limit_minutes`` is 5 to 180, or None for no limit. ``time_limit`` (seconds), ``duration_minutes``,
    ``ai_model`` and ``resume_data`` are other names that callers of older session managers use; they are mapped.

    Raises:
        ValidationFailed: with every wrong field, on ``check()``.
    """

    candidate_name: str | Unset = UNSET
    candidate_email: str = ""
    job_posting_id: Any = None
    resume_id: Any = None
    template_id: Any = None
    time_limit_minutes: float | None | Unset = UNSET
    token_budget: int = limits.DEFAULT_TOKENS
    model_name: str = "built-in"
    enabled_modes: list[str] = field(default_factory=lambda: ["text"])
    challenge_text: str = ""
    planned_questions: int | Unset = UNSET
    auto_advance: bool = True
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    language: str = ""
    time_limit: int | None | Unset = UNSET
    duration_minutes: int | None | Unset = UNSET
    ai_provider: str = ""
    ai_model: str = ""
    resume_data: Any = None

    def __post_init__(self) -> None:
        self.errors: list[FieldError] = []
        if not isinstance(self.duration_minutes, Unset):
            self.time_limit_minutes = self.duration_minutes
        if not isinstance(self.time_limit, Unset):
            self.time_limit_minutes = None if self.time_limit is None else self.time_limit / 60
        self.model_name = self.ai_model or self.model_name
        self.enabled_modes = [str(getattr(mode, "value", mode)) for mode in self.enabled_modes]

    def check(self) -> SessionConfig:
        """Itself, if every field is valid."""
        self.errors = []
        self._check_person()
        self._check_numbers()
        self._check_choices()
        self._check_window()
        if self.errors:
            raise ValidationFailed(self.errors)
        return self

    @property
    def resume_text(self) -> str:
        """``resume_data`` as text: itself, or a mapping line by line."""
        if isinstance(self.resume_data, dict):
            return "\n".join(f"{key}: {_as_text(value)}" for key, value in self.resume_data.items())
        return str(self.resume_data or "")

    def _check_person(self) -> None:
        if not isinstance(self.candidate_name, Unset):
            self.candidate_name = self.candidate_name.strip()
            self._require(bool(self.candidate_name), "candidate_name", "blank", "Enter the candidate's name.")
            short = len(self.candidate_name) <= limits.MAX_NAME
            self._require(short, "candidate_name", "max_length", "Use at most 120 characters.")
        if self.candidate_email:
            try:
                validate_email(self.candidate_email)
            except ValidationError:
                self._wrong("candidate_email", "invalid", "Enter an address like name@example.com.")

    def _check_numbers(self) -> None:
        minutes, questions = self.time_limit_minutes, self.planned_questions
        if not isinstance(minutes, Unset) and minutes is not None:
            ok = limits.MIN_MINUTES <= minutes <= limits.MAX_MINUTES
            self._require(ok, "time_limit_minutes", "out_of_range", "Choose 5 to 180 minutes.")
        ok = limits.MIN_TOKENS <= self.token_budget <= limits.MAX_TOKENS
        self._require(ok, "token_budget", "out_of_range", "Choose 1,000 to 200,000 tokens.")
        if not isinstance(questions, Unset):
            ok = 1 <= questions <= limits.MAX_QUESTIONS
            self._require(ok, "planned_questions", "out_of_range", "Choose 1 to 30 questions.")

    def _check_choices(self) -> None:
        connected = self.model_name in model_names()
        self._require(connected, "model_name", "not_connected", "Choose a model that is connected: built-in.")
        known = bool(self.enabled_modes) and all(mode in limits.MODES for mode in self.enabled_modes)
        self._require(known, "enabled_modes", "invalid_choice", "Choose from text and code.")
        short = len(self.challenge_text) <= limits.MAX_CHALLENGE
        self._require(short, "challenge_text", "max_length", "Use at most 20,000 characters.")

    def _check_window(self) -> None:
        if self.opens_at and self.closes_at:
            ok = self.opens_at < self.closes_at
            self._require(ok, "closes_at", "before_opening", "Closing time is before opening time.")

    def _require(self, ok: bool, name: str, code: str, message: str) -> None:
        if not ok:
            self._wrong(name, code, message)

    def _wrong(self, name: str, code: str, message: str) -> None:
        self.errors.append(FieldError(name, code, message))


def config_fields() -> set[str]:
    return {entry.name for entry in fields(SessionConfig)}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
