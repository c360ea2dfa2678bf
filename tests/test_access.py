"""Who gets what: one flat table of route × method × role → status, and every route is in it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from functools import cache as once

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from sessions_app.access import Actor
from sessions_app.models import CandidateRequest, User
from sessions_app.services.keys import create_key

from .factories import JobPostingFactory, ResumeFactory, TemplateFactory, UserFactory, waiting
from .invited import invited

ROLES = ("nobody", "guest", "ann", "ben", "sam")  # ann owns the rows, ben and the guest are strangers, sam is staff


def world(ann):
    """Ann's rows, by what a route calls them."""
    session = waiting(ann)
    return {
        "session": session,
        "api-session": session.pk,
        "api-operation": session.turn_id,
        "api-job-posting": JobPostingFactory(owner=ann).pk,
        "api-resume": ResumeFactory(owner=ann).pk,
        "api-template": TemplateFactory().pk,
        "api-key": create_key("x", actor=Actor(ann))[0].pk,
        "slug": TemplateFactory().slug,
        **invitation_and_request(session),
    }


def invitation_and_request(session):
    """An invitation that staff made, its token, and something that ann asked for."""
    invitation, token = invited(UserFactory(is_staff=True))
    asked = CandidateRequest.objects.create(session=session, kind="human", created_at=session.created_at)
    return {"api-invitation": invitation.pk, "api-request": asked.pk, "token": token}


def arguments(name, things):
    """What the route's path needs."""
    if name.startswith("invite"):
        return {"token": things["token"]}
    if name == "account-key-revoke":
        return {"key_id": things["api-key"]}
    if name == "api-assessment" or name.startswith("api-conversation-"):
        return {"id": things["session"].pk}
    if name.startswith("api-"):
        kind = next((kind for kind in things if kind.startswith("api-") and name.startswith(kind + "-")), None)
        needs_id = kind and not name.endswith("-list")
        return {"id": things[kind]} if needs_id else {}
    if name == "practice-start":
        return {"slug": things["slug"]}
    if name == "session-export":
        return {"session_id": things["session"].pk, "extension": "md"}
    if name.startswith("session-") and name != "session-list":
        return {"session_id": things["session"].pk}
    if name == "account_reset_password_from_key":
        return {"uidb36": "1", "key": "a-b"}
    if name == "account_confirm_email":
        return ["x"]
    return {}


@once
def routes():
    """Every named route outside the admin."""

    def walk(patterns, prefix=""):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif pattern.name and not prefix.startswith("admin/"):
                yield pattern.name

    return frozenset(walk(get_resolver().url_patterns))


def _json(**body):
    return json.dumps(body).encode(), "application/json"


BODIES = {
    "api-assessment-start": _json(),
    "api-session-list": _json(),
    "api-session-detail": _json(planned_questions=2),
    "api-session-answers": _json(skip=True),
    "api-account": _json(password="x"),
    "api-session-cancel": _json(reason="x"),
    "api-session-complete": _json(reason="x"),
    "DELETE api-session-detail": _json(reason="x"),
    "api-session-extend": _json(minutes=5, reason="x"),
    "api-session-reopen": _json(minutes=5, reason="x"),
    "api-session-draft": _json(text="x", revision=1),
    "api-job-posting-list": _json(title="x"),
    "api-job-posting-detail": _json(title="x"),
    "api-resume-list": _json(content="x"),
    "api-invitation-list": _json(candidate_name="x"),
    "api-request-grant": _json(answer="x"),
    "api-request-decline": _json(answer="x"),
    "api-session-requests": _json(kind="human"),
    "api-key-list": _json(name="x"),
    "api-session-review-skip": _json(reason="x"),
    "api-session-reviewers": _json(reviewer_id="01940000-0000-7000-8000-000000000000"),
    "api-session-claim": _json(accessToken="x"),
    "api-assessment-message": _json(sessionId="x", message="y"),
}

