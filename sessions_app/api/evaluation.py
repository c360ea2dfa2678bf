"""``/sessions/{id}/evaluation``: the report on an ended interview, and having it made once more."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s
from rest_framework.response import Response

from sessions_app import represent, represent_evaluation
from sessions_app.models.evaluation import Method, Rating, Verdict
from sessions_app.services.evaluating import get_evaluation, retry_evaluation

from . import inputs, outputs
from .base import ApiView
from .docs import KEY, says


class EvidenceOut(s.Serializer[Any]):
    """``quote`` is ``content[start:end]`` of the message, in code points."""

    message_id = s.UUIDField()
    start = s.IntegerField()
    end = s.IntegerField()
    quote = s.CharField()
    point = s.CharField(help_text="The rubric point that it shows; empty where points are not told.")


class RubricPointOut(s.Serializer[Any]):
    statement = s.CharField()
    shown = s.BooleanField()
    level = s.ChoiceField(["", "developing", "solid", "strong"])


class JudgedOut(s.Serializer[Any]):
    method = s.ChoiceField(Method.choices, help_text="evidence_coverage counts rubric points, a model judges.")
    model_name = s.CharField()
    prompt_version = s.CharField()
    rubric_version = s.CharField()
    confidence = s.FloatField(allow_null=True)
    input_tokens = s.IntegerField()
    output_tokens = s.IntegerField()


class CriterionOut(JudgedOut):
    key = s.CharField()
    title = s.CharField()
    weight = s.FloatField()
    verdict = s.ChoiceField(Verdict.choices)
    score = s.FloatField(allow_null=True, help_text="0 to 100; null without evidence.")
    level = s.ChoiceField(["", "developing", "solid", "strong"])
    rationale = s.CharField()
    points = RubricPointOut(many=True, help_text="None for candidates of interviews that others judge.")
    evidence = EvidenceOut(many=True)


class FlagOut(s.Serializer[Any]):
    code = s.ChoiceField(["INSTRUCTIONS", "JUDGE_MISLED", "MODEL_AWAY", "MODEL_NOT_CONNECTED"])
    message_id = s.UUIDField(required=False)
    start = s.IntegerField(required=False)
    end = s.IntegerField(required=False)
    reason = s.CharField(required=False)
    criterion = s.CharField(required=False)


class StandingOut(s.Serializer[Any]):
    score = s.FloatField(allow_null=True)
    by = s.ChoiceField(["people", "ai", "coverage"], help_text="People's mean where there is a review.")
    reviews = s.IntegerField()


class RatedOut(s.Serializer[Any]):
    key = s.CharField()
    rating = s.ChoiceField(Rating.choices)


class VerdictOut(s.Serializer[Any]):
    """A person's submitted review. What is null is for staff."""

    final_score = s.FloatField(allow_null=True)
    submitted_at = s.DateTimeField()
    ratings = RatedOut(many=True)
    reviewer_id = s.UUIDField(allow_null=True)
    takeaways = s.CharField(allow_null=True)
    recommendation = s.CharField(allow_null=True)
    reason = s.CharField(allow_null=True)


class EvaluationOut(JudgedOut):
    id = s.UUIDField()
    session_id = s.UUIDField()
    overall_score = s.FloatField(allow_null=True, help_text="0 to 100, computed from the criteria.")
    summary = s.CharField()
    went_well = s.ListField(child=s.CharField())
    okay = s.ListField(child=s.CharField())
    to_improve = s.ListField(child=s.CharField())
    improvement_plan = s.ListField(child=s.CharField())
    knowledge_gaps = s.ListField(child=s.CharField())
    recommendations = s.ListField(child=s.CharField())
    needs_human = s.BooleanField(help_text="It asks for a person's review.")
    quotes_dropped = s.IntegerField(help_text="Quotes of the judge that were not the candidate's words.")
    flags = FlagOut(many=True, allow_null=True, help_text="Staff only.")
    created_at = s.DateTimeField()
    criteria = CriterionOut(many=True)
    standing = StandingOut(help_text="The score that counts, and whose it is.")
    reviews = VerdictOut(many=True)


class EvaluationView(ApiView):
    open_to_tokens = frozenset({"*"})

    @says("The report on an ended session", {200: EvaluationOut}, errors=(404,))
    def get(self, request: Any, id: str) -> Response:
        found = get_evaluation(id, actor=self.actor)
        return Response(represent_evaluation.evaluation(found, for_staff=self.actor.is_staff))


class RetryView(ApiView):
    open_to_tokens = frozenset({"*"})

    @says(
        "Have a session judged again: after a failure, or by staff at any time",
        {202: outputs.QueuedOut},
        body=inputs.Nothing,
        errors=(400, 404, 409, 422),
        headers=(KEY,),
    )
    def post(self, request: Any, id: str) -> Response:
        self.body(inputs.Nothing)
        queued = retry_evaluation(id, actor=self.actor)
        return Response({"operation": represent.operation(queued)}, status=202)
