"""Templates: the shipped ones brought in, every change kept as a version, copies, and what uses them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils.text import slugify

from sessions_app import errors
from sessions_app.access import SYSTEM, Actor
from sessions_app.ai.protocol import Point, Question
from sessions_app.models import InterviewSession, InterviewTemplate, PlannedQuestion, TemplateVersion

_NOT_CONTENT = ("id", "version")


def load_template(slug: str, fields: dict[str, Any], questions: list[Question]) -> tuple[InterviewTemplate, bool]:
    """Insert or replace a shipped template; its version goes up when something changed. Returns it and whether."""
    with transaction.atomic():
        found = InterviewTemplate.objects.filter(slug=slug).values_list("pk", flat=True).first()
        template = open_template(found) if found else InterviewTemplate(slug=slug, version=1)
        before = content_of(template) if found else None
        for name, value in fields.items():
            setattr(template, name, value)
        wanted = {"fields": _fields_of(template), "questions": _plain([question.as_json() for question in questions])}
        if wanted == before:
            return template, False
        template.save()
        template.questions.all().delete()
        for position, question in enumerate(questions, 1):
            _store(template, position, question)
        return keep_version(template.pk), True


def open_template(template_id: UUID) -> InterviewTemplate:
    """Lock a template for a change, inside a transaction; what it is now is kept if no version has it yet.

    Raises:
        TemplateNotFound
    """
    template = InterviewTemplate.objects.select_for_update().filter(pk=template_id).first()
    if template is None:
        raise errors.TemplateNotFound
    if not template.versions.filter(version=template.version).exists():
        _keep(template, content_of(template), SYSTEM)
    return template


def keep_version(template_id: UUID, *, actor: Actor = SYSTEM) -> InterviewTemplate:
    """Keep a template that was written as its next version, unless it says what its newest version says.

    Raises:
        TemplateNotFound
    """
    with transaction.atomic():
        template = InterviewTemplate.objects.select_for_update().filter(pk=template_id).first()
        if template is None:
            raise errors.TemplateNotFound
        content = content_of(template)
        kept = template.versions.filter(version=template.version).first()
        if kept is not None and kept.content == content:
            return template
        if kept is not None:
            template.version += 1
            template.save(update_fields=["version"])
        _keep(template, content, actor)
    return template


def duplicate_template(template_id: UUID, *, actor: Actor = SYSTEM) -> InterviewTemplate:
    """A copy under a new address, not offered to anybody yet.

    Raises:
        TemplateNotFound
    """
    with transaction.atomic():
        template = open_template(template_id)
        questions = [as_question(question) for question in _questions_of(template)]
        template.title = f"Copy of {template.title}"[:120]
        template.slug = _free_slug(template.title)
        template.pk, template.version, template.is_active = InterviewTemplate().pk, 1, False
        template.save(force_insert=True)
        for position, question in enumerate(questions, 1):
            _store(template, position, question)
        return keep_version(template.pk, actor=actor)


def offer_templates(template_ids: Iterable[UUID], *, offered: bool, actor: Actor = SYSTEM) -> int:
    """Offer templates to candidates, or offer them no longer. Returns how many that changed."""
    changed = 0
    with transaction.atomic():
        for template_id in sorted(template_ids):
            template = open_template(template_id)
            if template.is_active != offered:
                template.is_active = offered
                template.save(update_fields=["is_active"])
                keep_version(template_id, actor=actor)
                changed += 1
    return changed


def delete_template(template_id: UUID) -> None:
    """Delete a template that no session was made from.

    Raises:
        TemplateNotFound, TemplateInUse.
    """
    with transaction.atomic():
        template = open_template(template_id)
        check_unused(template)
        template.delete()


def check_unused(template: InterviewTemplate) -> None:
    """Raises TemplateInUse."""
    used = sum(sessions_by_version(template).values())
    if used:
        sessions = f"{used} session{'' if used == 1 else 's'}"
        raise errors.TemplateInUse(f"“{template.title}” was used by {sessions}. Deactivate it instead.")


def sessions_by_version(template: InterviewTemplate) -> dict[int | None, int]:
    """How many sessions were made from each version, newest first; None where the version was not recorded."""
    rows = InterviewSession.objects.kept().filter(template=template).order_by("-template_version")
    return dict(rows.values_list("template_version").annotate(count=Count("pk")))


def versions_of(template: InterviewTemplate) -> list[TemplateVersion]:
    """All versions, newest first; what it is now comes first even if nothing was kept yet."""
    kept = list(template.versions.select_related("created_by"))
    if not kept or kept[0].version < template.version:
        now = TemplateVersion(template=template, version=template.version, content=content_of(template))
        return [now, *kept]
    return kept


def content_of(template: InterviewTemplate) -> dict[str, Any]:
    """What a version keeps: the fields, and the questions in their order with their rubric."""
    questions = [as_question(question).as_json() for question in _questions_of(template)]
    return {"fields": _fields_of(template), "questions": _plain(questions)}


def as_question(question: PlannedQuestion) -> Question:
    """A planned question with its rubric, as a session freezes it."""
    points = tuple(
        Point(p.statement, tuple(p.aliases), p.follow_up, p.developing, p.solid, p.strong)
        for p in question.points.all()
    )
    return Question(
        question.key, question.question_type, question.text, tuple(question.skills), points, question.criterion
    )


def _questions_of(template: InterviewTemplate) -> list[PlannedQuestion]:
    """Read anew: whoever changed them may hold older ones."""
    return list(PlannedQuestion.objects.filter(template_id=template.pk).prefetch_related("points"))


def _fields_of(template: InterviewTemplate) -> dict[str, Any]:
    fields = (field.attname for field in template._meta.concrete_fields if field.name not in _NOT_CONTENT)
    return {name: _plain(getattr(template, name)) for name in fields}


def _plain(value: Any) -> Any:
    """As JSON gives it back: lists for tuples, plain strings for enumerations."""
    return json.loads(json.dumps(value))


def _keep(template: InterviewTemplate, content: dict[str, Any], actor: Actor) -> None:
    template.versions.create(version=template.version, content=content, created_by=actor.user)


def _store(template: InterviewTemplate, position: int, question: Question) -> None:
    row = PlannedQuestion.objects.create(
        template=template,
        position=position,
        key=question.key,
        question_type=question.type,
        text=question.text,
        skills=list(question.skills),
        criterion=question.criterion,
    )
    for place, point in enumerate(question.points, 1):
        fields = {**vars(point), "aliases": list(point.aliases)}
        row.points.create(position=place, **fields)


def _free_slug(title: str) -> str:
    stem, number = slugify(title)[:70] or "template", 1
    slug = stem
    while InterviewTemplate.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{stem}-{number}"
    return slug
