"""The console's pages in their states, as ``every_page`` has the candidates'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps

from sessions_app.access import Actor
from sessions_app.errors import FieldError
from sessions_app.models import ModelConnection, Review
from sessions_app.services import candidate_requests, disagreeing, reviewing
from sessions_app.services.inviting_lists import confirm_list, work_off
from sessions_app.services.people_list import read_people
from tests import factories as f
from tests.invited import assessed, by_template, invited
from tests.judged import evaluation_of, filled, judged

from .every_page import TASK, Cast, Made, Visit

ADMIN = "/admin/sessions_app/"
LISTS = (
    "interviewsession",
    "interviewtemplate",
    "plannedquestion",
    "invitation",
    "outgoingmessage",
    "candidaterequest",
    "jobposting",
    "resume",
    "modelconnection",
    "operation",
    "user",
    "apikey",
)
ADDED = ("interviewtemplate", "plannedquestion", "jobposting", "resume", "modelconnection", "user")
CONSOLE: dict[str, Made] = {}


def everything(cast: Cast) -> None:
    """A row or more of whatever the console shows."""
    for made in (f.paused, f.expired, f.generating, f.failed, judged):
        made(cast.ann)
    f.TemplateFactory()
    invited(cast.sam)
    f.JobPostingFactory(owner=cast.sam)
    f.ResumeFactory(owner=cast.ann)
    candidate_requests.ask(assessed(cast.sam).pk, "extra_time", "I read slowly.")
    ModelConnection.objects.create(name="local-llama", base_url="http://localhost:11434/v1", model_id="llama")


def _sams(path: str, **form: Any) -> Made:
    return lambda cast: Visit(path, cast.sam, form or None)


def _all(path: str) -> Made:
    def make(cast: Cast) -> Visit:
        everything(cast)
        return Visit(path, cast.sam)

    return make


def _row(model: str, rest: str = "change/") -> Made:
    def make(cast: Cast) -> Visit:
        everything(cast)
        row: Any = apps.get_model("sessions_app", model)._default_manager.order_by("pk").first()
        return Visit(f"{ADMIN}{model}/{row.pk}/{rest}", cast.sam)

    return make


def _session(make_session: Callable[..., Any], rest: str = "change/", **config: Any) -> Made:
    def make(cast: Cast) -> Visit:
        session = make_session(cast.ann, **config)
        return Visit(f"{ADMIN}interviewsession/{session.pk}/{rest}", cast.sam)

    return make


def _at_once(cast: Cast) -> Visit:
    rows = [f.waiting(cast.ann).pk, f.ended(cast.ann).pk]
    return Visit(
        f"{ADMIN}interviewsession/", cast.sam, {"action": "pause", "_selected_action": [str(pk) for pk in rows]}
    )


def _inviting(do: str = "", **typed: Any) -> Made:
    def make(cast: Cast) -> Visit:
        fields = {"template": by_template(cast.sam).pk, "by": "link", "skip_invited": "on", "name": "Kim Lee", **typed}
        return Visit(f"{ADMIN}invitation/invite/", cast.sam, {**fields, "do": do} if do else None)

    return make


def _invited(cast: Cast) -> Visit:
    people = read_people("name,email\nKim Lee,kim@example.com\nBo,\n")
    people[1].problems = [FieldError("email", "invalid", "Enter an address like name@example.com.")]
    stored = confirm_list(by_template(cast.sam), people, actor=Actor(cast.sam), batch="b")
    work_off(stored.pk, seconds=60)
    return Visit(f"{ADMIN}invitation/lists/{stored.pk}/", cast.sam)


def _review(path: str = "{}/", act: Callable[[Cast, Any], Any] | None = None) -> Made:
    def make(cast: Cast) -> Visit:
        session = judged(cast.ann)
        if act:
            act(cast, session)
        return Visit("/admin/review/" + path.format(session.pk), cast.sam)

    return make


def _dispute(cast: Cast, session: Any) -> None:
    disagreeing.disagree(session.pk, evaluation_of(session).criteria.first().key, "I named it.", actor=Actor(cast.ann))


def _submit(cast: Cast, session: Any) -> None:
    reviewing.submit_review(session.pk, filled("strong", "no", "solid", reason="?"), actor=Actor(cast.sam))


def _skip(cast: Cast, session: Any) -> None:
    reviewing.skip_review(session.pk, "I know her.", actor=Actor(cast.sam))


def _agree(cast: Cast) -> Visit:
    ines = f.UserFactory(name="Ines Second", is_staff=True, is_superuser=True)
    for word in ("strong", "solid", "weak"):
        session = judged(cast.ann)
        for person in (cast.sam, ines):
            reviewing.submit_review(session.pk, filled(word, "no", "solid", reason="?"), actor=Actor(person))
    assert Review.objects.count() == 6
    return Visit("/admin/review/agreement/", cast.sam)


CONSOLE |= {
    "console-login": lambda cast: Visit("/admin/login/"),
    "console-login-refused": lambda cast: Visit("/admin/login/", form={"username": "sam@example.com", "password": "x"}),
    "console-home": _all("/admin/"),
    "console-home-empty": _sams("/admin/"),
    "console-app": _all("/admin/sessions_app/"),
    "console-password": _sams("/admin/password_change/"),
    **{f"console-{name}-list": _all(f"{ADMIN}{name}/") for name in LISTS},
    **{f"console-{name}-empty": _sams(f"{ADMIN}{name}/") for name in LISTS},
    **{f"console-{name}-add": _sams(f"{ADMIN}{name}/add/") for name in ADDED},
    **{f"console-{name}-refused": _sams(f"{ADMIN}{name}/add/", title="") for name in ("jobposting", "modelconnection")},
    **{
        f"console-{name}": _row(name) for name in LISTS if name not in ("interviewsession", "outgoingmessage", "apikey")
    },
    "console-template-history": _row("interviewtemplate", "history/"),
    "console-template-delete": _row("interviewtemplate", "delete/"),
    "console-template-versions": _row("interviewtemplate", "versions/"),
    "console-template-preview": _row("interviewtemplate", "preview/"),
    "console-sessions-found": _all(f"{ADMIN}interviewsession/?q=ann&status=paused"),
    "console-session-waiting": _session(f.waiting, challenge_text=TASK),
    "console-session-failed": _session(f.failed),
    "console-session-judged": _session(judged),
    **{
        f"console-session-{tab}": _session(f.paused, f"change/?tab={tab}", questions=3)
        for tab in ("overview", "transcript", "events", "usage", "settings")
    },
    "console-session-cancel": _session(f.waiting, "do/cancel/"),
    "console-session-extend": _session(f.waiting, "do/extend/"),
    "console-session-pause-many": _at_once,
    "console-invite": _inviting(),
    "console-invite-refused": _inviting("preview", name="", email="no"),
    "console-invite-preview": _inviting("preview", email="kim@example.com"),
    "console-invited": _invited,
    "console-review-queue": _review(""),
    "console-review-queue-empty": _sams("/admin/review/"),
    "console-review-disputed": _review("", _dispute),
    "console-scorecard": _review(),
    "console-scorecard-submitted": _review("{}/", _submit),
    "console-scorecard-skipped": _review("{}/", _skip),
    "console-agreement": _agree,
    "console-ui-kit": _sams("/admin/ui-kit/"),
    "console-agreement-empty": _sams("/admin/review/agreement/"),
}
