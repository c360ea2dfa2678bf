"""``/sessions/{id}/review``: one's own scorecard of an interview, for staff; and how far people and machine differ."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s
from rest_framework.response import Response

from sessions_app import errors
from sessions_app.models import CriterionScore, Review
from sessions_app.models.evaluation import Rating, Recommendation, Verdict
from sessions_app.services import agreement, reviewing, scorecards
from sessions_app.services.quoting import MOST_QUOTES
from sessions_app.services.reviewing import Given, Rated
from sessions_app.services.scorecards import RatedCriterion, Scorecard, Standing

from .base import ApiView, Body, WholeNumber
from .docs import KEY, says
from .evaluation import StandingOut
from .inputs import Line, Text

Json = dict[str, Any]


class QuoteBody(Body):
    """Either a place, or words that are looked up in the candidate's answers."""

    message_id = s.UUIDField(required=False)
    start = WholeNumber(required=False, min_value=0)
    end = WholeNumber(required=False, min_value=1)
    quote = Text(required=False, max_length=1_000)


class RatingBody(Body):
    key = Line(max_length=80)
    rating = s.ChoiceField(Rating.choices, required=False, allow_blank=True, default="")
    note = Text(required=False, allow_blank=True, default="", max_length=reviewing.MAX_NOTE)
    quotes = QuoteBody(many=True, required=False, default=list, max_length=MOST_QUOTES)  # type: ignore[call-arg]


class ReviewBody(Body):
    """A whole scorecard: what is left out is empty."""

    ratings = RatingBody(many=True, required=False, default=list, max_length=100)  # type: ignore[call-arg]
    takeaways = Text(required=False, allow_blank=True, default="", max_length=reviewing.MAX_TAKEAWAYS)
    recommendation = s.ChoiceField(Recommendation.choices, required=False, allow_blank=True, default="")
    reason = Text(required=False, allow_blank=True, default="", max_length=reviewing.MAX_EXPLANATION)
    evaluation_id = s.UUIDField(required=False, help_text="The one it was filled in for; another is 409.")
    revision = WholeNumber(required=False, min_value=0, help_text="The one you read; an older one is 409.")


class SkipBody(Body):
    reason = Text(max_length=reviewing.MAX_SKIP_REASON)


class ReviewerBody(Body):
    reviewer_id = s.UUIDField()


class PointOut(s.Serializer[Any]):
    statement = s.CharField()
    developing = s.CharField()
    solid = s.CharField()
    strong = s.CharField()


class RubricOut(s.Serializer[Any]):
    key = s.CharField()
    title = s.CharField()
    weight = s.FloatField()
    points = PointOut(many=True)


class QuoteOut(s.Serializer[Any]):
    message_id = s.UUIDField()
    start = s.IntegerField()
    end = s.IntegerField()
    quote = s.CharField()


class RatingOut(s.Serializer[Any]):
    key = s.CharField()
    rating = s.ChoiceField(Rating.choices, allow_blank=True)
    note = s.CharField()
    quotes = QuoteOut(many=True)


class ReviewOut(s.Serializer[Any]):
    id = s.UUIDField()
    reviewer_id = s.UUIDField(allow_null=True)
    status = s.ChoiceField(Review.STATUSES, help_text="sealed: the ratings are fixed, a reason is still missing.")
    revision = s.IntegerField()
    ratings = RatingOut(many=True)
    takeaways = s.CharField()
    recommendation = s.ChoiceField(Recommendation.choices, allow_blank=True)
    final_score = s.FloatField(allow_null=True)
    reason = s.CharField()
    skip_reason = s.CharField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()
    submitted_at = s.DateTimeField(allow_null=True)


class MachineScore(s.Serializer[Any]):
    key = s.CharField()
    verdict = s.ChoiceField(Verdict.choices)
    score = s.FloatField(allow_null=True)
    level = s.CharField()


class ScorecardOut(s.Serializer[Any]):
    session_id = s.UUIDField()
    evaluation_id = s.UUIDField(allow_null=True, help_text="Null where no program has scored it: people alone do.")
    sees_scores = s.BooleanField(help_text="false until one's own ratings are fixed; the fields below are empty then.")
    criteria = RubricOut(many=True)
    review = ReviewOut(allow_null=True)
    overall_score = s.FloatField(allow_null=True)
    method = s.CharField(allow_null=True)
    scores = MachineScore(many=True)
    others = ReviewOut(many=True)
    standing = StandingOut(allow_null=True)


class FiguresOut(s.Serializer[Any]):
    name = s.CharField()
    interviews = s.IntegerField()
    rated = s.IntegerField(help_text="Criteria that both gave points.")
    mean_gap = s.FloatField(allow_null=True, help_text="Points of 100.")
    mean_lean = s.FloatField(allow_null=True, help_text="Above 0: people score higher.")
    same_word = s.FloatField(allow_null=True, help_text="Share, 0 to 1.")
    weighted_kappa = s.FloatField(allow_null=True)


class MethodFigures(s.Serializer[Any]):
    method = s.CharField()
    figures = FiguresOut(many=True)


