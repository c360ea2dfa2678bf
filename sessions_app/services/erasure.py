"""Erasing a session: every word and name goes, the numbers and the chain of its log stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db import OperationalError, connection, transaction

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor
from sessions_app.ai.masking import masked
from sessions_app.logs import log
from sessions_app.models import (
    CriterionScore,
    Evaluation,
    EventReason,
    IdempotencyKey,
    InterviewSession,
    InvitationList,
    Resume,
    Review,
    User,
)
from sessions_app.models.actions import OPEN
from sessions_app.models.session import baseline_precision

from .change import Change, changing
from .evaluation_queue import stop
from .turns import SESSION_ENDED, discard_turn

# What says something about a person, and what it is afterwards.
_EMPTIED: dict[str, Any] = {
    "candidate_name": "",
    "candidate_email": "",
    "title": "Erased session",
    "challenge_text": "",
    "draft_text": "",
    "time_zone": "",
    "candidate": None,
    "job_posting": None,
    "resume": None,
}
_LISTS = ("went_well", "okay", "to_improve", "improvement_plan", "knowledge_gaps", "recommendations", "flags")
_WORDS_OF_A_VERDICT: dict[str, Any] = {"summary": "", **{name: [] for name in _LISTS}}
LOG_WAIT_MS = 1000  # for readers, before the log of writes is left to a later checkpoint
_OVER = (SESSION_ENDED, "The session has ended.")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def erase_session(
    session_id: UUID | str,
    *,
    reason: str = "",
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    expect: int | None = None,
    keeps_verdict: bool = False,
) -> InterviewSession:
    """Erase a session for good: the candidate's own practice in any state, or any session by staff with a reason.

    An open one is cancelled first. From then on it is not found, by anybody; its log still proves what was done.
    With ``keeps_verdict`` the scores and ratings of an interview that others judged stay, as numbers about nobody.

    Raises:
        SessionNotFound, PermissionDenied, SessionExpired, ValidationFailed, PreconditionFailed.
    """
    with changing(session_id, actor, now=now) as change:
        _require_erasable(change, expect, reason)
        _erase(change, reason, keeps_verdict=keeps_verdict)
    return change.session


def anonymise_session(
    session_id: UUID | str,
    *,
    reason: str = "",
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    expect: int | None = None,
) -> InterviewSession:
    """Erase who it was and what was said, and keep how it was judged: scores and ratings, as numbers about nobody.

    They count on in what is known about all interviews; the interview itself is not found any more, by anybody.

    Raises:
        SessionNotFound, PermissionDenied, ValidationFailed, PreconditionFailed.
        InvalidSessionState: there is no verdict that could be kept, or it is nobody's but the candidate's.
    """
    with changing(session_id, actor, now=now) as change:
        if not (actor.is_staff or actor.is_system):
            raise errors.PermissionDenied("Only staff can do this in this session.")
        _require_erasable(change, expect, reason)
        if sentence := why_not_anonymise([change.session]).get(change.session.pk):
            raise errors.InvalidSessionState(sentence)
        _erase(change, reason, keeps_verdict=True, code="anonymised")
    return change.session


def why_not_anonymise(sessions: Sequence[InterviewSession]) -> dict[UUID, str]:
    """By session, why there is nothing to keep of it. Two queries."""
    keys = [session.pk for session in sessions]
    judged = {
        *Evaluation.objects.filter(session__in=keys).values_list("session_id", flat=True),
        *Review.objects.filter(session__in=keys, status="submitted").values_list("session_id", flat=True),
    }
    told = {session.pk: _why_not_anonymise(session, session.pk in judged) for session in sessions}
    return {key: sentence for key, sentence in told.items() if sentence}


def _why_not_anonymise(session: InterviewSession, is_judged: bool) -> str:
    if session.status in OPEN:
        return "It has not ended, so nothing is judged yet. Complete it first, or delete it."
    if session.is_practice:
        return "It is practice: its scores are the candidate's own, and would not be kept. Delete it instead."
    return "" if is_judged else "Nobody has judged it, so there is nothing to keep. Delete it instead."


def _require_erasable(change: Change, expect: int | None, reason: str) -> None:
    change.expect_version(expect)
    change.require("delete")
    change.require_reason("delete", reason)


def _erase(change: Change, reason: str, *, keeps_verdict: bool, **how: Any) -> None:
    _end(change)
    _forget_requests(change)
    if keeps_verdict and not change.session.is_practice:
        _take_names_out(change.session)
    else:
        change.session.reviews.all().delete()
        change.session.evaluations.all().delete()
    _delete_words(change.session)
    change.record("session.erased", reason=reason, **how)
    _empty(change)
    empty_log_on_commit()


def _end(change: Change) -> None:
    """A worker that is writing for it meanwhile finds its lease lost."""
    session = change.session
    if session.status in OPEN:
        discard_turn(change, *_OVER)
        session.cancel(change.now)
        change.record("session.cancelled", code="erased")
    stop(change, *_OVER)
    session.operations.cancel(change.now, *_OVER)  # analyses, which leave no entry


def _delete_words(session: InterviewSession) -> None:
    """The rows that hold what people said, who they are, and how to reach them. Events hold none of it."""
    _forget_rows(session)
    named = (session.invitations, session.requests, session.reviews, session.evaluations)
    forget_console_log([session.pk, *(key for rows in named for key in rows.values_list("pk", flat=True))])
    for rows in (session.dimension_evidence, session.messages, *named[:2], session.tokens, session.letters):
        rows.all().delete()
    EventReason.objects.filter(event__session=session).delete()
    session.operations.update(error_message="")


def _forget_rows(session: InterviewSession) -> None:
    """A list that is still worked off must not invite the person again, whose invitation is about to go."""
    for group, number in session.invitations.exclude(batch="").values_list("batch", "batch_row"):
        for waiting in InvitationList.objects.select_for_update().filter(group=group, done_at=None):
            waiting.people = [row for row in waiting.people if row["row"] != number]
            waiting.save(update_fields=["people"])


def _empty(change: Change) -> None:
    session = change.session
    resume_id, candidate_id = session.resume_id, session.candidate_id
    for name, value in _EMPTIED.items():
        setattr(session, name, value)
    if session.created_by_id == candidate_id:
        session.created_by = None
    session.plan = {**session.plan, "questions": []}
    session.precision, session.estimates = baseline_precision(), {}
    session.erased_at = change.now
    change.configure(*_EMPTIED, "created_by", "plan")
    if resume_id is not None:
        _delete_resume(resume_id, session)


def _delete_resume(resume_id: UUID, session: InterviewSession) -> None:
    """It tells about the candidate whoever put it here, so it goes along, unless another session uses it."""
    others = InterviewSession.objects.filter(resume_id=resume_id).exclude(pk=session.pk)
    if not others.exists():
        Resume.objects.filter(pk=resume_id).delete()
        forget_console_log([resume_id])


def _take_names_out(session: InterviewSession) -> None:
    """Scores and ratings stay; what was said about the answers goes, and reviewers' words lose whom they name."""
    session.evaluations.update(**_WORDS_OF_A_VERDICT)
    CriterionScore.objects.filter(evaluation__session=session).update(rationale="", points=[])
    person = session.candidate
    names = [session.candidate_name, session.candidate_email, *([person.name, person.email or ""] if person else [])]
    for review in session.reviews.prefetch_related("ratings"):
        _rewrite(review, ("takeaways", "reason", "skip_reason"), names)
        for rating in review.ratings.all():
            rating.quotes = []
            _rewrite(rating, ("note",), names, "quotes")


