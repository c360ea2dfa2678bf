"""The numbers of one's own practice: what can be counted rightly, and nothing else."""

from __future__ import annotations

import html
from typing import Any

import pytest

from sessions_app.models import InterviewSession, User
from sessions_app.services.numbers import AnswerText, Numbers, numbers_of
from tests import factories as f
from tests.judges import SAID, evaluate, finished

TERMS = ("slower writes", "index", "Index", "write cost")


def test_answers_and_words_are_counted() -> None:
    found = numbers_of(
        [AnswerText(1, "One two – three."), AnswerText(2, "", is_skip=True), AnswerText(3, "It costs 5 %, or six.")]
    )
    assert (found.answered, found.skipped, found.words_each, found.longest) == (2, 1, 4, (3, 5))


def test_nothing_said_is_nothing_counted() -> None:
    assert numbers_of([]) == Numbers(0, 0, terms=[], frequent=[])
    assert numbers_of([AnswerText(1, "", is_skip=True)]) == Numbers(0, 1, terms=[], frequent=[])


def test_one_answer_is_not_the_longest_of_several() -> None:
    assert numbers_of([AnswerText(1, "Only this")]).longest is None


def test_code_is_an_answer_but_its_signs_are_no_words() -> None:
    code = AnswerText(2, "index = index + index", is_text=False)
    found = numbers_of([AnswerText(1, "Well, that depends"), code], TERMS)
    assert (found.answered, found.words_each, found.frequent, found.terms) == (2, 3, [], ["index"])
    assert numbers_of([code]).words_each is None


def test_terms_are_whole_words_each_once_in_their_order() -> None:
    said = [AnswerText(1, "An INDEX means  slower\nwrites."), AnswerText(2, "Indexes again: slower writes.")]
    assert numbers_of(said, TERMS).terms == ["slower writes", "index"]
    assert len(numbers_of([AnswerText(1, " ".join(map(str, range(40))))], map(str, range(40))).terms) == 12


def test_the_most_used_words_leave_out_what_carries_the_sentence() -> None:
    said = [
        AnswerText(1, "The index is the index, isn’t it? The table isn't."),
        AnswerText(2, "Table by table, an index a day."),
    ]
    assert numbers_of(said).frequent == [("index", 3), ("table", 3)]
    assert numbers_of([AnswerText(1, "Each word only once here, really.")]).frequent == []


@pytest.mark.parametrize("language", ["de", "ar", "pt-BR"])
def test_without_a_list_of_such_words_none_are_told(language: str) -> None:
    found = numbers_of([AnswerText(1, "Das Haus und das Haus und der Garten")], language=language)
    assert (found.frequent, found.words_each) == ([], 8)


def test_where_words_are_written_without_blanks_they_are_not_counted() -> None:
    found = numbers_of([AnswerText(1, "索引使写入变慢"), AnswerText(2, "我会先测量")], language="zh-CN")
    assert (found.answered, found.words_each, found.longest) == (2, None, None)


# -- on the report -----------------------------------------------------------------------------------------------------


def page(client: Any, user: User, session: InterviewSession) -> str:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    content = client.get(f"/sessions/{session.pk}/report").content.decode()
    return html.unescape(" ".join(content.split()))


@pytest.mark.django_db
def test_ones_own_practice_shows_them(ann: User, client: Any) -> None:
    shown = page(client, ann, evaluate(finished(ann)))
    assert "Your numbers" in shown
    assert "2 given, 0 skipped" in shown
    assert f"{len(SAID.split())} words, to question 1" in shown
    assert "<bdi>slower writes</bdi>" in shown


@pytest.mark.django_db
def test_an_interview_that_others_judge_has_none(ann: User, client: Any) -> None:
    session = evaluate(finished(ann))
    InterviewSession.objects.update(is_practice=False)
    assert "Your numbers" not in page(client, ann, f.fresh(session))


@pytest.mark.django_db
def test_what_somebody_typed_is_shown_as_text(ann: User, client: Any) -> None:
    session = evaluate(finished(ann, "script script <script>alert(1)</script> slower writes, and slower reads"))
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert b"<script>alert" not in client.get(f"/sessions/{session.pk}/report").content
