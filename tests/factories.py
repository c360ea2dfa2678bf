"""Rows for tests, by factory_boy. One cast: ann and ben are candidates, sam is staff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from sessions_app.access import Actor
from sessions_app.ai.protocol import FREE, Estimate, Outcome, Provider, ProviderError
from sessions_app.models import (
    CriterionScore,
    Evaluation,
    Evidence,
    InterviewSession,
    InterviewTemplate,
    JobPosting,
    PlannedQuestion,
    Resume,
    Review,
    RubricPoint,
    User,
)
from sessions_app.services import answers, sessions
from sessions_app.services.answers import Answered, NewAnswer
from sessions_app.services.config import SessionConfig
from sessions_app.services.running import run_operation
from sessions_app.services.sweep import sweep

PASSWORD = "quiet-harbour-94"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = "Pat Doe"
    password = factory.django.Password(PASSWORD)


class JobPostingFactory(DjangoModelFactory[JobPosting]):
    class Meta:
        model = JobPosting

    title = "Backend engineer"
    company = "Acme"
    description = "You build the services behind our shop."
    tech_stack = factory.LazyFunction(lambda: ["Python", "PostgreSQL"])
    experience_level = "senior"


class ResumeFactory(DjangoModelFactory[Resume]):
    class Meta:
        model = Resume

    content = "Ann Smith\n- Built the billing service in Python and PostgreSQL for three million customers\n- Chess"


class RubricPointFactory(DjangoModelFactory[RubricPoint]):
    class Meta:
        model = RubricPoint

    statement = "Says what an index costs"
    aliases = factory.LazyFunction(lambda: ["slower writes", "write cost"])
    follow_up = "What does an index cost?"


class PlannedQuestionFactory(DjangoModelFactory[PlannedQuestion]):
    class Meta:
        model = PlannedQuestion
        skip_postgeneration_save = True

    key = factory.Sequence(lambda n: f"planned-{n}")
    position = factory.Sequence(lambda n: n)
    text = factory.Sequence(lambda n: f"Planned question {n}: when would you add an index?")
    point = factory.RelatedFactory(RubricPointFactory, factory_related_name="question")


class TemplateFactory(DjangoModelFactory[InterviewTemplate]):
    class Meta:
        model = InterviewTemplate
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"template-{n}")
    title = "Databases"
    time_limit_minutes = 20
    planned_questions = 3

    @factory.post_generation
    def questions(self, create: bool, extracted: int | None, **_: Any) -> None:
        for _n in range(3 if extracted is None else extracted):
            PlannedQuestionFactory(template=self)


class EvaluationFactory(DjangoModelFactory[Evaluation]):
    """A model's report with one criterion a word of ``scores``: numbers, or None for not enough evidence."""

    class Meta:
        model = Evaluation
        skip_postgeneration_save = True

    method = "model"
    model_name = "a-model"
    rubric_version = "databases v1"
    overall_score = 71.0
    confidence = 0.6
    summary = "The candidate weighs reads against writes."
    created_at = factory.LazyFunction(lambda: datetime.now(UTC))

    @factory.post_generation
    def scores(self, create: bool, extracted: list[float | None] | None, **_: Any) -> None:
        for position, score in enumerate([80.0, 40.0, None] if extracted is None else extracted):
            CriterionScoreFactory(evaluation=self, position=position, score=score)


class CriterionScoreFactory(DjangoModelFactory[CriterionScore]):
    class Meta:
        model = CriterionScore

    position = 0
    key = factory.LazyAttribute(lambda row: f"criterion-{row.position}")
    title = factory.LazyAttribute(lambda row: f"Criterion {row.position}")
    score: Any = 80.0
    verdict = factory.LazyAttribute(lambda row: "not_enough_evidence" if row.score is None else "scored")
    level = factory.LazyAttribute(
        lambda row: (
            "" if row.score is None else "strong" if row.score >= 75 else "solid" if row.score >= 50 else "developing"
        )
    )
    method = factory.SelfAttribute("evaluation.method")


class EvidenceFactory(DjangoModelFactory[Evidence]):
    """The first words of an answer: ``EvidenceFactory(criterion=…, message=…)``."""

    class Meta:
        model = Evidence

    start = 0
    end = factory.LazyAttribute(lambda row: min(20, len(row.message.content)))
    quote = factory.LazyAttribute(lambda row: row.message.content[row.start : row.end])


class ReviewFactory(DjangoModelFactory[Review]):
    """A submitted one; a draft with ``status="draft"``."""

    class Meta:
        model = Review

    session = factory.SelfAttribute("evaluation.session")
    status = "submitted"
    takeaways = "Knows indexes."
    recommendation = "yes"
    final_score = 64.0
    created_at = factory.LazyFunction(lambda: datetime.now(UTC))
    updated_at = factory.SelfAttribute("created_at")
    submitted_at = factory.LazyAttribute(lambda row: row.created_at if row.status == "submitted" else None)


