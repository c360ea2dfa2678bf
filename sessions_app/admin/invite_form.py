"""The form of *Invite people*: one person, or a list of them, by one template."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict

from sessions_app import errors
from sessions_app.models import InterviewTemplate
from sessions_app.models.clock import database_now
from sessions_app.services.config import SessionConfig
from sessions_app.services.people_list import Person, read_people

# How the fields of a session's configuration are called here.
_HERE = {"candidate_name": "name", "candidate_email": "email"}
_SHARED = ("language", "time_zone", "opens_at", "closes_at", "accommodation_percent")
_SET_UP = "A letter with the link goes to everybody who has an address."
_NOT_SET_UP = "No mail server is set up: letters are only kept, nothing is sent. Choose links, and pass them on."


class InviteForm(forms.Form):
    template = forms.ModelChoiceField(
        InterviewTemplate.objects.filter(is_active=True).order_by("title"),
        error_messages={"required": "Choose the interview.", "invalid_choice": "Choose an interview that is offered."},
    )
    name = forms.CharField(required=False, help_text="As they want to be addressed.")
    email = forms.CharField(
        label="E-mail",
        required=False,
        widget=forms.EmailInput,
        help_text="No account with another address can join. Empty for a link that anybody may use.",
    )
    people = forms.CharField(
        label="… or a list",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="As spreadsheets copy it or save it as CSV. The first line names the columns: name, email, and if "
        "you like accommodation_percent, opens_at, closes_at, time_zone.",
    )
    time_zone = forms.CharField(
        required=False,
        help_text="The candidates' own, such as Europe/Berlin. The times below are meant in it; UTC without it.",
    )
    opens_at = forms.CharField(label="Opens", required=False, widget=forms.TextInput(attrs={"type": "datetime-local"}))
    closes_at = forms.CharField(
        label="Closes",
        required=False,
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
        help_text="The last moment to start or to resume.",
    )
    accommodation_percent = forms.CharField(
        label="Extra time, in percent",
        required=False,
        widget=forms.NumberInput(attrs={"min": 0, "max": 400, "step": 5}),
        help_text="On top of the template's time limit, in steps of 5. What a row of a list says comes first.",
    )
    language = forms.CharField(required=False, help_text="Of the interview, such as en or de.")
    by = forms.ChoiceField(
        label="How",
        error_messages={"required": "Choose how they get the link.", "invalid_choice": "Choose how they get the link."},
        choices=(("letter", "By e-mail"), ("link", "Links only, I pass them on")),
        widget=forms.RadioSelect,
    )
    skip_invited = forms.BooleanField(
        label="Skip whoever has an open invitation to this interview already", required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["by"].initial = "letter" if settings.SENDS_LETTERS else "link"
        self.fields["by"].help_text = _SET_UP if settings.SENDS_LETTERS else _NOT_SET_UP
        self.listed: list[Person] = []

    @property
    def shared(self) -> dict[str, Any]:
        """What is the same for all, as SessionConfig takes it."""
        return {name: self.cleaned_data[name] for name in _SHARED if self.cleaned_data.get(name)}

    @property
    def sends(self) -> bool:
        return bool(self.cleaned_data["by"] == "letter")

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        one = {name: cleaned.get(name, "") for name in ("name", "email")}
        if cleaned.get("people", "").strip():
            self._read(cleaned["people"], one)
        elif not any(one.values()):
            self.add_error("name", "Enter a name, or a list of people.")
        else:
            self.listed = [Person(1, **one)]
        self._check(one if not cleaned.get("people") else {"name": "Somebody", "email": ""})
        return cleaned

    def _read(self, text: str, one: dict[str, str]) -> None:
        if any(one.values()):
            self.add_error("people", "Enter one person or a list, not both.")
            return
        try:
            self.listed = read_people(text)
        except errors.ValidationFailed as error:
            self.refuse_list(error)

    def refuse_list(self, error: errors.ValidationFailed) -> None:
        self.add_error("people", [wrong.message for wrong in error.errors])

    def _check(self, one: dict[str, str]) -> None:
        """What is the same for all is told at its field, not once for every row."""
        config = SessionConfig(candidate_name=one["name"], candidate_email=one["email"], **self.shared)
        for wrong in config.problems(now=database_now()):
            name = _HERE.get(wrong.field, wrong.field)
            if name in self.fields and name not in self.errors:
                self.add_error(name, wrong.message)


def with_text(typed: QueryDict, text: str) -> QueryDict:
    """The form with the words of an uploaded file as its list, so that they are kept whatever else is wrong."""
    kept = typed.copy()
    kept["people"] = text
    return kept
