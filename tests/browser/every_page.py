"""Every page in every state it can be in: what the server says there, and what saying it cost.

A state is made by the verbs inside a transaction that is rolled back, so each stands alone and the empty ones are
empty. The console's are in ``every_console_page``.
"""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from sessions_app import errors
from sessions_app.access import Actor
from sessions_app.models import Evaluation, InterviewSession, User
from sessions_app.pages import errors as error_pages
from sessions_app.services import candidate_requests, disagreeing, invitations, keys, reviewing
from tests import factories as f
from tests.invited import invited
from tests.judged import evaluation_of, filled, judged, set_evaluation_operation

TASK = "# Shorten URLs\n\nDesign it for **100 M** links.\n\n- reads\n- writes"
CODE = "```python\ndef shorten(url: str) -> str:\n    return hash_of(url)[:7]  # seven characters are enough\n```"


@dataclass(frozen=True)
class Shown:
    """An answer of the server: what a browser got from ``path``, and the queries that it took."""

    name: str
    path: str
    status: int
    headers: dict[str, str]
    body: bytes
    queries: list[str] = field(default_factory=list, repr=False)


class Cast:
    """Who may be in a state: ann is a candidate, sam is staff. Made when first named."""

    @property
    def ann(self) -> User:
        return self._person("ann@example.com", "Ann Smith")

    @property
    def sam(self) -> User:
        return self._person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True)

    def _person(self, email: str, name: str, **fields: Any) -> User:
        found = User.objects.filter(email=email).first()
        return found or f.UserFactory(email=email, name=name, **fields)


@dataclass
class Visit:
    """An address and who opens it; with ``form``, what they send there."""

    path: str
    by: User | Client | None = None
    form: dict[str, Any] | None = None

    def client(self) -> Client:
        if isinstance(self.by, Client):
            return self.by
        client = Client()
        if self.by is not None:
            client.force_login(self.by, backend="django.contrib.auth.backends.ModelBackend")
        return client


Made = Callable[[Cast], Any]
PUBLIC: dict[str, Made] = {}
CANDIDATE: dict[str, Made] = {}


def of_room(session: InterviewSession, rest: str, by: Any) -> Visit:
    return Visit(f"/sessions/{session.pk}/{rest}", by)


def show(name: str, make: Made, language: str = "en") -> Shown:
    """Make the state, open its page, and forget both. Redirects are followed to where a person ends up."""
    with despite_the_browsers_loop(), transaction.atomic(), translation.override(language):
        cache.clear()
        made = make(Cast())
        shown = _opened(name, made, language) if isinstance(made, Visit) else _as_shown(name, "/wrong", made, [])
        transaction.set_rollback(True)
    return shown


def _opened(name: str, visit: Visit, language: str) -> Shown:
    client, path = visit.client(), visit.path
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    with CaptureQueriesContext(connection) as captured:
        response: Any = client.get(path) if visit.form is None else client.post(path, visit.form)
    while response.status_code in (301, 302, 303):
        path = urllib.parse.urljoin(path, response["Location"])
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path)
    queries = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    return _as_shown(name, path, response, queries)


def _as_shown(name: str, path: str, response: Any, queries: list[str]) -> Shown:
    return Shown(name, path, response.status_code, dict(response.items()), response.content, queries)


