"""*Invite people*: a form, then what would happen, then, once that is confirmed, a page that tells how far it is.

The pages before the confirmation hold the list themselves; nothing is stored before it. From then on the list is
worked off whoever watches: for a moment by the confirmation itself, then by the sweep, also after the server has died.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from sessions_app import errors
from sessions_app.access import invitation_list_for, invitation_lists_of
from sessions_app.models import Invitation
from sessions_app.models.ids import new_token
from sessions_app.services.inviting import Invited, checked
from sessions_app.services.inviting_lists import confirm_list, results_of, work_off
from sessions_app.services.letters import invite_address
from sessions_app.services.people_list import COLUMNS, MAX_BYTES, Person, decoded, write_csv

from .actors import actor_of
from .exports import as_file
from .invite_form import InviteForm, with_text

_FOLDER = "admin/sessions_app/invitation"
LINK_COLUMNS = ("name", "email", "link")
LISTS_SHOWN = 5
AT_ONCE_SECONDS = 2.0  # that a confirmation itself goes on; a short list is done by then


class InvitesPeople(admin.ModelAdmin):
    """Mixin: the pages of *Invite people* below the list of invitations."""

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.add_invitation")

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "sessions_app_invitation"
        own = [
            path("invite/", wrap(self.invite_view), name=f"{name}_invite"),
            path("lists/<uuid:list_id>/", wrap(self.list_view), name=f"{name}_list"),
            path("links.csv", wrap(self.links_view), name=f"{name}_links"),
        ]
        return [*own, *super().get_urls()]

    def invite_view(self, request: HttpRequest) -> HttpResponse:
        self._require_inviter(request)
        if request.method != "POST":
            return self._form_page(request, InviteForm(initial={"template": request.GET.get("template", "")}))
        if request.POST.get("do") == "edit":
            kept = request.POST.dict() | {"skip_invited": "skip_invited" in request.POST}
            return self._form_page(request, InviteForm(initial=kept))
        form = _filled_in(request)
        if not form.is_valid():
            return self._form_page(request, form)
        people = _looked_at(form, request)
        if request.POST.get("do") == "confirm":
            return self._invite(request, form, people)
        return self._preview(request, form, people)

    def list_view(self, request: HttpRequest, list_id: Any) -> HttpResponse:
        """How far a confirmed list is, and its links, to whoever confirmed it and for a day."""
        self._require_inviter(request)
        try:
            stored = invitation_list_for(list_id, actor_of(request))
        except errors.NotFound as error:
            raise Http404 from error
        rows, is_done = results_of(stored), stored.done_at is not None
        title = f"Inviting {stored.total} {'person' if stored.total == 1 else 'people'}"
        return self._results_page(request, title, rows, total=stored.total, is_done=is_done, is_list=True)

    def links_view(self, request: HttpRequest) -> HttpResponse:
        """The links of the page that shows them, as a file. They are in no database, so the page sends them along."""
        self._require_inviter(request)
        try:
            rows = list(csv.reader(io.StringIO(request.POST.get("links", ""), newline="")))[1:]
        except csv.Error as error:
            raise BadRequest("These are no links.") from error
        return as_file(write_csv(LINK_COLUMNS, rows), "text/csv; charset=utf-8", "links.csv")

    def _require_inviter(self, request: HttpRequest) -> None:
        if not self.has_invite_permission(request):
            raise PermissionDenied

    def _form_page(self, request: HttpRequest, form: InviteForm) -> HttpResponse:
        lists = invitation_lists_of(actor_of(request))[:LISTS_SHOWN]
        context = self._told(request, "Invite people", form=form, lists=lists)
        return TemplateResponse(request, f"{_FOLDER}/invite.html", context)

    def _preview(self, request: HttpRequest, form: InviteForm, people: list[Person]) -> HttpResponse:
        able = [person for person in people if not person.problems]
        form.auto_id = False  # its fields are kept hidden: no label or help text of this page is about them
        context = self._told(
            request,
            f"Invite {len(able)} of {len(people)} people?" if len(people) > 1 else "Invite this person?",
            form=form,
            people=people,
            able=len(able),
            columns=_columns_of(people),
            batch=new_token(),
        )
        return TemplateResponse(request, f"{_FOLDER}/preview.html", context)

    def _invite(self, request: HttpRequest, form: InviteForm, people: list[Person]) -> HttpResponse:
        stored = confirm_list(
            form.cleaned_data["template"],
            people,
            actor=actor_of(request),
            batch=request.POST.get("batch", ""),
            origin=request.build_absolute_uri("/"),
            letter=form.sends,
            **form.shared,
        )
        work_off(stored.pk, seconds=AT_ONCE_SECONDS)
        return HttpResponseRedirect(reverse("admin:sessions_app_invitation_list", args=[stored.pk]))

    def results_page(self, request: HttpRequest, title: str, rows: list[Invited]) -> HttpResponse:
        """New links for people who were invited before; they are shown once."""
        return self._results_page(request, title, rows, total=len(rows), is_done=True, is_list=False)

    def _results_page(self, request: HttpRequest, title: str, rows: list[Invited], **more: Any) -> HttpResponse:
        told = [(one, _link(request, one)) for one in rows]
        links = [(one.person.name, one.person.email, link) for one, link in told if link]
        context = self._told(
            request,
            title,
            rows=told,
            made=len(links),
            left_out=sum(1 for one in rows if not one.invitation),
            links=write_csv(LINK_COLUMNS, links).lstrip("\ufeff") if links else "",
            **more,
        )
        answer = TemplateResponse(request, f"{_FOLDER}/invited.html", context)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def _told(self, request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **more}


def one_result(invitation: Invitation, token: str) -> Invited:
    session = invitation.session
    return Invited(Person(0, session.candidate_name, invitation.email), invitation, token)


def _filled_in(request: HttpRequest) -> InviteForm:
    """The form; the words of an uploaded file become its list."""
    upload = request.FILES.get("file")
    if upload is None:
        return InviteForm(request.POST)
    try:
        return InviteForm(with_text(request.POST, decoded(upload.read(MAX_BYTES + 1))))
    except errors.ValidationFailed as error:
        form = InviteForm(request.POST)
        form.full_clean()
        form.refuse_list(error)
        return form


def _looked_at(form: InviteForm, request: HttpRequest) -> list[Person]:
    """The people with everything that keeps them from being invited."""
    found = checked(form.cleaned_data["template"], form.listed, actor=actor_of(request), **form.shared)
    for person in found:
        if person.hint and form.cleaned_data["skip_invited"]:
            person.problems.append(errors.FieldError("email", "invited", person.hint))
            person.hint = ""
    return found


def _columns_of(people: list[Person]) -> list[str]:
    """What rows say besides name and address."""
    return [name for name in COLUMNS[2:] if any(getattr(person, name) for person in people)]


def _link(request: HttpRequest, one: Invited) -> str:
    return invite_address(one.token, request.build_absolute_uri("/")) if one.token else ""
