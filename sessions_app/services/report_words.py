"""A report in the words that pages and files share: its headings, and whose judgement it is."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from sessions_app.ai.criteria import criteria_of
from sessions_app.models import CriterionScore, Evaluation, InterviewSession
from sessions_app.models.evaluation import Method, Verdict


def sections_of(evaluation: Evaluation) -> list[tuple[str, list[str]]]:
    """The parts that say something, each under its heading."""
    named = (
        (_("What went well"), evaluation.went_well),
        (_("What was okay"), evaluation.okay),
        (_("What to try next"), evaluation.to_improve),
        (_("A plan"), evaluation.improvement_plan),
        (_("Knowledge gaps"), evaluation.knowledge_gaps),
        (_("Recommendations"), evaluation.recommendations),
    )
    return [(title, [str(line) for line in lines]) for title, lines in named if lines]


def told_keys(session: InterviewSession) -> set[str]:
    """Keys of the criteria that say how much was told, since there are no right answers."""
    return {one.key for one in criteria_of(session.plan) if not one.is_judged}


def told_in_a_word(row: CriterionScore, told: Collection[str]) -> str:
    """How much was told, by the share of what could be; empty for what is judged, and for what was left to a person.

    ``told`` are the ``told_keys`` of its session.
    """
    if row.key not in told or row.verdict == Verdict.LEFT_TO_HUMAN:
        return ""
    share = row.score or 0.0
    return _("Much told") if share >= 75 else _("Partly told") if share >= 40 else _("Little told")


def judged_by(evaluation: Evaluation) -> str:
    """Who judged, said honestly: counted words are never passed off as an AI's judgement."""
    if evaluation.method == Method.PEOPLE:
        return _("Rated by people; no program scored it")
    if evaluation.method != Method.MODEL:
        return _("Evidence coverage by the practice engine, not an AI")
    prompt = evaluation.prompt_version and _("prompt %(version)s") % {"version": evaluation.prompt_version}
    rubric = evaluation.rubric_version and _("rubric %(version)s") % {"version": evaluation.rubric_version}
    told = ", ".join(filter(None, (evaluation.model_name, prompt, rubric)))
    return _("Scored by AI (%(told)s)") % {"told": told}
