"""Making a session and changing its configuration before it starts; freezing its question plan."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, job_posting_for, resume_for, template_for
from sessions_app.ai import bank
from sessions_app.ai.dimensions import COMPETENCY, as_key, keys_of
from sessions_app.ai.protocol import Posting
from sessions_app.models import InterviewSession, InterviewTemplate, JobPosting, Resume, SessionMessage
from sessions_app.models.clock import database_now
from sessions_app.models.ids import new_id
from sessions_app.models.limits import DEFAULT_QUESTIONS, DEFAULT_TOKENS
from sessions_app.models.session import baseline_precision
from sessions_app.scoring import BASELINE

from .catalog import create_job_posting, create_resume, first_line
from .change import Change, changing
from .config import DEFAULT_MINUTES, SessionConfig, Unset, connected_models
from .templates import as_question

DEFAULT_QUIET_MINUTES = 10
QUESTIONS_REMEMBERED = 200
SET_UP_BY_STAFF = gettext_lazy("Here, interviews are set up by staff. Choose a practice interview instead.")

# What an edit may change, and a retake takes over.
CONFIGURATION = [
    "job_posting",
    "resume",
    "template",
    "template_version",
    "title",
    "plan",
    "planned_questions",
    "auto_advance",
    "model_name",
    "enabled_modes",
    "challenge_text",
    "language",
    "quiet_minutes",
    "idle_minutes",
    "max_pause_minutes",
    "shows_precision",
    "may_fall_back",
    "needs_model_score",
    "shows_report",
    "time_limit_seconds",
    "accommodation_percent",
    "token_budget",
    "opens_at",
    "closes_at",
]
_LIMITS = frozenset({"time_limit_minutes", "time_limit", "duration_minutes"})


@dataclass(frozen=True)
class _Sources:
    """The rows that a configuration names."""

    posting: JobPosting | None
    resume: Resume | None
    template: InterviewTemplate | None


def create_session(
    config: SessionConfig,
    *,
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    is_demo: bool = False,
    id: UUID | None = None,
    models: Collection[str] | None = None,
) -> InterviewSession:
    """A new session in ``created``, with its plan frozen.

    Somebody who is not staff creates for themselves; so does staff who names no candidate. With an ``id`` of the
    caller's own the session is made once: the second call returns what the first one made. Who makes many passes the
    names of the connected ``models``.

    Raises:
        ValidationFailed: with every wrong field; JobPostingNotFound, ResumeNotFound and TemplateNotFound become such.
        PermissionDenied: a candidate may only start what is offered here (``SELF_SERVICE``).
    """
    if id is not None and (made := _made_before(id, actor)):
        return made
    moment = now or database_now()
    _check_name(config, actor)
    sources = _sources(config, actor, moment, models=models)
    try:
        with transaction.atomic():
            return _create(config, sources, actor, moment, is_demo=is_demo, id=id or new_id())
    except IntegrityError:
        if id is not None and (made := _made_before(id, actor)):
            return made  # the other of two calls at the same moment was first
        raise


def _made_before(id: UUID, actor: Actor) -> InterviewSession | None:
    made: InterviewSession | None = InterviewSession.objects.filter(pk=id, created_by=actor.user).first()
    return made


def _create(
    config: SessionConfig, sources: _Sources, actor: Actor, moment: datetime, *, is_demo: bool, id: UUID
) -> InterviewSession:
    times = {"created_at": moment, "updated_at": moment, "last_activity_at": moment}
    session = InterviewSession(id=id, created_by=actor.user, is_demo=is_demo, **times)
    _set_candidate(session, config, actor)
    _configure(session, config, _with_new_rows(config, sources, actor))
    session.save(force_insert=True)
    change = Change(session, actor, moment)
    change.record("session.created", **logged_configuration(session))
    session.version = 1
    session.save(update_fields=["last_seq", "last_hash"])
    return session


def update_session(
    session_id: UUID | str,
    config: SessionConfig | None = None,
    *,
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    expect: int | None = None,
    **changes: Any,
) -> InterviewSession:
    """Change the configuration while the session is ``created``. ``changes`` are fields of SessionConfig.

    Raises:
        SessionNotFound, InvalidSessionState, ValidationFailed, PreconditionFailed, PermissionDenied (``SELF_SERVICE``).
    """
    with changing(session_id, actor, now=now) as change:
        change.expect_version(expect)
        change.require("edit")
        session = change.session
        config = config or SessionConfig(**_current(session, changes) | changes)
        sources = _sources(config, actor, change.now, session)
        if not isinstance(config.candidate_name, Unset):
            session.candidate_name = config.candidate_name
        session.candidate_email = config.candidate_email
        _configure(session, config, _with_new_rows(config, sources, actor))
        change.record("session.updated", **logged_configuration(session))
        change.configure(*CONFIGURATION)
    return change.session


def logged_configuration(session: InterviewSession) -> dict[str, Any]:
    """The numbers from which the log goes on counting (see ``services/replay.py``)."""
    return {
        "planned_questions": session.planned_questions,
        "time_limit_seconds": session.time_limit_seconds,
        "extra_seconds": session.extra_seconds,
        "token_budget": session.token_budget,
    }


def _check_name(config: SessionConfig, actor: Actor) -> None:
    """The system has no name to fall back on."""
    if actor.is_system and isinstance(config.candidate_name, Unset):
        config.candidate_name = ""


def _set_candidate(session: InterviewSession, config: SessionConfig, actor: Actor) -> None:
    user = actor.user
    named = not isinstance(config.candidate_name, Unset)
    for_self = user is not None and not (user.is_staff and named)
    session.is_practice = for_self
    session.candidate = user if for_self else None
    session.candidate_email = config.candidate_email
    if not isinstance(config.candidate_name, Unset):
        session.candidate_name = config.candidate_name
    elif user is not None:
        session.candidate_name = "" if user.is_guest else user.display_name
    if for_self and user is not None:
        session.candidate_email = config.candidate_email or user.email or ""


def _configure(session: InterviewSession, config: SessionConfig, sources: _Sources) -> None:
    """Copy the valid configuration onto the row; freeze the plan if what it comes from is new."""
    template = sources.template
    before = _origin(session)
    session.job_posting, session.resume, session.template = sources.posting, sources.resume, template
    session.planned_questions = _given(config.planned_questions, template, "planned_questions", DEFAULT_QUESTIONS)
    session.token_budget = _given(config.token_budget, template, "token_budget", DEFAULT_TOKENS)
    session.enabled_modes = _given(config.enabled_modes, template, "enabled_modes", ["text"]) or ["text"]
    session.challenge_text = _given(config.challenge_text, template, "challenge_text", "")
    session.language = config.language or (sources.posting.language if sources.posting else "en")
    session.model_name, session.auto_advance = config.model_name, config.auto_advance
    session.opens_at, session.closes_at = config.opens_at, config.closes_at
    session.time_zone = config.time_zone
    _set_time(session, config, template)
    if not session.plan or _origin(session) != before:
        _freeze(session, sources)


def _set_time(session: InterviewSession, config: SessionConfig, template: InterviewTemplate | None) -> None:
    """Limit and accommodation. Of the extra seconds only the part that the accommodation makes is replaced."""
    session.extra_seconds -= session.accommodation_seconds
    limit = config.limit_seconds
    if isinstance(limit, Unset):
        minutes = template.time_limit_minutes if template else DEFAULT_MINUTES
        limit = None if minutes is None else minutes * 60
    session.time_limit_seconds = limit
    session.accommodation_percent = config.accommodation_percent
    session.extra_seconds += session.accommodation_seconds


def _freeze(session: InterviewSession, sources: _Sources) -> None:
    """The plan, and what else of the template counts for this session from now on, however the template changes."""
    template, posting = sources.template, sources.posting
    session.title = template.title if template else posting.title if posting else _untitled(session)
    session.plan = frozen_plan(session, posting, template)
    session.precision, session.estimates = starting_precision(session.plan["dimensions"]), {}
    session.template_version = template.version if template else None
    session.quiet_minutes = template.quiet_minutes if template else DEFAULT_QUIET_MINUTES
    session.idle_minutes = template.idle_minutes if template else None
    session.max_pause_minutes = template.max_pause_minutes if template else None
    session.shows_precision = template.shows_precision if template else True
    session.may_fall_back = template.may_fall_back if template else True
    session.needs_model_score = template.needs_model_score if template else False
    session.shows_report = template.shows_report if template else True


def _origin(session: InterviewSession) -> tuple[Any, ...]:
    return session.template_id, session.job_posting_id, session.planned_questions


def _untitled(session: InterviewSession) -> str:
    return "Practice interview" if session.is_practice else "Interview"


def _given(value: Any, template: InterviewTemplate | None, name: str, default: Any) -> Any:
    """What was asked for, else what the template says, else the default."""
    if not isinstance(value, Unset):
        return value
    return default if template is None else getattr(template, name)


def may_set_up(actor: Actor) -> bool:
    """Whether interviews of one's own can be set up here; practice interviews on offer can be started either way."""
    return actor.is_system or actor.is_staff or settings.SELF_SERVICE


