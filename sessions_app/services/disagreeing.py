"""A candidate disagrees with a score: their words go into the staff's queue of requests, the interview to a review."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import CandidateRequest, CriterionScore
from sessions_app.models.actions import Role

from .candidate_requests import MAX_WORDS, ask_once
from .change import Change, changing
from .scorecards import current_evaluation, may_see_scores

KIND = "score"


def disagree(
    session_id: Any, criterion: str, text: str, *, actor: Actor, now: datetime | None = None
) -> CandidateRequest:
    """Ask a person to look at the score of one criterion again. The same words again are the same request.

    Raises:
        SessionNotFound, PermissionDenied (not the candidate), EvaluationNotFound (not scored, or not shown to them),
        ValidationFailed, RequestOpen (asked already in other words, and not answered yet).
    """
    text = text.replace("\0", "").strip()
    with changing(session_id, actor, now=now) as change:
        _check(change, criterion, text)
        return ask_once(change, KIND, text, subject=criterion)


def _check(change: Change, criterion: str, text: str) -> None:
    session, actor = change.session, change.actor
    if Role.CANDIDATE not in actor.roles_in(session):
        raise errors.PermissionDenied(_("Only the candidate can disagree with a score."))
    if not may_see_scores(session, actor):
        raise errors.EvaluationNotFound
    wrong = []
    if not CriterionScore.objects.filter(evaluation=current_evaluation(session), key=criterion).exists():
        wrong.append(errors.FieldError("criterion", "invalid_choice", _("Choose a criterion of your report.")))
    if not text:
        wrong.append(errors.FieldError("text", "required", _("Say what you disagree with; a person reads it.")))
    if len(text) > MAX_WORDS:
        wrong.append(errors.FieldError.too_long("text", MAX_WORDS))
    if wrong:
        raise errors.ValidationFailed(wrong)
