"""The demo: accounts with random passwords and an interview in every state; made and removed in one go."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from sessions_app import errors
from sessions_app.models import (
    CandidateRequest,
    InterviewSession,
    Invitation,
    JobPosting,
    Operation,
    Resume,
    Review,
    User,
)
from sessions_app.models.clock import database_now

from . import demo_verdicts
from .demo_sessions import STORY, Demo
from .running import run_operation

# Postings and résumés carry no mark of the demo, so these two are known by their ids.
POSTING_ID = UUID("0193d000-0000-7000-8000-000000000001")
RESUME_ID = UUID("0193d000-0000-7000-8000-000000000002")


class DemoRefused(errors.Conflict):
    code = "DEMO_REFUSED"


@dataclass(frozen=True)
class Account:
    """``password`` is only known in the moment in which it is set."""

    role: str
    email: str
    password: str | None


@dataclass
class Cleared:
    sessions: int = 0
    accounts: int = 0
    kept: list[str] = field(default_factory=list)


def is_loaded() -> bool:
    return InterviewSession.objects.filter(is_demo=True).exists()


def load() -> list[Account]:
    """Make everything, or nothing if it is there already. The practice templates must have been loaded.

    Raises:
        DemoRefused: somebody else has one of the addresses.
    """
    with transaction.atomic():
        if is_loaded():
            return accounts()
        people = {name: _account(**fields) for name, fields in STORY["accounts"].items()}
        posting, _ = JobPosting.objects.get_or_create(
            pk=POSTING_ID, defaults=STORY["posting"] | {"owner": people["sam"]}
        )
        resume, _ = Resume.objects.get_or_create(pk=RESUME_ID, defaults=STORY["resume"] | {"owner": people["sam"]})
        Demo(people["ana"], people["sam"], people["lee"], posting, resume, database_now()).play()
        _have_them_judged()
        demo_verdicts.tell(people["ana"], people["sam"])
        return set_passwords()


def _have_them_judged() -> None:
    """So that the finished interviews have their reports."""
    waiting = Operation.objects.live().filter(session__is_demo=True, kind__in=["analysis", "evaluation"])
    for operation_id in waiting.order_by("created_at").values_list("pk", flat=True)[:1000]:
        run_operation(operation_id)


def accounts() -> list[Account]:
    """The demo's accounts, without their passwords."""
    roles = {fields["email"]: fields["role"] for fields in STORY["accounts"].values()}
    known = User.objects.filter(is_demo=True).order_by("-is_staff", "-email")
    return [Account(roles.get(user.email or "", "Candidate"), str(user.email), None) for user in known]


def set_passwords() -> list[Account]:
    """New random passwords for all of the demo's accounts; the old ones, and who is signed in with them, are out."""
    made = []
    with transaction.atomic():
        for account in accounts():
            password = new_password()
            user = User.objects.get(email=account.email)
            user.set_password(password)
            user.save(update_fields=["password"])
            made.append(Account(account.role, account.email, password))
    return made


def new_password() -> str:
    """Two words and two digits, such as harbor-mint-07: easy to type, and nobody else's."""
    words = STORY["words"]
    return f"{secrets.choice(words)}-{secrets.choice(words)}-{secrets.randbelow(100):02}"


def clear() -> Cleared:
    """Remove what the demo made. Who did something of their own with a demo account keeps it."""
    cleared = Cleared()
    with transaction.atomic():
        _, deleted = InterviewSession.objects.filter(is_demo=True).delete()
        cleared.sessions = deleted.get(InterviewSession._meta.label, 0)
        JobPosting.objects.filter(pk=POSTING_ID, interviewsession__isnull=True).delete()
        Resume.objects.filter(pk=RESUME_ID, interviewsession__isnull=True).delete()
        for user in User.objects.filter(is_demo=True):
            if _has_something(user):
                cleared.kept.append(str(user))
            else:
                user.delete()
                cleared.accounts += 1
    return cleared


def _account(*, email: str, name: str, role: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        is_staff = role == "Staff"
        return User.objects.create_user(email, name=name, is_demo=True, is_staff=is_staff, is_superuser=is_staff)
    if not user.is_demo:
        raise DemoRefused(f"{email} is somebody's account. The demo leaves it alone, so it cannot be loaded.")
    return user


def _has_something(user: User) -> bool:
    """Whether rows that are not the demo's hang on this account: deleting it would take them along, or orphan them."""
    return (
        InterviewSession.objects.filter(Q(candidate=user) | Q(created_by=user)).exists()
        or JobPosting.objects.filter(owner=user).exists()
        or Resume.objects.filter(owner=user).exists()
        or Review.objects.filter(reviewer=user).exists()
        or Invitation.objects.filter(created_by=user).exists()
        or CandidateRequest.objects.filter(handled_by=user).exists()
    )
