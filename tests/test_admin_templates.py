"""The console's templates: every change is a version, nobody overwrites unseen, what was used stays."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from sessions_app.models import InterviewSession, InterviewTemplate, PlannedQuestion, TemplateVersion
from sessions_app.services import templates

from .admin_forms import ADMIN, change, fields_of
from .factories import TemplateFactory, UserFactory, created, fresh

pytestmark = pytest.mark.django_db

NEW = {"title": "Networks", "slug": "networks", "position": 5, "level": "mid", "planned_questions": 2}
NEW |= {"is_active": "on", "is_practice": "on", "quiet_minutes": 10, "enabled_modes": ["text"], "token_budget": 9000}
NEW |= {f"questions-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


def page(template, name="change"):
    return f"{ADMIN}interviewtemplate/{template.pk}/{name}/"


def versions(template):
    return list(template.versions.order_by("version").values_list("version", flat=True))


def session_of(candidate, template, version):
    """Made from that version of the template."""
    session = created(candidate, template_id=template.slug)
    InterviewSession.objects.filter(pk=session.pk).update(template=template, template_version=version)
    return session


# -- versions ----------------------------------------------------------------------------------------------------------


def test_saving_without_a_change_keeps_the_version(console):
    template = TemplateFactory()
    assert change(console, template) == []
    assert template.version == 1


def test_a_changed_template_is_a_new_version_that_keeps_who_and_what(console, sam):
    template = TemplateFactory()
    assert change(console, template, title="Databases, revised", enabled_modes=["text", "code"]) == []
    assert (template.title, template.enabled_modes, template.version) == ("Databases, revised", ["text", "code"], 2)
    assert versions(template) == [1, 2]
    old, new = template.versions.order_by("version")
    assert (old.content["fields"]["title"], new.content["fields"]["title"]) == ("Databases", "Databases, revised")
    assert (old.created_by, new.created_by) == (None, sam)
    assert len(new.content["questions"]) == 3


def test_a_changed_question_is_a_new_version_of_its_template(console):
    template = TemplateFactory()
    assert change(console, template, **{"questions-0-text": "What does a lock cost?"}) == []
    assert template.version == 2
    assert template.questions.first().text == "What does a lock cost?"
    assert change(console, template, **{"questions-1-DELETE": "on"}) == []
    assert (template.version, template.questions.count()) == (3, 2)
    assert [len(row.content["questions"]) for row in template.versions.order_by("version")] == [3, 3, 2]


def test_a_changed_rubric_is_a_new_version_of_its_template(console, sam):
    template = TemplateFactory(questions=1)
    question = template.questions.get()
    assert change(console, question) == []
    assert change(console, question, **{"points-0-aliases": "write cost\n\n slower inserts \nwrite cost"}) == []
    template.refresh_from_db()
    assert template.version == 2
    assert question.points.get().aliases == ["write cost", "slower inserts"]
    kept = template.versions.get(version=2)
    assert (kept.created_by, kept.content["questions"][0]["points"][0]["aliases"]) == (
        sam,
        ["write cost", "slower inserts"],
    )


def test_a_question_that_only_gets_another_number_is_no_change(console):
    template = TemplateFactory()
    last = template.questions.last()
    assert change(console, last, position=last.position + 5) == []
    template.refresh_from_db()
    assert template.version == 1


def test_questions_deleted_on_their_own_page_count_too(console):
    template = TemplateFactory()
    first, second, third = template.questions.all()
    console.post(f"{ADMIN}plannedquestion/{first.pk}/delete/", {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [second.pk, third.pk], "post": "yes"}
    console.post(f"{ADMIN}plannedquestion/", chosen)
    template.refresh_from_db()
    assert (template.questions.count(), template.version, versions(template)) == (0, 3, [1, 2, 3])


def test_a_new_template_is_version_1_and_can_be_used(console, ann, sam):
    assert console.post(f"{ADMIN}interviewtemplate/add/", NEW).status_code == 302
    template = InterviewTemplate.objects.get(slug="networks")
    assert (template.version, versions(template)) == (1, [1])
    assert template.versions.get().created_by == sam
    assert created(ann, template_id="networks").planned_questions == 2


def test_a_new_question_page_makes_a_version(console):
    template = TemplateFactory(questions=1)
    form = {"template": template.pk, "position": 9, "key": "new-one", "question_type": "technical", "text": "Why?"}
    form |= {f"points-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert console.post(f"{ADMIN}plannedquestion/add/", form).status_code == 302
    template.refresh_from_db()
    assert (template.version, versions(template)) == (2, [1, 2])


def test_switching_templates_off_and_on_is_kept(console):
    one, two = TemplateFactory(), TemplateFactory(is_active=False)
    chosen = {"_selected_action": [one.pk, two.pk]}
    console.post(f"{ADMIN}interviewtemplate/", {"action": "deactivate", **chosen})
    assert not InterviewTemplate.objects.filter(is_active=True).exists()
    assert (versions(one), versions(two)) == ([1, 2], [1])
    console.post(f"{ADMIN}interviewtemplate/", {"action": "activate", **chosen})
    assert InterviewTemplate.objects.filter(is_active=True).count() == 2


def test_shipped_templates_are_kept_as_versions_too():
    from django.core.management import call_command

    call_command("load_templates", verbosity=0)
    assert TemplateVersion.objects.count() == InterviewTemplate.objects.count() > 0
    call_command("load_templates", verbosity=0, replace=True)
    assert TemplateVersion.objects.count() == InterviewTemplate.objects.count()


def test_editing_a_template_changes_no_session(console, ann):
    template = TemplateFactory()
    session = created(ann, template_id=template.slug)
    frozen = fresh(session).plan
    change(console, template, **{"questions-0-text": "Something else?", "planned_questions": 9})
    assert (fresh(session).plan, fresh(session).planned_questions) == (frozen, 3)


# -- two at once -------------------------------------------------------------------------------------------------------


def test_who_saves_an_old_page_is_told_who_was_quicker_and_overwrites_nothing(console, sam):
    template = TemplateFactory()
    mine = fields_of(console.get(page(template)))
    assert change(console, template, title="Theirs") == []
    response = console.post(page(template), mine | {"title": "Mine"})
    assert "Sam Staff saved version 2 of this template" in response.content.decode()
    template.refresh_from_db()
    assert (template.title, versions(template)) == ("Theirs", [1, 2])


def test_the_same_holds_for_a_question_whose_template_changed(console):
    template = TemplateFactory(questions=1)
    question = template.questions.get()
    mine = fields_of(console.get(f"{ADMIN}plannedquestion/{question.pk}/change/"))
    change(console, template, title="Theirs")
    response = console.post(f"{ADMIN}plannedquestion/{question.pk}/change/", mine | {"text": "Mine?"})
    assert "Nothing of yours was saved" in response.content.decode()
    assert PlannedQuestion.objects.get().text != "Mine?"


def test_a_form_without_a_version_is_refused(console):
    template = TemplateFactory()
    assert "Nothing of yours" in " ".join(change(console, template, title="Mine", seen_version=""))


# -- what it is used by ------------------------------------------------------------------------------------------------


def test_it_tells_which_sessions_were_made_from_which_version(console, ann):
    template = TemplateFactory()
    old, new = session_of(ann, template, 1), session_of(ann, template, 2)
    session_of(ann, template, 2)
    html = console.get(page(template)).content.decode()
    assert "3 sessions" in html
    address = f"{ADMIN}interviewsession/?template__id__exact={template.pk}&amp;template_version=2"
    assert f'<a href="{address}">2 sessions</a> of version 2' in html
    found = console.get(address.replace("&amp;", "&")).context["cl"].result_list
    assert new in found
    assert old not in found
    assert "3 sessions" in console.get(f"{ADMIN}interviewtemplate/").content.decode()


def test_a_template_that_was_used_is_not_deleted(console, ann):
    template = TemplateFactory()
    created(ann, template_id=template.slug)
    for method in (console.get, console.post):
        response = method(page(template, "delete"), {"post": "yes"}, follow=True)
        assert "was used by 1 session. Deactivate it instead." in response.content.decode()
    assert InterviewTemplate.objects.filter(pk=template.pk).exists()
    many = {"action": "delete_selected", "_selected_action": [template.pk], "post": "yes"}
    console.post(f"{ADMIN}interviewtemplate/", many)
    assert InterviewTemplate.objects.filter(pk=template.pk).exists()


def test_a_template_that_was_not_used_is_deleted_with_its_versions(console):
    template = TemplateFactory()
    templates.keep_version(template.pk)
    assert console.get(page(template, "delete")).status_code == 200
    assert console.post(page(template, "delete"), {"post": "yes"}).status_code == 302
    assert not InterviewTemplate.objects.exists()
    assert not TemplateVersion.objects.exists()


# -- its pages ---------------------------------------------------------------------------------------------------------


def test_a_duplicate_has_everything_but_the_address(console, sam):
    template = TemplateFactory(slug="databases", idle_minutes=7)
    response = console.post(page(template, "duplicate"), follow=True)
    copy = InterviewTemplate.objects.get(slug="copy-of-databases")
    assert response.redirect_chain == [(page(copy), 302)]
    assert (copy.title, copy.is_active, copy.version, copy.idle_minutes) == ("Copy of Databases", False, 1, 7)
    template.refresh_from_db()
    assert templates.content_of(copy)["questions"] == templates.content_of(template)["questions"]
    assert (template.is_active, template.questions.count()) == (True, 3)
    assert copy.versions.get().created_by == sam
    console.post(page(template, "duplicate"))
    assert InterviewTemplate.objects.filter(slug="copy-of-databases-2").exists()


def test_the_preview_shows_what_a_candidate_sees_and_stores_nothing(console):
    template = TemplateFactory(planned_questions=5, challenge_text="Design a <b>shop</b>", max_pause_minutes=90)
    html = console.get(page(template, "preview")).content.decode()
    for words in ("Preview.", "20 minutes of thinking time", "A pause may last 90 minutes", "2 more questions"):
        assert words in html
    assert "Design a &lt;b&gt;shop&lt;/b&gt;" in html
    assert all(question.text in html for question in template.questions.all())
    assert "Says what an index costs" not in html  # the rubric is not for candidates
    assert not InterviewSession.objects.exists()
    assert not TemplateVersion.objects.exists()


def test_the_versions_page_tells_what_changed(console, sam):
    template = TemplateFactory()
    assert "no older version" in console.get(page(template, "versions")).content.decode()
    change(console, template, title="Databases and locks")
    change(console, template, **{"questions-0-text": "What does a lock cost?", "planned_questions": 4})
    html = console.get(page(template, "versions")).content.decode()
    assert "From version 2 to version 3" in html
    assert "<ins>4</ins>" in html
    html = console.get(page(template, "versions"), {"from": 1, "to": 2}).content.decode()
    assert "<span>Databases</span><ins> and locks</ins>" in html
    assert "Sam Staff" in html
    assert console.get(page(template, "versions"), {"from": "x", "to": 99}).status_code == 200


@pytest.mark.parametrize("name", ["versions", "preview", "duplicate"])
def test_its_pages_are_for_staff_who_may_see_templates(client, ann, name):
    template = TemplateFactory()
    clerk = UserFactory(email="clerk@example.com", is_staff=True)
    client.force_login(clerk)
    assert client.post(page(template, name)).status_code == 403
    clerk.user_permissions.set(Permission.objects.filter(codename="view_interviewtemplate"))
    expected = 403 if name == "duplicate" else 200
    assert client.post(page(template, name)).status_code == expected
    assert client.post(f"{ADMIN}interviewtemplate/0193d000-0000-7000-8000-000000000000/{name}/").status_code == 404
    client.force_login(ann)
    assert client.post(page(template, name)).headers["Location"].startswith("/admin/login/")
    assert InterviewTemplate.objects.count() == 1


@pytest.mark.parametrize("name", ["change", "versions", "preview"])
def test_its_pages_hold_to_the_policy(console, name):
    template = TemplateFactory()
    change(console, template, title="Revised")
    response = console.get(page(template, name))
    html = response.content.decode()
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert " style=" not in html
    assert " onclick=" not in html


# -- what a session could not use --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_limit_minutes": 4}, "greater than or equal to 5"),
        ({"planned_questions": 31}, "less than or equal to 30"),
        ({"token_budget": 999}, "greater than or equal to 1000"),
        ({"idle_minutes": 0}, "greater than or equal to 1"),
        ({"max_pause_minutes": 4}, "greater than or equal to 5"),
        ({"is_practice": ""}, "Say why the limit is essential"),
        ({"is_practice": "", "limit_reason": "  "}, "Say why the limit is essential"),
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


@pytest.mark.parametrize(
    "changes", [{"is_practice": "", "limit_reason": "The task is timed"}, {"is_practice": "", "time_limit_minutes": ""}]
)
def test_a_reason_is_asked_only_where_a_limit_binds(console, changes):
    template = TemplateFactory()
    assert change(console, template, **changes) == []
    assert template.is_practice is False


def test_questions_are_reached_from_their_template(console):
    template = TemplateFactory(questions=1)
    html = console.get(page(template)).content.decode()
    assert f"{ADMIN}plannedquestion/{template.questions.get().pk}/change/" in html
    assert "plannedquestion" not in console.get("/admin/").content.decode()
