"""The page of a scorecard: what it costs, and its keys."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from sessions_app.models import User
from sessions_app.services import reviewing
from sessions_app.services.preferences import DEFAULTS

from .factories import UserFactory, as_actor
from .judged import filled, judged

pytestmark = pytest.mark.django_db

RIGHTS = ("view_interviewsession", "change_review")


@pytest.fixture
def rita(db: None) -> User:
    """Staff with these rights and no others, whose console costs two queries more than a superuser's."""
    made = UserFactory(name="Rita Rates", is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=RIGHTS))
    return made


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.mark.parametrize("state", ["blank", "draft", "sealed", "submitted", "beside another's"])
def test_it_costs_as_many_queries_with_12_criteria_as_with_one(
    ann: User, sam: User, rita: User, django_assert_max_num_queries: Any, state: str
) -> None:
    console, counts = signed_in(rita), []
    for criteria in (1, 12):
        session = judged(ann, overall=40, scores=[80.0] * criteria)
        words = ["strong"] * criteria
        if state == "draft":
            reviewing.save_review(session.pk, filled(*words), actor=as_actor(rita))
        elif state != "blank":
            reason = "" if state == "sealed" else "I know the subject."
            reviewing.submit_review(session.pk, filled(*words, reason=reason), actor=as_actor(rita))
        if state == "beside another's":
            reviewing.submit_review(session.pk, filled(*words, reason="Better."), actor=as_actor(sam))
        with django_assert_max_num_queries(12) as queries:  # a page's budget
            assert console.get(f"/admin/review/{session.pk}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_its_keys_are_told_and_can_be_turned_off(ann: User, sam: User) -> None:
    session = judged(ann)
    html = signed_in(sam).get(f"/admin/review/{session.pk}/").content.decode()
    assert "data-keys" in html and "/account/preferences/" in html
    sam.preferences = {**DEFAULTS, "shortcuts": "off"}
    sam.save()
    assert "data-keys" not in signed_in(sam).get(f"/admin/review/{session.pk}/").content.decode()
