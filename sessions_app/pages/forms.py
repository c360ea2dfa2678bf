"""The form for a new session: what it shows, and what was sent. The rules are SessionConfig's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.signing import BadSignature, Signer
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _l

from sessions_app.access import Actor, as_uuid
from sessions_app.errors import FieldError
from sessions_app.models import InterviewSession, InterviewTemplate
from sessions_app.models.ids import new_id
from sessions_app.models.limits import DEFAULT_QUESTIONS, DEFAULT_TOKENS, MODES
from sessions_app.services.config import DEFAULT_MINUTES, DEFAULT_MODEL, SessionConfig
from sessions_app.services.resumes import FLAGS, noticed

CUSTOM, UNTIMED = "custom", "untimed"
PERCENTS = ("0", "25", "50", "75", "100")
CLOCK = "%Y-%m-%dT%H:%M"  # what <input type="datetime-local"> takes
# In the order of the page, for the summary of errors; what only staff are asked comes with the rest of its part.
FIELDS = (
    *("candidate_name", "candidate_email", "template_id", "time_limit_minutes", "accommodation"),
    *("accommodation_percent", "planned_questions", "token_budget", "model_name", "enabled_modes", "language"),
    *("challenge_text", "job_posting_id", "job_posting_text", "job_posting_file", "resume_id", "resume_data"),
    *("resume_file", "opens_at", "closes_at", "time_zone"),
)
FOR_STAFF = frozenset({"candidate_email", "opens_at", "closes_at", "time_zone"})
# What the form remembers without showing it: how questions follow each other, and what was noticed about a file.
KEPT = ("auto_advance", "job_posting_flags", "resume_flags", "resume_source")
# Label and help of each field.
TEXTS = {
    "candidate_name": (_l("Candidate name"), _l("As they want to be addressed.")),
    "candidate_email": (
        _l("Candidate e-mail"),
        _l("We send the invitation here. Leave empty to copy a link instead."),
    ),
    "template_id": (_l("Template"), _l("Fills the fields below; you can still change them.")),
    "time_limit_minutes": (
        _l("Time limit in minutes"),
        _l("Most interviews: 30–45. Accommodation is added on top."),
    ),
    "accommodation": (_l("Accommodation"), _l("Visible to the candidate before start.")),
    "accommodation_percent": (_l("Custom extra time in %"), _l("A multiple of 5, up to 400.")),
    "planned_questions": (_l("Questions"), _l("1 to 30, follow-ups included.")),
    "token_budget": (
        _l("Token budget"),
        _l(
            "≈ 1,000 per exchange. 50,000 suits 45 min. A model holds about 2,000 for a question; with less, a "
            "prepared one is asked."
        ),
    ),
    "model_name": (_l("Model"), _l("Who asks the questions.")),
    "enabled_modes": (_l("Modes"), _l("How the candidate can answer.")),
    "language": (_l("Language of the interview"), _l("Such as en or de. Empty: the job posting's, else English.")),
    "challenge_text": (
        _l("Challenge text"),
        _l("Shown to candidate as “Your task”. Markdown; at most 20,000 characters."),
    ),
    "job_posting_id": (
        _l("Job posting"),
        _l("Used to ask relevant questions; shown to the candidate before start."),
    ),
    "job_posting_text": (
        _l("… or paste a job posting"),
        _l("Its first line becomes the title. At most 20,000 characters."),
    ),
    "job_posting_file": (_l("… or upload a job posting"), _l("PDF, Word (.docx) or text, at most 5 MB.")),
    "resume_id": (_l("Résumé"), _l("Used to ask relevant questions; shown to the candidate before start.")),
    "resume_data": (_l("… or paste a résumé"), _l("At most 50,000 characters.")),
    "resume_file": (_l("… or upload a résumé"), _l("PDF, Word (.docx) or text, at most 5 MB.")),
    "opens_at": (_l("Opens"), _l("Shown to them in their zone. Empty: at once.")),
    "closes_at": (_l("Closes"), _l("The last moment to start or resume. Empty: never.")),
    "time_zone": (_l("Time zone"), _l("In which you give opening and closing.")),
}
REQUIRED = frozenset({"candidate_name", "time_limit_minutes", "token_budget", "planned_questions", "model_name"})
_OR_NONE = ("template_id", "job_posting_id", "resume_id", "opens_at", "closes_at")
_AS_SENT = (
    *("candidate_name", "candidate_email", "token_budget", "planned_questions", "model_name", "enabled_modes"),
    *("language", "challenge_text", "job_posting_text", "resume_data", "resume_source", "time_zone"),
)
_BY_HAND = "by_hand"  # the next question comes when it is asked for


@dataclass(frozen=True)
class Field:
    """One field as the page shows it. ``described`` lists the ids of help and error, for ``aria-describedby``.

    ``noticed`` tells staff what hides in the file that the value comes from.
    """

    name: str
    label: str
    help: str
    value: Any
    messages: list[str]
    is_required: bool
    noticed: str = ""

    @property
    def described(self) -> str:
        return f"{self.name}-help {self.name}-error" if self.messages else f"{self.name}-help"


@dataclass(frozen=True)
class SessionForm:
    """Values as text, the way a browser sends them. ``key`` names the session that this form makes, once."""

    actor: Actor
    key: str
    values: Mapping[str, Any]
    errors: tuple[FieldError, ...] = ()
    preview: str = ""

    @property
    def for_staff(self) -> bool:
        return self.actor.is_staff

    @property
    def id(self) -> UUID:
        """The id that the session is to have. A key that is not ours, or somebody else's, makes a fresh one."""
        try:
            return as_uuid(_signer(self.actor).unsign(self.key)) or new_id()
        except BadSignature:
            return new_id()

    @property
    def wrong(self) -> dict[str, list[str]]:
        """The messages next to each field."""
        found: dict[str, list[str]] = {}
        for error in self.errors:
            found.setdefault(error.field, []).append(error.message)
        return found

    @property
    def fields(self) -> dict[str, Field]:
        return {name: self._field(name) for name in FIELDS}

    def _field(self, name: str) -> Field:
        label, help = map(str, TEXTS[name])
        wrong = self.wrong.get(name, [])
        return Field(name, label, help, self.values[name], wrong, name in REQUIRED, self._noticed(name))

    def _noticed(self, name: str) -> str:
        flags = {"resume_data": "resume_flags", "job_posting_text": "job_posting_flags"}.get(name, "")
        return noticed(_flags(self.values[flags])) if flags and self.for_staff else ""

    @property
    def kept(self) -> dict[str, str]:
        return {name: self.values[name] for name in KEPT if self.values[name]}

    def with_errors(self, errors: Iterable[FieldError]) -> SessionForm:
        """All of them, in the order of the page."""
        place = {name: number for number, name in enumerate(FIELDS)}
        ordered = sorted(errors, key=lambda error: place.get(error.field, len(place)))
        return replace(self, errors=tuple(ordered))

    def with_values(self, **values: Any) -> SessionForm:
        return replace(self, values={**self.values, **values})

    def config(self) -> SessionConfig:
        """What is to be created; values that make no sense go on as they are, to be refused there."""
        given: dict[str, Any] = {name: self.values[name] for name in _AS_SENT}
        given |= {name: self.values[name] or None for name in _OR_NONE}
        choice = self.values["accommodation"]
        percent = self.values["accommodation_percent"] if choice == CUSTOM else choice
        return SessionConfig(
            **given,
            time_limit_minutes=None if choice == UNTIMED else self.values["time_limit_minutes"],
            accommodation_percent=0 if choice == UNTIMED else percent,
            auto_advance=self.values["auto_advance"] != _BY_HAND,
            resume_flags=_flags(self.values["resume_flags"]),
            job_posting_flags=_flags(self.values["job_posting_flags"]),
        )


