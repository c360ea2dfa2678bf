"""Code in answers: a workspace beside the composer, one text in the database, and colours wherever it is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.access import Actor
from sessions_app.ai import practice
from sessions_app.models import InterviewSession, User
from sessions_app.pages import waiting
from sessions_app.pages.fences import LANGUAGES, Piece, join, pieces, prose_of, split
from sessions_app.pages.markdown import as_html, coloured
from sessions_app.services.answers import save_draft
from tests import factories as f
from tests.page_forms import post, room
from tests.test_pages_contrast import colours, contrast

TEXTS = st.text(alphabet="`~ab \n\t", max_size=40)
SHEET = Path(__file__).resolve().parents[1] / "static" / "css" / "code.css"
STORED = "It is shared.\n\n```python\ndef add(item):\n    return [item]\n```"
SENT = {"content": "It is shared.", "code": "def add(item):\r\n    return [item]", "language": "python"}


@pytest.fixture
def session(ann: User, monkeypatch: pytest.MonkeyPatch) -> InterviewSession:
    monkeypatch.setattr(waiting, "SECONDS", 0)
    return f.waiting(ann, enabled_modes=["text", "code"])


@pytest.fixture
def anns(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


# -- one text ----------------------------------------------------------------------------------------------------------


@given(prose=TEXTS, code=TEXTS, language=st.sampled_from(["", "sql", "nothing known"]))
def test_joined_and_split_and_joined_it_is_the_same_text(prose: str, code: str, language: str) -> None:
    text = join(prose, code, language)
    assert join(*split(text)) == text


@given(prose=st.text(alphabet="ab \n", max_size=20).filter(str.strip), code=TEXTS.filter(str.strip))
def test_what_was_joined_comes_apart_again(prose: str, code: str) -> None:
    assert split(join(prose, code, "go")) == (prose, code, "go")


@given(prose=st.text(alphabet="ab \n", max_size=20).filter(str.strip), code=TEXTS.filter(str.strip))
def test_what_was_joined_is_shown_in_two_pieces(prose: str, code: str) -> None:
    assert pieces(join(prose, code, "go")) == [Piece(prose.strip("\n")), Piece(code, True, "go")]


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    text = join("", "```\nnot the end\n```", "")
    assert text.startswith("````\n")
    assert pieces(text) == [Piece("```\nnot the end\n```", True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", [Piece("plain")]),
        ("a\n\n```sql\nselect 1\n```\n\nb", [Piece("a"), Piece("select 1", True, "sql"), Piece("b")]),
        ("```\nnever closed", [Piece("never closed", True)]),
        ("it is `inline` and ```not a fence```", [Piece("it is `inline` and ```not a fence```")]),
        ("", []),
    ],
)
def test_a_text_is_prose_and_code(text: str, expected: list[Piece]) -> None:
    assert pieces(text) == expected


def test_a_block_in_the_middle_stays_in_the_prose() -> None:
    text = "a\n\n```sql\nselect 1\n```\n\nb"
    assert split(text) == (text, "", "")
    assert prose_of(text) == "a\n\nb"


# -- sending and coming back -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_code_is_sent_with_the_answer_as_a_block(anns: Client, session: InterviewSession) -> None:
    assert post(anns, session, "answer", **SENT).status_code == 303
    answer = session.messages.get(kind="answer")
    assert (answer.content, answer.mode) == (STORED, "text")


@pytest.mark.django_db
def test_an_answer_may_be_code_alone(anns: Client, session: InterviewSession) -> None:
    post(anns, session, "answer", **{**SENT, "content": ""})
    assert session.messages.get(kind="answer").content == STORED.partition("\n\n")[2]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["nope", 'python" onclick="x', ""])
def test_a_language_that_is_none_is_left_out(anns: Client, session: InterviewSession, language: str) -> None:
    post(anns, session, "answer", content="", code="x = 1", language=language)
    assert session.messages.get(kind="answer").content == "```\nx = 1\n```"


@pytest.mark.django_db
def test_a_draft_keeps_the_code_and_puts_it_back_into_the_workspace(anns: Client, session: InterviewSession) -> None:
    post(anns, session, "save_draft", **SENT)
    assert f.fresh(session).draft_text == STORED
    page = room(anns, session)
    assert page.form("/answer").fields["content"] == "It is shared."
    assert page.form("/answer").fields["code"] == "def add(item):\n    return [item]"
    assert re.search(r'<option value="python"\s+selected>Python</option>', page.html)


@pytest.mark.django_db
def test_a_refused_answer_comes_back_with_its_code(anns: Client, session: InterviewSession) -> None:
    answer = post(anns, session, "answer", **SENT, in_reply_to="00000000-0000-7000-8000-000000000000")
    assert answer.status_code == 409
    assert ">\nIt is shared.</textarea>" in answer.content.decode()
    assert ">\ndef add(item):\n    return [item]</textarea>" in answer.content.decode()


@pytest.mark.django_db
def test_code_that_is_too_long_is_refused_and_given_back(anns: Client, session: InterviewSession) -> None:
    answer = post(anns, session, "answer", content="x", code="y" * 20_000)
    assert answer.status_code == 400
    assert "y" * 20_000 in answer.content.decode()
    assert not session.messages.filter(kind="answer").exists()


@pytest.mark.django_db
def test_it_is_there_only_where_the_interview_takes_code(anns: Client, ann: User, session: InterviewSession) -> None:
    assert 'name="code"' in room(anns, session).html
    assert 'name="code"' not in room(anns, f.waiting(ann)).html


@pytest.mark.django_db
def test_in_an_interview_without_code_a_draft_stays_in_its_field(anns: Client, ann: User) -> None:
    session = f.waiting(ann)
    save_draft(session.pk, STORED, 1, actor=Actor(ann))
    assert room(anns, session).form("/answer").fields["content"] == STORED


def test_the_practice_interview_in_python_offers_it() -> None:
    offered = {template.slug: template.fields["enabled_modes"] for template in practice.shipped()}
    assert offered["python-and-sql"] == ["text", "code"]
    assert len(LANGUAGES) >= 12


# -- colours -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("rest", ["", "transcript"])
def test_code_is_coloured_where_it_is_read(anns: Client, session: InterviewSession, rest: str) -> None:
    post(anns, session, "answer", **SENT)
    f.write_question(session)
    page = anns.get(f"/sessions/{session.pk}/{rest}").content.decode()
    assert '<span class="hl-k">def</span>' in page
    assert '<span class="hl-nf">add</span>' in page
    assert "```" not in page
    assert 'tabindex="0"' in page
    assert "style=" not in page


@pytest.mark.django_db
def test_code_is_coloured_in_the_report(anns: Client, session: InterviewSession) -> None:
    post(anns, session, "answer", **SENT)
    post(anns, session, "complete")
    assert 'class="hl-k"' in anns.get(f"/sessions/{session.pk}/report").content.decode()


def test_markup_in_code_is_text() -> None:
    assert "<script" not in coloured("x = '<script>'", "python") + coloured("<script>", "") + coloured("<b>", "html")
    assert "&lt;script&gt;" in coloured("<script>", "what?")


def test_code_of_a_task_is_coloured_and_can_be_scrolled_by_keyboard() -> None:
    html = as_html("```python\ndef f(): pass\n```\n\n    indented")
    assert '<pre tabindex="0" dir="ltr"><code><span class="hl-k">def</span>' in html
    assert "<span" not in as_html('<span class="onclick">x</span>')


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_code_can_be_read_on_its_ground(theme: int) -> None:
    sheet = SHEET.read_text()
    rules = re.findall(r"hl-[^{]*\{\s*color: var\(--([\w-]+)\)", sheet)
    named = colours(theme)
    assert len(rules) >= 6
    ratios = {name: contrast(named[name], named["sunken"]) for name in rules}
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}
