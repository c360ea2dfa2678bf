"""People judge: the verbs of a scorecard. Nothing here decides about a candidate; it keeps what a person decided.

A review is a draft until it is submitted. Submitting fixes the ratings first. Only then is the machine's score
compared, and where the two are more than ten points apart the review is ``sealed``: its ratings stay as they are, its
author sees both scores and says why they differ. So nobody learns the other score who can still change their own.
Where no program has scored the interview, and none is about to, there is nothing to compare: people's word is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sessions_app import errors, scoring
from sessions_app.access import Actor, as_uuid
from sessions_app.models import CriterionScore, Evaluation, Review, ReviewRating, User
from sessions_app.models.evaluation import Rating, Recommendation

from .by_people import evaluation_by_people
from .change import Change, changing
from .quoting import MOST_QUOTES, Looked, Quote, answers_of, quote_at, without_doubles
from .scorecards import RatedCriterion, evaluation_to_rate, rated_criteria

MAX_NOTE = 2_000
MAX_TAKEAWAYS = 4_000
MAX_EXPLANATION = 2_000
MAX_SKIP_REASON = 400


@dataclass(frozen=True)
class Rated:
    """A word for one criterion. A quote is ``{"message_id", "start", "end"}``, or ``{"quote"}`` to be looked up."""

    rating: str = ""
    note: str = ""
    quotes: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Given:
    """A scorecard as it was filled in. ``evaluation_id`` and ``revision`` name what it was filled in for."""

    ratings: Mapping[str, Rated] = field(default_factory=dict)
    takeaways: str = ""
    recommendation: str = ""
    reason: str = ""
    evaluation_id: str = ""
    revision: int | None = None


def save_review(session_id: Any, given: Given, *, actor: Actor, now: datetime | None = None) -> Review:
    """Keep a draft. What is missing may be missing; what is there must be valid.

    Raises:
        SessionNotFound, PermissionDenied (not staff, or the candidate), EvaluationNotFound, ValidationFailed,
        EvaluationSuperseded, ReviewChanged, ReviewSubmitted, ReviewSealed, ReviewSkipped.
    """
    with changing(session_id, actor, now=now) as change:
        review = _own_review(change, given)
        if review.status == "sealed":
            raise errors.ReviewSealed
        _write(change, review, given)
    return review


def submit_review(session_id: Any, given: Given | None, *, actor: Actor, now: datetime | None = None) -> Review:
    """Fix the ratings, and submit the review if no reason is missing; else it comes back ``sealed``.

    Without ``given`` the draft is submitted as it is. A sealed one takes nothing but its reason.

    Raises:
        As ``save_review``; ValidationFailed names everything that is missing.
    """
    with changing(session_id, actor, now=now) as change:
        review = _own_review(change, given or Given())
        if review.status == "sealed":
            _take_reason(review, given)
        else:
            _write(change, review, given or _as_given(review), is_complete=True)
            _seal(change, review)
        _submit(change, review)
    return review


def skip_review(session_id: Any, reason: str, *, actor: Actor, now: datetime | None = None) -> Review:
    """Leave this one to others, saying why. From then on its scores can be seen, so it cannot be taken back.

    Raises:
        SessionNotFound, PermissionDenied, EvaluationNotFound, ValidationFailed (no reason), ReviewSubmitted,
        ReviewSealed, ReviewSkipped.
    """
    reason = _clean(reason)
    if wrong := _wrong_text(reason, "reason", MAX_SKIP_REASON, "Say why you leave it to others.", required=True):
        raise errors.ValidationFailed(wrong)
    with changing(session_id, actor, now=now) as change:
        review = _own_review(change, Given())
        if review.status == "sealed":
            raise errors.ReviewSealed
        review.status, review.skip_reason = "skipped", reason
        _save(change, review)
        change.record("review.skipped", evaluation=review.evaluation_id, review=review.pk)
    return review


def assign_reviewer(session_id: Any, reviewer_id: Any, *, actor: Actor, now: datetime | None = None) -> Review:
    """Ask a member of staff for a review: the first, or a second one beside another's. Asking twice asks once.

    Raises:
        SessionNotFound, PermissionDenied (not staff), EvaluationNotFound, ValidationFailed (who it is),
        ReviewSubmitted, ReviewSkipped (they are through with it).
    """
    with changing(session_id, actor, now=now) as change:
        if not (actor.is_staff or actor.is_system):
            raise errors.PermissionDenied("Only staff can ask for a review.")
        evaluation = evaluation_to_rate(change.session)
        reviewer = _reviewer(change, reviewer_id)
        review = _review_of(change, evaluation, reviewer, _begun(change, reviewer))
        _refuse_if_over(
            review, "They have submitted their review already.", "They skipped this review, and saw the scores."
        )
        if review.assigned_by_id is None:
            review.assigned_by = actor.user
            review.save(update_fields=["assigned_by"])
            change.record(
                "review.assigned",
                evaluation=evaluation.pk if evaluation else None,
                review=review.pk,
                reviewer=reviewer.pk,
            )
    return review


# -- who, and which ----------------------------------------------------------------------------------------------------


def _own_review(change: Change, given: Given) -> Review:
    """The actor's review of the current evaluation, made where there is none; refused where it is not to be changed."""
    actor, session = change.actor, change.session
    if actor.user is None or not actor.is_staff:
        raise errors.PermissionDenied("Only staff can review an interview.")
    if session.candidate_id == actor.user.pk:
        raise errors.PermissionDenied("This is your own interview. Somebody else has to review it.")
    begun = _begun(change, actor.user)
    evaluation = evaluation_to_rate(session, begun) if not given.evaluation_id else _expected(change, given)
    review = _review_of(change, evaluation, actor.user, begun)
    _refuse_if_over(review)
    if given.revision is not None and given.revision != review.revision:
        raise errors.ReviewChanged
    return review