class Words:
    """A provider that writes what it is told, piece by piece; an exception among the pieces is raised."""

    name = "words"

    def __init__(self, *pieces: str | Exception) -> None:
        self.pieces = pieces or ("What ", "happened ", "next?")
        self.turns: list[Any] = []

    def estimate(self, turn: Any) -> Estimate:
        return FREE

    def ask(self, turn: Any) -> Any:
        self.turns.append(turn)
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece
        yield Outcome("technical", f"key-{len(turn.history)}")


def broken(*, retryable: bool = True) -> Words:
    """A provider that fails."""
    return Words(ProviderError("PROVIDER_ERROR", "The model is away.", retryable=retryable))


def as_actor(user: User) -> Actor:
    return Actor(user)


def created(candidate: User, *, now: datetime | None = None, **config: Any) -> InterviewSession:
    """A session in ``created``, made by the verb."""
    return sessions.create_session(SessionConfig(**config), actor=Actor(candidate), now=now)


def generating(candidate: User, *, now: datetime | None = None, **config: Any) -> InterviewSession:
    """Started; question 1 is queued."""
    session = created(candidate, now=now, **config)
    return sessions.start_session(session.pk, actor=Actor(candidate), now=now)


def waiting(candidate: User, *, questions: int = 1, now: datetime | None = None, **config: Any) -> InterviewSession:
    """Active, with question number ``questions`` open and all before it answered."""
    session = generating(candidate, now=now, **config)
    write_question(session)
    for number in range(1, questions):
        answer(session, f"Answer {number}")
        write_question(session)
    return fresh(session)


def paused(candidate: User, *, questions: int = 1, **config: Any) -> InterviewSession:
    session = waiting(candidate, questions=questions, **config)
    return sessions.pause_session(session.pk, actor=Actor(candidate))


def closing(candidate: User, **config: Any) -> InterviewSession:
    """Past the last planned answer."""
    session = waiting(candidate, **{"planned_questions": 1, **config})
    answer(session, "My last answer")
    return fresh(session)


def failed(candidate: User, **config: Any) -> InterviewSession:
    """Active, with a question that could not be written."""
    session = generating(candidate, **config)
    write_question(session, broken(retryable=False))
    return fresh(session)


def ready_for_next(candidate: User, **config: Any) -> InterviewSession:
    session = waiting(candidate, auto_advance=False, **config)
    answer(session, "An answer")
    return fresh(session)


def ended(candidate: User, verb: str = "end_session", **config: Any) -> InterviewSession:
    """Completed or cancelled by that verb, with one answer."""
    session = waiting(candidate, questions=2, **config)
    extra = {"reason": "A reason"} if verb == "cancel_session" else {}
    return getattr(sessions, verb)(session.pk, **extra)


def expired(candidate: User, **config: Any) -> InterviewSession:
    """Its clock ran out long ago and a sweep noticed."""
    session = waiting(candidate, questions=2, **config)
    run_out(session)
    return fresh(session)


def overdue(session: InterviewSession) -> InterviewSession:
    """Let the clock of a waiting session be over for a minute, with a living server, and nobody having noticed."""
    session = fresh(session)
    if session.time_limit_seconds is None:
        raise ValueError("An untimed session cannot run out.")
    back = timedelta(milliseconds=session.limit_ms or 0) + timedelta(minutes=1)
    InterviewSession.objects.filter(pk=session.pk).update(
        running_since=session.running_since - back, deadline=session.deadline - back
    )
    return fresh(session)


def nearly_over(session: InterviewSession, seconds: int = 100) -> InterviewSession:
    """Let the running clock of a session have so many seconds left."""
    session = fresh(session)
    if session.deadline is None or session.running_since is None:
        raise ValueError("Only a running clock can be nearly over.")
    back = session.deadline - session.now - timedelta(seconds=seconds)
    InterviewSession.objects.filter(pk=session.pk).update(
        running_since=session.running_since - back, deadline=session.deadline - back
    )
    return fresh(session)


def run_out(session: InterviewSession) -> None:
    """As ``overdue``, and a sweep notices."""
    overdue(session)
    sweep()


def write_question(session: InterviewSession, provider: Provider | None = None) -> None:
    """Run the session's question operation, here and now."""
    turn_id = InterviewSession.objects.values_list("turn_id", flat=True).get(pk=session.pk)
    run_operation(turn_id, provider=provider)


def analyse(session: InterviewSession) -> None:
    """Run what reads the session's answers for its dimensions, here and now."""
    for operation in session.operations.live().filter(kind="analysis").order_by("created_at"):
        run_operation(operation.pk)


def answer(session: InterviewSession, text: str = "An answer", **fields: Any) -> Answered:
    user = User.objects.get(pk=session.candidate_id)
    return answers.submit_answer(session.pk, NewAnswer(text, **fields), actor=Actor(user))


def fresh(session: InterviewSession) -> InterviewSession:
    """The session as it is stored now, with its turn and the database's time."""
    return sessions.get_session(session.pk)


def types(session: InterviewSession) -> list[str]:
    """The types of its events, in order."""
    return list(session.events.order_by("seq").values_list("type", flat=True))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]
