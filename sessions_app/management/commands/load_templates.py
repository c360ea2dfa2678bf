"""``manage.py load_templates``: bring in the practice interviews that come with the product."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from sessions_app.ai.practice import PracticeTemplate, shipped
from sessions_app.models import InterviewTemplate
from sessions_app.services.templates import load_template


class Command(BaseCommand):
    help = "Bring in the practice interviews that come with the product. What was edited here is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--replace", action="store_true", help="take the shipped ones even where they were edited")

    def handle(self, *_: Any, replace: bool, verbosity: int, **__: Any) -> None:
        for template in shipped():
            said = self._bring_in(template, replace)
            if verbosity > 0:
                self.stdout.write(f"{template.slug}: {said}")

    @transaction.atomic
    def _bring_in(self, template: PracticeTemplate, replace: bool) -> str:
        """Loads it to find out whether it differs, and takes that back if somebody's edit would be lost."""
        is_new = not InterviewTemplate.objects.filter(slug=template.slug).exists()
        stored, has_changed = load_template(template.slug, template.fields, list(template.questions))
        if not has_changed:
            return "up to date"
        if is_new or replace:
            return f"{'added' if is_new else 'replaced'}, version {stored.version}"
        transaction.set_rollback(True)
        return "differs from the shipped one, kept (--replace takes the shipped one)"
