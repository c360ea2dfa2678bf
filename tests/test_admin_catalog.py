"""The console's postings, résumés and people."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from sessions_app.models import JobPosting, RefreshFamily, User

from .admin_forms import change
from .factories import PASSWORD, JobPostingFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

ADMIN = "/admin/sessions_app/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


# -- postings ----------------------------------------------------------------------------------------------------------


def test_the_stack_is_written_one_word_a_line(console, ann):
    posting = JobPostingFactory(owner=ann)
    html = console.get(f"{ADMIN}jobposting/{posting.pk}/change/").content.decode()
    assert "Python\nPostgreSQL</textarea>" in html
    assert change(console, posting, tech_stack="Go\nKafka, the broker\n") == []
    assert JobPosting.objects.get().tech_stack == ["Go", "Kafka, the broker"]
    assert change(console, posting, tech_stack="") == []
    assert posting.tech_stack == []


@pytest.mark.parametrize("name", ["interviewtemplate", "plannedquestion", "jobposting", "resume", "user", "operation"])
def test_every_list_opens_and_is_searched(console, ann, name):
    JobPostingFactory(owner=ann), TemplateFactory()
    assert console.get(f"{ADMIN}{name}/").status_code == 200
    assert console.get(f"{ADMIN}{name}/", {"q": "not-a-uuid ann"}).status_code == 200


# -- people ------------------------------------------------------------------------------------------------------------


def test_staff_sign_in_with_their_address_in_any_case(client, sam):
    response = client.post("/admin/login/?next=/admin/", {"username": "SAM@example.com", "password": PASSWORD})
    assert response.headers["Location"] == "/admin/"


def test_it_makes_accounts_in_lower_case_once(console):
    form = {"email": "New.Person@Example.com", "name": "New", "usable_password": "true"}
    form |= {"password1": "lantern-otter-4471", "password2": "lantern-otter-4471"}
    assert console.post(f"{ADMIN}user/add/", form).status_code == 302
    assert User.objects.get(email="new.person@example.com").check_password("lantern-otter-4471")
    again = console.post(f"{ADMIN}user/add/", form | {"email": "NEW.PERSON@example.com"})
    assert again.status_code == 200
    assert console.post(f"{ADMIN}user/add/", form | {"email": ""}).context["errors"]
    assert User.objects.filter(email__istartswith="new").count() == 1


def test_only_guests_have_no_address(console, ann):
    guest = User.objects.create_guest()
    assert "An account needs an e-mail address; only guests have none." in "".join(change(console, ann, email=""))
    assert change(console, guest, name="Visitor") == []
    assert User.objects.get(pk=guest.pk).name == "Visitor"


def test_it_filters_guests(console, ann):
    guest = User.objects.create_guest()
    found = console.get(f"{ADMIN}user/?is_guest__exact=1").context["cl"].result_list
    assert list(found) == [guest]


def test_it_sets_passwords(console, ann):
    new = {"password1": "lantern-otter-4471", "password2": "lantern-otter-4471", "usable_password": "true"}
    assert console.post(f"{ADMIN}user/{ann.pk}/password/", new).status_code == 302
    assert User.objects.get(pk=ann.pk).check_password("lantern-otter-4471")


def test_nobody_deletes_the_account_they_work_with(console, sam, ann):
    assert console.post(f"{ADMIN}user/{sam.pk}/delete/", {"post": "yes"}).status_code == 403
    both = {"action": "delete_selected", "_selected_action": [sam.pk, ann.pk], "post": "yes"}
    console.post(f"{ADMIN}user/", both)
    assert User.objects.filter(pk=sam.pk).exists()
    assert console.post(f"{ADMIN}user/{ann.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=ann.pk).exists()


def test_only_the_almighty_make_others_almighty(client, sam, ann):
    clerk = UserFactory(email="clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(clerk)
    assert change(client, ann, name="Ann S.", is_superuser="on", is_staff="on") == []
    assert (ann.name, ann.is_superuser, ann.is_staff) == ("Ann S.", False, False)
    assert client.post(f"{ADMIN}user/{sam.pk}/change/", {"email": "clerk2@example.com"}).status_code == 403
    new = {"password1": "lantern-otter-4471", "password2": "lantern-otter-4471"}
    assert client.post(f"{ADMIN}user/{sam.pk}/password/", new).status_code == 403
    assert User.objects.get(pk=sam.pk).check_password(PASSWORD)


def test_it_signs_people_out_of_the_api(console, ann, ben):
    for user in (ann, ben):
        RefreshFamily.objects.create(user=user, current_jti="x")
    console.post(f"{ADMIN}user/", {"action": "revoke_api_sign_ins", "_selected_action": [ann.pk]})
    assert RefreshFamily.objects.get(user=ann).revoked_at is not None
    assert RefreshFamily.objects.get(user=ben).revoked_at is None