# fmt: off
TABLE = """
                                          nobody guest ann ben sam
GET    account_change_password            302 302 200 200 200
POST   account_change_password            302 302 200 200 200
GET    account_confirm_email              404 404 404 404 404
POST   account_confirm_email              404 404 404 404 404
GET    account_email                      404 404 404 404 404
POST   account_email                      404 404 404 404 404
GET    account_email_verification_sent    404 404 404 404 404
POST   account_email_verification_sent    404 404 404 404 404
GET    account_inactive                   200 200 200 200 200
GET    account_login                      200 200 200 200 200
POST   account_login                      200 200 200 200 200
GET    account_logout                     302 200 200 200 200
POST   account_logout                     302 302 302 302 302
GET    account_reauthenticate             302 302 302 302 302
POST   account_reauthenticate             302 302 302 302 302
GET    account_reset_password             200 200 200 200 200
POST   account_reset_password             200 200 200 200 200
GET    account_reset_password_done        200 200 200 200 200
GET    account_reset_password_from_key    200 200 200 200 200
POST   account_reset_password_from_key    200 200 200 200 200
GET    account_reset_password_from_key_done 200 200 200 200 200
GET    account_set_password               302 302 302 302 302
POST   account_set_password               302 302 302 302 302
GET    account_signup                     200 200 200 200 200
POST   account_signup                     200 200 200 200 200
GET    account-home                       302 302 200 200 200
GET    account-keys                       302 302 200 200 200
POST   account-keys                       302 302 400 400 400
GET    account-key-revoke                 302 403 200 404 404
POST   account-key-revoke                 302 403 303 404 404
GET    preferences                        200 200 200 200 200
POST   preferences                        400 400 400 400 400
GET    account-export                     302 200 200 200 200
GET    account-erase                      302 200 200 200 200
POST   account-erase                      302 400 400 400 400
GET    account-erased                     404 404 404 404 404
DELETE api-account                        401 403 400 400 400
GET    api-account-export                 401 403 200 200 200
GET    api-assessment                     401 404 200 404 200
POST   api-assessment-message             401 404 404 404 404
POST   api-assessment-start               201 201 201 201 201
GET    api-key-list                       401 403 200 200 200
POST   api-key-list                       401 403 201 201 201
DELETE api-key-detail                     401 403 204 404 404
POST   api-session-claim                  401 403 404 404 404
GET    api-conversation-active            401 403 200 403 200
GET    api-conversation-task              401 403 200 403 200
GET    api-invitation-detail              401 404 404 404 200
GET    api-invitation-list                401 200 200 200 200
POST   api-invitation-list                401 403 403 403 201
POST   api-invitation-resend              401 404 404 404 201
POST   api-invitation-revoke              401 404 404 404 200
GET    api-job-posting-detail             401 404 200 404 200
PATCH  api-job-posting-detail             401 404 200 404 200
DELETE api-job-posting-detail             401 404 204 404 204
GET    api-job-posting-list               401 200 200 200 200
POST   api-job-posting-list               401 201 201 201 201
POST   api-logout                         400 400 400 400 400
GET    api-me                             401 200 200 200 200
GET    api-models                         401 200 200 200 200
POST   api-operation-cancel               401 404 400 404 400
GET    api-operation-detail               401 404 200 404 200
POST   api-operation-retry                401 404 400 404 400
POST   api-register                       400 400 400 400 400
POST   api-request-decline                401 404 403 404 200
GET    api-request-detail                 401 404 200 404 200
POST   api-request-grant                  401 404 403 404 200
GET    api-request-list                   401 200 200 200 200
GET    api-resume-detail                  401 404 200 404 200
DELETE api-resume-detail                  401 404 204 404 204
GET    api-resume-list                    401 200 200 200 200
POST   api-resume-list                    401 201 201 201 201
POST   api-session-answers                401 404 201 404 403
POST   api-session-cancel                 401 404 403 404 200
POST   api-session-complete               401 404 200 404 200
GET    api-session-detail                 401 404 200 404 200
PATCH  api-session-detail                 401 404 400 404 400
PUT    api-session-draft                  401 404 200 404 403
GET    api-session-events                 401 404 200 404 200
DELETE api-session-detail                 401 404 204 404 204
POST   api-session-extend                 401 404 200 404 200
POST   api-session-reopen                 401 404 400 404 400
POST   api-session-retake                 401 404 400 404 400
POST   api-session-generate-question      401 404 409 404 409
GET    api-session-list                   401 200 200 200 200
POST   api-session-list                   401 201 201 201 201
GET    api-session-messages               401 404 200 404 200
POST   api-session-pause                  401 404 200 404 200
PUT    api-session-pause                  401 404 200 404 200
GET    api-session-requests               401 404 200 404 200
POST   api-session-requests               401 404 400 404 403
POST   api-session-resume                 401 404 400 404 400
PUT    api-session-resume                 401 404 400 404 400
POST   api-session-start                  401 404 400 404 400
GET    api-agreement                      401 403 403 403 200
GET    api-session-review                 401 404 403 404 404
PUT    api-session-review                 401 404 403 404 404
POST   api-session-review-submit          401 404 403 404 404
POST   api-session-review-skip            401 404 403 404 404
POST   api-session-reviewers              401 404 403 404 404
GET    api-session-evaluation             401 404 404 404 404
POST   api-session-evaluation-retry       401 404 400 404 400
GET    api-session-export                 401 404 200 404 200
GET    api-session-usage                  401 404 403 404 200
GET    api-template-detail                401 200 200 200 200
GET    api-template-list                  401 200 200 200 200
POST   api-token                          400 400 400 400 400
POST   api-token-refresh                  400 400 400 400 400
GET    example                            404 404 404 404 404
GET    docs                               200 200 200 200 200
GET    health-live                        200 200 200 200 200
GET    health-ready                       200 200 200 200 200
GET    help                               200 200 200 200 200
GET    how-scoring-works                  200 200 200 200 200
GET    invite                             200 200 200 200 200
POST   invite                             303 303 303 303 303
GET    open-invitation                    302 302 302 302 302
POST   open-invitation                    400 400 400 400 400
GET    invite-ask                         200 200 200 200 200
POST   invite-ask                         400 400 400 400 400
GET    invite-calendar                    404 404 404 404 404
GET    landing                            200 200 200 200 200
GET    offline                            200 200 200 200 200
GET    openapi                            200 200 200 200 200
GET    practice-list                      200 200 200 200 200
POST   practice-start                     303 303 303 303 303
GET    new-session                        302 302 200 200 200
POST   new-session                        302 302 400 400 400
GET    privacy                            200 200 200 200 200
POST   session-answer                     302 404 400 404 400
GET    session-ask                        302 404 200 404 403
POST   session-ask                        302 404 400 404 403
GET    session-delete                     302 404 200 404 302
POST   session-delete                     302 404 303 404 302
GET    session-created                    302 404 302 404 200
POST   session-created                    302 404 303 404 303
GET    session-done                       302 404 302 404 302
POST   session-draft                      302 404 303 404 403
GET    session-report                     302 404 302 404 302
POST   session-disagree                   302 404 303 404 303
POST   session-evaluate                   302 404 303 404 303
GET    insights                           302 200 200 200 200
GET    session-end                        302 404 200 404 302
POST   session-end                        302 404 303 404 303
GET    session-export                     302 404 200 404 200
POST   session-extend                     302 404 303 404 303
GET    session-list                       302 200 200 200 200
POST   session-next                       302 404 303 404 303
POST   session-pause                      302 404 303 404 303
GET    session-ready                      302 404 302 404 302
POST   session-resume                     302 404 303 404 303
POST   session-retry                      302 404 303 404 303
POST   session-retake                     302 404 303 404 303
GET    session-room                       302 404 200 404 200
POST   session-start                      302 404 303 404 303
POST   session-stop                       302 404 303 404 303
GET    session-transcript                 302 404 200 404 200
GET    service-worker                     200 200 200 200 200
GET    status                             200 200 200 200 200
GET    accessibility                      200 200 200 200 200
GET    ui-kit                             302 302 302 302 200
POST   theme                              400 400 400 400 400
POST   language                           400 400 400 400 400
POST   timer                              400 400 400 400 400
POST   zone                               303 303 303 303 303
"""
# fmt: on