def _expected(change: Change, given: Given) -> Evaluation:
    """The one that the form was filled in for. Raises EvaluationSuperseded where it is not the current one."""
    current = Evaluation.objects.current().filter(session=change.session).first()
    if current is None or str(current.pk) != given.evaluation_id:
        raise errors.EvaluationSuperseded
    return current


def _begun(change: Change, reviewer: User) -> Review | None:
    """Somebody's review of what was said."""
    return Review.objects.since_the_end().filter(session=change.session, reviewer=reviewer).last()


def _refuse_if_over(review: Review, submitted: str = "", skipped: str = "") -> None:
    if review.status == "submitted":
        raise errors.ReviewSubmitted(submitted)
    if review.status == "skipped":
        raise errors.ReviewSkipped(skipped)


def _review_of(change: Change, evaluation: Evaluation | None, reviewer: User, begun: Review | None) -> Review:
    """The review that was ``begun``, else a new one. A draft goes along when the interview is judged once more."""
    if begun is None:
        return _new_review(change, evaluation, reviewer)
    if begun.status == "draft" and evaluation is not None and begun.evaluation_id != evaluation.pk:
        begun.evaluation = evaluation
        begun.save(update_fields=["evaluation"])
    return begun


def _new_review(change: Change, evaluation: Evaluation | None, reviewer: User) -> Review:
    return Review.objects.create(
        session=change.session,
        evaluation=evaluation,
        reviewer=reviewer,
        created_at=change.now,
        updated_at=change.now,
    )


def _reviewer(change: Change, reviewer_id: Any) -> User:
    key = as_uuid(reviewer_id)
    reviewer = User.objects.filter(pk=key, is_staff=True, is_active=True).first() if key else None
    if reviewer is None or reviewer.pk == change.session.candidate_id:
        message = "Choose a member of staff who is not the candidate."
        raise errors.ValidationFailed([errors.FieldError("reviewer_id", "invalid_choice", message)])
    return reviewer


# -- what was filled in ------------------------------------------------------------------------------------------------


def _write(change: Change, review: Review, given: Given, *, is_complete: bool = False) -> None:
    """Store what was filled in, instead of what was there before.

    Raises:
        ValidationFailed: with every wrong field, and where it has to be complete with every one that is missing.
    """
    keys = [criterion.key for criterion in _criteria(change, review)]
    answers = Looked(answers_of(change.session))
    wrong = _wrong_words(given) + (_missing(given, keys) if is_complete else [])
    rows = []
    for key, rated in given.ratings.items():
        if key not in keys:
            wrong.append(errors.FieldError(f"ratings.{key}", "unknown", "This is no criterion of the interview."))
            continue
        wrong += _wrong_rating(key, rated)
        quotes = _checked_quotes(key, rated, answers, wrong)
        rows.append(ReviewRating(review=review, key=key, rating=rated.rating, note=_clean(rated.note), quotes=quotes))
    if wrong:
        raise errors.ValidationFailed(wrong)
    review.ratings.all().delete()
    ReviewRating.objects.bulk_create(rows)
    review.takeaways, review.recommendation = _clean(given.takeaways), given.recommendation
    review.reason = _clean(given.reason)
    _save(change, review)


def _wrong_words(given: Given) -> list[errors.FieldError]:
    wrong = _wrong_text(given.takeaways, "takeaways", MAX_TAKEAWAYS) + _wrong_text(
        given.reason, "reason", MAX_EXPLANATION
    )
    if given.recommendation and given.recommendation not in Recommendation.values:
        wrong.append(_not_one_of("recommendation", Recommendation.values))
    return wrong


