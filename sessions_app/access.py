"""Who may see and do what: fetch and authorise in one step. A stranger is told "not found", never "not yours"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import F, Prefetch

from . import errors
from .models import InterviewSession, InterviewTemplate, JobPosting, Operation, PlannedQuestion, Resume
from .models.actions import Role

if TYPE_CHECKING:
    from .models import User


@dataclass(frozen=True)
class Actor:
    """Who does it. ``user`` is None for the system itself (sweep, worker, commands)."""

    user: User | None = None

    @property
    def is_system(self) -> bool:
        return self.user is None

    @property
    def is_staff(self) -> bool:
        return self.user is not None and self.user.is_staff

    def roles_in(self, session: InterviewSession) -> frozenset[Role]:
        """What this actor is to that session; the system may do whatever anybody may.

        Who created a session may act for its candidate while nobody has claimed it (1-product, "Embedding").
        """
        if self.user is None:
            return frozenset(Role)
        unclaimed = session.candidate_id is None and session.created_by_id == self.user.pk
        roles = {Role.CANDIDATE} if unclaimed or session.candidate_id == self.user.pk else set()
        return frozenset(roles | ({Role.STAFF} if self.user.is_staff else set()))

    def label_in(self, session: InterviewSession) -> str:
        """How the log names the actor: an id, never a name."""
        if self.user is None:
            return "system"
        kind = "candidate" if session.candidate_id == self.user.pk else "staff" if self.user.is_staff else "user"
        return f"{kind}:{self.user.pk}"


SYSTEM = Actor()


def as_uuid(value: Any) -> UUID | None:
    """The UUID that a path or body names, or None for anything else."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        return None


def sessions_of(actor: Actor) -> Any:
    return InterviewSession.objects.all() if actor.user is None else InterviewSession.objects.visible_to(actor.user)


def session_for(session_id: Any, actor: Actor) -> InterviewSession:
    """The session with its turn, posting and résumé, and the database's time as ``.now``.

    One statement, hence one consistent moment.

    Raises:
        SessionNotFound: it does not exist, or is somebody else's.
    """
    rows = sessions_of(actor).with_turn().select_related("job_posting", "resume", "turn__message")
    session: InterviewSession | None = rows.filter(pk=as_uuid(session_id)).first()
    if session is None:
        raise errors.SessionNotFound
    return session


def turn_for(session_id: Any, actor: Actor) -> InterviewSession:
    """The session with its turn alone, for reads that come every second.

    Raises:
        SessionNotFound: it does not exist, or is somebody else's.
    """
    key = as_uuid(session_id)
    session: InterviewSession | None = sessions_of(actor).with_turn().filter(pk=key).first() if key else None
    if session is None:
        raise errors.SessionNotFound
    return session


def lock_session(session_id: Any, actor: Actor) -> InterviewSession:
    """Lock the row, then read it. To be called first in a transaction.

    The UPDATE comes before the SELECT on purpose: it takes the row lock that makes commit order the order of the
    event numbers, and what is read after it cannot be stale.

    Raises:
        SessionNotFound: it does not exist, or is somebody else's.
    """
    key = as_uuid(session_id)
    if key is None or not sessions_of(actor).filter(pk=key).update(last_seq=F("last_seq")):
        raise errors.SessionNotFound
    session: InterviewSession = InterviewSession.objects.with_turn().get(pk=key)
    return session


def operation_for(operation_id: Any, actor: Actor) -> Operation:
    """The operation with its session and message.

    Raises:
        OperationNotFound: it does not exist, or belongs to somebody else's session.
    """
    rows = Operation.objects.select_related("session", "message")
    if actor.user is not None and not actor.user.is_staff:
        rows = rows.filter(session__candidate_id=actor.user.pk)
    key = as_uuid(operation_id)
    operation = rows.filter(pk=key).first() if key else None
    if operation is None:
        raise errors.OperationNotFound
    return operation


def job_postings_of(actor: Actor) -> Any:
    return JobPosting.objects.all() if actor.user is None else JobPosting.objects.visible_to(actor.user)


def resumes_of(actor: Actor) -> Any:
    return Resume.objects.all() if actor.user is None else Resume.objects.visible_to(actor.user)


def job_posting_for(posting_id: Any, actor: Actor) -> JobPosting:
    """Raises JobPostingNotFound."""
    posting: JobPosting | None = job_postings_of(actor).filter(pk=as_uuid(posting_id)).first()
    if posting is None:
        raise errors.JobPostingNotFound
    return posting


def resume_for(resume_id: Any, actor: Actor) -> Resume:
    """Raises ResumeNotFound."""
    resume: Resume | None = resumes_of(actor).filter(pk=as_uuid(resume_id)).first()
    if resume is None:
        raise errors.ResumeNotFound
    return resume


def template_for(reference: Any, actor: Actor) -> InterviewTemplate:
    """A template by id or slug, with its questions and rubric. Others than staff only get offered ones.

    Raises:
        TemplateNotFound: it does not exist, or is not offered.
    """
    rows = InterviewTemplate.objects.all() if actor.is_system or actor.is_staff else InterviewTemplate.objects.offered()
    key = as_uuid(reference)
    rows = rows.filter(pk=key) if key else rows.filter(slug=str(reference))
    questions = PlannedQuestion.objects.prefetch_related("points")
    template = rows.prefetch_related(Prefetch("questions", queryset=questions)).first()
    if template is None:
        raise errors.TemplateNotFound
    return template
