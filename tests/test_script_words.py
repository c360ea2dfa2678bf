"""What scripts say comes from the page, in its language: sentences by name in one block of JSON (4-pages, 13)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override

from sessions_app.models import User
from tests import factories as f

SCRIPTS = Path(__file__).resolve().parents[1] / "static" / "js"
CONSOLE = {"scorecard.js"}  # the console is in English
SOURCES = {script.name: script.read_text() for script in sorted(SCRIPTS.glob("*.js")) if script.name not in CONSOLE}
LANGUAGES = [code for code, _ in settings.LANGUAGES if code in ("en", "de", "ar")]


def block(html: str) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/json" id="words">(.*?)</script>', html, re.DOTALL)
    told: dict[str, Any] = json.loads(text)
    return told


def names(told: dict[str, Any]) -> set[str]:
    return {*told, *told["counted"]["1"]} - {"counted"}


def without_comments(source: str) -> str:
    return re.sub(r"(^|\s)//.*", "", source)


@pytest.mark.parametrize("name", SOURCES)
def test_a_script_holds_no_sentence(name: str) -> None:
    strings = re.findall(r"\"([^\"\n]*)\"|`([^`]*)`", without_comments(SOURCES[name]))
    said = [first or second for first, second in strings]
    assert [words for words in said if re.match(r"[A-Z][\w’']* ?[a-z]* \w|[A-Z][a-z]+[.…]$", words)] == []


def test_every_sentence_is_there_and_every_one_is_said() -> None:
    there = names(block(render_to_string("_words.html")))
    text = "".join(SOURCES.values())
    called = set(re.findall(r"\b(?:say|sentence)\(\"([^\"#]+)\"", text))
    begun = set(re.findall(r"\b(?:say|sentence)\(`([^`$]+)\$\{", text))
    assert called - there == set()
    assert all(any(name.startswith(part) for name in there) for part in begun)
    said = {name for name in there if f'"{name}"' in text or name.startswith(tuple(begun)) or name.isupper()}
    assert there - said == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_sentence_and_every_form(language: str) -> None:
    with override(language):
        told = block(render_to_string("_words.html"))
    assert all(told.values())
    assert list(told["counted"]) == ["0", "1", "2", "3", "11", "100"]
    forms = [form for counted in told["counted"].values() for form in counted.values()]
    assert all(forms) and all("{number}" in form for form in told["counted"]["100"].values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_places_for_values(language: str) -> None:
    english, told = block(render_to_string("_words.html")), {}
    with override(language):
        told = block(render_to_string("_words.html"))
    places = {name: set(re.findall(r"\{\w+\}", str(words))) for name, words in english.items()}
    assert {name: set(re.findall(r"\{\w+\}", str(words))) for name, words in told.items()} == places


@pytest.mark.django_db
def test_the_room_brings_its_words_along(client: Client, ann: User) -> None:
    client.force_login(ann)
    html = client.get(f"/sessions/{f.waiting(ann).pk}/").content.decode()
    assert block(html)["sign in"] == "Sign in"
