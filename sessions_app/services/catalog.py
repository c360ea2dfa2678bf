"""Job postings and résumés of their owners."""

from __future__ import annotations

from typing import Any

from sessions_app.access import Actor, job_posting_for, resume_for
from sessions_app.models import JobPosting, Resume

from .resumes import store_resume

MAX_TITLE = 200


def create_job_posting(fields: dict[str, Any], *, actor: Actor) -> JobPosting:
    """A posting that belongs to the actor; ``fields`` are valid columns."""
    return JobPosting.objects.create(owner=actor.user, **fields)


def update_job_posting(posting_id: Any, fields: dict[str, Any], *, actor: Actor) -> JobPosting:
    """Change a posting; sessions made from it keep their frozen plan. Raises JobPostingNotFound."""
    posting = job_posting_for(posting_id, actor)
    for name, value in fields.items():
        setattr(posting, name, value)
    posting.save(update_fields=[*fields, "updated_at"])
    return posting


def delete_job_posting(posting_id: Any, *, actor: Actor) -> None:
    """Sessions made from it stay, without it. Raises JobPostingNotFound."""
    job_posting_for(posting_id, actor).delete()


def create_resume(content: str, *, actor: Actor) -> Resume:
    """A résumé that came as text. Raises ValidationFailed."""
    return store_resume(content, actor=actor)


def first_line(text: str) -> str:
    """The title of a posting that came as mere text."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:MAX_TITLE] if lines else ""


def delete_resume(resume_id: Any, *, actor: Actor) -> None:
    """Sessions made with it stay, without it. Raises ResumeNotFound."""
    resume_for(resume_id, actor).delete()