def blank(actor: Actor, zone: str) -> SessionForm:
    """An empty form; whoever practises has their own name in it."""
    name = actor.user.display_name if actor.user is not None and not actor.is_staff else ""
    values = dict.fromkeys((*FIELDS, *KEPT), "") | {
        "candidate_name": name,
        "time_limit_minutes": str(DEFAULT_MINUTES),
        "accommodation": "0",
        "planned_questions": str(DEFAULT_QUESTIONS),
        "token_budget": str(DEFAULT_TOKENS),
        "model_name": DEFAULT_MODEL,
        "enabled_modes": ["text"],
        "time_zone": zone if actor.is_staff else "",
    }
    return SessionForm(actor, _signer(actor).sign(str(new_id())), values)


def like(session: InterviewSession, actor: Actor, zone: str) -> SessionForm:
    """The settings of a session, for somebody else: without name, address and résumé."""
    form = blank(actor, session.time_zone or zone)
    return form.with_values(
        template_id=str(session.template_id or ""),
        job_posting_id=str(session.job_posting_id or ""),
        planned_questions=str(session.planned_questions),
        token_budget=str(session.token_budget),
        model_name=session.model_name,
        enabled_modes=session.enabled_modes,
        challenge_text=session.challenge_text,
        language=session.language,
        auto_advance="" if session.auto_advance else _BY_HAND,
        opens_at=_clock(session.opens_at, form.values["time_zone"]) if actor.is_staff else "",
        closes_at=_clock(session.closes_at, form.values["time_zone"]) if actor.is_staff else "",
        **_time_of(session),
    )


