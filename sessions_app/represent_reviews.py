"""What people said beside an evaluation, as JSON."""

from __future__ import annotations

from typing import Any

from sessions_app.models import Evaluation, Review
from sessions_app.services.scorecards import reviews_of, standing

Json = dict[str, Any]


def verdicts(row: Evaluation, *, for_staff: bool) -> Json:
    """What people said beside the evaluation, and which score counts. A candidate is told words and scores; who it was,
    what they advise and why are for staff.
    """
    reviews = reviews_of(row.session)
    counts = standing(row, reviews)
    return {
        "standing": {"score": counts.score, "by": counts.by, "reviews": counts.reviews},
        "reviews": [review(one, for_staff=for_staff) for one in reviews],
    }


def review(row: Review, *, for_staff: bool) -> Json:
    names = ("reviewer_id", "takeaways", "recommendation", "reason")
    ratings = [{"key": one.key, "rating": one.rating} for one in row.ratings.all()]
    private = {name: getattr(row, name) if for_staff else None for name in names}
    return {"final_score": row.final_score, "submitted_at": row.submitted_at, "ratings": ratings, **private}