@contextmanager
def despite_the_browsers_loop() -> Iterator[None]:
    """Playwright keeps an event loop running in this thread: Django would refuse the database, or open another."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


# -- public ------------------------------------------------------------------------------------------------------------


def landing(cast: Cast) -> Visit:
    f.TemplateFactory(title="System design", slug="system-design", enabled_modes=["text", "code"])
    f.TemplateFactory(title="Tell me about a time", slug="tell-me")
    return Visit("/")


def _guest(cast: Cast) -> Visit:
    template, client = f.TemplateFactory(), Client()
    client.post(f"/practice/{template.slug}/start")
    return Visit("/", client)


def _invitation(rest: str = "", email: str = "kim@example.com", **fields: Any) -> Made:
    def make(cast: Cast) -> Visit:
        invitation, token = invited(cast.sam, email=email, accommodation_percent=50)
        InterviewSession.objects.filter(pk=invitation.session_id).update(**fields)
        return Visit(f"/invite/{token}/{rest}")

    return make


def _revoked(cast: Cast) -> Visit:
    invitation, token = invited(cast.sam)
    invitations.revoke_invitation(invitation.pk, actor=Actor(cast.sam))
    return Visit(f"/invite/{token}/")


def _asked(cast: Cast) -> Visit:
    _, token = invited(cast.sam)
    candidate_requests.ask_by_link(token, "adjustment", "I read slowly.")
    return Visit(f"/invite/{token}/ask")


def _joined(cast: Cast, by: Any = None) -> Visit:
    _, token = invited(cast.sam, email="ann@example.com")
    invitations.accept_invitation(token, user=cast.ann)
    return Visit(f"/invite/{token}/", by if by is not None else cast.ann)


def _new_password(cast: Cast) -> Visit:
    from django.core import mail

    client, _ = Client(), cast.ann
    mail.outbox = []
    client.post("/password/reset", {"email": "ann@example.com"})
    words = str(mail.outbox[0].body).split()
    return Visit(urllib.parse.urlsplit(next(word for word in words if "/password/reset/key/" in word)).path, client)


def _wrong(error: errors.DomainError) -> Made:
    return lambda cast: error_pages.answer(RequestFactory().get("/wrong"), error)


def at(path: str, **form: Any) -> Made:
    """A page for nobody in particular, or what it says to a form."""
    return lambda cast: Visit(path, form=form or None)


PUBLIC |= {
    "landing": landing,
    "landing-empty": at("/"),
    "landing-guest": _guest,
    "invite": _invitation(),
    "invite-window": _invitation(opens_at=f.utc(2050, 1, 17, 8), closes_at=f.utc(2050, 1, 17, 17)),
    "invite-closed": _invitation(opens_at=f.utc(2020, 1, 17, 8), closes_at=f.utc(2020, 1, 17, 17)),
    "invite-revoked": _revoked,
    "invite-unknown": at("/invite/nothing/"),
    "invite-other-account": lambda cast: _joined(cast, Client()),
    "invite-ask": _invitation("ask"),
    "invite-asked": _asked,
    "login": at("/login"),
    "login-refused": at("/login", login="ann@example.com", password="wrong"),
    "signup": at("/signup"),
    "signup-refused": at("/signup", email="no", password1="1"),
    "password-reset": at("/password/reset"),
    "password-reset-refused": at("/password/reset", email="no"),
    "password-reset-sent": at("/password/reset/done"),
    "password-new": _new_password,
    "password-link-spent": at("/password/reset/key/1-nothing"),
    "password-finished": at("/password/reset/finished"),
    "account-inactive": at("/account/inactive"),
    "help": at("/help/"),
    "privacy": at("/privacy"),
    "how-scoring-works": at("/how-scoring-works"),
    "error-400": _wrong(errors.DomainError()),
    "error-403": _wrong(errors.PermissionDenied()),
    "error-404": _wrong(errors.NotFound()),
    "error-410": _wrong(errors.InvitationGone()),
    "error-413": _wrong(errors.PayloadTooLarge()),
    "error-429": _wrong(errors.RateLimited(40)),
    "error-500": _wrong(error_pages.ServerError()),
    "error-503": _wrong(errors.Unavailable()),
    "offline": at("/offline"),
}


# -- candidates --------------------------------------------------------------------------------------------------------


def _room(make: Callable[..., InterviewSession], rest: str = "", **config: Any) -> Made:
    return lambda cast: of_room(make(cast.ann, **config), rest, cast.ann)


def _sources(cast: Cast) -> Visit:
    posting, resume = f.JobPostingFactory(owner=cast.ann), f.ResumeFactory(owner=cast.ann)
    config = {"job_posting_id": posting.pk, "resume_id": resume.pk, "challenge_text": TASK}
    return of_room(f.created(cast.ann, template_id=f.TemplateFactory().pk, **config), "ready", cast.ann)


def _assessed(cast: Cast, form: dict[str, Any] | None = None) -> Visit:
    visit = _joined(cast)
    session = InterviewSession.objects.get()
    return Visit(f"/sessions/{session.pk}/{'ready' if form is None else 'start'}", visit.by, form)


def _opens_later(cast: Cast) -> Visit:
    session = f.created(cast.ann)
    InterviewSession.objects.update(opens_at=f.utc(2050, 1, 17, 8), closes_at=f.utc(2050, 1, 17, 17))
    return of_room(session, "ready", cast.ann)


def _written(ann: User) -> InterviewSession:
    """Code, another language's words, and a question left out."""
    session = f.waiting(ann, challenge_text=TASK, planned_questions=5, enabled_modes=["text", "code"], language="de")
    f.answer(session, CODE, mode="code")
    f.write_question(session)
    f.answer(session, "https://example.com/" + "a-very-long-address-" * 10)
    f.write_question(session)
    return f.fresh(session)


def _nearly_over(ann: User) -> InterviewSession:
    session = f.waiting(ann, time_limit_minutes=20, template_id=f.TemplateFactory().pk)
    back = session.deadline - session.now - timedelta(seconds=90)
    rows = InterviewSession.objects.filter(pk=session.pk)
    rows.update(running_since=session.running_since - back, deadline=session.deadline - back)
    return f.fresh(session)


def _being_scored(status: str) -> Callable[[User], InterviewSession]:
    def make(ann: User) -> InterviewSession:
        session = judged(ann)
        Evaluation.objects.all().delete()
        set_evaluation_operation(session, status)
        return session

    return make


