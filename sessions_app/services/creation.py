"""Making a session and changing its configuration before it starts; freezing its question plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor, job_posting_for, resume_for, template_for
from sessions_app.ai import bank
from sessions_app.ai.protocol import Point, Posting, Question
from sessions_app.models import InterviewSession, InterviewTemplate, JobPosting, PlannedQuestion, Resume
from sessions_app.models.clock import database_now
from sessions_app.models.limits import DEFAULT_QUESTIONS

from .change import Change, changing
from .config import DEFAULT_MINUTES, SessionConfig, Unset

_CONFIGURATION = [
    "job_posting",
    "resume",
    "template",
    "title",
    "plan",
    "planned_questions",
    "auto_advance",
    "model_name",
    "enabled_modes",
    "challenge_text",
    "language",
    "quiet_minutes",
    "shows_precision",
    "time_limit_seconds",
    "token_budget",
    "opens_at",
    "closes_at",
]


def create_session(
    config: SessionConfig, *, actor: Actor = SYSTEM, now: datetime | None = None, is_demo: bool = False
) -> InterviewSession:
    """A new session in ``created``, with its plan frozen.

    Somebody who is not staff creates for themselves; so does staff who names no candidate.

    Raises:
        ValidationFailed: with every wrong field; JobPostingNotFound, ResumeNotFound and TemplateNotFound become such.
    """
    _check_name(config, actor)
    config.check()
    with transaction.atomic():
        moment = now or database_now()
        session = InterviewSession(
            created_by=actor.user,
            is_demo=is_demo,
            created_at=moment,
            updated_at=moment,
            last_activity_at=moment,
        )
        _set_candidate(session, config, actor)
        _configure(session, config, actor)
        session.save(force_insert=True)
        change = Change(session, actor, moment)
        change.record("session.created", planned_questions=session.planned_questions)
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
        SessionNotFound, InvalidSessionState, ValidationFailed, PreconditionFailed.
    """
    from .sessions import expect_version

    with changing(session_id, actor, now=now) as change:
        expect_version(change, expect)
        change.require("edit")
        session = change.session
        config = config or SessionConfig(**{**_current(session), **changes})
        config.check()
        if not isinstance(config.candidate_name, Unset):
            session.candidate_name = config.candidate_name
        session.candidate_email = config.candidate_email
        _configure(session, config, actor)
        change.record("session.updated")
        change.save(*_CONFIGURATION)
        change.recorded = 0
    return change.session


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
        session.candidate_email = config.candidate_email or user.email or ""


def _configure(session: InterviewSession, config: SessionConfig, actor: Actor) -> None:
    """Copy the valid configuration onto the row and freeze the plan."""
    posting, resume, template = _look_up(config, actor, session)
    session.job_posting, session.resume, session.template = posting, resume, template
    session.title = template.title if template else posting.title if posting else "Practice interview"
    session.time_limit_seconds = _limit_seconds(config, template)
    session.planned_questions = _count(config, template)
    session.enabled_modes = list(dict.fromkeys(config.enabled_modes))
    if template and template.enabled_modes and config.enabled_modes == ["text"]:
        session.enabled_modes = template.enabled_modes
    session.challenge_text = config.challenge_text or (template.challenge_text if template else "")
    session.quiet_minutes = template.quiet_minutes if template else 10
    session.shows_precision = template.shows_precision if template else True
    session.language = config.language or (posting.language if posting else "en")
    session.token_budget, session.model_name = config.token_budget, config.model_name
    session.auto_advance = config.auto_advance
    session.opens_at, session.closes_at = config.opens_at, config.closes_at
    session.plan = frozen_plan(session, posting, template)


def _look_up(
    config: SessionConfig, actor: Actor, session: InterviewSession
) -> tuple[JobPosting | None, Resume | None, InterviewTemplate | None]:
    """The rows that the configuration names. What cannot be found is a wrong field, all of them told at once."""
    found: dict[str, Any] = {}
    wrong: list[errors.FieldError] = []
    for name, fetch, at_hand in (
        ("job_posting_id", job_posting_for, session.job_posting_id),
        ("resume_id", resume_for, session.resume_id),
        ("template_id", template_for, session.template_id),
    ):
        reference = getattr(config, name)
        try:
            # What the session has already stays usable, even if whoever edits could not pick it anew.
            keeps = at_hand is not None and str(reference) == str(at_hand)
            found[name] = fetch(reference, SYSTEM if keeps else actor) if reference else None
        except errors.NotFound as error:
            wrong.append(errors.FieldError(name, "not_found", error.message))
    if wrong:
        raise errors.ValidationFailed(wrong)
    resume = found["resume_id"]
    if config.resume_text and resume is None:
        resume = Resume.objects.create(owner=actor.user, content=config.resume_text)
    return found["job_posting_id"], resume, found["template_id"]


