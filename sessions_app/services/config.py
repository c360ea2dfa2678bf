"""What a session is made from, validated once for the API, the pages, the admin and Python.

``SessionConfig`` takes values as they come (a number may be typed text, a moment an ISO string) and is the only place
of the rules and of the sentences that go with them, so that every door says the same about the same field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_app.ai.protocol import BUILT_IN
from sessions_app.errors import FieldError, ValidationFailed
from sessions_app.models import InterviewTemplate, limits
from sessions_app.models.clock import database_now

from .connections import descriptions
from .moments import TOO_FAR, NotOnTheClock, is_too_far, is_zone, moment_of
from .names import why_no_name

DEFAULT_MINUTES = 45
DEFAULT_MODEL = BUILT_IN
# About 1,000 for a question with its answer, and 300 for the earlier ones that are sent along.
TOKENS_PER_EXCHANGE = 1_300


class Unset:
    """Not given, which is something else than None: None means "no limit"."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()


@dataclass
class SessionConfig:
    """The configuration of a session.

    ``time_limit_minutes`` is 5 to 180, or None for no limit; ``accommodation_percent`` comes on top. Moments without
    a zone are meant in ``time_zone``, the candidate's. What is not given comes from the template, else from the
    defaults. ``time_limit`` (seconds), ``duration_minutes``, ``ai_model`` and ``resume_data`` are other names that
    callers of older session managers use; they are mapped.

    Raises:
        ValidationFailed: with every wrong field, on ``check()``.
    """

    candidate_name: str | Unset = UNSET
    candidate_email: str = ""
    job_posting_id: Any = None
    job_posting_text: str = ""
    resume_id: Any = None
    template_id: Any = None
    time_limit_minutes: float | None | Unset = UNSET
    accommodation_percent: int = 0
    token_budget: int | Unset = UNSET
    model_name: str = DEFAULT_MODEL
    enabled_modes: list[str] | Unset = UNSET
    challenge_text: str | Unset = UNSET
    planned_questions: int | Unset = UNSET
    auto_advance: bool = True
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    time_zone: str = ""
    language: str = ""
    time_limit: int | None | Unset = UNSET
    duration_minutes: int | None | Unset = UNSET
    ai_provider: str = ""
    ai_model: str = ""
    resume_data: Any = None
    # What the reader of an uploaded file noticed, and the file's name; for staff, see ``resumes``.
    resume_flags: Sequence[str] = ()
    resume_source: str = ""
    job_posting_flags: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.errors: list[FieldError] = []
        if not isinstance(self.duration_minutes, Unset):
            self.time_limit_minutes = self.duration_minutes
        self.model_name = self.ai_model or self.model_name

    def check(self, *, now: datetime | None = None) -> SessionConfig:
        """Itself, with every value as its field is typed, if all are valid. ``now`` is the time of the database."""
        if wrong := self.problems(now=now):
            raise ValidationFailed(wrong)
        return self

    def problems(self, *, now: datetime | None = None, models: Collection[str] | None = None) -> list[FieldError]:
        """Every wrong field; none when all are valid.

        ``models`` are the names that may be chosen, for whoever knows them; else they are looked up.
        """
        self.errors = []
        self._check_person()
        self._check_numbers()
        self._check_choices(connected_models() if models is None else models)
        self._check_texts()
        self._check_window(now)
        return self.errors

    def problems_with(self, template: InterviewTemplate | None, *, is_staff: bool) -> list[FieldError]:
        """What a template keeps candidates from choosing: no limit, or a longer one than its own."""
        if template is None or template.allows_time_choice or is_staff or template.time_limit_minutes is None:
            return []
        seconds = self.limit_seconds
        if isinstance(seconds, Unset) or (seconds is not None and seconds <= template.time_limit_minutes * 60):
            return []
        minutes = template.time_limit_minutes
        message = ngettext(
            "This interview has a time limit: choose at most %(minutes)s minute.",
            "This interview has a time limit: choose at most %(minutes)s minutes.",
            minutes,
        ) % {"minutes": minutes}
        return [FieldError("time_limit_minutes", "fixed_by_template", message)]

    @property
    def limit_seconds(self) -> int | None | Unset:
        """The time limit in seconds, once checked; None for no limit."""
        if not isinstance(self.time_limit, Unset):
            return self.time_limit
        minutes = self.time_limit_minutes
        return minutes if minutes is None or isinstance(minutes, Unset) else round(minutes * 60)

    @property
    def resume_text(self) -> str:
        """``resume_data`` as text: itself, or a mapping line by line."""
        if isinstance(self.resume_data, dict):
            return "\n".join(f"{key}: {_as_text(value)}" for key, value in self.resume_data.items())
        return str(self.resume_data or "").strip()

    def _check_person(self) -> None:
        if not isinstance(self.candidate_name, Unset):
            self.candidate_name = _stripped(self.candidate_name)
            self._check_text("candidate_name", longest=limits.MAX_NAME)
            self._check_name()
        self.candidate_email = _stripped(self.candidate_email)
        if self.candidate_email != "" and not _is_address(self.candidate_email):
            self._wrong("candidate_email", "invalid", _("Enter an address like name@example.com."))

    def _check_name(self) -> None:
        name: Any = self.candidate_name
        if name == "":
            self._wrong("candidate_name", "blank", _("Enter the candidate's name."))
        elif isinstance(name, str) and (problem := why_no_name(name)):
            self._wrong("candidate_name", "invalid", problem)

    def _check_numbers(self) -> None:
        self._check_limit()
        message = _("Choose 0 to 400 % in steps of 5.")
        self._check_number("accommodation_percent", 0, limits.MAX_ACCOMMODATION, message, step=5)
        message = _("Choose 1,000 to 200,000 tokens.")
        self._check_number("token_budget", limits.MIN_TOKENS, limits.MAX_TOKENS, message)
        self._check_number("planned_questions", 1, limits.MAX_QUESTIONS, _("Choose 1 to 30 questions."))

    def _check_limit(self) -> None:
        message = _("Choose 5 to 180 minutes.")
        if not isinstance(self.time_limit, Unset):  # document 1's callers count seconds, so minutes may be broken
            seconds = 0 if self.time_limit is None else _whole(self.time_limit)
            in_range = seconds is not None and limits.MIN_MINUTES * 60 <= seconds <= limits.MAX_MINUTES * 60
            self._require(self.time_limit is None or in_range, "time_limit_minutes", "out_of_range", message)
        elif self.time_limit_minutes is not None:
            self._check_number("time_limit_minutes", limits.MIN_MINUTES, limits.MAX_MINUTES, message)

    def _check_choices(self, models: Collection[str]) -> None:
        named = isinstance(self.model_name, str) and self.model_name in models
        self._require(named, "model_name", "not_connected", _("Choose a model that is connected."))
        self._check_modes()
        self._require(
            self.time_zone == "" or is_zone(self.time_zone),
            "time_zone",
            "invalid_choice",
            _("Choose a time zone such as Europe/Berlin."),
        )
        simple = isinstance(self.language, str) and bool(re.fullmatch(r"([A-Za-z]{2,3}(-\w{2,8})?)?", self.language))
        self._require(simple, "language", "invalid", _("Enter a language such as en or de."))
        is_flag = isinstance(self.auto_advance, bool)
        self._require(is_flag, "auto_advance", "invalid", "Send true or false.")

    def _check_modes(self) -> None:
        if isinstance(self.enabled_modes, Unset):
            return
        given: Any = self.enabled_modes
        names = [getattr(mode, "value", mode) for mode in given] if isinstance(given, list | tuple) else []
        if not names or any(name not in limits.MODES for name in names):
            self._wrong("enabled_modes", "invalid_choice", _("Choose from text and code."))
        else:
            self.enabled_modes = [mode for mode in limits.MODES if mode == "text" or mode in names]

    def _check_texts(self) -> None:
        self._check_text("challenge_text", longest=limits.MAX_CHALLENGE)
        self._check_text("job_posting_text", longest=limits.MAX_POSTING)
        is_resume = self.resume_data is None or isinstance(self.resume_data, str | dict)
        resume = self.resume_text if is_resume else self.resume_data
        self._check_text("resume_data", longest=limits.MAX_RESUME, value=resume)
        for text, row in (("job_posting_text", self.job_posting_id), ("resume_data", self.resume_id)):
            both = row is not None and bool(getattr(self, text))
            self._require(not both, text, "both", _("Choose one or write a text, not both."))

    def _check_window(self, now: datetime | None) -> None:
        if self.opens_at is None and self.closes_at is None:
            return
        now = now or database_now()
        opens, closes = self._check_moment("opens_at", now), self._check_moment("closes_at", now)
        if opens and closes and opens >= closes:
            self._wrong("closes_at", "before_opening", _("Closing time is before opening time."))
        elif closes and closes <= now:
            self._wrong("closes_at", "in_the_past", _("Closing time is in the past. Choose a later one."))

    def _check_moment(self, name: str, now: datetime) -> datetime | None:
        """The field in UTC; None when it is not given, or wrong."""
        value: Any = getattr(self, name)
        if value is None:
            return None
        zone = ZoneInfo(self.time_zone) if is_zone(self.time_zone) else UTC
        try:
            moment = moment_of(value, zone)
        except NotOnTheClock as error:
            self._wrong(name, error.code, str(error))
            return None
        if is_too_far(moment, now) and not (name == "closes_at" and moment < now):  # that is told as the past
            self._wrong(name, "too_far", str(TOO_FAR))
            return None
        setattr(self, name, moment)
        return moment

    def _check_number(self, name: str, lowest: int, highest: int, message: str, *, step: int = 1) -> None:
        value: Any = getattr(self, name)
        if isinstance(value, Unset):
            return
        number = _whole(value)
        if number is None or not lowest <= number <= highest or number % step:
            self._wrong(name, "out_of_range", message)
        else:
            setattr(self, name, number)

    def _check_text(self, name: str, *, longest: int, value: Any = UNSET) -> None:
        text = getattr(self, name) if isinstance(value, Unset) else value
        if isinstance(text, Unset):
            return
        if not isinstance(text, str):
            self._wrong(name, "invalid", "Send a text.")
        elif "\0" in text:
            self._wrong(name, "null_characters_not_allowed", _("Null characters are not allowed. Take them out."))
        elif len(text) > longest:
            self.errors.append(FieldError.too_long(name, longest))

    def _require(self, ok: bool, name: str, code: str, message: str) -> None:
        if not ok:
            self._wrong(name, code, message)

    def _wrong(self, name: str, code: str, message: str) -> None:
        self.errors.append(FieldError(name, code, message))


def connected_models() -> list[str]:
    """The names of the interviewers that can be reached."""
    return [entry["name"] for entry in descriptions() if not entry.get("unavailable")]


def exchanges_for(tokens: int) -> int:
    """About how many questions with their answers a budget pays for; at least one."""
    return max(1, tokens // TOKENS_PER_EXCHANGE)


def config_fields() -> set[str]:
    return {entry.name for entry in fields(SessionConfig)}


def _whole(value: Any) -> int | None:
    """A whole number, be it typed or written as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _is_address(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > limits.MAX_ADDRESS:
        return False
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
