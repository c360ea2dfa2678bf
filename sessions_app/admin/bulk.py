"""What the list can do to many sessions: to whom not and why, asked for all at once; then each by its verb."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Status
from sessions_app.models.clock import database_now
from sessions_app.models.limits import MAX_TOKENS
from sessions_app.models.session import STATUS_CHOICES
from sessions_app.services import dry_runs, reviewing
from sessions_app.services.change import no_limit
from sessions_app.services.erasure import why_not_anonymise
from sessions_app.services.evaluating import retry_evaluation
from sessions_app.services.reminding import remind
from sessions_app.services.reminding import why_not as why_not_remind

from .actors import actor_of
from .transitions import ANONYMISE, VERBS, Arguments, Verb, carry_out, sentence_of, why_not

MOST_STAFF = 500
_STATUS_WORDS = {str(status): word.lower() for status, word in STATUS_CHOICES} | {Status.EXPIRED: "out of time"}
_IN_TABLE = ("start", "pause", "resume", "extend", "complete", "reopen", "cancel", "delete")


@dataclass(frozen=True)
class Bulk:
    """``why_not`` names by session what it will not be done to; ``note`` is told before it is confirmed."""

    verb: Verb
    act: Callable[[HttpRequest, InterviewSession, Arguments], Any]
    why_not: Callable[[Sequence[InterviewSession], Actor], Mapping[UUID, str]]
    permission: str = "act"
    note: str = ""

    @property
    def action_name(self) -> str:
        """Django has an action ``delete_selected`` of its own, which deletes rows."""
        return "erase_selected" if self.verb.name == "delete" else f"{self.verb.name}_selected"

    @property
    def adds(self) -> bool:
        """Whether it asks for a number, and can say beforehand what each session gets of it (``gains_of``)."""
        return self.verb.name == "extend"

    def sorted_out(
        self, chosen: Sequence[InterviewSession], actor: Actor
    ) -> tuple[list[InterviewSession], list[tuple[InterviewSession, str]]]:
        """Those that it can be done to now, and the others with the reason why not."""
        left_out = self.why_not(chosen, actor)
        able = [session for session in chosen if session.pk not in left_out]
        return able, [(session, left_out[session.pk]) for session in chosen if session.pk in left_out]

    def summary(self, total: int, refused: Sequence[tuple[InterviewSession, str]]) -> list[str]:
        """Such as "2 of 14 can't be paused because they are finished.", or with the reason that they share."""
        if self.verb.name in VERBS:
            counts = Counter(session.status for session, _ in refused).most_common()
            are = {True: "it is", False: "they are"}
            why = {status: f"because {are[count == 1]} {_STATUS_WORDS[status]}." for status, count in counts}
            return [f"{count} of {total} can't be {self.verb.done} {why[status]}" for status, count in counts]
        return [f"{count} of {total}: {why}" for why, count in Counter(why for _, why in refused).most_common()]


def _of_table(verb: Verb) -> Bulk:
    def refused(chosen: Sequence[InterviewSession], actor: Actor) -> dict[UUID, str]:
        told = {session.pk: why_not(session, verb, actor) for session in chosen}
        return {key: sentence for key, sentence in told.items() if sentence}

    return Bulk(verb, lambda request, session, told: carry_out(session.pk, verb, actor_of(request), told), refused)


def _remind(request: HttpRequest, session: InterviewSession, _: Arguments) -> None:
    remind(session.pk, actor=actor_of(request), origin=request.build_absolute_uri("/"))


def _assign(request: HttpRequest, session: InterviewSession, _: Arguments) -> None:
    reviewing.assign_reviewer(session.pk, request.POST.get("reviewer", ""), actor=actor_of(request))


def _judge(request: HttpRequest, session: InterviewSession, _: Arguments) -> None:
    retry_evaluation(session.pk, actor=actor_of(request))


# No actions of the table: they change nothing about an interview, or keep how it was judged.
BESIDE = (
    Bulk(
        ANONYMISE,
        lambda request, session, told: carry_out(session.pk, ANONYMISE, actor_of(request), told),
        lambda chosen, _: why_not_anonymise(chosen),
        note=ANONYMISE.note,
    ),
    Bulk(
        Verb("assign", "Assign a reviewer", "given to the reviewer", ("reviewer",)),
        _assign,
        lambda chosen, _: dry_runs.why_not_review(chosen),
        permission="review",
        note="They are in the reviewer's queue from then on. Whoever has submitted or skipped one is not asked again.",
    ),
    Bulk(
        Verb("judge", "Evaluate again", "queued for a new evaluation"),
        _judge,
        lambda chosen, _: dry_runs.why_not_judge_again(chosen),
        note="It happens in the background and may cost tokens. What stands is kept until the new evaluation is done, "
        "and afterwards as history; people's reviews count on.",
    ),
    Bulk(
        Verb("remind", "Send a reminder", "reminded"),
        _remind,
        lambda chosen, _: why_not_remind(chosen, database_now()),
    ),
)
ALL = (*(_of_table(VERBS[name]) for name in _IN_TABLE), *BESIDE)


def gain_of(session: InterviewSession, told: Arguments) -> str:
    """What a session would have after more time or tokens: "45 min + 23 min = 68 min".

    Raises:
        DomainError: the verb would refuse it, with the sentence why.
    """
    if told.tokens is not None:
        most = MAX_TOKENS - session.token_budget
        if told.tokens > most:
            raise errors.InvalidSessionState(f"It can get {max(most, 0):,} more tokens at most.")
        return f"{session.token_budget:,} + {told.tokens:,} tokens = {session.token_budget + told.tokens:,}"
    minutes = told.minutes_for(session) or 0
    if session.limit_ms is None:
        raise no_limit()
    before = session.limit_ms / 60_000
    share = f" ({told.percent} % of the limit)" if told.percent else ""
    return f"{before:g} min + {minutes} min{share} = {before + minutes:g} min"


def gains_of(
    sessions: Sequence[InterviewSession], told: Arguments
) -> tuple[list[tuple[InterviewSession, str]], list[tuple[InterviewSession, str]]]:
    """What each would get, and whom it would be refused to, with the sentence."""
    gains, refused = [], []
    for session in sessions:
        try:
            gains.append((session, gain_of(session, told)))
        except errors.DomainError as error:
            refused.append((session, sentence_of(error)))
    return gains, refused


def staff() -> list[User]:
    """Who can be asked for a review."""
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("name", "email")[:MOST_STAFF])
