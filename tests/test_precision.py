"""Precision of traits and competencies: frozen, queued with the answer, stored once, told to whom it concerns."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app import scoring
from sessions_app.access import Actor
from sessions_app.models import DimensionEvidence, InterviewSession, Operation, User
from sessions_app.models.limits import TRAITS
from sessions_app.services import analysing, operations, sessions
from sessions_app.services.operations import LEASE, LeaseLost
from sessions_app.services.replay import contradictions

from . import factories as f
from .clockwork import T0, waiting_at

pytestmark = pytest.mark.django_db

COMPETENCIES = ["communication", "problem_solving", "ownership", "technical_depth", "collaboration"]
OPEN_AND_CAREFUL = "I love exploring new ideas. Before a trip I plan ahead and I make a list."
OWNED = "It was my mistake. I looked at the logs and found the root cause, then I told the team."


@pytest.fixture
def assessed(ann: User) -> InterviewSession:
    """A session that is read for the traits, with its first question open."""
    return f.waiting(ann, template_id=f.TemplateFactory(dimensions=list(TRAITS), planned_questions=30).pk)


def say(session: InterviewSession, text: str) -> InterviewSession:
    """Answer, have it read, and have the next question written."""
    f.answer(session, text)
    f.analyse(session)
    f.write_question(session)
    return f.fresh(session)


def analysis_of(session: InterviewSession) -> Operation:
    return session.operations.get(kind="analysis")


def bits(session: InterviewSession) -> list[str]:
    """Every number to its last bit."""
    stored = InterviewSession.objects.get(pk=session.pk)
    numbers = {**stored.precision, **{f"estimate of {key}": value for key, value in stored.estimates.items()}}
    return [f"{key} {float(value).hex()}" for key, value in sorted(numbers.items())]


# -- what a session is read for ------------------------------------------------------------------------------------


def test_a_job_interview_is_read_for_competencies_and_no_trait(ann: User) -> None:
    session = f.waiting(ann)
    assert session.plan["dimensions"] == COMPETENCIES
    assert session.precision == dict.fromkeys((*TRAITS, *COMPETENCIES), 0.5)
    session = say(session, f"{OPEN_AND_CAREFUL} {OWNED}")
    assert [session.precision[trait] for trait in TRAITS] == [0.5] * 5
    assert session.precision["ownership"] > 0.5 and set(session.estimates) <= set(COMPETENCIES)


def test_an_assessment_is_read_for_the_five_traits(assessed: InterviewSession) -> None:
    assert set(assessed.precision) == set(TRAITS)
    session = say(assessed, OPEN_AND_CAREFUL)
    assert session.precision["openness"] > 0.5 and session.precision["conscientiousness"] > 0.5
    assert session.precision["extraversion"] == 0.5 and "extraversion" not in session.estimates


def test_what_it_is_read_for_is_frozen(ann: User) -> None:
    template = f.TemplateFactory(dimensions=["Problem solving", "ownership", "leading people"])
    session = f.waiting(ann, template_id=template.pk)
    template.dimensions = list(TRAITS)
    template.save()
    assert f.fresh(session).plan["dimensions"] == ["problem_solving", "ownership", "leading_people"]
    assert set(session.precision) == {*TRAITS, "problem_solving", "ownership", "leading_people"}


def test_another_template_before_the_start_means_other_dimensions(ann: User) -> None:
    session = f.created(ann)
    template = f.TemplateFactory(dimensions=list(TRAITS))
    changed = sessions.update_session(session.pk, actor=Actor(ann), template_id=template.pk)
    assert set(f.fresh(changed).precision) == set(TRAITS)


def test_a_retake_begins_at_a_half_again(assessed: InterviewSession, ann: User) -> None:
    say(assessed, OPEN_AND_CAREFUL)
    sessions.end_session(assessed.pk, actor=Actor(ann))
    again = sessions.retake_session(assessed.pk, actor=Actor(ann))
    assert (again.precision, again.estimates) == (dict.fromkeys(TRAITS, 0.5), {})


# -- the queue -----------------------------------------------------------------------------------------------------


def test_an_answer_queues_its_reading_with_itself_and_says_nothing_of_it(assessed: InterviewSession) -> None:
    said = f.answer(assessed, OPEN_AND_CAREFUL)
    queued = analysis_of(assessed)
    assert (queued.status, queued.message, queued.model_name) == ("queued", said.message, "built-in")
    assert f.types(assessed)[-2:] == ["message.created", "operation.queued"]  # the question's
    assert said.operation is not None and said.operation.kind == "question"


def test_it_costs_an_answer_one_insert(ann: User) -> None:
    def statements(session: InterviewSession) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as told:
            f.answer(session, OWNED)
        return [query["sql"].split()[0] for query in told]

    read, unread = f.waiting(ann), f.waiting(ann)
    InterviewSession.objects.filter(pk=unread.pk).update(plan={**unread.plan, "dimensions": []})
    with_it, without = statements(read), statements(unread)
    assert sorted(with_it) == sorted([*without, "INSERT"])


def test_a_skip_is_not_read(assessed: InterviewSession) -> None:
    f.answer(assessed, "", skip=True)
    assert not assessed.operations.filter(kind="analysis").exists()


def test_code_is_no_sentence_to_the_built_in_analyser(ann: User) -> None:
    session = f.waiting(ann, enabled_modes=["text", "code"])
    f.answer(session, "# we found the root cause in the cache and measured the latency\ncache.clear()", mode="code")
    f.analyse(session)
    assert f.fresh(session).estimates == {} and analysis_of(session).status == "succeeded"


def test_what_was_written_when_time_ran_out_is_read_too(ann: User) -> None:
    session = f.waiting(ann)
    f.answers.save_draft(session.pk, OWNED, 1, actor=Actor(ann))
    f.run_out(session)
    f.analyse(session)
    stored = f.fresh(session)
    assert stored.status == "expired" and stored.precision["ownership"] > 0.5


# -- what is stored ------------------------------------------------------------------------------------------------


def test_every_piece_is_a_quote_with_its_place(assessed: InterviewSession) -> None:
    f.answer(assessed, OPEN_AND_CAREFUL)
    f.analyse(assessed)
    pieces = list(DimensionEvidence.objects.filter(session=assessed).select_related("message"))
    assert {piece.dimension for piece in pieces} == {"openness", "conscientiousness"}
    for piece in pieces:
        assert piece.quote == piece.message.content[piece.start : piece.end] != ""
        assert piece.polarity == 1 and 0 < piece.strength <= 1 and piece.model_name == "built-in"


def test_the_numbers_follow_from_the_evidence_by_the_rule(assessed: InterviewSession) -> None:
    session = assessed
    for text in (OPEN_AND_CAREFUL, "I enjoy meeting new people. I get nervous before a talk.", "I am not organised."):
        session = say(session, text)
    for key, precision in session.precision.items():
        found = list(session.dimension_evidence.filter(dimension=key).values_list("polarity", "strength"))
        assert precision == scoring.precision(strength for _, strength in found)
        assert session.estimates.get(key, 0) == scoring.estimate(found)


def test_one_long_answer_does_not_settle_a_dimension(assessed: InterviewSession) -> None:
    session = say(
        assessed,
        " ".join(
            (
                "I plan ahead.",
                "I always make a list.",
                "I double check my work.",
                "I finish what I start.",
                "I meet my deadlines.",
                "I keep my promises.",
                "I have an eye for detail.",
                "I have high standards.",
            )
        ),
    )
    assert session.precision["conscientiousness"] == pytest.approx(2 / 3)


def test_the_event_holds_ids_and_numbers_and_no_word(assessed: InterviewSession) -> None:
    said = f.answer(assessed, OPEN_AND_CAREFUL)
    f.analyse(assessed)
    event = assessed.events.get(type="precision.updated")
    stored = f.fresh(assessed)
    assert event.actor == "system" and event.data["message_id"] == str(said.message.pk)
    assert event.data["precision.openness"] == stored.precision["openness"]
    assert "plan ahead" not in json.dumps(event.data)
    assert list(contradictions(stored)) == []


def test_an_answer_that_tells_nothing_is_read_and_changes_nothing(assessed: InterviewSession) -> None:
    before = bits(assessed)
    f.answer(assessed, "The train leaves at nine.")
    f.analyse(assessed)
    assert bits(assessed) == before and f.types(assessed)[-1] == "precision.updated"


# -- once, whatever happens ----------------------------------------------------------------------------------------


def test_reading_it_again_changes_nothing(assessed: InterviewSession) -> None:
    f.answer(assessed, OPEN_AND_CAREFUL)
    key = analysis_of(assessed).pk
    assert f.run_operation(key)
    before = (bits(assessed), f.types(assessed), DimensionEvidence.objects.count())
    assert not f.run_operation(key)
    assert (bits(assessed), f.types(assessed), DimensionEvidence.objects.count()) == before


def test_a_reader_that_was_overtaken_writes_nothing(ann: User) -> None:
    session = waiting_at(ann, T0)
    f.answers.submit_answer(session.pk, f.NewAnswer(OWNED), actor=Actor(ann), now=T0)
    key = analysis_of(session).pk
    first = operations.claim(key, now=T0)
    second = operations.claim(key, now=T0 + LEASE + timedelta(milliseconds=1))
    assert first is not None and second is not None and second.attempt == 2
    with pytest.raises(LeaseLost):
        analysing.run_analysis(first, lambda: False)
    assert not DimensionEvidence.objects.exists()
    analysing.run_analysis(second, lambda: False)
    assert DimensionEvidence.objects.exists() and f.types(session).count("precision.updated") == 1


def test_a_crash_while_it_is_stored_stores_nothing_and_the_next_attempt_all(
    assessed: InterviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    f.answer(assessed, OPEN_AND_CAREFUL)
    before = bits(assessed)

    def broken(session: InterviewSession) -> Any:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(analysing, "add_up", broken)
    f.analyse(assessed)
    assert (bits(assessed), DimensionEvidence.objects.count()) == (before, 0)
    assert analysis_of(assessed).status == "queued"
    monkeypatch.undo()
    Operation.objects.filter(kind="analysis").update(not_before=T0)
    f.analyse(assessed)
    assert analysis_of(assessed).status == "succeeded" and bits(assessed) != before


def test_a_reading_that_fails_for_good_touches_neither_session_nor_question(
    assessed: InterviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysing, "signs", lambda *_: 1 / 0)
    f.answer(assessed, OPEN_AND_CAREFUL)
    for _ in range(3):
        Operation.objects.filter(kind="analysis").update(not_before=T0)
        f.analyse(assessed)
    assert analysis_of(assessed).status == "failed"
    assert f.fresh(assessed).phase == "generating"
    f.write_question(assessed)
    stored = f.fresh(assessed)
    assert (stored.phase, stored.precision) == ("waiting_for_answer", dict.fromkeys(TRAITS, 0.5))
    assert "operation.failed" not in f.types(assessed)


def test_the_order_in_which_answers_are_read_changes_no_bit(ann: User) -> None:
    texts = (
        OPEN_AND_CAREFUL,
        "I get nervous. I plan ahead, and I wonder why.",
        "I am not organised, but curious about art.",
    )
    found = []
    for order in (1, -1):
        session = f.waiting(ann, template_id=f.TemplateFactory(dimensions=list(TRAITS), planned_questions=9).pk)
        for text in texts:
            f.answer(session, text)
            f.write_question(session)
        keys = list(session.operations.filter(kind="analysis").order_by("created_at").values_list("pk", flat=True))
        for key in keys[::order]:
            f.run_operation(key)
        found.append(bits(session))
    assert found[0] == found[1]


# -- pause, resume, end, erasure -----------------------------------------------------------------------------------


def test_not_a_bit_changes_across_pause_and_resume(assessed: InterviewSession, ann: User, as_: Any) -> None:
    session = assessed
    for text in (OPEN_AND_CAREFUL, "I enjoy meeting new people. I get nervous before a talk."):
        session = say(session, text)
    address = f"/api/v1/sessions/{session.pk}"
    before, told = bits(session), as_(ann).get(address).json()
    sessions.pause_session(session.pk, actor=Actor(ann))
    paused = as_(ann).get(address).json()
    sessions.resume_session(session.pk, actor=Actor(ann))
    resumed = as_(ann).get(address).json()
    assert bits(session) == before
    assert told["precision"] == paused["precision"] == resumed["precision"] == f.fresh(session).precision
    assert told["estimates"] == paused["estimates"] == resumed["estimates"] == f.fresh(session).estimates


def test_it_goes_on_growing_after_a_resume(assessed: InterviewSession, ann: User) -> None:
    session = say(assessed, OPEN_AND_CAREFUL)
    sessions.pause_session(session.pk, actor=Actor(ann))
    sessions.resume_session(session.pk, actor=Actor(ann))
    grown = say(session, "I try new things all the time, and I double check my work.")
    assert all(grown.precision[key] > session.precision[key] for key in ("openness", "conscientiousness"))


@pytest.mark.parametrize("verb", ["pause_session", "end_session"])
def test_the_last_answer_is_read_although_the_session_stopped(verb: str, assessed: InterviewSession, ann: User) -> None:
    f.answer(assessed, OPEN_AND_CAREFUL)
    stopped = getattr(sessions, verb)(assessed.pk, actor=Actor(ann))
    f.analyse(assessed)
    stored = f.fresh(assessed)
    assert (stored.status, stored.running_since) == (stopped.status, None)
    assert stored.precision["openness"] > 0.5


def test_erasing_takes_the_evidence_and_the_numbers_along(assessed: InterviewSession, ann: User) -> None:
    session = say(assessed, OPEN_AND_CAREFUL)
    f.answer(session, "I try new things.")
    claimed = operations.claim(session.operations.get(kind="analysis", status="queued").pk)
    assert claimed is not None
    sessions.erase_session(session.pk, actor=Actor(ann))
    with pytest.raises(LeaseLost):
        analysing.run_analysis(claimed, lambda: False)
    stored = InterviewSession.objects.get(pk=session.pk)
    assert (stored.precision, stored.estimates) == (dict.fromkeys(TRAITS, 0.5), {})
    assert not DimensionEvidence.objects.exists()