def _wrong_rating(key: str, rated: Rated) -> list[errors.FieldError]:
    wrong = _wrong_text(rated.note, f"ratings.{key}.note", MAX_NOTE)
    if rated.rating and rated.rating not in Rating.values:
        wrong.append(_not_one_of(f"ratings.{key}", Rating.values))
    if len(rated.quotes) > MOST_QUOTES:
        wrong.append(errors.FieldError(f"ratings.{key}.quotes", "max_length", f"Pick at most {MOST_QUOTES} quotes."))
    return wrong


def _checked_quotes(key: str, rated: Rated, said: Looked, wrong: list[errors.FieldError]) -> list[Quote]:
    """Only words that the candidate said, with their place; what is not theirs is a wrong field."""
    found = []
    for asked in rated.quotes[:MOST_QUOTES]:
        words = _clean(str(asked.get("quote") or ""))
        by_place = asked.get("message_id") is not None
        quote = (
            quote_at(said.answers, asked["message_id"], asked.get("start"), asked.get("end"))
            if by_place
            else said.quote_of(words)
        )
        if quote is None:
            none = "There are no such words in the candidate's answers"
            what = (
                f"{none}: “{words[:80]}”. Copy them exactly, a few words at least."
                if words
                else f"{none}. Choose them again."
            )
            wrong.append(errors.FieldError(f"ratings.{key}.quotes", "not_their_words", what))
        else:
            found.append(quote)
    return without_doubles(found)


def _wrong_text(text: str, name: str, most: int, asked: str = "", *, required: bool = False) -> list[errors.FieldError]:
    if required and not text.strip():
        return [errors.FieldError(name, "required", asked)]
    if len(text) > most:
        return [errors.FieldError.too_long(name, most)]
    return []


def _not_one_of(name: str, choices: Sequence[str]) -> errors.FieldError:
    return errors.FieldError(name, "invalid_choice", f"Choose one of {', '.join(choices)}.")


# -- from draft to submitted -------------------------------------------------------------------------------------------


def _missing(given: Given, keys: Sequence[str]) -> list[errors.FieldError]:
    """What a submitted review must have."""
    missing = [
        errors.FieldError(f"ratings.{key}", "required", "Choose a word; not enough evidence is one, too.")
        for key in keys
        if not given.ratings.get(key, Rated()).rating
    ]
    if not given.takeaways.strip():
        missing.append(errors.FieldError("takeaways", "required", "Write down your key take-aways."))
    if not given.recommendation:
        missing.append(errors.FieldError("recommendation", "required", "Choose your overall recommendation."))
    return missing


def _as_given(review: Review) -> Given:
    """A stored draft as if it had just been filled in."""
    ratings = {row.key: Rated(row.rating, row.note, row.quotes) for row in review.ratings.all()}
    return Given(ratings, review.takeaways, review.recommendation, review.reason)


def _seal(change: Change, review: Review) -> None:
    """Fix the ratings and count their score."""
    weights = {criterion.key: criterion.weight for criterion in _criteria(change, review)}
    ratings = review.ratings.values_list("key", "rating")
    review.status = "sealed"
    review.final_score = scoring.score_of_ratings((word, weights[key]) for key, word in ratings)


def _take_reason(review: Review, given: Given | None) -> None:
    reason = _clean(given.reason) if given else ""
    asked = "Say why your score and the other are so far apart."
    if wrong := _wrong_text(reason, "reason", MAX_EXPLANATION, asked, required=True):
        raise errors.ValidationFailed(wrong)
    review.reason = reason


def _submit(change: Change, review: Review) -> None:
    """Submit what is sealed, unless the scores are far apart and nobody has said why."""
    evaluation = review.evaluation = review.evaluation or evaluation_by_people(change)
    told: dict[str, Any] = {"evaluation": evaluation.pk, "review": review.pk}
    if scoring.differs(review.final_score, evaluation.overall_score) and not review.reason:
        change.record("review.sealed", **told)
    else:
        review.status, review.submitted_at = "submitted", change.now
        quotes = sum(len(row.quotes) for row in review.ratings.all())
        change.record("evaluation.reviewed", **told, criteria=review.ratings.count(), quotes=quotes)
    _save(change, review)


def _criteria(change: Change, review: Review) -> list[RatedCriterion]:
    """Of the evaluation that it stands beside, else of the plan."""
    rows = CriterionScore.objects.filter(evaluation=review.evaluation_id).order_by("position")
    return rated_criteria(change.session, rows)


def _save(change: Change, review: Review) -> None:
    review.revision += 1
    review.updated_at = change.now
    review.save()


def _clean(text: str) -> str:
    """As it is stored: PostgreSQL takes no NUL."""
    return text.replace("\0", "").replace("\r\n", "\n").strip()
