"""Candidates who start without an account, and what becomes of their sessions when they get one."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, InterviewTemplate, JobPosting, Resume, User

from .change import Change, changing
from .config import SessionConfig
from .creation import create_session


def start_practice(slug: str, *, user: User | None) -> InterviewSession:
    """A new practice session of an offered template; for somebody unknown a guest is made with it.

    Raises:
        TemplateNotFound: there is no such practice interview, or it is not offered any more.
    """
    template = InterviewTemplate.objects.offered().filter(slug=slug).first()
    if template is None:
        raise errors.TemplateNotFound
    with transaction.atomic():
        actor = Actor(user or User.objects.create_guest())
        return create_session(SessionConfig(template_id=template.pk), actor=actor)


def move_guest(guest_id: Any, *, to: User) -> int:
    """Give a guest's sessions, résumés and postings to an account, then remove the guest. All of it or nothing.

    The guest's row is locked first, so that a session being created meanwhile is either moved or refused.
    Returns how many sessions were moved; 0 when there is no such guest.
    """
    with transaction.atomic():
        guest = User.objects.select_for_update().filter(pk=guest_id, is_guest=True).exclude(pk=to.pk).first()
        if guest is None:
            return 0
        session_ids = list(InterviewSession.objects.filter(candidate=guest).order_by("pk").values_list("pk", flat=True))
        for session_id in session_ids:
            with changing(session_id) as change:
                _claim(change, to)
        InterviewSession.objects.filter(created_by=guest).update(created_by=to)
        for model in (Resume, JobPosting):
            model.objects.filter(owner=guest).update(owner=to)
        guest.delete()
    return len(session_ids)


def _claim(change: Change, to: User) -> None:
    session = change.session
    session.candidate = to
    session.candidate_name = session.candidate_name or to.display_name
    session.candidate_email = session.candidate_email or to.email or ""
    change.actor = Actor(to)
    change.record("session.claimed")