class CardView(ApiView):
    def _card(self, id: str) -> Response:
        """One's own scorecard, as it is after what was done."""
        return Response(scorecard(scorecards.open_review(id, actor=self.actor)))


class ReviewView(CardView):
    @says(
        "One's own scorecard; the scores of others only once the own ratings are fixed (staff)",
        {200: ScorecardOut},
        errors=(403, 404),
    )
    def get(self, request: Any, id: str) -> Response:
        return self._card(id)

    @says(
        "Keep a draft (staff)", {200: ScorecardOut}, body=ReviewBody, errors=(400, 403, 404, 409, 422), headers=(KEY,)
    )
    def put(self, request: Any, id: str) -> Response:
        reviewing.save_review(id, given(self.body(ReviewBody)), actor=self.actor)
        return self._card(id)


class SubmitView(CardView):
    @says(
        "Submit it; without a body the draft, as it is (staff)",
        {200: ScorecardOut},
        body=ReviewBody,
        errors=(400, 403, 404, 409, 422),
        headers=(KEY,),
    )
    def post(self, request: Any, id: str) -> Response:
        body = self.body(ReviewBody)
        reviewing.submit_review(id, given(body) if request.data else None, actor=self.actor)
        return self._card(id)


class SkipView(CardView):
    @says(
        "Leave it to others, with a reason (staff)",
        {200: ScorecardOut},
        body=SkipBody,
        errors=(400, 403, 404, 409, 422),
        headers=(KEY,),
    )
    def post(self, request: Any, id: str) -> Response:
        reviewing.skip_review(id, self.body(SkipBody)["reason"], actor=self.actor)
        return self._card(id)


class ReviewersView(ApiView):
    @says(
        "Ask somebody of the staff for a review (staff)",
        {200: ReviewOut},
        body=ReviewerBody,
        errors=(400, 403, 404, 409, 422),
        headers=(KEY,),
    )
    def post(self, request: Any, id: str) -> Response:
        """Of somebody else's review nothing is told but that it was asked for."""
        review = reviewing.assign_reviewer(id, self.body(ReviewerBody)["reviewer_id"], actor=self.actor)
        return Response(review_json(Review(pk=review.pk, reviewer_id=review.reviewer_id, **_times(review)), []))


class AgreementView(ApiView):
    @says("How far people's scores and the machine's are apart (staff)", {200: MethodFigures(many=True)}, errors=(403,))
    def get(self, request: Any) -> Response:
        if not self.actor.is_staff:
            raise errors.PermissionDenied("Only staff can see this.")
        shown = [{"method": name, "figures": [_figures(row) for row in rows]} for name, rows in agreement.by_method()]
        return Response(shown)


def given(body: Json) -> Given:
    ratings = {row["key"]: Rated(row["rating"], row["note"], row["quotes"]) for row in body.pop("ratings")}
    return Given(ratings=ratings, **{**body, "evaluation_id": str(body.get("evaluation_id") or "")})


def scorecard(card: Scorecard) -> Json:
    seen = card.evaluation if card.sees else None
    return {
        "session_id": card.session.pk,
        "evaluation_id": card.evaluation and card.evaluation.pk,
        "sees_scores": card.sees,
        "criteria": [_criterion(row) for row in card.criteria],
        "review": card.review and review_json(card.review, list(card.ratings.values())),
        "overall_score": seen and seen.overall_score,
        "method": seen and seen.method,
        "scores": [_machine_score(row) for row in card.scores],
        "others": [review_json(row, list(row.ratings.all())) for row in card.others],
        "standing": card.standing and standing_json(card.standing),
    }


def review_json(review: Review, ratings: list[Any]) -> Json:
    names = ("status", "revision", "takeaways", "recommendation", "final_score", "reason", "skip_reason")
    rated = [{name: getattr(row, name) for name in ("key", "rating", "note", "quotes")} for row in ratings]
    shown = {name: getattr(review, name) for name in names}
    return {"id": review.pk, "reviewer_id": review.reviewer_id, **shown, "ratings": rated, **_times(review)}


def standing_json(standing: Standing) -> Json:
    return {"score": standing.score, "by": standing.by, "reviews": standing.reviews}


def _times(review: Review) -> Json:
    return {name: getattr(review, name) for name in ("created_at", "updated_at", "submitted_at")}


def _criterion(row: RatedCriterion) -> Json:
    names = ("statement", "developing", "solid", "strong")
    points = [{name: getattr(point, name) for name in names} for point in row.points]
    return {"key": row.key, "title": row.title, "weight": row.weight, "points": points}


def _machine_score(row: CriterionScore) -> Json:
    return {"key": row.key, "verdict": row.verdict, "score": row.score, "level": row.level}


def _figures(row: agreement.Figures) -> Json:
    """Of too few interviews only their number is told."""
    known = row.is_enough
    named = {"mean_gap": row.gap, "mean_lean": row.lean, "same_word": row.same, "weighted_kappa": row.kappa}
    told = {name: value if known else None for name, value in named.items()}
    return {"name": row.name, "interviews": row.interviews, "rated": row.rated, **told}