def table():
    for line in TABLE.strip().splitlines()[1:]:
        method, name, *statuses = line.split()
        yield method, name, dict(zip(ROLES, map(int, statuses), strict=True))


def _path(name, things):
    given = arguments(name, things)
    return reverse(name, args=given) if isinstance(given, list) else reverse(name, kwargs=given)


def request_as(user, method, name, things):
    browser = Client(raise_request_exception=False)
    if user is not None:
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    body = BODIES.get(f"{method} {name}") or BODIES.get(name, (b"", "application/octet-stream"))
    return browser.generic(method, _path(name, things), *body)


def test_every_route_is_in_the_table():
    assert {name for _, name, _ in table()} == routes()


def area(name):
    """Routes of one kind, which are tried on one world: "api-session" or "account"."""
    first, _, rest = name.replace("_", "-").partition("-")
    if first == "api":
        return f"api-{rest.partition('-')[0]}"
    return first if first in ("account", "session", "invite") else "site"


def areas(rows):
    """The rows of each area, as parameters of a test."""
    found = {}
    for row in rows:
        found.setdefault(area(row[1]), []).append(row)
    return [pytest.param(some, id=name) for name, some in found.items()]


@contextmanager
def undone():
    """What is done here leaves neither rows nor counts behind."""
    cache.clear()
    here = transaction.savepoint()
    yield
    transaction.savepoint_rollback(here)


