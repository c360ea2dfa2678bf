"""In which language people are spoken to, and that everything they can be told is there in each."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings as site_settings
from django.db import OperationalError
from django.test import Client
from django.utils import translation

from sessions_app import errors
from sessions_app.models import SessionEvent, SessionMessage, User
from sessions_app.services.preferences import keep_preferences, language_of
from tests import catalogues, pseudo
from tests import factories as f

GERMAN, ARABIC = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}, {"Accept-Language": "ar-EG"}
DIRECTION = {"en": "ltr", "de": "ltr", "ar": "rtl"}


def opening_tag(response: Any) -> str:
    return re.search(r"<html[^>]*>", response.content.decode())[0]  # type: ignore[index]


def is_in(language: str, response: Any) -> bool:
    """What the page says of itself, and its headers."""
    said = f'lang="{language}"' in opening_tag(response) and f'dir="{DIRECTION[language]}"' in opening_tag(response)
    return said and response["Content-Language"] == language


# -- which language ----------------------------------------------------------------------------------------------------

pages = pytest.mark.django_db


@pages
@pytest.mark.parametrize("path", ["/", "/help/", "/login", "/account/preferences/", "/nowhere"])
@pytest.mark.parametrize(("asked", "language"), [(GERMAN, "de"), (ARABIC, "ar"), ({}, "en")])
def test_a_page_speaks_what_the_browser_asks_for(path: str, asked: dict[str, str], language: str) -> None:
    response = Client(headers=asked).get(path)
    assert is_in(language, response)
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in response["Vary"].split(",")}


@pages
@pytest.mark.parametrize("asked", ["tlh", "xx-YY, de;q=0", "*", "de;q=nonsense", "é", "," * 600, "-"])
def test_a_language_that_is_not_there_is_english(asked: str) -> None:
    assert is_in("en", Client(headers={"Accept-Language": asked}).get("/help/"))


@pages
def test_the_menu_is_kept_in_the_browser(client: Client) -> None:
    answer = client.post("/language", {"language": "ar", "next": "/help/"}, headers=GERMAN)
    assert (answer.status_code, answer["Location"]) == (303, "/help/")
    assert is_in("ar", client.get("/help/", headers=GERMAN))
    client.post("/language", {"language": "auto"})
    assert is_in("de", client.get("/help/", headers=GERMAN))


@pages
def test_the_menu_names_each_language_as_its_speakers_do(client: Client) -> None:
    page = re.sub(r"\s+", " ", client.get("/help/", headers=GERMAN).content.decode())
    for code, name in site_settings.LANGUAGES:
        pressed = "true" if code == "de" else "false"
        assert f'value="{code}" lang="{code}" aria-pressed="{pressed}">{name}</button>' in page


@pages
@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_the_menu_leads_nowhere_else(client: Client, back: str) -> None:
    assert client.post("/language", {"language": "de", "next": back})["Location"] == "/"


@pages
@pytest.mark.parametrize("wrong", ["", "tlh", "DE", "de\0", "<script>"])
def test_nothing_else_can_be_chosen(client: Client, wrong: str) -> None:
    assert client.post("/language", {"language": wrong}).status_code == 400
    client.cookies["language"] = "tlh"
    assert is_in("en", client.get("/help/"))


@pages
def test_an_account_keeps_it_on_every_device(client: Client, ann: User) -> None:
    client.force_login(ann)
    client.post("/language", {"language": "de"})
    ann.refresh_from_db()
    assert language_of(ann) == "de"
    other_device = Client(headers=ARABIC)
    other_device.force_login(ann)
    assert is_in("de", other_device.get("/sessions/"))


@pages
def test_the_account_counts_for_more_than_the_browser(client: Client, ann: User) -> None:
    keep_preferences({"language": "ar"}, actor=f.as_actor(ann))
    client.cookies["language"] = "de"
    assert is_in("de", client.get("/help/"))
    client.force_login(ann)
    assert is_in("ar", client.get("/help/"))


@pages
def test_of_a_guest_the_language_is_known_to_who_writes_letters(client: Client) -> None:
    f.TemplateFactory(slug="databases")
    client.post("/practice/databases/start")
    client.post("/language", {"language": "de"})
    assert language_of(User.objects.get()) == "de"


@pages
def test_it_is_a_preference_like_others(client: Client, ann: User) -> None:
    client.force_login(ann)
    page = client.get("/account/preferences/", headers=GERMAN).content.decode().partition("<select")[2]
    places = [page.index(f'<option value="{language}"') for language in ("auto", "en", "de", "ar")]
    assert places == sorted(places) and '<option value="auto" selected' in page


@pages
def test_the_interviews_language_is_another_thing_and_shown_before_it_begins(ann: User) -> None:
    client = Client(headers=GERMAN)
    client.force_login(ann)
    session = f.created(ann, language="en")
    page = client.get(f"/sessions/{session.pk}/ready")
    assert is_in("de", page)
    assert page.context["language"] == "Englisch", "told in the page's language"
    keep_preferences({"language": "en"}, actor=f.as_actor(ann))
    told = client.get(f"/sessions/{f.created(ann, language='de').pk}/ready").content.decode()
    assert "Language of the interview: German." in told


@pages
def test_an_error_is_told_in_the_language_too() -> None:
    client = Client(headers=GERMAN)
    assert is_in("de", client.get("/sessions/0199aaaa-0000-7000-8000-000000000000/end", follow=True))
    assert is_in("de", client.get("/r/nowhere"))
    with translation.override("de"):
        assert errors.NotFound().message == translation.gettext("There is nothing at this address.")


@pages
def test_without_the_database_a_page_speaks_as_the_browser_was_told(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OperationalError("down")

    client = Client(headers=ARABIC)
    client.force_login(ann)
    client.cookies["language"] = "de"
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fails)
    answer = client.get("/sessions/")
    assert answer.status_code == 503 and is_in("de", answer)


@pages
def test_whether_somebody_has_a_language_costs_no_query(
    client: Client, ann: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        client.get("/help/", headers=GERMAN)
    client.force_login(ann)
    with django_assert_num_queries(2):  # the sign-in and who it is, for the header
        client.get("/help/", headers=GERMAN)


# -- what is always English --------------------------------------------------------------------------------------------


@pages
def test_the_api_answers_byte_for_byte_the_same(ann: User, as_: Any) -> None:
    """Whatever the client asks for, and whatever the account's pages speak."""
    keep_preferences({"language": "de"}, actor=f.as_actor(ann))
    session = f.expired(ann)
    english, german = as_(ann), as_(ann)
    german.credentials(HTTP_ACCEPT_LANGUAGE="de")
    for path in ("", "/messages", "/events", "/evaluation"):
        one, other = (api.get(f"/api/v1/sessions/{session.pk}{path}") for api in (english, german))
        assert without_times(one.content) == without_times(other.content)
        assert "Content-Language" not in other and "Accept-Language" not in other.get("Vary", "")
    sent = [api.post(f"/api/v1/sessions/{session.pk}/answers", {"answer_text": "x"}) for api in (english, german)]
    assert {answer.json()["detail"]["message"] for answer in sent} == {
        errors.SessionExpired("clock", is_practice=True).message
    }
    wrong = [api.post("/api/v1/sessions", {"time_limit_minutes": 1}, format="json") for api in (english, german)]
    assert wrong[0].json()["detail"] == wrong[1].json()["detail"]


