"""Job postings and résumés of their owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from sessions_app.access import Actor, job_posting_for, resume_for
from sessions_app.models import InterviewSession, JobPosting, Resume

from .resume_reader import clean
from .resumes import store_resume

MAX_TITLE = 200


def create_job_posting(fields: dict[str, Any], *, actor: Actor, flags: Sequence[str] = ()) -> JobPosting:
    """A posting that belongs to the actor; ``fields`` are valid columns, ``flags`` what was noticed about its file.

    Characters that nobody sees are taken out, and staff are told, as with a résumé.
    """
    text, more = clean(fields.get("description", ""))
    fields = {**fields, "description": text, "flags": list(dict.fromkeys([*flags, *more]))}
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


def create_resume(content: str, *, actor: Actor, flags: Sequence[str] = (), source_name: str = "") -> Resume:
    """A résumé that came as text, or was read from a file before. Raises ValidationFailed."""
    return store_resume(content, actor=actor, flags=flags, source_name=source_name)


def company_of(session: InterviewSession) -> str:
    """Whom the candidate would work for: by the job posting, else whoever runs this site (``ORGANISATION``)."""
    posting = session.job_posting
    return (posting.company if posting else "") or settings.ORGANISATION


def first_line(text: str) -> str:
    """The title of a posting that came as mere text."""
    lines = [line.strip() for line in clean(text)[0].splitlines() if line.strip()]
    return lines[0][:MAX_TITLE] if lines else ""


def delete_resume(resume_id: Any, *, actor: Actor) -> None:
    """Sessions made with it stay, without it. Raises ResumeNotFound."""
    resume_for(resume_id, actor).delete()
