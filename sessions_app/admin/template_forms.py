"""The forms of templates and their questions: whoever saves must have seen the newest version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils import timezone
from django.utils.timesince import timesince

from sessions_app.models import InterviewTemplate, PlannedQuestion, SessionMessage
from sessions_app.models.limits import MODES
from sessions_app.services import templates

_WORDS = dict(SessionMessage.MODES)

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
else:
    _Form = forms.ModelForm


class SeenVersion(_Form):
    """Carries the version of the template that the page showed, and refuses to write over a newer one."""

    seen_version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (template := self.edited_template) is not None:
            self.fields["seen_version"].initial = template.version

    @property
    def edited_template(self) -> InterviewTemplate | None:
        """The stored template that is being edited, or None while it is new."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.edited_template is not None:
            self._refuse_old_page(self.edited_template)
        return cleaned

    def _refuse_old_page(self, template: InterviewTemplate) -> None:
        """The admin saves in the same transaction, so the lock that is taken here holds until then."""
        stored = templates.open_template(template.pk)
        if str(stored.version) != self.cleaned_data.get("seen_version"):
            raise forms.ValidationError(_who_was_quicker(stored), code="stale")


class TemplateForm(SeenVersion):
    enabled_modes = forms.MultipleChoiceField(
        choices=[(mode, _WORDS[mode]) for mode in MODES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="How candidates may answer. None ticked means text.",
    )

    @property
    def edited_template(self) -> InterviewTemplate | None:
        return None if self.instance._state.adding else self.instance

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        judged_and_limited = not cleaned.get("is_practice") and cleaned.get("time_limit_minutes")
        if judged_and_limited and not (cleaned.get("limit_reason") or "").strip():
            said = "Say why the limit is essential: candidates of this interview cannot choose more time themselves."
            self.add_error("limit_reason", forms.ValidationError(said, code="required"))
        return cleaned


class QuestionForm(SeenVersion):
    @property
    def edited_template(self) -> InterviewTemplate | None:
        question = cast(PlannedQuestion, self.instance)
        return None if question._state.adding else question.template


def _who_was_quicker(template: InterviewTemplate) -> str:
    newest = template.versions.select_related("created_by").get(version=template.version)
    who = newest.created_by.display_name if newest.created_by else "Somebody"
    ago = timesince(newest.created_at, timezone.now(), depth=1)
    return (
        f"{who} saved version {template.version} of this template {ago} ago, after you opened this page. "
        "Nothing of yours was saved. Copy what you want to keep, open the page again, and enter it there."
    )
