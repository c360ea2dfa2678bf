"""Interviews that somebody is invited to, for tests."""

from __future__ import annotations

from typing import Any

from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Invitation, User
from sessions_app.services.invitations import create_invitation

from .factories import TemplateFactory, created


def assessed(staff: User, **config: Any) -> InterviewSession:
    """An interview that staff made for Kim, whom nobody knows yet."""
    fields = {"candidate_name": "Kim Lee", "candidate_email": "kim@example.com", "time_limit_minutes": 45}
    return created(staff, **{**fields, **config})


def invited(staff: User, *, email: str = "kim@example.com", **config: Any) -> tuple[Invitation, str]:
    return create_invitation(assessed(staff, **config).pk, actor=Actor(staff), email=email)


def by_template(staff: User, **fields: Any) -> Any:
    return TemplateFactory(is_practice=False, **fields)
