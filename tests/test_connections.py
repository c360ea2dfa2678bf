"""The connected models: staff add and test them, keys stay secret, and nobody else can name an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from interviewer.ai_models import models_from
from sessions_app.ai.asking import ModelInterviewer
from sessions_app.ai.protocol import ProviderError, Usage
from sessions_app.models import ModelConnection, User
from sessions_app.services import budget, connections
from sessions_app.services.config import config_fields

from . import factories as f
from .faulty_model import FaultyModel, Says, Status

pytestmark = pytest.mark.django_db

ADMIN = "/admin/sessions_app/modelconnection/"
KEY = "sk-very-secret-1234"


@pytest.fixture
def model() -> Iterator[FaultyModel]:
    with FaultyModel() as server:
        yield server


@pytest.fixture
def console(client: Client, sam: User) -> Client:
    client.force_login(sam)
    return client


def row(model: FaultyModel | None = None, **fields: Any) -> ModelConnection:
    url = model.url if model else "http://127.0.0.1:9/v1"
    key = connections.encrypted(fields.pop("key", KEY))
    return ModelConnection.objects.create(
        **{"name": "oracle-9", "base_url": url, "model_id": "o9", "encrypted_key": key, **fields}
    )


def form(**fields: Any) -> dict[str, Any]:
    given = {"name": "oracle-9", "base_url": "http://127.0.0.1:9/v1", "model_id": "o9", "position": 100}
    limits = {"context_tokens": 16000, "max_output_tokens": 800, "timeout_seconds": 5}
    return {**given, **limits, "is_enabled": "on", **fields}


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def errors(response: Any) -> list[str]:
    return [str(error) for errors in response.context["errors"] for error in errors]


# -- the console ---------------------------------------------------------------------------------------------------


def test_staff_add_a_model_and_its_key_is_stored_encrypted(console: Client) -> None:
    assert console.post(f"{ADMIN}add/", form(key=KEY)).status_code == 302
    stored = ModelConnection.objects.get()
    assert KEY not in stored.encrypted_key
    assert connections.decrypted(stored.encrypted_key) == KEY
    chat = connections.chat_for("oracle-9")
    assert chat is not None and chat.endpoint.key == KEY
    assert KEY not in f"{chat.endpoint!r}"


def test_the_key_is_never_shown_again(console: Client) -> None:
    stored = row()
    for page in (ADMIN, f"{ADMIN}{stored.pk}/change/"):
        html = console.get(page).content.decode()
        assert KEY not in html
        assert stored.encrypted_key not in html
        assert "set" in html


def test_an_empty_key_keeps_the_one_that_is_set(console: Client) -> None:
    stored = row()
    assert console.post(f"{ADMIN}{stored.pk}/change/", form(description="Quick")).status_code == 302
    stored.refresh_from_db()
    assert (connections.decrypted(stored.encrypted_key), stored.description) == (KEY, "Quick")
    console.post(f"{ADMIN}{stored.pk}/change/", form(forget_key="on"))
    stored.refresh_from_db()
    assert stored.encrypted_key == ""


def test_a_stored_key_is_not_sent_to_another_address(console: Client) -> None:
    stored = row()
    moved = form(base_url="https://elsewhere.example/v1")
    refused = console.post(f"{ADMIN}{stored.pk}/change/", moved)
    assert errors(refused) == ["The address is another one: enter its key, or remove the stored one."]
    assert console.post(f"{ADMIN}{stored.pk}/change/", {**moved, "key": "sk-other"}).status_code == 302


def test_save_and_test_shows_latency_and_a_sample(console: Client, model: FaultyModel) -> None:
    model.plan = [Says("What do you do?", usage=(40, 6))]
    stored = row(model)
    sent = form(base_url=model.url, _test="Save and test")
    response = console.post(f"{ADMIN}{stored.pk}/change/", sent, follow=True)
    assert any("ms (40 + 6 tokens): “What do you do?”" in message for message in told(response))
    stored.refresh_from_db()
    assert (stored.test_sample, stored.test_error) == ("What do you do?", "")
    assert stored.test_ms is not None and stored.tested_at is not None
    assert model.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_new_model_can_be_tested_at_once(console: Client, model: FaultyModel) -> None:
    response = console.post(f"{ADMIN}add/", form(base_url=model.url, _test="1"), follow=True)
    assert response.redirect_chain[-1][0] == f"{ADMIN}{ModelConnection.objects.get().pk}/change/"
    assert "What is an index?" in ModelConnection.objects.get().test_sample


@pytest.mark.django_db(transaction=True)
def test_the_model_is_called_once_the_row_is_committed(console: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def tested_now(_: connections.Connected) -> connections.Tested:
        seen.append(connection.in_atomic_block)
        return connections.Tested(1, "Why?", "")

    monkeypatch.setattr(connections, "tested_now", tested_now)
    assert console.post(f"{ADMIN}add/", form(_test="1")).status_code == 302
    stored = ModelConnection.objects.get()
    assert console.post(f"{ADMIN}{stored.pk}/change/", form(_test="1")).status_code == 302
    assert seen == [False, False]


def test_a_test_that_fails_says_why_in_our_words(console: Client, model: FaultyModel) -> None:
    model.plan = [Status(401, {"message": f"Incorrect API key provided: {KEY}"})]
    stored = row(model)
    response = console.post(ADMIN, {"action": "test_selected", "_selected_action": [stored.pk]}, follow=True)
    assert told(response) == ["Test of oracle-9: The model's endpoint does not accept the key. (WRONG_KEY)"]
    assert KEY not in response.content.decode()
    assert ModelConnection.objects.get().test_error == "The model's endpoint does not accept the key."


def test_the_list_changes_order_and_use_without_touching_keys(console: Client) -> None:
    stored = row()
    sent = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": stored.pk, "form-0-position": 3}
    assert console.post(ADMIN, {**sent, "_save": "Save"}).status_code == 302
    stored.refresh_from_db()
    assert (stored.position, stored.is_enabled) == (3, False)
    assert connections.decrypted(stored.encrypted_key) == KEY


@pytest.mark.parametrize("name", ["built-in", "of-the-environment"])
def test_a_name_that_is_taken_is_refused(console: Client, settings: Any, name: str) -> None:
    settings.AI_MODELS = models_from({"AI_MODELS": models_json(name="of-the-environment")})
    assert "taken already" in errors(console.post(f"{ADMIN}add/", form(name=name)))[0]


def test_half_a_price_is_refused(console: Client) -> None:
    assert "all three" in errors(console.post(f"{ADMIN}add/", form(input_price="2.5")))[0]


def test_the_add_page_offers_the_usual_vendors(console: Client) -> None:
    html = console.get(f"{ADMIN}add/?base_url=http%3A%2F%2Flocalhost%3A11434%2Fv1").content.decode()
    assert 'value="http://localhost:11434/v1"' in html
    assert "Anthropic" in html


def test_a_model_of_the_environment_is_tested_too(console: Client, settings: Any, model: FaultyModel) -> None:
    settings.AI_MODELS = models_from({"AI_MODELS": models_json(base_url=model.url)})
    assert "Test local" in console.get(ADMIN).content.decode()
    assert "What is an index?" in told(console.post(f"{ADMIN}test/", {"name": "local"}, follow=True))[0]
    assert told(console.post(f"{ADMIN}test/", {"name": "nobody"}, follow=True)) == []


# -- nobody else names an address ----------------------------------------------------------------------------------


def test_candidates_do_not_get_into_the_page(client: Client, ann: User, model: FaultyModel) -> None:
    stored = row(model)
    client.force_login(ann)
    for page in (ADMIN, f"{ADMIN}add/", f"{ADMIN}{stored.pk}/change/", f"{ADMIN}test/"):
        for answered in (client.get(page), client.post(page, form(_test="1"))):
            assert (answered.status_code, answered["Location"].partition("?")[0]) == (302, "/admin/login/")
    assert model.requests == []


def test_no_field_of_the_api_and_of_sessions_takes_an_address(as_: Any, ann: User, sam: User) -> None:
    words = ("url", "host", "endpoint", "address")
    assert [name for name in config_fields() if any(word in name for word in words)] == []
    for user in (ann, sam):
        refused = as_(user).post("/api/v1/sessions", {"base_url": "http://169.254.169.254/"}, format="json")
        assert refused.status_code == 400
        named = as_(user).post("/api/v1/sessions", {"model_name": "http://169.254.169.254/"}, format="json")
        assert named.json()["detail"]["errors"][0]["message"] == "Choose a model that is connected."
    for method in ("post", "put", "patch", "delete"):
        assert getattr(as_(sam), method)("/api/v1/models", {"base_url": "http://x"}, format="json").status_code == 405


def test_only_the_console_has_a_route_about_connections() -> None:
    outside = [p for p in get_resolver().url_patterns if str(p.pattern) != "admin/"]
    assert "connection" not in " ".join(str(getattr(p, "url_patterns", p)) for p in outside).lower()


# -- what sessions see ---------------------------------------------------------------------------------------------


def test_connected_models_are_offered_in_their_order(as_: Any, ann: User) -> None:
    row(name="second", position=20), row(name="first", position=10, description="Slow and dear.")
    row(name="off", is_enabled=False)
    offered = as_(ann).get("/api/v1/models").json()
    assert [model["name"] for model in offered] == ["built-in", "first", "second"]
    assert offered[1] == {"name": "first", "is_ai": True, "description": "Slow and dear."}
    assert "127.0.0.1" not in json.dumps(offered)


def test_a_model_that_cannot_be_reached_is_shown_and_refused_with_its_reason(
    as_: Any, ann: User, client: Client
) -> None:
    away = row()
    assert connections.test_connection(away).code == "MODEL_UNREACHABLE"
    assert "cannot be reached" in as_(ann).get("/api/v1/models").json()[1]["unavailable"]
    client.force_login(ann)
    html = " ".join(client.get("/sessions/new").content.decode().split())
    assert 'value="oracle-9" disabled' in html
    assert "cannot be reached" in html
    refused = as_(ann).post("/api/v1/sessions", {"model_name": "oracle-9"}, format="json")
    assert refused.json()["detail"]["errors"][0]["field"] == "model_name"


def test_a_session_takes_a_connected_model(as_: Any, ann: User) -> None:
    row()
    made = as_(ann).post("/api/v1/sessions", {"model_name": "oracle-9"}, format="json")
    assert (made.status_code, made.json()["model_name"]) == (201, "oracle-9")
    assert isinstance(connections.provider_for("oracle-9"), ModelInterviewer)


def test_an_unknown_or_disabled_model_is_nobody(ann: User) -> None:
    row(is_enabled=False)
    for name in ("oracle-9", "gpt-4"):
        assert connections.chat_for(name) is None
        with pytest.raises(ProviderError) as caught:
            connections.provider_for(name)
        assert caught.value.code == "MODEL_NOT_CONNECTED"
    assert connections.chat_for("built-in") is None


def test_a_key_that_cannot_be_read_any_more_says_so(settings: Any) -> None:
    row()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret key, of this installation"
    assert connections.connected()[0].endpoint.key == KEY
    settings.SECRET_KEY_FALLBACKS = []
    assert connections.connected()[0].unavailable == "Its key cannot be read any more: enter it again."
    assert connections.chat_for("oracle-9") is None
    assert connections.test_connection(ModelConnection.objects.get()).error.startswith("Its key cannot be read")


def test_who_stands_in_for_whom() -> None:
    for position, name in enumerate(("a", "b", "c")):
        row(name=name, position=position, test_error="Away." if name == "b" else "")
    assert connections.stand_in_for("c", "c") == "a"
    assert connections.stand_in_for("a", "c") == "built-in"
    assert connections.stand_in_for("gone", "gone") == "a"
    assert connections.stand_in_for("built-in", "built-in") == ""


def test_a_model_that_was_given_up_is_away_for_a_minute_and_with_a_wrong_key_until_a_test(model: FaultyModel) -> None:
    row(model)

    def note(code: str) -> str:
        connections.note_failure("oracle-9", ProviderError(code, f"{code}.", retryable=False))
        return connections.connected()[0].unavailable

    assert (note("CONTEXT_TOO_LONG"), connections.is_resting("oracle-9")) == ("", False)
    assert (note("MODEL_TIMEOUT"), connections.is_resting("oracle-9")) == ("MODEL_TIMEOUT.", True)
    connections.note_success("oracle-9")
    assert connections.connected()[0].unavailable == ""
    note("WRONG_KEY")
    cache.clear()
    assert (connections.connected()[0].unavailable, connections.is_resting("oracle-9")) == ("WRONG_KEY.", False)
    connections.test_connection(ModelConnection.objects.get())
    assert connections.connected()[0].unavailable == ""


def test_its_price_comes_before_the_settings(settings: Any) -> None:
    dear = {"input": Decimal(9), "output": Decimal(9), "currency": "USD"}
    settings.MODEL_PRICES = {"oracle-9": dear, "other": dear}
    row(input_price=Decimal("2.5"), output_price=Decimal(10), currency="EUR")
    assert budget.cost_of("oracle-9", Usage(1_000_000, 100_000)) == (Decimal("3.5"), "EUR")
    assert budget.cost_of("other", Usage(1_000_000, 0)) == (Decimal(9), "USD")


# -- the environment -----------------------------------------------------------------------------------------------


def models_json(**fields: Any) -> str:
    return json.dumps([{"name": "local", "base_url": "http://127.0.0.1:9/v1", "model": "llama", **fields}])


def test_the_environment_connects_models_before_the_rows(settings: Any) -> None:
    given = {
        "AI_MODELS": models_json(key_env="LOCAL_KEY", context_tokens=8000),
        "LOCAL_KEY": "k",
        "OPENAI_API_KEY": KEY,
    }
    settings.AI_MODELS = models_from({**given, "OPENAI_MODEL": "gpt-9.1"})
    row(), row(name="local", key="never used")
    assert [model.name for model in connections.connected()] == ["local", "gpt-9-1", "oracle-9"]
    local, openai = [model.endpoint for model in connections.connected()[:2]]
    assert (local.key, local.context_tokens, local.model_id) == ("k", 8000, "llama")
    assert (openai.key, openai.model_id, openai.base_url) == (KEY, "gpt-9.1", "https://api.openai.com/v1")


@pytest.mark.parametrize(
    ("variable", "host"),
    [("ANTHROPIC_API_KEY", "api.anthropic.com"), ("GEMINI_API_KEY", "generativelanguage.googleapis.com")],
)
def test_a_vendors_usual_key_is_enough(variable: str, host: str) -> None:
    (found,) = models_from({variable: KEY})
    assert host in found["base_url"]


@pytest.mark.parametrize(
    "text",
    [
        "local",
        "{}",
        "[3]",
        '[{"name": "x"}]',
        models_json(name="a b"),
        models_json(name="built-in"),
        models_json(base_url="ftp://x"),
        models_json(context_tokens=10),
        models_json(context_tokens=True),
        models_json(key=3),
        models_json(temperature=1),
        json.dumps(json.loads(models_json()) * 2),
    ],
)
def test_models_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="AI_MODELS is JSON such as"):
        models_from({"AI_MODELS": text})


def test_without_any_there_are_none() -> None:
    assert models_from({}) == ()


def test_lists_of_models_take_one_query(django_assert_num_queries: Any) -> None:
    row(), row(name="other")
    with django_assert_num_queries(1):
        assert len(connections.descriptions()) == 3


def test_the_built_in_interviewer_is_asked_without_a_query(django_assert_num_queries: Any, ann: User) -> None:
    f.generating(ann)
    with django_assert_num_queries(0):
        connections.provider_for("built-in")
