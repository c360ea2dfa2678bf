"""``/sessions/{id}/usage``: what a session has cost, for staff."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s
from rest_framework.response import Response

from sessions_app import represent
from sessions_app.access import session_for_staff
from sessions_app.services.budget import usage_of

from .base import ApiView
from .docs import says


class CostOut(s.Serializer[Any]):
    currency = s.CharField()
    cost = s.CharField()


class UsageTotals(s.Serializer[Any]):
    input_tokens = s.IntegerField()
    output_tokens = s.IntegerField()
    total_tokens = s.IntegerField()
    costs = CostOut(many=True)


class ChargeOut(s.Serializer[Any]):
    operation_id = s.UUIDField()
    attempt = s.IntegerField()
    kind = s.ChoiceField(["settled", "abandoned"])
    model_name = s.CharField()
    input_tokens = s.IntegerField()
    output_tokens = s.IntegerField()
    total_tokens = s.IntegerField()
    cost = s.CharField(allow_null=True)
    currency = s.CharField(allow_null=True)
    at = s.DateTimeField()


class BeyondChargeOut(ChargeOut):
    purpose = s.ChoiceField(["analysis", "evaluation"])


class BeyondOut(s.Serializer[Any]):
    """What models were called for besides questions: recorded, not limited, and no part of the budget."""

    analysis = UsageTotals()
    evaluation = UsageTotals()
    costs = CostOut(many=True, help_text="Of both together.")
    operations = BeyondChargeOut(many=True)


class UsageOut(s.Serializer[Any]):
    session_id = s.UUIDField()
    token_budget = s.IntegerField()
    tokens_used = s.IntegerField()
    tokens_reserved = s.IntegerField()
    tokens_left = s.IntegerField()
    percent_used = s.IntegerField()
    is_budget_spent = s.BooleanField()
    totals = UsageTotals(help_text="Of the questions.")
    operations = ChargeOut(many=True)
    beyond_budget = BeyondOut()


class UsageView(ApiView):
    @says("What a session has cost (staff)", {200: UsageOut}, errors=(403, 404))
    def get(self, request: Any, id: str) -> Response:
        session = session_for_staff(id, self.actor)
        return Response(represent.usage(session, usage_of(session)))
