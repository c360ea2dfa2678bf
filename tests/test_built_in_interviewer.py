"""The built-in interviewer: what it asks, in which order, and when it stays with a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sessions_app.ai import bank, builtin, phrases
from sessions_app.ai.builtin import BuiltInInterviewer, last_question, next_question
from sessions_app.ai.echoing import quotable
from sessions_app.ai.protocol import (
    Outcome,
    PastTurn,
    Point,
    Posting,
    ProviderError,
    Question,
    Turn,
    descriptions,
    provider_for,
)

from .labelled_answers import labelled

POSTING = Posting("Backend engineer", "Acme", "You build our shop.", ("Python", "PostgreSQL", "Redis"), "senior")
RESUME = """
Ann Smith
- Led the chess club
- Built the billing service in Python and PostgreSQL for three million customers
"""
PLAN = tuple(bank.plan(POSTING, 30, "seed"))


def turn(*history, **fields):
    given = {"seed": "s-1", "candidate_name": "Ann Smith", "planned_questions": 6, "plan": PLAN, "posting": POSTING}
    return Turn(**{**given, "history": tuple(history), **fields})


def asked(key=PLAN[0].key, answer="Something off the point.", **fields):
    return PastTurn(key, "A question?", answer, **fields)


def interview(first, count, say=lambda question: "Something off the point."):
    """Questions and outcomes of a whole interview."""
    told, now = [], first
    for _ in range(count):
        text, outcome = next_question(now)
        told.append((text, outcome))
        said = PastTurn(outcome.key, text, say(text), outcome.is_follow_up)
        now = replace(now, history=(*now.history, said))
    return told


# -- the opening -------------------------------------------------------------------------------------------------------


def test_the_opening_speaks_of_the_posting_and_the_resume():
    text, outcome = next_question(turn(resume=RESUME))
    assert text.startswith("Welcome, Ann. We are talking about the Backend engineer role at Acme.")
    assert "“Built the billing service in Python and PostgreSQL for three million customers”" in text
    assert "Python and PostgreSQL matter in this role" in text
    assert outcome == Outcome("behavioral", "opening")


def test_the_opening_makes_do_with_either():
    only_posting, _ = next_question(turn())
    assert "Backend engineer role at Acme, which asks for Python, PostgreSQL and Redis" in only_posting
    only_resume, _ = next_question(turn(posting=None, resume=RESUME))
    assert "Your résumé says “Built the billing service" in only_resume
    assert "role" not in only_resume
    unrelated, _ = next_question(turn(resume="Ann Smith\nPilot of the year 2019"))
    assert "Pilot of the year 2019" in unrelated


def test_the_opening_needs_nothing_at_all():
    text, _ = next_question(turn(posting=None, candidate_name="  "))
    assert text.startswith("Welcome. To begin, tell me about a piece of work")


def test_a_long_line_is_cut_at_a_word():
    long = "Python " + "and more of it " * 30
    text, _ = next_question(turn(resume=f"Ann\n{long}"))
    quoted = text.split("“")[1].split("”")[0]
    assert len(quoted) <= 140
    assert quoted.endswith(("and…", "more…", "of…", "it…"))


def test_only_bullets_are_taken_off_a_line():
    text, _ = next_question(turn(resume="# Ann\n - Five years of C#\n", posting=replace(POSTING, tech_stack=("C#",))))
    assert "“Five years of C#”" in text


@pytest.mark.parametrize("resume", ["-", "\n\n•\n", "  \t \n * \n"])
def test_a_resume_of_signs_only_is_no_resume(resume):
    text, outcome = next_question(turn(resume=resume))
    assert outcome.key == "opening"
    assert "“" not in text


def test_a_template_without_posting_begins_with_its_first_question():
    text, outcome = next_question(turn(posting=None, has_template=True))
    assert (text, outcome.key) == (PLAN[0].text, PLAN[0].key)


# -- the questions -----------------------------------------------------------------------------------------------------


def test_it_never_repeats_itself_over_30_questions():
    told = interview(turn(planned_questions=30, resume=RESUME), 30)
    texts = [text for text, _ in told]
    assert len(set(texts)) == 30
    planned = [outcome.key for _, outcome in told if not outcome.is_follow_up]
    assert len(set(planned)) == len(planned)


def test_types_rotate():
    told = interview(turn(posting=None, has_template=True, planned_questions=9), 9, say=lambda _: "I don't know")
    assert [outcome.question_type for _, outcome in told] == ["technical", "behavioral", "situational"] * 3


def test_it_is_deterministic():
    first = interview(turn(resume=RESUME), 6)
    assert interview(turn(resume=RESUME), 6) == first
    assert interview(turn(resume=RESUME, seed="another"), 6) != first


def test_no_lead_in_comes_twice_in_a_row():
    told = interview(turn(planned_questions=30), 12, say=lambda _: "I don't know")
    leads = [text.split(".")[0] for text, _ in told[1:]]
    assert all(one != next for one, next in zip(leads, leads[1:], strict=False))


def test_it_says_when_its_questions_are_at_an_end():
    with pytest.raises(ProviderError, match="All prepared questions") as error:
        next_question(turn(asked(answer="pass"), plan=PLAN[:1]))
    assert (error.value.code, error.value.retryable) == ("PLAN_EXHAUSTED", False)


# -- follow-ups --------------------------------------------------------------------------------------------------------


ASKED = bank.question("databases-slow-filter-sort")
ALL_POINTS = (
    "I would run EXPLAIN ANALYZE first to see whether it is a sequential scan. Then I'd create a composite index on "
    "the customer and the date, so that nothing has to be sorted. The page would show fifty rows by keyset pagination "
    "and select the needed columns only. I'd bear in mind that every index makes slower writes and needs disk space."
)


def about(answer, **fields):
    """A turn whose last exchange is about one known question."""
    return turn(asked(key=ASKED.key, answer=answer), plan=(ASKED, *PLAN), **fields)


def test_it_stays_when_points_are_open():
    text, outcome = next_question(turn(asked()))
    assert outcome == Outcome(PLAN[0].type, PLAN[0].key, is_follow_up=True)
    assert text.endswith(PLAN[0].points[0].follow_up)


def test_it_asks_for_the_first_point_that_is_open():
    text, _ = next_question(about("I would look at the execution plan first, with EXPLAIN ANALYZE."))
    assert text.endswith(ASKED.points[1].follow_up)


def test_it_takes_up_the_candidates_own_words():
    text, outcome = next_question(
        about("Well, I would look at the execution plan first, because guessing is of no use.")
    )
    assert outcome.is_follow_up
    assert "“I would look at the execution plan first”" in text
    assert text.endswith(ASKED.points[1].follow_up)


@pytest.mark.parametrize(
    "answer",
    [
        "I like to cook for friends on Sunday and to walk in the woods.",
        "I would never look at the execution plan, not even once.",
        "execution plan, composite index, covering index, slower writes",
        "I'd look at the <b>execution plan</b> and [click](http://evil.example) on the query plan of `EXPLAIN ANALYZE`",
        "I would add an index.",
    ],
)
def test_it_quotes_only_what_says_something_and_can_be_no_markup(answer):
    text, outcome = next_question(about(answer))
    assert outcome.is_follow_up
    assert "“" not in text
    assert "<" not in text and "[" not in text and "`" not in text


def test_a_quote_is_the_candidates_words_whole():
    answers = [entry.answers for half in (False, True) for entry in labelled(held_out=half)]
    questions = [entry.question for half in (False, True) for entry in labelled(held_out=half)]
    quotes = [
        (quotable(question, said["strong"]), said["strong"]) for question, said in zip(questions, answers, strict=True)
    ]
    assert sum(bool(quote) for quote, _ in quotes) > len(quotes) / 2
    assert all(quote in said and len(quote) <= 110 for quote, said in quotes)


@pytest.mark.parametrize(
    "said",
    [
        asked(answer="", skipped=True),
        *(asked(answer=words) for words in ("I don't know", "i do not know.", "Sorry, no idea!", " Not sure ", "PASS")),
        *(
            asked(answer=words)
            for words in ("I don’t know that, sorry.", "I have no idea", "Hmm, nothing comes to mind.")
        ),
        *(asked(answer=words) for words in ("I can't think of an example right now.", "Next question, please")),
        asked(is_follow_up=True),
        asked(key="opening"),
        asked(key="from-another-plan"),
    ],
    ids=lambda exchange: exchange.answer[:15] or exchange.key,
)
def test_it_goes_on_when_staying_is_of_no_use(said):
    _, outcome = next_question(turn(said))
    assert not outcome.is_follow_up
    assert outcome.key != said.key


def test_it_goes_on_when_everything_was_said():
    _, outcome = next_question(about(ALL_POINTS))
    assert not outcome.is_follow_up


def test_a_sentence_that_only_begins_with_not_knowing_is_an_answer():
    _, outcome = next_question(turn(asked(answer="I don't know the exact name, but I would look at the plan.")))
    assert outcome.is_follow_up


@pytest.mark.parametrize(("planned", "most"), [(1, 1), (3, 1), (6, 2), (12, 4), (30, 10)])
def test_at_most_a_third_are_follow_ups(planned, most):
    told = interview(turn(posting=None, has_template=True, planned_questions=planned), planned)
    assert sum(outcome.is_follow_up for _, outcome in told) <= most


def test_it_consoles_after_a_skip():
    text, _ = next_question(turn(asked(answer="", skipped=True)))
    assert text.startswith(phrases.phrases("en").after_skip)


# -- other languages ---------------------------------------------------------------------------------------------------

GERMAN = Question("warum-wir", "behavioral", "Warum wollen Sie zu uns?", (), (Point("Grund", ("weil",), "Was noch?"),))
SECOND = replace(GERMAN, key="staerken", text="Was können Sie gut?")


def test_it_says_that_it_has_english_questions_only():
    for first in (turn(language="de"), turn(language="de", posting=None, has_template=True)):
        text, _ = next_question(first)
        assert text.startswith("Dieses Interview ist auf Deutsch eingestellt, aber ich habe nur Fragen auf Englisch")
    assert next_question(turn(language="fi"))[0].startswith("This interview is set to another language, but I have")
    assert next_question(turn(language="en-GB"))[0].startswith("Welcome")


def test_it_says_so_once():
    told = interview(turn(language="de"), 5, say=lambda _: "Ich weiß es nicht.")
    assert [text.startswith("Dieses Interview") for text, _ in told] == [True, False, False, False, False]


def by_staff(language):
    """Two questions of staff, and the turns in which it asks, stays and goes on."""
    first = turn(language=language, posting=None, has_template=True, plan=(GERMAN, SECOND))
    stayed = replace(first, history=(asked(key=GERMAN.key, answer="Hier ist es schön."),))
    return first, stayed, replace(first, history=(asked(key=GERMAN.key, answer="", skipped=True),))


def test_questions_that_staff_wrote_in_the_language_are_led_to_in_it():
    words = phrases.phrases("de")
    first, stayed, went_on = by_staff("de-AT")
    assert next_question(first)[0] == GERMAN.text
    assert next_question(stayed)[0] in {f"{lead} Was noch?" for lead in words.staying}
    assert next_question(stayed)[1] == Outcome("behavioral", GERMAN.key, is_follow_up=True)
    assert next_question(went_on)[0] in {f"{lead} {SECOND.text}" for lead in words.after_skip}


def test_where_it_has_no_words_of_the_language_they_stand_alone():
    first, stayed, went_on = by_staff("fi")
    assert [next_question(one)[0] for one in (first, stayed, went_on)] == [GERMAN.text, "Was noch?", SECOND.text]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl", "ar"])
def test_every_language_has_all_words_of_its_own(language):
    words = vars(phrases.phrases(language))
    assert [len(words[name]) for name in ("thanks", "moving_on", "staying", "after_skip")] == [4, 4, 3, 3]
    texts = [text for value in words.values() for text in ([value] if isinstance(value, str) else value)]
    assert len(set(texts)) == len(texts) and all(text.strip() == text for text in texts if "{}" not in text)
    assert words["name"].count("{}") == 1
    assert [words[name].count("{name}") for name in ("first", "closing", "last")] == [1, 1, 0]
    english = vars(phrases.phrases("en"))
    assert language == "en" or not set(texts) - {words["name"]} & {english["closing"], english["last"]}
    assert phrases.has_phrases(f"{language}-XY")


@pytest.mark.parametrize(
    ("language", "ends"), [("de", "Frage"), ("fr", "question"), ("ar", "سؤال"), ("fi", "question")]
)
def test_the_last_words_are_in_the_language_of_the_interview(language, ends):
    spent = last_question(turn(asked(), language=language))[0]
    at_once = last_question(turn(language=language, posting=None))[0]
    closing = builtin.closing("Ann Smith", language)
    assert ends in spent and ends in closing
    assert "Ann" in closing and "Ann" in at_once and "{" not in spent + at_once + closing
    is_english = language == "fi"
    assert closing.startswith("That was my last question.") is is_english
    assert at_once.startswith("Welcome, Ann.") is is_english


def test_a_closing_without_a_name_has_no_gap():
    assert "Vielen Dank. Ihre Antworten" in builtin.closing("  ", "de")


# -- writing -----------------------------------------------------------------------------------------------------------


def test_it_writes_word_by_word_and_ends_with_the_outcome():
    *words, outcome = BuiltInInterviewer().ask(turn())
    assert "".join(words) == next_question(turn())[0]
    assert outcome == Outcome("behavioral", "opening")


def test_a_question_is_done_in_four_seconds_however_slow_its_pace():
    slept = []
    list(BuiltInInterviewer(word_seconds=5, sleep=slept.append).ask(turn(resume=RESUME)))
    assert sum(slept) == pytest.approx(4.0)


def test_it_is_the_one_model_that_is_always_there(settings):
    settings.BUILTIN_WORD_MS = 20
    assert provider_for("built-in") == BuiltInInterviewer(word_seconds=0.02)
    assert [entry["name"] for entry in descriptions()] == ["built-in"]
    with pytest.raises(ProviderError, match="No model named gpt-4") as error:
        provider_for("gpt-4")
    assert not error.value.retryable


def test_the_closing_thanks_by_name():
    assert "Thank you, Ann." in builtin.closing("Ann Smith")
    assert "Thank you." in builtin.closing(" ")