def scored(ann: User, **fields: Any) -> InterviewSession:
    session = judged(ann, **fields)
    lists = {"went_well": ["Weighs costs"], "improvement_plan": ["Measure first"], "knowledge_gaps": ["Locks"]}
    Evaluation.objects.update(**lists)
    return session


def _hidden(ann: User) -> InterviewSession:
    session = scored(ann)
    InterviewSession.objects.update(shows_report=False)
    return session


def _disputed(cast: Cast) -> Visit:
    session = scored(cast.ann)
    criterion = evaluation_of(session).criteria.first()
    disagreeing.disagree(session.pk, criterion.key if criterion else "", "I named it.", actor=Actor(cast.ann))
    return of_room(session, "report", cast.ann)


def _reviewed(cast: Cast) -> Visit:
    session = scored(cast.ann)
    reviewing.submit_review(session.pk, filled("strong", "no", "solid", reason="?"), actor=Actor(cast.sam))
    return of_room(session, "report", cast.ann)


def _many(cast: Cast, path: str = "/sessions/") -> Visit:
    for made in (f.paused, f.expired, f.generating, f.created, f.waiting, f.closing, judged, judged, judged):
        made(cast.ann)
    f.ended(cast.ann, "cancel_session")
    return Visit(path, cast.ann)


def _keys(path: str = "/account/keys/", **form: Any) -> Made:
    def make(cast: Cast) -> Visit:
        row, _ = keys.create_key("Nightly import", actor=Actor(cast.ann), scopes=["read"])
        return Visit(path.format(row.pk), cast.ann, form or None)

    return make


def _anns(path: str, **form: Any) -> Made:
    return lambda cast: Visit(path, cast.ann, form or None)


def _set_up(cast: Cast) -> Visit:
    session = f.created(cast.sam, candidate_name="Kim Lee", time_limit_minutes=45, accommodation_percent=50)
    invitations.create_invitation(session.pk, actor=Actor(cast.sam))
    return of_room(session, "created", cast.sam)


CANDIDATE |= {
    "landing-continue": lambda cast: _many(cast, "/"),
    "invite-joined": _joined,
    "ready": _room(f.created),
    "ready-sources": _sources,
    "ready-assessed": _assessed,
    "ready-refused": lambda cast: _assessed(cast, {}),
    "ready-opens-later": _opens_later,
    "room": _room(f.waiting, challenge_text=TASK),
    "room-written": _room(_written),
    "room-nearly-over": _room(_nearly_over),
    "room-generating": _room(f.generating),
    "room-failed": _room(f.failed),
    "room-ready-for-next": _room(f.ready_for_next),
    "room-closing": _room(f.closing),
    "room-paused": _room(f.paused, questions=2),
    "room-expired": _room(f.expired),
    "room-cancelled": _room(lambda ann: f.ended(ann, "cancel_session")),
    "room-ask": _room(f.waiting, "ask", time_limit_minutes=20),
    "end": _room(f.waiting, "end", questions=2),
    "delete": _room(f.ended, "delete"),
    "done": _room(f.ended, "done"),
    "done-scoring": _room(_being_scored("running"), "done"),
    "done-failed": _room(_being_scored("failed"), "done"),
    "done-scored": _room(scored, "done"),
    "done-hidden": _room(_hidden, "done"),
    "report": _room(scored, "report"),
    "report-counted": _room(scored, "report", method="evidence_coverage"),
    "report-scoring": _room(_being_scored("queued"), "report"),
    "report-failed": _room(_being_scored("failed"), "report"),
    "report-hidden": _room(_hidden, "report"),
    "report-nothing": _room(scored, "report", overall=None, scores=[None]),
    "report-disputed": _disputed,
    "report-reviewed": _reviewed,
    "transcript": _room(_written, "transcript"),
    "transcript-empty": _room(f.generating, "transcript"),
    "history": _many,
    "history-empty": _anns("/sessions/"),
    "history-nothing-matches": lambda cast: _many(cast, "/sessions/?status=completed&mode=audio"),
    "insights": lambda cast: _many(cast, "/sessions/insights"),
    "insights-empty": _anns("/sessions/insights"),
    "account": _anns("/account/"),
    "keys": _keys(),
    "keys-empty": _anns("/account/keys/"),
    "keys-new": _keys(name="Import", scope="read", days="90"),
    "keys-refused": _keys(name="", scope="read", days="90"),
    "key-revoke": _keys("/account/keys/{}/revoke"),
    "password-change": _anns("/password/change"),
    "password-change-refused": _anns("/password/change", oldpassword="wrong", password1="1"),
    "logout": _anns("/logout"),
    "session-new": lambda cast: Visit("/sessions/new", cast.sam),
    "session-new-refused": lambda cast: Visit("/sessions/new", cast.sam, {"candidate_name": "", "time_limit": "1"}),
    "session-created": _set_up,
}
