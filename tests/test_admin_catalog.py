"""The console's templates, postings, résumés and people."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from sessions_app.models import InterviewTemplate, JobPosting, PlannedQuestion, RefreshFamily, User

from .factories import PASSWORD, JobPostingFactory, TemplateFactory, UserFactory, created, fresh

pytestmark = pytest.mark.django_db

ADMIN = "/admin/sessions_app/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


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


# -- templates ---------------------------------------------------------------------------------------------------------


def test_saving_without_a_change_keeps_the_version(console):
    template = TemplateFactory()
    assert change(console, template) == []
    assert template.version == 1


def test_a_changed_template_is_a_new_version(console):
    template = TemplateFactory()
    assert change(console, template, title="Databases, revised", enabled_modes=["text", "code"]) == []
    assert (template.title, template.enabled_modes, template.version) == ("Databases, revised", ["text", "code"], 2)


def test_a_changed_question_is_a_new_version_of_its_template(console):
    template = TemplateFactory()
    assert change(console, template, **{"questions-0-text": "What does a lock cost?"}) == []
    assert template.version == 2
    assert template.questions.first().text == "What does a lock cost?"
    assert change(console, template, **{"questions-1-DELETE": "on"}) == []
    assert (template.version, template.questions.count()) == (3, 2)


def test_a_changed_rubric_is_a_new_version_of_its_template(console):
    template = TemplateFactory(questions=1)
    question = template.questions.get()
    assert change(console, question) == []
    assert change(console, question, **{"points-0-aliases": "write cost\n\n slower inserts \nwrite cost"}) == []
    template.refresh_from_db()
    assert template.version == 2
    assert question.points.get().aliases == ["write cost", "slower inserts"]


def test_questions_deleted_on_their_own_page_count_too(console):
    template = TemplateFactory()
    first, second, third = template.questions.all()
    console.post(f"{ADMIN}plannedquestion/{first.pk}/delete/", {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [second.pk, third.pk], "post": "yes"}
    console.post(f"{ADMIN}plannedquestion/", chosen)
    template.refresh_from_db()
    assert (template.questions.count(), template.version) == (0, 3)


def test_two_editors_make_two_versions(console, monkeypatch):
    """The other one saves between our reading and our writing."""
    template = TemplateFactory()
    from sessions_app.admin.catalog import TemplatePage, raise_version

    save = TemplatePage.save_model

    def while_another_saves(self, request, obj, form, change):
        raise_version(obj.pk)
        save(self, request, obj, form, change)

    monkeypatch.setattr(TemplatePage, "save_model", while_another_saves)
    assert change(console, template, title="Mine") == []
    assert template.version == 3


def test_a_new_template_is_version_1_and_can_be_used(console, ann):
    empty = {f"questions-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form = {"title": "Networks", "slug": "networks", "position": 5, "level": "mid", "planned_questions": 2}
    form |= {"is_active": "on", "is_practice": "on", "quiet_minutes": 10, "enabled_modes": ["text"], **empty}
    assert console.post(f"{ADMIN}interviewtemplate/add/", form).status_code == 302
    assert InterviewTemplate.objects.get(slug="networks").version == 1
    assert created(ann, template_id="networks").planned_questions == 2


def test_editing_a_template_changes_no_session(console, ann):
    template = TemplateFactory()
    session = created(ann, template_id=template.slug)
    frozen = fresh(session).plan
    change(console, template, **{"questions-0-text": "Something else?", "planned_questions": 9})
    assert (fresh(session).plan, fresh(session).planned_questions) == (frozen, 3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_limit_minutes": 4}, "greater than or equal to 5"),
        ({"planned_questions": 31}, "less than or equal to 30"),
        ({"enabled_modes": ["smoke"]}, "smoke is not one of the available choices"),
        ({"questions-0-skills": "\n".join(map(str, range(51)))}, "at most 50 words"),
        ({"questions-0-skills": "x" * 81}, "1 to 80 characters"),
        ({"questions-0-question_type": "riddle"}, "not one of the available choices"),
        ({"slug": "taken"}, "already exists"),
    ],
)
def test_it_refuses_what_a_session_could_not_use(console, changes, said):
    TemplateFactory(slug="taken")
    template = TemplateFactory()
    errors = change(console, template, **changes)
    assert said in " ".join(errors)
    template.refresh_from_db()
    assert template.version == 1


def test_questions_are_reached_from_their_template(console):
    template = TemplateFactory(questions=1)
    html = console.get(f"{ADMIN}interviewtemplate/{template.pk}/change/").content.decode()
    assert f"{ADMIN}plannedquestion/{template.questions.get().pk}/change/" in html
    assert "plannedquestion" not in console.get("/admin/").content.decode()
    assert PlannedQuestion._meta.verbose_name


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
