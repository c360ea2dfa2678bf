"""Who asks, in the words that people read: the built-in interviewer is never passed off as an AI model."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sessions_app.ai.protocol import BUILT_IN
from sessions_app.models import InterviewSession, SessionMessage


def engine(model_name: str) -> str:
    """The engine behind a model's name."""
    if model_name == BUILT_IN:
        return _("Practice engine — prepared questions, rule-based")
    return _("AI model — %(name)s") % {"name": model_name}


def speaker(model_name: str) -> str:
    return _("Practice engine") if model_name == BUILT_IN else _("AI interviewer")


def speaker_of(message: SessionMessage, session: InterviewSession) -> str:
    """Who wrote it: not always who the session asks for, because another may have stood in."""
    return speaker(message.payload.get("by") or session.model_name)
