"""A report in the words that pages and files share: its headings, and whose judgement it is."""

from __future__ import annotations

from sessions_app.models import Evaluation
from sessions_app.models.evaluation import Method


def sections_of(evaluation: Evaluation) -> list[tuple[str, list[str]]]:
    """The parts that say something, each under its heading."""
    named = (
        ("What went well", evaluation.went_well),
        ("What was okay", evaluation.okay),
        ("What to try next", evaluation.to_improve),
        ("A plan", evaluation.improvement_plan),
        ("Knowledge gaps", evaluation.knowledge_gaps),
        ("Recommendations", evaluation.recommendations),
    )
    return [(title, [str(line) for line in lines]) for title, lines in named if lines]


def judged_by(evaluation: Evaluation) -> str:
    """Who judged, said honestly: counted words are never passed off as an AI's judgement."""
    if evaluation.method != Method.MODEL:
        return "Evidence coverage by the practice engine, not an AI"
    prompt = evaluation.prompt_version and f"prompt {evaluation.prompt_version}"
    rubric = evaluation.rubric_version and f"rubric {evaluation.rubric_version}"
    return f"Scored by AI ({', '.join(filter(None, (evaluation.model_name, prompt, rubric)))})"
