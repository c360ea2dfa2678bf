"""The scorecard of an interview: rubric, evidence, and a person's words for it.

The machine's scores are in no byte of the page before the reviewer's own ratings are fixed (``may_see_scores``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from sessions_app import errors
from sessions_app.models import CriterionScore, InterviewSession, Review, ReviewRating, SessionMessage, User
from sessions_app.models.evaluation import Rating, Recommendation
from sessions_app.services import reviewing, scorecards
from sessions_app.services.preferences import chosen
from sessions_app.services.quoting import answers_among, sentence_places
from sessions_app.services.reviewing import Given, Rated
from sessions_app.services.scorecards import RatedCriterion, Scorecard

from . import chips
from .actors import actor_of
from .transitions import sentence_of

MOST_SENTENCES = 120  # of one answer to choose from; the rest can be pasted
MOST_STAFF = 200
PAGE = "admin/sessions_app/scorecard.html"


@dataclass(frozen=True)
class Offered:
    """Words to choose from: ``value`` names the place: message, start and end."""

    value: str
    text: str


@dataclass(frozen=True)
class Answer:
    """An answer to quote from, cut into sentences."""

    message: SessionMessage
    sentences: list[Offered]
    is_cut: bool


@dataclass
class RatingRow:
    """One criterion of the form, as stored or as it was sent; and what the machine says, once that may be seen."""

    criterion: RatedCriterion
    rating: str = ""
    note: str = ""
    picked: list[str] = field(default_factory=list)
    quotes: list[dict[str, Any]] = field(default_factory=list)
    words: str = ""
    wrong: list[str] = field(default_factory=list)
    score: CriterionScore | None = None
    other: list[Offered] = field(default_factory=list)
    others: list[ReviewRating] = field(default_factory=list)

    @property
    def word(self) -> str:
        return str(dict(Rating.choices).get(self.rating, ""))


def scorecard_view(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Read it, keep a draft, or submit it and go on to the next."""
    _require(request, "sessions_app.view_interviewsession")
    try:
        return _rate(request, session_id) if request.method == "POST" else _page(request, _open(request, session_id))
    except errors.EvaluationNotFound:
        messages.warning(request, "There is nothing to rate: this interview is not scored, or not yet.")
        return HttpResponseRedirect(reverse("admin:sessions_app_interviewsession_change", args=[session_id]))
    except errors.NotFound as error:
        raise Http404 from error


