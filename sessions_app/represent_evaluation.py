"""The report on an interview as the JSON of the contract (2-api)."""

from __future__ import annotations

from typing import Any

from sessions_app.models import CriterionScore, Evaluation, Evidence
from sessions_app.represent_reviews import verdicts
from sessions_app.services.scorecards import may_see_rubric

Json = dict[str, Any]


def evaluation(row: Evaluation, *, for_staff: bool) -> Json:
    """The report. Flags are for staff: they say what to look at, not what somebody is like."""
    names = ("overall_score", "confidence", "method", "model_name", "prompt_version", "rubric_version", "summary")
    tells_rubric = may_see_rubric(row.session, for_staff=for_staff)
    texts = ("went_well", "okay", "to_improve", "improvement_plan", "knowledge_gaps", "recommendations")
    return {
        "id": row.pk,
        "session_id": row.session_id,
        **{name: getattr(row, name) for name in (*names, *texts)},
        "needs_human": row.needs_human,
        "quotes_dropped": row.quotes_dropped,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "flags": row.flags if for_staff else None,
        "created_at": row.created_at,
        "criteria": [criterion(one, tells_rubric=tells_rubric) for one in row.criteria.all()],
        **verdicts(row, for_staff=for_staff),
    }


def criterion(row: CriterionScore, *, tells_rubric: bool) -> Json:
    names = ("key", "title", "weight", "verdict", "score", "level", "confidence", "rationale")
    made_by = ("method", "model_name", "prompt_version", "rubric_version", "input_tokens", "output_tokens")
    return {
        **{name: getattr(row, name) for name in (*names, *made_by)},
        "points": row.points if tells_rubric else [],
        "evidence": [_evidence(one, tells_rubric=tells_rubric) for one in row.evidence.all()],
    }


def _evidence(row: Evidence, *, tells_rubric: bool) -> Json:
    place = {name: getattr(row, name) for name in ("message_id", "start", "end", "quote")}
    return {**place, "point": row.point if tells_rubric else ""}
