"""Rows as the JSON of the contract (2-api). Plain dictionaries: the hot reads go through here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from sessions_app.access import Actor
from sessions_app.models import (
    ApiKey,
    InterviewSession,
    InterviewTemplate,
    JobPosting,
    Operation,
    Resume,
    SessionEvent,
    SessionMessage,
    TokenCharge,
    User,
)
from sessions_app.models.actions import Phase
from sessions_app.services.budget import SessionUsage, Spending
from sessions_app.services.evaluation_queue import ENDED
from sessions_app.services.scorecards import (
    SCORES_IN_EVENTS,
    may_see_estimates,
    may_see_scores,
    open_scores,
    standings,
)

Json = dict[str, Any]


def dumps(data: Any) -> bytes:
    """Compact JSON; UTC times with ``Z``, UUIDs and subclasses of str included."""
    return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def etag(session: InterviewSession) -> str:
    return f'"{session.version}-{session.draft_revision}"'


def context(session: InterviewSession, actor: Actor) -> Json:
    """The full resume context of a session read by ``session_for``."""
    roles = actor.roles_in(session)
    now = session.now
    return {
        **_identity(session),
        "phase": session.phase,
        "version": session.version,
        "current_question_number": session.current_question_number,
        "planned_questions": session.planned_questions,
        "message_count": session.message_count,
        "candidate": {"name": session.candidate_name, "email": session.candidate_email},
        **_configuration(session),
        "clock": clock(session, now),
        "opens_at": session.opens_at,
        "closes_at": session.closes_at,
        "token_budget": session.token_budget,
        "tokens_used": session.tokens_used,
        "precision": precision(session, actor),
        "estimates": estimates(session, actor),
        **_read_along(session),
        "operation": current_operation(session),
        "draft": {"text": session.draft_text, "revision": session.draft_revision},
        "cursor": str(session.last_seq),
        "allowed_actions": session.allowed_actions(roles, now),
        "retake_of": session.retake_of_id,
        "retake_number": session.retake_number,
        "template_version": session.template_version,
        "time_zone": session.time_zone,
        "extensions_left": session.extensions_left,
        "idle_minutes": session.idle_minutes,
        "max_pause_minutes": session.max_pause_minutes,
        "pause_ends_at": session.pause_ends_at,
        **_times(session),
    }


def _configuration(session: InterviewSession) -> Json:
    """How it was set up."""
    return {
        "model_name": session.model_name,
        "enabled_modes": session.enabled_modes,
        "challenge_text": session.challenge_text,
        "language": session.language,
        "auto_advance": session.auto_advance,
        "is_practice": session.is_practice,
        "template_id": session.template_id,
    }


def _read_along(session: InterviewSession) -> Json:
    """Posting, résumé and history: as the database built their JSON (``resume_context``), else from the rows."""
    if hasattr(session, "history_json"):
        texts = {"job_posting": session.posting_json, "resume": session.resume_json, "messages": session.history_json}
        built: Json = {name: text and orjson.Fragment(text) for name, text in texts.items()}
        return {**built, "messages": built["messages"] or []}
    return {
        "job_posting": session.job_posting and job_posting(session.job_posting),
        "resume": session.resume and {"id": session.resume.pk, "content": session.resume.content},
        "messages": messages(session),
    }


def summaries(sessions: Sequence[InterviewSession], actor: Actor) -> list[Json]:
    """The lines of a list: three queries for their scores, however many there are; none where nothing is judged."""
    judged = [session for session in sessions if session.status in ENDED]
    open_to_them = open_scores(judged, actor) if judged else set()
    seen = [session for session in judged if session.pk in open_to_them]
    scored = standings(seen) if seen else {}
    return [summary(session, score=scored[session.pk].score if session.pk in scored else None) for session in sessions]


def summary(session: InterviewSession, score: float | None = None) -> Json:
    """One line of a list. ``score`` is null until there is an evaluation that whoever asks may see."""
    now = session.now
    return {
        **_identity(session),
        "phase": session.phase,
        "version": session.version,
        "candidate": {"name": session.candidate_name, "email": session.candidate_email},
        "job_posting": session.job_posting
        and {
            "id": session.job_posting.pk,
            "title": session.job_posting.title,
            "company": session.job_posting.company,
        },
        "model_name": session.model_name,
        "current_question_number": session.current_question_number,
        "planned_questions": session.planned_questions,
        "message_count": session.message_count,
        "progress": {"current": session.current_question_number, "planned": session.planned_questions},
        "duration_seconds": session.used_ms(now) // 1000,
        "duration": {
            "active_seconds": session.used_ms(now) // 1000,
            "paused_seconds": session.paused_for_ms(now) // 1000,
        },
        "score": score,
        **_times(session),
    }


def clock(session: InterviewSession, now: datetime) -> Json:
    """Whole seconds; ``used`` and ``remaining`` add up to limit and extra time."""
    used = session.used_ms(now) // 1000
    limit = session.time_limit_seconds
    return {
        "time_limit_seconds": limit,
        "extra_seconds": session.extra_seconds,
        "used_seconds": used,
        "remaining_seconds": None if limit is None else limit + session.extra_seconds - used,
        "accommodation_percent": session.accommodation_percent,
        "running": session.running_since is not None,
        "deadline": session.deadline,
        "server_time": now,
    }


def messages(session: InterviewSession, after: int = 0, limit: int | None = None) -> list[Json]:
    """History up to the moment the session was read, oldest first."""
    rows = session.messages.history().filter(seq__gt=after, seq__lte=session.message_count)
    return [message(row) for row in (rows if limit is None else rows[:limit])]


def message(row: SessionMessage) -> Json:
    said: Json = {
        "id": row.pk,
        "seq": row.seq,
        "role": row.role,
        "kind": row.kind,
        "question_number": row.question_number,
        "question_type": row.question_type or None,
        "in_reply_to": row.in_reply_to_id,
        "mode": row.mode,
        "content": row.content,
        "state": row.state,
        "created_at": row.created_at,
    }
    if row.kind == "question":
        said["asked_by"] = row.payload.get("by")
    if row.kind == "answer":
        flags = {"skipped", "auto_submitted"}
        said["client_message_id"] = row.client_message_id or None
        said["payload"] = {key: value for key, value in row.payload.items() if key not in flags}
        said.update({flag: bool(row.payload.get(flag)) for flag in sorted(flags)})
    return said


def current_operation(session: InterviewSession) -> Json | None:
    """The question operation that is queued, running or failed; with the text so far while it is written."""
    turn = session.turn
    if turn is None or session.phase not in (Phase.GENERATING, Phase.GENERATION_FAILED):
        return None
    if not turn.is_live:
        return operation(turn)
    text = turn.message.content if turn.message else ""
    started = turn.started_at or turn.created_at
    estimate = timedelta(seconds=Operation.objects.usual_seconds(turn.model_name))
    partial = {"offset": len(text), "text": text, "estimated_completion": started + estimate}
    return {**operation(turn), **partial, "started_at": started}


def operation(row: Operation) -> Json:
    return {
        "id": row.pk,
        "kind": row.kind,
        "status": row.status,
        "attempt": row.attempt,
        "session_id": row.session_id,
        "message_id": row.message_id,
        "error": row.error,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def operation_as_queued(row: Operation) -> Json:
    """As it was when it was caused, so that a repeated request gets the very same body."""
    fresh = {"status": "queued", "attempt": 0, "error": None, "started_at": None, "finished_at": None}
    return {**operation(row), **fresh}


def event(row: SessionEvent, *, for_staff: bool, hides: frozenset[str] = frozenset()) -> Json:
    """An entry of the log. Reason and data are for staff, without the scores that they may not see yet (``hides``); an
    owner sees who and what.
    """
    reason = getattr(row, "reason_row", None)
    return {
        "seq": row.seq,
        "type": row.type,
        "at": row.at,
        "actor": row.actor if for_staff else row.actor.partition(":")[0],
        "reason": (reason.text if reason else row.data.get("code")) if for_staff else None,
        "data": {name: value for name, value in row.data.items() if name not in hides} if for_staff else None,
    }


def event_page(session: InterviewSession, after: int, limit: int, actor: Actor) -> Json:
    """The entries after a number, oldest first; ``next`` is the query that goes on."""
    found = session.events.select_related("reason_row").filter(seq__gt=after, seq__lte=session.last_seq)
    rows = list(found[:limit])
    tells_scores = any(SCORES_IN_EVENTS & row.data.keys() for row in rows)
    hides = SCORES_IN_EVENTS if tells_scores and not may_see_scores(session, actor) else frozenset()
    results = [event(row, for_staff=actor.is_staff, hides=hides) for row in rows]
    cursor = results[-1]["seq"] if results else after
    return {
        "count": max(0, session.last_seq - after),
        "next": f"/api/v1/sessions/{session.pk}/events?after={cursor}" if cursor < session.last_seq else None,
        "previous": None,
        "cursor": str(cursor),
        "results": results,
    }


def job_posting(row: JobPosting) -> Json:
    return {
        "id": row.pk,
        "title": row.title,
        "company": row.company,
        "description": row.description,
        "tech_stack": row.tech_stack,
        "experience_level": row.experience_level,
        "language": row.language,
    }


def resume(row: Resume, actor: Actor) -> Json:
    """Staff also see what was found hidden in the file."""
    shown = {"id": row.pk, "content": row.content, "source_name": row.source_name, "created_at": row.created_at}
    return {**shown, "flags": row.flags} if actor.is_staff else shown


def api_key(row: ApiKey) -> Json:
    names = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    return {name: getattr(row, name) for name in names}


def precision(session: InterviewSession, actor: Actor) -> dict[str, float] | None:
    """How well every dimension is known, where the template does not hide that from the candidate."""
    return session.precision if sees_precision(session, actor) else None


def estimates(session: InterviewSession, actor: Actor) -> dict[str, float] | None:
    """Where somebody stands, for dimensions with evidence; hidden like the precision, and like scores."""
    tells_nothing = actor.is_staff and not session.estimates  # spares staff's reads a query
    return session.estimates if tells_nothing or may_see_estimates(session, actor) else None


def sees_precision(session: InterviewSession, actor: Actor) -> bool:
    return session.shows_precision or actor.is_staff


def template(row: InterviewTemplate) -> Json:
    return {
        "id": row.pk,
        "slug": row.slug,
        "title": row.title,
        "summary": row.summary,
        "version": row.version,
        "time_limit_minutes": row.time_limit_minutes,
        "planned_questions": row.planned_questions,
        "enabled_modes": row.enabled_modes or ["text"],
        "experience_level": row.level,
    }


def user(row: User) -> Json:
    return {
        "id": row.pk,
        "email": row.email,
        "name": row.name,
        "is_staff": row.is_staff,
        "is_guest": row.is_guest,
    }


def usage(session: InterviewSession, spent: SessionUsage) -> Json:
    """What a session has cost: its questions, in total and by attempt, and what was beyond the budget.

    Costs are decimal strings, null without a price.
    """
    return {
        "session_id": session.pk,
        "token_budget": spent.budget,
        "tokens_used": session.tokens_used,
        "tokens_reserved": spent.reserved,
        "tokens_left": spent.left,
        "percent_used": spent.percent,
        "is_budget_spent": session.is_budget_spent,
        "totals": _spending(spent.questions),
        "operations": [_charge(row) for row in spent.questions.charges],
        "beyond_budget": {
            "analysis": _spending(spent.analysis),
            "evaluation": _spending(spent.evaluation),
            "costs": _costs(spent.beyond),
            "operations": [{"purpose": row.operation.kind, **_charge(row)} for row in spent.beyond.charges],
        },
    }


def _spending(spent: Spending) -> Json:
    used = spent.used
    return {**used.as_json(), "total_tokens": used.total, "costs": _costs(spent)}


def _costs(spent: Spending) -> list[Json]:
    return [{"currency": name, "cost": str(cost)} for name, cost in sorted(spent.costs.items())]


def _charge(row: TokenCharge) -> Json:
    return {
        "operation_id": row.operation_id,
        "attempt": row.attempt,
        "kind": row.kind,
        "model_name": row.model_name,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "total_tokens": row.total_tokens,
        "cost": None if row.cost is None else str(row.cost),
        "currency": row.currency or None,
        "at": row.at,
    }


def _identity(session: InterviewSession) -> Json:
    return {"id": session.pk, "title": session.title, "status": session.status}


def _times(session: InterviewSession) -> Json:
    names = ("created_at", "updated_at", "started_at", "paused_at", "ended_at", "last_activity_at")
    return {name: getattr(session, name) for name in names}
