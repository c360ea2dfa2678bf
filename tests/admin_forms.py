"""Filling in the console's forms as a browser would."""

from __future__ import annotations

ADMIN = "/admin/sessions_app/"


def fields_of(response):
    """What a browser would send back if nothing were changed."""
    sent = {}
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                sent[bound.html_name] = value
    return sent


def change(client, row, **changes):
    address = f"{ADMIN}{row._meta.model_name}/{row.pk}/change/"
    response = client.post(address, fields_of(client.get(address)) | changes)
    if response.status_code == 200:
        return [str(error) for error in response.context["errors"]]
    row.refresh_from_db()
    return []