def _rate(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """What cannot be taken comes back as it was filled in. Raises NotFound."""
    _require(request, "sessions_app.change_review")
    submits = request.POST.get("do") in ("submit", "next")
    verb = reviewing.submit_review if submits else reviewing.save_review
    try:
        review = verb(session_id, given_in(request.POST), actor=actor_of(request))
    except errors.NotFound:
        raise
    except (errors.ValidationFailed, errors.ReviewChanged) as error:
        return _page(request, _open(request, session_id), error, request.POST)
    except errors.DomainError as error:
        messages.error(request, sentence_of(error))
        return _to(session_id)
    return _after(request, session_id, review.status, goes_on=request.POST.get("do") == "next")


def skip_view(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Leave it to others; the reason is kept."""
    return _do(
        request,
        session_id,
        lambda: reviewing.skip_review(session_id, request.POST.get("reason", ""), actor=actor_of(request)),
        "Skipped. You see the scores now, and cannot rate this interview any more.",
    )


def assign_view(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Ask somebody of the staff for a review."""
    return _do(
        request,
        session_id,
        lambda: reviewing.assign_reviewer(session_id, request.POST.get("reviewer", ""), actor=actor_of(request)),
        "Asked. The interview is in their queue.",
    )


def _do(request: HttpRequest, session_id: UUID, act: Any, done: str) -> HttpResponse:
    if request.method != "POST":
        return _to(session_id)
    _require(request, "sessions_app.change_review")
    try:
        act()
        messages.success(request, done)
    except errors.NotFound as error:
        raise Http404 from error
    except errors.DomainError as error:
        messages.error(request, sentence_of(error))
    return _to(session_id)


def _after(request: HttpRequest, session_id: UUID, status: str, *, goes_on: bool) -> HttpResponse:
    if status == "draft":
        messages.success(request, "Saved as a draft.")
        return _to(session_id)
    if status == "sealed":
        messages.warning(request, "Your ratings are fixed. One thing is missing: why the two scores are so far apart.")
        return _to(session_id)
    messages.success(request, "Submitted. Thank you.")
    waiting = scorecards.review_queue(actor_of(request)).first() if goes_on else None
    if waiting is not None:
        return _to(waiting.pk)
    return HttpResponseRedirect(reverse("admin:review-queue")) if goes_on else _to(session_id)


def _open(request: HttpRequest, session_id: UUID) -> Scorecard:
    return scorecards.open_review(session_id, actor=actor_of(request))


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _to(session_id: UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:scorecard", args=[session_id]))


# -- the form ----------------------------------------------------------------------------------------------------------


def given_in(form: QueryDict) -> Given:
    """What the form sends. A quote is a place that was ticked, or a line of words that were pasted."""
    revision = form.get("revision", "")
    return Given(
        ratings={key: _rated(form, key) for key in form.getlist("criterion")},
        takeaways=form.get("takeaways", ""),
        recommendation=form.get("recommendation", ""),
        reason=form.get("reason", ""),
        evaluation_id=form.get("evaluation", ""),
        revision=int(revision) if revision.isascii() and revision.isdecimal() and len(revision) < 9 else None,
    )


def _rated(form: QueryDict, key: str) -> Rated:
    lines = [line.strip() for line in form.get(f"words-{key}", "").splitlines()]
    quotes = [_place(value) for value in form.getlist(f"pick-{key}")] + [{"quote": line} for line in lines if line]
    return Rated(form.get(f"rating-{key}", ""), form.get(f"note-{key}", ""), quotes)


def _place(value: str) -> dict[str, Any]:
    message_id, _, rest = value.partition(":")
    start, _, end = rest.partition("-")
    numbers = [int(part) if part.isascii() and part.isdecimal() and len(part) < 9 else None for part in (start, end)]
    return {"message_id": message_id, "start": numbers[0], "end": numbers[1]}


def _value(quote: dict[str, Any]) -> str:
    return f"{quote['message_id']}:{quote['start']}-{quote['end']}"


# -- the page ----------------------------------------------------------------------------------------------------------


def _page(
    request: HttpRequest, card: Scorecard, error: errors.DomainError | None = None, sent: QueryDict | None = None
) -> HttpResponse:
    wrong = _wrong(error)
    transcript, notes = _messages(card)
    answers = [_answer(message) for message in answers_among(transcript)]
    rows = [_row(criterion, card, wrong, sent if card.is_open else None) for criterion in card.criteria]
    for row in rows:
        row.other = _not_among(row.quotes, answers)
        row.others = [_rating_of(review, row.criterion.key) for review in card.others]
    context = {
        "title": "Scorecard",
        "card": card,
        "rows": rows,
        "answers": answers,
        "transcript": transcript,
        "notes": notes,
        "flagged": _flagged(card),
        "may_rate": _may_rate(request, card),
        "errors": [(_target(name), _said(name, message, rows)) for name, message in wrong],
        "fields": dict(wrong),
        **_written(card, sent),
        "words": Rating.choices,
        "has_shortcuts": chosen(getattr(request.user, "preferences", {}))["shortcuts"] == "on",
        "recommendations": Recommendation.choices,
        "chip": chips.chip(card.session),
        "staff": _staff(request, card.session),
        **site_context(request),
    }
    return TemplateResponse(request, PAGE, context, status=error.status if error else 200)


def _written(card: Scorecard, sent: QueryDict | None) -> dict[str, Any]:
    """What the reviewer wrote about the whole interview: as it was sent, else as it is stored."""
    told: Any = sent or (card.review and vars(card.review)) or {}
    written = {name: told.get(name, "") for name in ("takeaways", "recommendation", "reason")}
    return {**written, "recommended": dict(Recommendation.choices).get(written["recommendation"], "")}


def _messages(card: Scorecard) -> tuple[list[SessionMessage], list[SessionMessage]]:
    """The transcript and what arrived too late, in one query, which the machine's evidence points into."""
    rows = card.session.messages.filter(Q(seq__isnull=False) | Q(kind="note")).order_by("seq", "created_at")
    by_id = {row.pk: row for row in rows}
    for evidence in (one for score in card.scores for one in score.evidence.all()):
        evidence.message = by_id[evidence.message_id]
    messages = list(by_id.values())
    return [row for row in messages if row.kind != "note"], [row for row in messages if row.kind == "note"]


def _flagged(card: Scorecard) -> set[Any]:
    """The answers that speak to the judge."""
    flags = card.evaluation.flags if card.evaluation else ()
    return {flag.get("message_id") for flag in flags if flag.get("code") == "INSTRUCTIONS"}


def _wrong(error: errors.DomainError | None) -> list[tuple[str, str]]:
    """Fields and sentences. A form from an old window goes over the other one if it is sent once more."""
    if isinstance(error, errors.ReviewChanged):
        kept = "What you filled in here is below; sending it replaces what you saved there."
        return [("takeaways", f"You saved this scorecard in another window meanwhile. {kept}")]
    return [(one.field, one.message) for one in error.errors] if isinstance(error, errors.ValidationFailed) else []


def _target(name: str) -> str:
    """The id of the part of the form that a wrong field belongs to."""
    return f"rated-{name.split('.')[1]}" if name.startswith("ratings.") else name


def _said(name: str, message: str, rows: list[RatingRow]) -> str:
    """With the criterion's title before it, where it is about one."""
    titles = {f"rated-{row.criterion.key}": row.criterion.title for row in rows}
    title = titles.get(_target(name))
    return f"{title}: {message}" if title else message


def _may_rate(request: HttpRequest, card: Scorecard) -> bool:
    is_own = card.session.candidate_id == request.user.pk
    return card.is_open and not is_own and request.user.has_perm("sessions_app.change_review")


def _row(criterion: RatedCriterion, card: Scorecard, wrong: list[tuple[str, str]], sent: QueryDict | None) -> RatingRow:
    """As it was sent where the form comes back, else as it is stored."""
    key = criterion.key
    stored = card.ratings.get(key) or ReviewRating(key=key)
    score = next((one for one in card.scores if one.key == key), None)
    mine = [message for name, message in wrong if name == f"ratings.{key}" or name.startswith(f"ratings.{key}.")]
    row = RatingRow(criterion, stored.rating, stored.note, [_value(quote) for quote in stored.quotes], stored.quotes)
    if sent is not None:
        row.rating, row.note = sent.get(f"rating-{key}", ""), sent.get(f"note-{key}", "")
        row.picked, row.words = sent.getlist(f"pick-{key}"), sent.get(f"words-{key}", "")
    row.wrong, row.score = mine, score
    return row


def _answer(message: SessionMessage) -> Answer:
    places = list(sentence_places(message.content))
    shown = [
        Offered(f"{message.pk}:{start}-{end}", message.content[start:end]) for start, end in places[:MOST_SENTENCES]
    ]
    return Answer(message, shown, len(places) > MOST_SENTENCES)


def _not_among(quotes: list[dict[str, Any]], answers: list[Answer]) -> list[Offered]:
    """Quotes that are no whole sentence of those to choose from, so that they can be kept or taken away, too."""
    offered = {sentence.value for answer in answers for sentence in answer.sentences}
    return [Offered(_value(quote), quote["quote"]) for quote in quotes if _value(quote) not in offered]


def _rating_of(review: Review, key: str) -> ReviewRating:
    return next((rating for rating in review.ratings.all() if rating.key == key), ReviewRating(key=key))


def _staff(request: HttpRequest, session: InterviewSession) -> list[User]:
    """Who can be asked for a review."""
    rows = User.objects.filter(is_staff=True, is_active=True).exclude(pk__in=[request.user.pk, session.candidate_id])
    return list(rows.order_by("name", "email")[:MOST_STAFF])


def site_context(request: HttpRequest) -> dict[str, Any]:
    from django.contrib.admin import site

    return site.each_context(request)