def filled(form: SessionForm, template: InterviewTemplate) -> SessionForm:
    """The same form with what a template says."""
    minutes = template.time_limit_minutes
    untimed = form.values["accommodation"] == UNTIMED
    limit = {"accommodation": UNTIMED} if minutes is None else {"time_limit_minutes": str(minutes)}
    if minutes is not None and untimed:
        limit["accommodation"] = "0"
    return form.with_values(
        template_id=str(template.pk),
        planned_questions=str(template.planned_questions),
        token_budget=str(template.token_budget),
        enabled_modes=template.enabled_modes or ["text"],
        challenge_text=template.challenge_text,
        **limit,
    )


def sent(post: QueryDict, actor: Actor) -> SessionForm:
    """What a browser sent. Line ends become those that are stored; fields that only staff have stay as they are."""
    form = blank(actor, "")
    values: dict[str, Any] = {
        name: _text(post.get(name, "")) for name in (*FIELDS, *KEPT) if actor.is_staff or name not in FOR_STAFF
    }
    values["accommodation"] = values["accommodation"] or "0"
    modes = [mode for mode in post.getlist("enabled_modes") if mode]
    known = ["text", *modes] if set(modes) <= set(MODES) else modes
    return replace(form.with_values(**values | {"enabled_modes": known}), key=post.get("key", ""))


def _text(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")


def _flags(text: str) -> list[str]:
    """Those that a reader of files gives; a browser may send anything."""
    return [flag for flag in text.split(",") if flag in FLAGS]


def _time_of(session: InterviewSession) -> dict[str, str]:
    if session.time_limit_seconds is None:
        return {"accommodation": UNTIMED}
    percent = str(session.accommodation_percent)
    return {
        "time_limit_minutes": f"{session.time_limit_seconds / 60:g}",
        "accommodation": percent if percent in PERCENTS else CUSTOM,
        "accommodation_percent": "" if percent in PERCENTS else percent,
    }


def _clock(at: datetime | None, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone or "UTC")).strftime(CLOCK) if at else ""


def _signer(actor: Actor) -> Signer:
    """A key counts for the person whom the form was shown to."""
    return Signer(salt=f"new session of {actor.user.pk if actor.user else ''}")
