"""*Invite people*: a form, then what would happen, then, once that is confirmed, each person by the verb.

The pages between hold the list themselves; nothing is stored before the confirmation. The last one is sent row by row
as people are invited. Whoever closes it keeps nobody from being invited: the rest is done before the request ends. If
the server dies in the middle, the same confirmation again invites those who are missing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import mark_safe

from sessions_app import errors
from sessions_app.logs import log
from sessions_app.models import Invitation
from sessions_app.models.ids import new_token
from sessions_app.services.inviting import Invited, checked, invite_each
from sessions_app.services.letters import invite_address
from sessions_app.services.people_list import COLUMNS, MAX_BYTES, Person, decoded, write_csv

from .actors import actor_of
from .exports import as_file
from .invite_form import InviteForm, with_text

_FOLDER = "admin/sessions_app/invitation"
_HERE = mark_safe("<!-- here -->")  # where the page is cut
LINK_COLUMNS = ("name", "email", "link")


class InvitesPeople(admin.ModelAdmin):
    """Mixin: the pages of *Invite people* below the list of invitations."""

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sessions_app.add_invitation")

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "sessions_app_invitation"
        own = [
            path("invite/", wrap(self.invite_view), name=f"{name}_invite"),
            path("links.csv", wrap(self.links_view), name=f"{name}_links"),
        ]
        return [*own, *super().get_urls()]

    def invite_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
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
        return TemplateResponse(request, f"{_FOLDER}/invite.html", self._told(request, "Invite people", form=form))

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

    def _invite(self, request: HttpRequest, form: InviteForm, people: list[Person]) -> StreamingHttpResponse:
        invited = invite_each(
            form.cleaned_data["template"],
            people,
            actor=actor_of(request),
            batch=request.POST.get("batch", ""),
            origin=request.build_absolute_uri("/"),
            letter=form.sends,
            **form.shared,
        )
        title = f"Inviting {len(people)} {'person' if len(people) == 1 else 'people'}"
        context = self._told(request, title, form=form, total=len(people), batch=request.POST.get("batch", ""))
        answer = StreamingHttpResponse(row_by_row(request, invited, context))
        answer.headers["X-Accel-Buffering"] = "no"
        return answer

    def results_page(self, request: HttpRequest, title: str, rows: list[Invited]) -> HttpResponse:
        """New links for people who were invited before; they are shown once, as the first ones were."""
        context = self._told(request, title, total=len(rows))
        return HttpResponse("".join(row_by_row(request, rows, context)))

    def _told(self, request: HttpRequest, title: str, **more: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **more}


def row_by_row(request: HttpRequest, invited: Iterable[Invited], context: dict[str, Any]) -> Iterator[str]:
    """The page of the results, each row as soon as it is done."""
    work, done = iter(invited), []
    whole = render_to_string(f"{_FOLDER}/invited.html", context | {"here": _HERE}, request)
    before, between, after = whole.split(_HERE)
    failed = False
    try:
        yield before
        for one in work:
            done.append(one)
            yield _row(request, one, len(done), context["total"])
    except Exception:  # whatever it is: the head of the page is sent, so its end must tell
        log.exception("inviting.failed", done=len(done), component="console")
        failed = True
    finally:
        for _ in work:  # the page was closed; everybody is invited all the same
            pass
    yield between
    yield render_to_string(f"{_FOLDER}/_summary.html", context | _summed_up(request, done, failed), request)
    yield after


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


def _row(request: HttpRequest, one: Invited, number: int, total: int) -> str:
    link = invite_address(one.token, request.build_absolute_uri("/")) if one.token else ""
    return render_to_string(f"{_FOLDER}/_invited.html", {"one": one, "link": link, "number": number, "total": total})


def _summed_up(request: HttpRequest, done: list[Invited], failed: bool) -> dict[str, Any]:
    origin = request.build_absolute_uri("/")
    made = [one for one in done if one.token]
    rows = [(one.person.name, one.person.email, invite_address(one.token, origin)) for one in made]
    return {
        "made": len(made),
        "earlier": sum(1 for one in done if one.invitation and not one.token),
        "left_out": sum(1 for one in done if not one.invitation),
        "failed": failed,
        "links": write_csv(LINK_COLUMNS, rows).lstrip("\ufeff") if rows else "",
    }
