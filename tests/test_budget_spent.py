"""Warnings, a smaller prompt, and the prepared last question: nobody is cut off because tokens are spent."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_app import errors, events
from sessions_app.access import Actor
from sessions_app.ai.builtin import LAST, LastQuestion, last_question, opening
from sessions_app.ai.protocol import Estimate, Outcome, PastTurn, Turn, Usage
from sessions_app.ai.trim import RESUME_CHARACTERS, trimmed
from sessions_app.models import InterviewSession, User
from sessions_app.models.actions import Phase, Status
from sessions_app.services import answers, budget, sessions
from sessions_app.services.change import changing

from . import factories as f
from .metered import Metered, assert_balanced, tokens, with_budget

pytestmark = pytest.mark.django_db


def warnings(session: InterviewSession) -> list[int]:
    return [event.data["percent"] for event in session.events.filter(type="tokens.warning").order_by("seq")]


def ask_for(session: InterviewSession, total: int) -> None:
    """One question that costs so many tokens, and its answer."""
    f.write_question(session, Metered(estimate=Estimate(total, 0), counted=Usage(total, 0)))
    f.answer(session)


def extend(session: InterviewSession, to: int) -> None:
    """What an extension does with the tokens."""
    InterviewSession.objects.filter(pk=session.pk).update(token_budget=to)
    with changing(session.pk) as change:
        budget.reconsider(change)


# -- warnings ------------------------------------------------------------------------------------------------------


def test_warnings_come_at_75_and_90_percent_once_each(ann: User) -> None:
    session = with_budget(f.generating(ann, planned_questions=9), 10_000)
    seen = []
    for total in (7_499, 1, 1_499, 1, 900):
        ask_for(session, total)
        seen.append(warnings(session))
    assert seen == [[], [75], [75], [75, 90], [75, 90]]
    assert f.fresh(session).warned_percent == 90


def test_one_question_that_passes_both_gives_both_warnings(ann: User) -> None:
    session = with_budget(f.generating(ann), 10_000)
    ask_for(session, 9_500)
    assert warnings(session) == [75, 90]


def test_what_is_only_held_is_not_warned_about(ann: User) -> None:
    session = with_budget(f.generating(ann), 10_000)
    f.write_question(session, Metered(estimate=Estimate(9_900, 0), counted=Usage(100, 0)))
    assert warnings(session) == []


def test_after_an_extension_they_come_again(ann: User) -> None:
    session = with_budget(f.generating(ann, planned_questions=9), 10_000)
    ask_for(session, 9_000)
    extend(session, 20_000)
    assert f.fresh(session).warned_percent == 0
    for total in (6_000, 3_000):
        ask_for(session, total)
    assert warnings(session) == [75, 90, 75, 90]


def test_an_extension_that_is_too_small_brings_back_only_what_is_ahead(ann: User) -> None:
    session = with_budget(f.generating(ann), 10_000)
    ask_for(session, 9_000)
    extend(session, 11_000)
    assert f.fresh(session).warned_percent == 75


# -- a smaller prompt ----------------------------------------------------------------------------------------------

LONG = Turn(
    seed="s",
    candidate_name="Ann",
    planned_questions=9,
    plan=(),
    history=tuple(PastTurn(f"k{n}", f"Question {n}?", f"Answer {n}", n == 1, n == 0) for n in range(5)),
    resume="word " * 400,
)


def test_trimming_keeps_the_newest_words_and_the_keys_of_everything() -> None:
    small = trimmed(LONG)
    assert [e.key for e in small.history] == [e.key for e in LONG.history]
    assert [(e.is_follow_up, e.skipped) for e in small.history] == [(e.is_follow_up, e.skipped) for e in LONG.history]
    assert [e.answer for e in small.history] == ["", "", "", "Answer 3", "Answer 4"]
    assert [e.question for e in small.history] == ["", "", "", "Question 3?", "Question 4?"]
    assert len(small.resume) <= RESUME_CHARACTERS
    assert small.resume.endswith("word…")
    assert (small.seed, small.candidate_name, small.planned_questions) == ("s", "Ann", 9)


@pytest.mark.parametrize("resume", ["", "Short", "x" * RESUME_CHARACTERS])
def test_a_short_turn_is_left_as_it_is(resume: str) -> None:
    short = Turn("s", "Ann", 9, (), history=LONG.history[:2], resume=resume)
    assert trimmed(short) == short


def test_a_résumé_of_one_endless_word_is_cut_all_the_same() -> None:
    assert len(trimmed(Turn("s", "Ann", 9, (), resume="x" * 5_000)).resume) <= RESUME_CHARACTERS


def by_resume(turn: Turn) -> Estimate:
    return Estimate(len(turn.resume), 0)


def test_a_prompt_that_does_not_fit_is_tried_again_with_less(ann: User) -> None:
    session = with_budget(f.generating(ann, resume_id=f.ResumeFactory(owner=ann, content="word " * 400).pk), 1_000)
    provider = Metered(by_turn=by_resume, counted=Usage(700, 50))
    f.write_question(session, provider)
    (turn,) = provider.turns
    assert len(turn.resume) <= RESUME_CHARACTERS
    stored = f.fresh(session)
    assert (stored.is_budget_spent, stored.tokens_used, stored.planned_questions) == (False, 750, 6)
    assert stored.messages.get().content == "What happened next?"


def test_a_prompt_that_fits_is_not_cut(ann: User) -> None:
    session = with_budget(f.generating(ann, resume_id=f.ResumeFactory(owner=ann, content="word " * 400).pk), 2_000)
    provider = Metered(by_turn=by_resume)
    f.write_question(session, provider)
    assert len(provider.turns[0].resume) == 2_000


# -- the last question ---------------------------------------------------------------------------------------------


@pytest.fixture
def spent(ann: User) -> InterviewSession:
    """Question 1 and its answer took nearly all; question 2 of six is the prepared last one."""
    session = with_budget(f.generating(ann), 1_000)
    f.write_question(session, Metered())
    f.answer(session, "My first answer")
    f.write_question(session, Metered())
    return f.fresh(session)


def test_a_spent_budget_ends_with_a_prepared_question_and_not_in_the_middle(spent: InterviewSession) -> None:
    assert (spent.is_budget_spent, spent.phase) == (True, Phase.WAITING_FOR_ANSWER)
    assert (spent.current_question_number, spent.planned_questions, spent.questions_left_out) == (2, 2, 4)
    message = spent.messages.history().last()
    assert (message.state, message.question_type) == ("complete", "behavioral")
    assert message.payload == {"key": LAST, "is_follow_up": False, "by": "built-in"}
    assert "my last question" in message.content
    succeeded = spent.events.filter(type="operation.succeeded").order_by("seq")
    assert [event.data.get("code") for event in succeeded] == [None, "TOKEN_BUDGET_EXHAUSTED"]
    assert tokens(spent) == (600, 0)
    assert_balanced(spent)


def test_its_answer_leads_to_the_closing_words_and_no_further(spent: InterviewSession, ann: User) -> None:
    given = f.answer(spent, "One last thing")
    assert given.operation is None
    stored = f.fresh(spent)
    assert (stored.status, stored.phase) == (Status.ACTIVE, Phase.CLOSING)
    assert [m.kind for m in stored.messages.history()] == ["question", "answer", "question", "answer", "notice"]
    with pytest.raises(errors.TokenBudgetExhausted) as refused:
        answers.generate_question(spent.pk, actor=Actor(ann))
    assert "Ask staff" in refused.value.message
    assert sessions.end_session(spent.pk, actor=Actor(ann)).status == Status.COMPLETED
    with pytest.raises(errors.SessionNotActive):
        answers.generate_question(spent.pk, actor=Actor(ann))
    assert list(events.broken_links(f.fresh(spent))) == []


def test_while_the_last_question_is_open_that_comes_first(spent: InterviewSession, ann: User) -> None:
    with pytest.raises(errors.QuestionOpen):
        answers.generate_question(spent.pk, actor=Actor(ann))


def test_the_api_says_what_to_do(spent: InterviewSession, ann: User, as_: Any) -> None:
    f.answer(spent)
    refused = as_(ann).post(f"/api/v1/sessions/{spent.pk}/generate-question", {}, format="json")
    assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "TOKEN_BUDGET_EXHAUSTED")


def test_without_auto_advance_it_is_the_same(ann: User) -> None:
    session = with_budget(f.generating(ann, auto_advance=False), 1_000)
    f.write_question(session, Metered())
    f.answer(session)
    answers.generate_question(session.pk, actor=Actor(ann))
    f.write_question(session, Metered())
    f.answer(session)
    assert f.fresh(session).phase == Phase.CLOSING
    with pytest.raises(errors.TokenBudgetExhausted):
        answers.generate_question(session.pk, actor=Actor(ann))


def test_with_more_tokens_it_goes_on_where_it_was(spent: InterviewSession) -> None:
    extend(spent, 5_000)
    stored = f.fresh(spent)
    assert (stored.is_budget_spent, stored.planned_questions, stored.questions_left_out) == (False, 6, 0)
    f.answer(spent)
    assert f.fresh(spent).phase == Phase.GENERATING
    f.write_question(spent, Metered())
    stored = f.fresh(spent)
    assert (stored.current_question_number, stored.messages.history().last().payload["by"]) == (3, "oracle-9")
    assert_balanced(spent)


def test_with_more_tokens_after_the_closing_words_the_next_question_can_be_asked_for(
    spent: InterviewSession, ann: User
) -> None:
    f.answer(spent)
    extend(spent, 5_000)
    assert f.fresh(spent).phase == Phase.READY_FOR_NEXT
    answers.generate_question(spent.pk, actor=Actor(ann))
    f.write_question(spent, Metered())
    assert (f.fresh(spent).phase, f.fresh(spent).current_question_number) == (Phase.WAITING_FOR_ANSWER, 3)


def test_spent_twice_and_extended_twice_nothing_planned_is_forgotten(spent: InterviewSession) -> None:
    extend(spent, 1_001)
    f.answer(spent)
    f.write_question(spent, Metered())
    stored = f.fresh(spent)
    assert (stored.is_budget_spent, stored.planned_questions, stored.questions_left_out) == (True, 3, 3)
    extend(spent, 9_000)
    assert f.fresh(spent).planned_questions == 6


def test_an_extension_of_a_session_that_is_not_spent_changes_no_plan(ann: User) -> None:
    session = with_budget(f.generating(ann), 1_000)
    extend(session, 2_000)
    assert f.fresh(session).planned_questions == 6


def test_when_not_even_the_first_question_fits_it_is_the_opening(ann: User) -> None:
    session = with_budget(f.generating(ann, planned_questions=3), 1_000)
    f.write_question(session, Metered(estimate=Estimate(5_000, 500)))
    stored = f.fresh(session)
    assert stored.messages.get().content.startswith("Welcome, Ann.")
    assert (stored.is_budget_spent, stored.planned_questions, stored.phase) == (True, 1, Phase.WAITING_FOR_ANSWER)
    f.answer(session)
    assert f.fresh(session).phase == Phase.CLOSING


def test_the_last_question_itself_is_written_by_the_built_in_interviewer() -> None:
    *words, outcome = LastQuestion().ask(LONG)
    text, _ = last_question(LONG)
    assert "".join(str(word) for word in words) == text
    assert outcome == Outcome("behavioral", LAST, by="built-in", is_last=True)
    first = Turn("s", "Ann", 3, ())
    assert last_question(first)[0] == opening(first)
