"""Who may see and do what: fetch and authorise in one step. A stranger is told "not found", never "not yours"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch
from django.utils.translation import gettext as _

from . import errors
from .models import (
    ApiKey,
    CandidateRequest,
    Evaluation,
    InterviewSession,
    InterviewTemplate,
    Invitation,
    InvitationList,
    JobPosting,
    Operation,
    PlannedQuestion,
    Resume,
)
from .models.actions import Role
from .models.ids import token_hash

if TYPE_CHECKING:
    from .models import User


@dataclass(frozen=True)
class Actor:
    """Who does it. ``user`` is None for the system itself (sweep, worker, commands).

    ``only_session`` narrows the bearer of a session's token to that session: nothing else is there for them.
    """

    user: User | None = None
    only_session: UUID | None = None

    @property
    def is_system(self) -> bool:
        return self.user is None

    @property
    def is_staff(self) -> bool:
        return self.user is not None and self.user.is_staff

    def sees(self, session: InterviewSession) -> bool:
        """The rule of ``sessions_of`` for a row that was read already."""
        if self.user is None:
            return True
        is_theirs = self.user.is_staff or session.candidate_id == self.user.pk
        return is_theirs and session.erased_at is None and self.only_session in (None, session.pk)

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


def require_account(actor: Actor) -> User:
    """The actor's account, for what belongs to a person and not to a browser or to one session.

    Raises:
        PermissionDenied: it is a guest, or holds no more than a session's token.
    """
    if actor.user is None or actor.user.is_guest or actor.only_session is not None:
        raise errors.PermissionDenied(_("This needs an account. Sign in, or create one."))
    return actor.user


def refuse_token(actor: Actor) -> None:
    """Raises PermissionDenied: a session's token reaches what is there and makes nothing new."""
    if actor.only_session is not None:
        raise errors.PermissionDenied("An access token reaches its own session only. Sign in to do this.")


def sessions_of(actor: Actor) -> Any:
    if actor.user is None:
        return InterviewSession.objects.all()
    rows = InterviewSession.objects.visible_to(actor.user)
    return rows if actor.only_session is None else rows.filter(pk=actor.only_session)


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


def example_session() -> InterviewSession:
    """The demo's first finished and scored practice interview: a story that came with the product, for everybody.

    Raises:
        NotFound: there is no demo here.
    """
    told = InterviewSession.objects.kept().filter(is_demo=True, candidate__is_demo=True, is_practice=True)
    first = told.filter(status="completed", retake_number=0, shows_report=True).with_turn().order_by("created_at")
    scored = Evaluation.objects.current().filter(session=OuterRef("pk"))
    session: InterviewSession | None = first.filter(Exists(scored)).first()
    if session is None:
        raise errors.NotFound
    return session


def session_for_staff(session_id: Any, actor: Actor) -> InterviewSession:
    """As ``session_for``, for what a session's own candidate is not told.

    Raises:
        SessionNotFound: it does not exist, or is somebody else's.
        PermissionDenied: it is the actor's own, who is not staff.
    """
    session = session_for(session_id, actor)
    if not actor.is_system and not actor.is_staff:
        raise errors.PermissionDenied("Only staff can see this.")
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
    if not actor.is_system:
        rows = rows.filter(session__in=sessions_of(actor))
    key = as_uuid(operation_id)
    operation = rows.filter(pk=key).first() if key else None
    if operation is None:
        raise errors.OperationNotFound
    return operation


def job_postings_of(actor: Actor) -> Any:
    return _owned(JobPosting, actor)


def resumes_of(actor: Actor) -> Any:
    return _owned(Resume, actor)


def _owned(model: type[JobPosting | Resume], actor: Actor) -> Any:
    if actor.only_session is not None:
        return model.objects.none()
    return model.objects.all() if actor.user is None else model.objects.visible_to(actor.user)


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


def keys_of(actor: Actor) -> Any:
    """The person's own keys that are not revoked, newest first; staff see everybody's in the console, not here."""
    return ApiKey.objects.filter(user_id=require_account(actor).pk, revoked_at=None)


def key_for(key_id: Any, actor: Actor) -> ApiKey:
    """Raises ApiKeyNotFound."""
    key: ApiKey | None = keys_of(actor).filter(pk=as_uuid(key_id)).first()
    if key is None:
        raise errors.ApiKeyNotFound
    return key


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


def invitations_of(actor: Actor) -> Any:
    """Staff see all invitations, others those they made themselves."""
    rows = Invitation.objects.select_related("session").filter(session__erased_at=None)
    if actor.is_system or actor.is_staff:
        return rows
    return rows.none() if actor.only_session else rows.filter(created_by=actor.user)


def invitation_for(invitation_id: Any, actor: Actor) -> Invitation:
    """Raises InvitationNotFound."""
    invitation: Invitation | None = invitations_of(actor).filter(pk=as_uuid(invitation_id)).first()
    if invitation is None:
        raise errors.InvitationNotFound
    return invitation


def invitation_lists_of(actor: Actor) -> Any:
    """The lists of people that the actor has confirmed lately, newest first: nobody else is shown their links."""
    rows = InvitationList.objects.select_related("template").order_by("-created_at")
    return rows.filter(created_by=actor.user) if actor.is_staff else rows.none()


def invitation_list_for(list_id: Any, actor: Actor) -> InvitationList:
    """One of them. Raises NotFound."""
    found: InvitationList | None = invitation_lists_of(actor).filter(pk=as_uuid(list_id)).first()
    if found is None:
        raise errors.NotFound
    return found


def invitation_by_token(token: str) -> Invitation:
    """What a link leads to; the link itself is the permission.

    Raises:
        InvitationNotFound: no invitation has this token.
    """
    rows = Invitation.objects.select_related("session__candidate", "session__job_posting", "session__template")
    invitation = rows.filter(token_hash=token_hash(token), session__erased_at=None).first()
    if invitation is None:
        raise errors.InvitationNotFound
    return invitation


def requests_of(actor: Actor) -> Any:
    """What candidates asked for in the sessions that the actor may see, oldest first."""
    return CandidateRequest.objects.select_related("session").filter(session__in=sessions_of(actor)).order_by("pk")


def request_for(request_id: Any, actor: Actor) -> CandidateRequest:
    """Raises RequestNotFound."""
    asked: CandidateRequest | None = requests_of(actor).filter(pk=as_uuid(request_id)).first()
    if asked is None:
        raise errors.RequestNotFound
    return asked
