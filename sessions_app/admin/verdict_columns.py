"""What the list tells of scores and reviewers: in words, and nothing of a score that somebody has to rate first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions_app import scoring
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, Review
from sessions_app.models.actions import Phase
from sessions_app.models.evaluation import Rating
from sessions_app.services.scorecards import Standing, open_scores, standings

NOTHING = SafeString("—")
_MARKS = {"ai": "✧", "people": "👤", "coverage": ""}
_WORDS: dict[str, str] = {str(value): str(label) for value, label in Rating.choices}


def scores(sessions: Sequence[InterviewSession], actor: Actor) -> dict[UUID, SafeString]:
    """By session, as a cell of the list. Three queries, however many they are."""
    seen, scored = open_scores(sessions, actor), standings(sessions)
    told = {}
    for session in sessions:
        found = scored.get(session.pk)
        is_own = actor.user is not None and session.candidate_id == actor.user.pk
        if found is None or (session.pk not in seen and is_own):
            told[session.pk] = NOTHING
        else:
            told[session.pk] = _score(found) if session.pk in seen else SafeString("rate first")
    return told


def _score(found: Standing) -> SafeString:
    """Such as "✧ Solid, 71 (AI)"."""
    if found.score is None:
        return NOTHING
    mark, number = _MARKS[found.by], f"{found.score:.0f} ({found.word})"
    return format_html('<span aria-hidden="true">{}</span> {}, {}', mark, _word(found.score, found.by), number)


def _word(score: float, by: str) -> str:
    """People's own word; the level for a model; what was counted says how much was spoken of, not how well."""
    if by == "people":
        return _WORDS[scoring.word_of(score)]
    if by == "ai":
        return scoring.level_of(score).capitalize()
    return "Mostly shown" if score >= 75 else "Partly shown" if score >= 40 else "Little shown"


def reviewers(sessions: Sequence[InterviewSession], actor: Actor) -> dict[UUID, SafeString]:
    """By session: who was asked, has begun, submitted or skipped. One query."""
    rows = Review.objects.since_the_end().filter(session__in=[session.pk for session in sessions])
    by_session: dict[UUID, list[Review]] = defaultdict(list)
    for review in rows.select_related("reviewer").order_by("created_at", "pk"):
        by_session[review.session_id].append(review)
    return {session.pk: _reviewers(session, by_session[session.pk], actor) for session in sessions}


def _reviewers(session: InterviewSession, reviews: Sequence[Review], actor: Actor) -> SafeString:
    if not reviews:
        waits = session.phase in (Phase.EVALUATED, Phase.EVALUATION_FAILED) and not session.is_practice
        return SafeString("nobody yet") if waits else NOTHING
    lines = ((_name(review, actor), _stage(review, actor)) for review in reviews)
    return format_html_join("", '<span class="reviewer"><bdi>{}</bdi> <small class="quiet">{}</small></span> ', lines)


def _name(review: Review, actor: Actor) -> str:
    if actor.user is not None and review.reviewer_id == actor.user.pk:
        return "You"
    return review.reviewer.display_name if review.reviewer else "Somebody"


def _stage(review: Review, actor: Actor) -> str:
    """That somebody else's waits for a reason says how far it is from the machine's score, so it is "begun"."""
    if review.status in ("submitted", "skipped"):
        return review.get_status_display().lower()
    if review.status == "sealed" and actor.user is not None and review.reviewer_id == actor.user.pk:
        return "reason missing"
    return "asked" if review.assigned_by_id and not review.revision else "begun"