def without_times(body: bytes) -> bytes:
    body = re.sub(rb'"server_time":"[^"]*"', b"", body)
    return re.sub(rb'"request_id":"[^"]*"', b"", body)


@pages
@pytest.mark.parametrize("path", ["/api/v1/nothing", "/health/live", "/openapi.json"])
def test_machines_are_answered_in_english(path: str) -> None:
    assert Client(headers=GERMAN).get(path).content == Client().get(path).content or path.endswith("nothing")
    assert "de" not in Client(headers=GERMAN).get(path).get("Content-Language", "")


@pages
def test_the_console_is_english(client: Client, sam: User) -> None:
    keep_preferences({"language": "de"}, actor=f.as_actor(sam))
    client.force_login(sam)
    page = client.get("/admin/", headers=GERMAN)
    assert 'lang="en' in opening_tag(page)
    assert "Abmelden" not in page.content.decode()


def test_threads_in_the_background_speak_english() -> None:
    said: list[str | None] = []
    with translation.override("de"):
        thread = threading.Thread(target=lambda: said.append(translation.get_language()))
        thread.start()
        thread.join()
    assert said == ["en"]


@pages
def test_nothing_translated_is_stored(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole interview over pages whose every sentence is marked: no mark may reach a row."""
    with pseudo.spoken(monkeypatch):
        client = Client()
        client.force_login(ann)
        session = f.waiting(ann, planned_questions=1)
        client.post(f"/sessions/{session.pk}/answer", {"content": "An index", "client_message_id": "a"})
        client.post(f"/sessions/{session.pk}/pause")
        client.post(f"/sessions/{session.pk}/resume")
        page = client.post(f"/sessions/{session.pk}/end", follow=True)
    assert pseudo.OPENS in page.content.decode()
    session = f.fresh(session)
    assert session.status == "completed"
    rows = [*SessionEvent.objects.values(), *SessionMessage.objects.values(), *session.operations.values()]
    assert rows and pseudo.OPENS not in str(rows) + str(vars(session))


# -- the catalogues ----------------------------------------------------------------------------------------------------

TAG = re.compile(r"</?[a-z]+[^>]*>")
PLACE = re.compile(r"%\(\w+\)[sd]|%%")


@pytest.fixture(scope="module")
def found() -> Catalog:
    return catalogues.sentences()


def ids(catalog: Catalog) -> set[tuple[Any, Any]]:
    return {(message.context, message.id) for message in catalog if message.id}


def forms(message: Message) -> Iterator[tuple[str, str]]:
    """Each translation with the sentence that it must be like. Of plurals that is the one for many."""
    if isinstance(message.id, str):
        yield message.id, str(message.string)
    else:
        yield from ((message.id[-1], words) for words in message.string)


each_language = pytest.mark.parametrize("language", catalogues.LANGUAGES)


def test_every_language_of_the_site_has_a_catalogue() -> None:
    assert {"en", *catalogues.LANGUAGES} == {code for code, _ in site_settings.LANGUAGES}


@each_language
def test_it_has_every_sentence_and_no_other(language: str, found: Catalog) -> None:
    """``python -m tests.catalogues`` brings in what is new."""
    held = ids(catalogues.catalogue(language))
    assert (sorted(map(str, ids(found) - held)), sorted(map(str, held - ids(found)))) == ([], [])


@each_language
def test_every_sentence_is_translated(language: str) -> None:
    held = catalogues.catalogue(language)
    missing = [message.id for message in held if message.id and not catalogues.is_translated(message.string)]
    assert missing == []
    assert [message.id for message in held if message.id and message.fuzzy] == []


@each_language
def test_a_plural_has_as_many_forms_as_the_language(language: str) -> None:
    held = catalogues.catalogue(language)
    assert held.num_plurals == {"de": 2, "ar": 6}[language]
    several = [message for message in held if message.id and not isinstance(message.id, str)]
    assert [message.id for message in several if len(message.string) != held.num_plurals] == []


@each_language
def test_values_and_tags_are_those_of_the_sentence(language: str) -> None:
    """Only the number may be missing, where a language says it by the form: "one day", "two days"."""
    wrong = []
    for message in catalogues.catalogue(language):
        if not message.id or not catalogues.is_translated(message.string):
            continue
        is_plural = not isinstance(message.id, str)
        for sentence, words in forms(message):
            lost = Counter(PLACE.findall(sentence)) - Counter(PLACE.findall(words))
            new = Counter(PLACE.findall(words)) - Counter(PLACE.findall(sentence))
            tags = sorted(TAG.findall(sentence)) == sorted(TAG.findall(words))
            if new or not tags or lost.total() > is_plural:
                wrong.append((sentence, words))
    assert wrong == []


@each_language
def test_what_is_served_is_what_the_catalogue_says(language: str) -> None:
    stored = catalogues.mo_path(language).read_bytes()
    assert catalogues.entries(stored) == catalogues.entries(catalogues.compiled(catalogues.catalogue(language)))