def _limit_seconds(config: SessionConfig, template: InterviewTemplate | None) -> int | None:
    minutes = config.time_limit_minutes
    if isinstance(minutes, Unset):
        minutes = template.time_limit_minutes if template else DEFAULT_MINUTES
    return None if minutes is None else round(minutes * 60)


def _count(config: SessionConfig, template: InterviewTemplate | None) -> int:
    if not isinstance(config.planned_questions, Unset):
        return config.planned_questions
    return template.planned_questions if template else DEFAULT_QUESTIONS


def frozen_plan(
    session: InterviewSession, posting: JobPosting | None, template: InterviewTemplate | None
) -> dict[str, Any]:
    """The questions this session may ask, copied, so that no later edit of template or bank can change them."""
    questions = [_frozen(question) for question in template.questions.all()] if template else []
    missing = session.planned_questions - len(questions)
    if missing > 0:
        taken = {question.key for question in questions}
        more = bank.plan(as_posting(posting), session.planned_questions + len(taken), str(session.pk))
        questions += [question for question in more if question.key not in taken][:missing]
    source = {"id": str(template.pk), "slug": template.slug, "version": template.version} if template else None
    return {"template": source, "questions": [question.as_json() for question in questions]}


def as_posting(posting: JobPosting | None) -> Posting | None:
    """A posting as the interviewer reads it."""
    if posting is None:
        return None
    stack = tuple(posting.tech_stack)
    return Posting(posting.title, posting.company, posting.description, stack, posting.experience_level)


def _frozen(question: PlannedQuestion) -> Question:
    points = tuple(
        Point(p.statement, tuple(p.aliases), p.follow_up, p.developing, p.solid, p.strong)
        for p in question.points.all()
    )
    return Question(question.key, question.question_type, question.text, tuple(question.skills), points)


def _current(session: InterviewSession) -> dict[str, Any]:
    """The configuration of a session, as SessionConfig takes it."""
    limit = session.time_limit_seconds
    return {
        "candidate_name": session.candidate_name or Unset(),
        "candidate_email": session.candidate_email,
        "job_posting_id": session.job_posting_id,
        "resume_id": session.resume_id,
        "template_id": session.template_id,
        "time_limit_minutes": None if limit is None else limit / 60,
        "token_budget": session.token_budget,
        "model_name": session.model_name,
        "enabled_modes": session.enabled_modes,
        "challenge_text": session.challenge_text,
        "planned_questions": session.planned_questions,
        "auto_advance": session.auto_advance,
        "opens_at": session.opens_at,
        "closes_at": session.closes_at,
        "language": session.language,
    }


def load_template(slug: str, fields: dict[str, Any], questions: list[Question]) -> tuple[InterviewTemplate, bool]:
    """Insert or replace a shipped template; its version goes up when something changed. Returns it and whether."""
    with transaction.atomic():
        template = InterviewTemplate.objects.filter(slug=slug).first() or InterviewTemplate(slug=slug, version=0)
        before = (
            [_frozen(q).as_json() for q in template.questions.prefetch_related("points")] if template.version else []
        )
        same = all(getattr(template, name) == value for name, value in fields.items())
        if template.version and same and _canonical(before) == _canonical([q.as_json() for q in questions]):
            return template, False
        for name, value in fields.items():
            setattr(template, name, value)
        template.version += 1
        template.save()
        template.questions.all().delete()
        for position, question in enumerate(questions, 1):
            _store(template, position, question)
    return template, True


def _store(template: InterviewTemplate, position: int, question: Question) -> None:
    row = PlannedQuestion.objects.create(
        template=template,
        position=position,
        key=question.key,
        question_type=question.type,
        text=question.text,
        skills=list(question.skills),
    )
    for place, point in enumerate(question.points, 1):
        fields = {**vars(point), "aliases": list(point.aliases)}
        row.points.create(position=place, **fields)


def _canonical(questions: list[dict[str, Any]]) -> list[Question]:
    return [Question.from_json(question) for question in questions]