def _sources(
    config: SessionConfig,
    actor: Actor,
    now: datetime,
    session: InterviewSession | None = None,
    *,
    models: Collection[str] | None = None,
) -> _Sources:
    """Check everything, and find the rows that are named. What cannot be found is a wrong field.

    Raises:
        ValidationFailed: with every wrong field.
        PermissionDenied: it is not made from a template, by somebody who may not set up their own.
    """
    was_own = session is not None and session.template_id is None
    if config.template_id is None and not (was_own or may_set_up(actor)):
        raise errors.PermissionDenied(SET_UP_BY_STAFF)
    if session is not None:
        models = {*connected_models(), session.model_name}
    wrong = config.problems(now=now, models=models)
    found = _found(config, actor, session, wrong)
    if all(error.field not in ("time_limit_minutes", "template_id") for error in wrong):
        wrong += config.problems_with(found["template_id"], is_staff=actor.is_system or actor.is_staff)
    if wrong:
        raise errors.ValidationFailed(wrong)
    return _Sources(found["job_posting_id"], found["resume_id"], found["template_id"])


def _found(
    config: SessionConfig, actor: Actor, session: InterviewSession | None, wrong: list[errors.FieldError]
) -> dict[str, Any]:
    """The rows by the fields that name them; a field whose row is not there goes to ``wrong``.

    What the session has already stays usable, even if whoever edits could not pick it anew.
    """
    found: dict[str, Any] = {}
    for name, fetch in (("job_posting_id", job_posting_for), ("resume_id", resume_for), ("template_id", _template)):
        reference, at_hand = getattr(config, name), getattr(session, name, None)
        try:
            keeps = at_hand is not None and str(reference) == str(at_hand)
            found[name] = None if reference is None else fetch(reference, SYSTEM if keeps else actor)
        except errors.NotFound as error:
            wrong.append(errors.FieldError(name, "not_found", error.message))
    return found


