"""The models that are connected: add one, test it, put them in order. The only place where a base URL is named."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from sessions_app.ai.protocol import BUILT_IN
from sessions_app.models import ModelConnection
from sessions_app.services import connections

from .numbers import PLAIN_NUMBERS
from .selecting import SelectsRows

_FOLDER = "admin/sessions_app/modelconnection"
LIST = "admin:sessions_app_modelconnection_changelist"
# Where the usual ones are found: name of the vendor, base URL, and whether it wants a key.
VENDORS = (
    ("OpenAI", "https://api.openai.com/v1"),
    ("Anthropic", "https://api.anthropic.com/v1/"),
    ("Gemini", "https://generativelanguage.googleapis.com/v1beta/openai/"),
    ("Ollama", "http://localhost:11434/v1"),
    ("vLLM", "http://localhost:8000/v1"),
    ("llama.cpp", "http://localhost:8080/v1"),
)


class ConnectionForm(forms.ModelForm):
    key = forms.CharField(
        required=False,
        strip=True,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text="Stored encrypted and never shown again. Leave it empty to keep the one that is set.",
    )
    forget_key = forms.BooleanField(required=False, label="Remove the stored key")

    class Meta:
        model = ModelConnection
        fields = (
            *("name", "base_url", "model_id", "description", "is_enabled", "position"),
            *("context_tokens", "max_output_tokens", "timeout_seconds", "input_price", "output_price", "currency"),
        )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        taken = {BUILT_IN, *(row["name"] for row in settings.AI_MODELS)}
        if name in taken:
            sentence = "This name is taken already, by the built-in interviewer or the environment. Choose another one."
            raise forms.ValidationError(sentence)
        return name

    def clean_key(self) -> str:
        """It is sent in a header, which carries the printable characters of ASCII."""
        key = str(self.cleaned_data["key"])
        if any(not "!" <= character <= "~" for character in key):
            raise forms.ValidationError(
                "No request can carry this key: it has a space, a control character or a letter outside of ASCII. "
                "Copy it again from the vendor's page."
            )
        return key

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        prices = [cleaned.get(name) not in (None, "") for name in ("input_price", "output_price", "currency")]
        if any(prices) and not all(prices):
            self.add_error("currency", "A price has all three: for input, for output, and its currency.")
        moved = self.instance.encrypted_key and "base_url" in self.changed_data
        if moved and not cleaned.get("key") and not cleaned.get("forget_key"):
            self.add_error("key", "The address is another one: enter its key, or remove the stored one.")
        return cleaned

    def save(self, commit: bool = True) -> ModelConnection:
        row = self.instance
        if self.cleaned_data["forget_key"]:
            row.encrypted_key = ""
        if self.cleaned_data["key"]:
            row.encrypted_key = connections.encrypted(self.cleaned_data["key"])
        if {"base_url", "model_id", "key", "forget_key"} & set(self.changed_data):
            row.tested_at, row.test_ms, row.test_sample, row.test_error = None, None, "", ""
        return super().save(commit)


class _SavedToTest(HttpResponseRedirect):
    """Stays on the page of a row that is to be tested once it is committed."""

    def __init__(self, row: ModelConnection) -> None:
        super().__init__(reverse("admin:sessions_app_modelconnection_change", args=[row.pk]))
        self.row = row


@admin.register(ModelConnection)
class ConnectionPage(SelectsRows):
    form = ConnectionForm
    formfield_overrides = PLAIN_NUMBERS
    list_display = ("name", "model_id", "position", "is_enabled", "key_state", "tested")
    list_editable = ("position", "is_enabled")
    list_filter = ("is_enabled",)
    search_fields = ("name", "model_id", "base_url")
    readonly_fields = ("key_state", "last_test")
    actions = ("test_selected",)
    change_form_template = f"{_FOLDER}/change_form.html"
    change_list_template = f"{_FOLDER}/change_list.html"
    fieldsets = (
        (None, {"fields": ("name", "base_url", "model_id", "description")}),
        ("Key", {"fields": ("key_state", "key", "forget_key")}),
        ("Test", {"fields": ("last_test",)}),
        ("Use", {"fields": ("is_enabled", "position")}),
        ("Limits", {"fields": ("context_tokens", "max_output_tokens", "timeout_seconds")}),
        ("Price", {"fields": (("input_price", "output_price", "currency"),)}),
    )

    @admin.display(description="stored key")
    def key_state(self, row: ModelConnection) -> str:
        return "set" if row.encrypted_key else "none"

    @admin.display(description="last test", ordering="test_ms")
    def tested(self, row: ModelConnection) -> str:
        return row.test_error or ("not tested yet" if row.test_ms is None else f"{row.test_ms:,} ms")

    @admin.display(description="last test")
    def last_test(self, row: ModelConnection) -> str:
        """With its sample."""
        return f"{self.tested(row)}: “{row.test_sample}”" if row.test_sample else self.tested(row)

    def get_fieldsets(self, request: HttpRequest, obj: ModelConnection | None = None) -> Any:
        """A new model has no key and no test yet."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        first, _key, _test, *others = self.fieldsets
        return (first, ("Key", {"fields": ("key",)}), *others)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """The list edits two columns and knows nothing of keys."""
        widgets = {
            "position": forms.NumberInput(attrs={"aria-label": "Position"}),
            "is_enabled": forms.CheckboxInput(attrs={"aria-label": "Enabled"}),
        }
        return super().get_changelist_form(
            request, **{"form": forms.ModelForm, "widgets": widgets, "help_texts": {"position": ""}, **kwargs}
        )

    # -- testing ---------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.test_environment))
        return [path("test/", view, name="sessions_app_modelconnection_test"), *super().get_urls()]

    @admin.action(description="Test", permissions=["change"])
    def test_selected(self, request: HttpRequest, rows: QuerySet[ModelConnection]) -> None:
        for row in rows:
            _tell(request, row.name, connections.test_connection(row))

    def response_change(self, request: HttpRequest, obj: ModelConnection) -> HttpResponse:
        return _SavedToTest(obj) if "_test" in request.POST else super().response_change(request, obj)

    def response_add(self, request: HttpRequest, obj: ModelConnection, post_url_continue: Any = None) -> HttpResponse:
        return _SavedToTest(obj) if "_test" in request.POST else super().response_add(request, obj, post_url_continue)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """*Save and test*: saving is a transaction, which a model that answers late must not hold open."""
        response = super().changeform_view(request, *args, **kwargs)
        if isinstance(response, _SavedToTest):
            _tell(request, response.row.name, connections.test_connection(response.row))
        return response

    def test_environment(self, request: HttpRequest) -> HttpResponse:
        """Test a model that the environment connects; nothing of it is stored."""
        if self.has_change_permission(request):
            name = request.POST.get("name", "")
            for model in connections.connected():
                if model.name == name:
                    _tell(request, name, connections.tested_now(model))
        return HttpResponseRedirect(reverse(LIST))

    # -- pages -----------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        rows = [{"name": row["name"], "model": row["model_id"], "url": row["base_url"]} for row in settings.AI_MODELS]
        context = {"environment": rows, "may_test": self.has_change_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return super().add_view(request, form_url, {"vendors": VENDORS, **(extra_context or {})})


def _tell(request: HttpRequest, name: str, tested: connections.Tested) -> None:
    if tested.error:
        messages.error(request, f"Test of {name}: {tested.error} ({tested.code})")
    else:
        counted = f"{tested.usage.input_tokens:,} + {tested.usage.output_tokens:,} tokens"
        messages.success(
            request, f"Test of {name}: answered in {tested.milliseconds:,} ms ({counted}): “{tested.sample}”"
        )
