"""The demo, loaded once for everything that is asked about it: what its interviews show, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

from sessions_app import events
from sessions_app.access import Actor
from sessions_app.models import CandidateRequest, InterviewSession, JobPosting, Review, SessionMessage, User
from sessions_app.models.actions import Phase, Status
from sessions_app.models.clock import database_now
from sessions_app.services import demo, reviewing
from sessions_app.services.scorecards import review_queue, standings
from sessions_app.services.sweep import sweep

from .factories import JobPostingFactory, answer, fresh, waiting, write_question
from .judged import judged

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _loaded(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Loading takes seconds. It is done in a transaction around those of the tests, and rolled back after the last."""
    folder: Path = tmp_path_factory.mktemp("demo")
    own = override_settings(DATA_DIR=folder, ALLOWED_HOSTS=["localhost"], BUILTIN_WORD_MS=0, AI_MODELS=())
    with django_db_blocker.unblock(), own, transaction.atomic():
        call_command("demo", "load", stdout=StringIO())
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


def demo_session(**having):
    return InterviewSession.objects.with_turn().get(is_demo=True, **having)


def clear():
    out = StringIO()
    call_command("demo", "clear", stdout=out)
    return out.getvalue()


def test_it_has_a_session_in_every_state():
    found = InterviewSession.objects.filter(is_demo=True).with_turn()
    assert {session.status for session in found} == {str(status) for status in Status}
    assert {Phase.WAITING_FOR_ANSWER, Phase.GENERATION_FAILED} <= {session.phase for session in found}
    paused = demo_session(status="paused")
    assert (paused.current_question_number, bool(paused.draft_text)) == (3, True)
    assert "résumé says" in paused.messages.get(seq=1).content
    assert demo_session(opens_at__isnull=False).allowed_actions(frozenset(), database_now()) == []
    assert demo_session(candidate=None).candidate_name == "Noor Haddad"


def test_one_is_reviewed_one_waits_for_it_and_one_candidate_disagrees():
    ana, sam = (User.objects.get(email=f"{name}@demo.local") for name in ("ana", "sam"))
    review = Review.objects.get()
    assert (review.reviewer, review.status, review.session.candidate) == (ana, "submitted", sam)
    assert not review.session.is_practice
    quote = review.ratings.exclude(quotes=[]).get().quotes[0]
    assert SessionMessage.objects.get(pk=quote["message_id"]).content.startswith(quote["quote"])
    objection = CandidateRequest.objects.get(status="open")
    assert (objection.kind, objection.session.candidate, objection.session.is_practice) == ("score", sam, True)
    waiting_for_ana = [row.candidate_name for row in review_queue(Actor(ana))]
    assert sorted(waiting_for_ana) == ["Lee Okafor", "Sam Rivera"]
    assert standings([review.session])[review.session_id].by == "people"


def test_its_sessions_tell_how_they_ended():
    expired = demo_session(status="expired")
    last = expired.messages.history().last()
    assert (last.kind, last.payload) == ("answer", {"auto_submitted": True})
    assert expired.used_ms(database_now()) == expired.limit_ms
    cancelled = demo_session(status="cancelled").events.get(type="session.cancelled")
    assert "filled" in cancelled.reason_row.text
    assert cancelled.actor == f"staff:{User.objects.get(email='ana@demo.local').pk}"
    skips = [session.messages.filter(payload__skipped=True).count() for session in InterviewSession.objects.all()]
    assert sum(skips) == 1


def test_its_logs_are_whole_and_told_in_order():
    for session in InterviewSession.objects.all():
        assert list(events.broken_links(session)) == []
        # The expiry is told at its deadline, however late it was noticed.
        told = session.events.exclude(type="session.expired").order_by("seq")
        moments = list(told.values_list("at", flat=True))
        assert moments == sorted(moments)
        assert moments[-1] <= database_now()


@pytest.mark.parametrize("later", [timedelta(seconds=20), timedelta(hours=1), timedelta(days=3)])
def test_its_sessions_stay_as_they_are(later):
    before = {session.pk: (session.status, session.phase) for session in InterviewSession.objects.with_turn()}
    assert sweep(now=database_now() + later) == []
    assert {s.pk: (s.status, s.phase) for s in InterviewSession.objects.with_turn()} == before


def test_its_failed_question_can_be_tried_again():
    from sessions_app.services.operations import retry_operation

    session = next(s for s in InterviewSession.objects.with_turn() if s.phase == Phase.GENERATION_FAILED)
    assert session.turn.error["code"] == "PROVIDER_UNAVAILABLE"
    retry_operation(session.turn_id)
    write_question(session)
    assert fresh(session).phase == Phase.WAITING_FOR_ANSWER


def test_it_keeps_accounts_that_were_used():
    candidate, staff = User.objects.get(email="sam@demo.local"), User.objects.get(email="ana@demo.local")
    mine = waiting(candidate, job_posting_id=demo.POSTING_ID)
    answer(mine, "My own words")
    own = JobPostingFactory(owner=staff)
    said = clear()
    assert "Removed 13 sessions and 1 account." in said
    assert "Kept sam@demo.local" in said
    assert "Kept ana@demo.local" in said
    assert fresh(mine).job_posting_id == demo.POSTING_ID
    assert JobPosting.objects.filter(pk=own.pk).exists()


def test_it_keeps_staff_who_reviewed_somebody(ann):
    session = judged(ann)
    reviewing.skip_review(session.pk, "I know her.", actor=Actor(User.objects.get(email="ana@demo.local")))
    assert "Kept ana@demo.local" in clear()
    assert Review.objects.get().session == session