def _template(reference: Any, actor: Actor) -> InterviewTemplate:
    """By id or slug. Raises TemplateNotFound, also for what could be neither."""
    if not re.fullmatch(r"[-\w]{1,80}", str(reference)):
        raise errors.TemplateNotFound
    return template_for(reference, actor)


def _with_new_rows(config: SessionConfig, sources: _Sources, actor: Actor) -> _Sources:
    """Store the posting and the résumé that came as text."""
    posting, resume = sources.posting, sources.resume
    if (text := config.job_posting_text.strip()) and posting is None:
        fields = {"title": first_line(text), "description": text}
        posting = create_job_posting(fields, actor=actor, flags=config.job_posting_flags)
    if config.resume_text and resume is None:
        flags, source = config.resume_flags, config.resume_source
        resume = create_resume(config.resume_text, actor=actor, flags=flags, source_name=source)
    return replace(sources, posting=posting, resume=resume)


def frozen_plan(
    session: InterviewSession, posting: JobPosting | None, template: InterviewTemplate | None
) -> dict[str, Any]:
    """The questions this session may ask, copied, so that no later edit of template or bank can change them."""
    questions = [as_question(question) for question in template.questions.all()] if template else []
    missing = session.planned_questions - len(questions)
    if missing > 0:
        taken = {question.key for question in questions}
        count, known = session.planned_questions + len(taken), _known_to(session.candidate_id)
        more = bank.plan(as_posting(posting), count, str(session.pk), asked=known)
        questions += [question for question in more if question.key not in taken][:missing]
    source = {"id": str(template.pk), "slug": template.slug, "version": template.version} if template else None
    return {
        "template": source,
        "criteria": (template.criteria if template else None) or [],
        "dimensions": frozen_dimensions((template.dimensions if template else None) or ()),
        "questions": [question.as_json() for question in questions],
    }


def _known_to(candidate_id: UUID | None) -> set[str]:
    """Keys of the questions that a candidate was asked lately, so that a new interview begins with others."""
    if candidate_id is None:
        return set()
    asked = SessionMessage.objects.filter(session__candidate_id=candidate_id, kind="question", seq__isnull=False)
    payloads = asked.order_by("-created_at").values_list("payload", flat=True)[:QUESTIONS_REMEMBERED]
    return {payload.get("key", "") for payload in payloads}


def frozen_dimensions(names: Iterable[str]) -> list[str]:
    """The keys of what answers are read for: those that are named, else the competencies. Traits must be named."""
    return list(dict.fromkeys(filter(None, map(as_key, names)))) or keys_of(COMPETENCY)


def starting_precision(keys: Iterable[str]) -> dict[str, float]:
    """Every trait, since readers of a session count on them, and what else it is read for, at 0.5."""
    return {**baseline_precision(), **dict.fromkeys(keys, BASELINE)}


def as_posting(posting: JobPosting | None) -> Posting | None:
    """A posting as the interviewer reads it."""
    if posting is None:
        return None
    stack = tuple(posting.tech_stack)
    return Posting(posting.title, posting.company, posting.description, stack, posting.experience_level)


def _current(session: InterviewSession, changes: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a session, as SessionConfig takes it; without the limit where that is to change."""
    limit = {} if _LIMITS & set(changes) else {"time_limit": session.time_limit_seconds}
    return {
        "candidate_name": session.candidate_name or Unset(),
        "candidate_email": session.candidate_email,
        "job_posting_id": session.job_posting_id,
        "resume_id": session.resume_id,
        "template_id": session.template_id,
        "accommodation_percent": session.accommodation_percent,
        "token_budget": session.token_budget,
        "model_name": session.model_name,
        "enabled_modes": session.enabled_modes,
        "challenge_text": session.challenge_text,
        "planned_questions": session.planned_questions,
        "auto_advance": session.auto_advance,
        "opens_at": session.opens_at,
        "closes_at": session.closes_at,
        "time_zone": session.time_zone,
        "language": session.language,
        **limit,
    }