def _rewrite(row: Any, texts: Iterable[str], names: Iterable[str], *others: str) -> None:
    for name in texts:
        setattr(row, name, masked(getattr(row, name), names))
    row.save(update_fields=[*texts, *others])


def empty_log_on_commit() -> None:
    """Once, however much a transaction erases: whoever reads meanwhile may hold up each try."""
    if all(entry[1] is not empty_write_ahead_log for entry in connection.run_on_commit):
        transaction.on_commit(empty_write_ahead_log)


def empty_write_ahead_log() -> None:
    """Have SQLite give up what its log of writes still holds of erased rows; after the commit that erased them.

    Who still reads keeps it for a while: it then goes with a later checkpoint, and the erasure stands all the same.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        waits = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        try:
            cursor.execute(f"PRAGMA busy_timeout={LOG_WAIT_MS}")
            is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except OperationalError:
            is_busy = True
        finally:
            cursor.execute(f"PRAGMA busy_timeout={int(waits)}")
    if is_busy:
        log.warning("erasure.log_kept", component="erasure")


# -- answers and logs that quote ---------------------------------------------------------------------------------------


def _forget_requests(change: Change) -> None:
    """Answers that are kept for repeated requests quote the transcript, to whoever may have asked for it."""
    session = change.session
    said = {str(session.pk), *map(str, session.messages.values_list("pk", flat=True))}
    actors = session.events.order_by().values_list("actor", flat=True).distinct()
    callers = {actor.partition(":")[2] for actor in actors}  # a guest who was moved to an account is among them
    callers |= {str(pk) for pk in (session.candidate_id, session.created_by_id) if pk is not None}
    callers |= set(map(str, User.objects.filter(is_staff=True).values_list("pk", flat=True)))
    forget_answers(IdempotencyKey.objects.filter(caller__in=callers), said)


def forget_answers(rows: Any, ids: set[str], address: str = "") -> int:
    """Delete the stored answers that name one of these ids or that e-mail address. Returns how many."""
    quoting = [
        pk
        for pk, body in rows.values_list("pk", "body").iterator()
        if not ids.isdisjoint(_UUID.findall(body)) or (address and address in body.lower())
    ]
    IdempotencyKey.objects.filter(pk__in=quoting).delete()
    return len(quoting)


def forget_console_log(ids: Iterable[Any]) -> None:
    """Django's console notes what rows were called when somebody changed them."""
    LogEntry.objects.filter(object_id__in=[str(one) for one in ids]).update(object_repr="Erased", change_message="")
