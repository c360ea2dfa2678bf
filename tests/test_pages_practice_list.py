"""All practice interviews: what is on offer, found by topic, length and mode."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import PlannedQuestionFactory, TemplateFactory
from tests.page_forms import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered() -> list[Any]:
    short = TemplateFactory(slug="short", title="Short talk", time_limit_minutes=10, position=1, questions=0)
    long = TemplateFactory(slug="long", title="Long talk", time_limit_minutes=45, position=2, questions=0)
    code = TemplateFactory(slug="code", title="Coding", position=3, enabled_modes=["text", "code"], questions=0)
    free = TemplateFactory(slug="free", title="Endless", time_limit_minutes=None, position=4, questions=0)
    for template, criterion in ((short, "teamwork"), (long, "teamwork"), (code, "python"), (free, "self-knowledge")):
        PlannedQuestionFactory(template=template, criterion=criterion)
    TemplateFactory(slug="hidden", is_active=False)
    TemplateFactory(slug="invited", is_practice=False)
    return [short, long, code, free]


def starts(page: Page) -> list[str]:
    """The slugs that the page offers to start, in order."""
    return [form.action.split("/")[2] for form in page.forms if form.action.endswith("/start")]


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["short", "long", "code", "free"]),
        ("topic=teamwork", ["short", "long"]),
        ("topic=teamwork&length=long", ["long"]),
        ("length=short", ["short"]),
        ("length=medium", ["code"]),
        ("length=open", ["free"]),
        ("mode=code", ["code"]),
        ("mode=text", ["short", "long", "code", "free"]),
        ("topic=&length=&mode=", ["short", "long", "code", "free"]),
    ],
)
def test_it_finds_what_was_asked_for(client: Client, query: str, found: list[str]) -> None:
    answer = client.get(f"/practice/?{query}")
    assert (answer.status_code, starts(Page(answer))) == (200, found)


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("query", ["topic=python&length=short", "topic=nothing"])
def test_it_says_so_when_nothing_matches_and_how_to_see_all(client: Client, query: str) -> None:
    answer = client.get(f"/practice/?{query}")
    page = Page(answer)
    assert (answer.status_code, starts(page)) == (200, [])
    assert "Nothing matches." in page.html and page.links.count("/practice/") == 2  # the header's, and the one here


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("query", ["length=ages", "mode=dance", "mode=dance&length=ages"])
def test_it_refuses_what_is_none_of_the_choices(client: Client, query: str) -> None:
    answer = client.get(f"/practice/?{query}")
    named = [part.split("=")[0] for part in query.split("&")]
    assert answer.status_code == 400
    assert {f"#{name}" for name in named} <= set(Page(answer).links)


@pytest.mark.usefixtures("offered")
def test_it_names_topics_as_the_bank_does_and_keeps_the_choice(client: Client) -> None:
    html = client.get("/practice/?topic=python&length=medium").content.decode()
    assert '<option value="python" selected>Python</option>' in html
    assert ">Communication and collaboration<" in html and "Self knowledge" in html
    assert '<option value="medium" selected>' in html


def test_a_card_says_what_one_gets_into(client: Client) -> None:
    TemplateFactory(title="Coding", summary="One line.", enabled_modes=["text", "code"], level="senior")
    html = " ".join(client.get("/practice/").content.decode().split())
    for words in ("Coding", "One line.", "20 minutes", "3 questions", "senior level", "written answers", "code"):
        assert words in html
    assert "Asked by: Practice engine" in html
    assert "#mode-text" in html and "#mode-code" in html


def test_it_says_so_when_there_are_none(client: Client) -> None:
    assert "No practice interviews yet" in client.get("/practice/").content.decode()


def test_it_turns_pages_with_the_filters(client: Client) -> None:
    for number in range(30):
        TemplateFactory(title=f"Interview {number:02}", time_limit_minutes=10, questions=0)
    first, second = Page(client.get("/practice/?length=short")), Page(client.get("/practice/?length=short&page=2"))
    assert (len(starts(first)), len(starts(second))) == (24, 6)
    assert "?length=short&page=2" in [link.replace("&amp;", "&") for link in first.links]


@pytest.mark.parametrize("path", ["/practice/", "/practice/?topic=teamwork&mode=code", "/"])
def test_it_costs_the_same_however_many_there_are(client: Client, path: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)

    TemplateFactory()
    few = cost()
    for _ in range(20):
        TemplateFactory()
    assert cost() <= few <= 4  # at the most: the count, the cards, the topics, and whether there is an example


def test_the_shipped_ones_are_found_by_the_areas_of_their_questions(client: Client) -> None:
    call_command("load_templates", verbosity=0)
    assert starts(Page(client.get("/practice/?topic=python"))) == ["python-and-sql"]
    options = client.get("/practice/").content.decode()
    assert "Concrete self-description" in options


def test_both_front_doors_lead_there(client: Client) -> None:
    for path in ("/", "/help/", "/nowhere"):
        assert "/practice/" in Page(client.get(path)).links


# -- an invitation's link, pasted --------------------------------------------------------------------------------------


TOKEN = "AbC_d-0123456789012345678901234567890123456"


@pytest.mark.parametrize(
    "pasted",
    [f"https://example.com/invite/{TOKEN}/", f"/invite/{TOKEN}", TOKEN, f"  https://example.com/invite/{TOKEN}/ask "],
)
def test_it_opens_the_invitation_whose_link_is_pasted(client: Client, pasted: str) -> None:
    answer: Any = client.post("/invite/", {"link": pasted})
    assert (answer.status_code, answer.url) == (303, f"/invite/{TOKEN}/")


@pytest.mark.parametrize("pasted", ["", "hello", "https://example.com/", "<b>"])
def test_it_says_what_to_paste_and_keeps_what_was_typed(client: Client, pasted: str) -> None:
    answer = client.post("/invite/", {"link": pasted})
    page = Page(answer)
    assert answer.status_code == 400
    assert "#link" in page.links and "link" in page.ids
    assert page.form("/invite/").fields["link"].strip() == pasted


def test_opened_by_itself_it_leads_to_the_field(client: Client) -> None:
    answer: Any = client.get("/invite/")
    assert (answer.status_code, answer.url) == (302, "/#invitation")
