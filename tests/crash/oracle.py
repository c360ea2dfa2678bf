"""What is stored, read by a process of its own while no server runs: `python -m tests.crash.oracle`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import django


def facts() -> dict[str, Any]:
    """By session id: what must hold after every crash, as plain values for the tests to compare."""
    from sessions_app.models import InterviewSession

    return {str(session.pk): facts_of(session) for session in InterviewSession.objects.with_turn()}


def facts_of(session: Any) -> dict[str, Any]:
    from sessions_app import events

    history = list(session.messages.history())
    kinds = ("question", "analysis", "evaluation")
    questions, analyses, evaluations = (session.operations.filter(kind=kind) for kind in kinds)
    return {
        "status": session.status,
        "broken_links": list(events.broken_links(session)),
        "seqs": [message.seq for message in history],
        "message_count": session.message_count,
        "kinds": [message.kind for message in history],
        "question_numbers": [message.question_number for message in history if message.kind == "question"],
        "answers": [[m.client_message_id, m.content] for m in history if m.kind == "answer"],
        "not_what_was_said": [m.question_number for m in history if m.kind == "question" and not is_whole(m)],
        "in_the_making": list(session.messages.filter(seq__isnull=True).values_list("state", "content")),
        "operations": list(questions.order_by("created_at").values_list("status", flat=True)),
        "analyses": list(analyses.values_list("status", flat=True)),
        "evaluations": list(evaluations.values_list("status", flat=True)),
        "reports": session.evaluations.count(),
        "told_of_reports": session.events.filter(type="evaluation.completed").count(),
        "evidence": list(session.dimension_evidence.values_list("dimension", flat=True)),
        "precision_updates": session.events.filter(type="precision.updated").count(),
        "last_operation": questions.order_by("-created_at")
        .values("status", "attempt", "lost_leases", "provider_errors")
        .first(),
        "running_without_lease": session.operations.filter(status="running", lease_until__isnull=True).count(),
        "tokens_reserved": session.tokens_reserved,
        "tokens_held_by_operations": sum(session.operations.values_list("reserved_tokens", flat=True)),
        "tokens_used": session.tokens_used,
        "tokens_charged": sum(
            session.charges.filter(operation__kind="question").values_list("total_tokens", flat=True)
        ),
        "charges": list(session.charges.values_list("kind", flat=True)),
    }


def is_whole(question: Any) -> bool:
    """Whether a stored question is, word for word, what the built-in interviewer says at that place."""
    from sessions_app.ai import builtin
    from sessions_app.services.running import turn_of

    turn = turn_of(question.session)
    said, _ = builtin.next_question(replace(turn, history=turn.history[: question.question_number - 1]))
    return bool(said.strip() == question.content)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(facts()))