@pytest.mark.django_db
@pytest.mark.parametrize("rows", areas(table()))
def test_who_gets_what(ann, rows):
    people = {
        "nobody": None,
        "guest": User.objects.create_guest(),
        "ann": ann,
        "ben": UserFactory(),
        "sam": UserFactory(is_staff=True, is_superuser=True),
    }
    things = world(ann)
    got, expected = {}, {}
    for method, name, statuses in rows:
        for role in ROLES:
            with undone():
                got[method, name, role] = request_as(people[role], method, name, things).status_code
            expected[method, name, role] = statuses[role]
    assert got == expected


@pytest.mark.django_db
@pytest.mark.parametrize("rows", areas(row for row in table() if row[1].startswith("api-")))
def test_a_method_that_is_not_in_the_table_is_405(ann, rows):
    things = world(ann)
    for name in {name for _, name, _ in rows}:
        listed = {method for method, known, _ in rows if known == name}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - listed:
            with undone():
                assert request_as(ann, method, name, things).status_code == 405, (method, name)


def test_every_admin_route_is_for_staff_alone(ann):
    """Everybody else is sent to the console's sign-in, whatever the address and the method."""

    def walk(patterns, prefix=""):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif pattern.name not in ("login", "logout", "jsi18n"):
                yield re.sub(r"<[^>]+>|\(\?P<[^)]*\)|[\^$]", "1", prefix + str(pattern.pattern))

    admin_patterns = next(p for p in get_resolver().url_patterns if str(p.pattern) == "admin/").url_patterns
    paths = {f"/admin/{path}" for path in walk(admin_patterns)}
    assert len(paths) > 40
    for user in (None, User.objects.create_guest(), ann):
        browser = Client()
        if user is not None:
            browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        for path in paths:
            for method in ("GET", "POST"):
                response = browser.generic(method, path)
                refused = response.status_code == 302 and response["Location"].startswith("/admin/login/")
                assert refused or response.status_code == 404, (path, method, response.status_code)
