"""``manage.py verify_events``: prove that no session's log was changed afterwards."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sessions_app import events
from sessions_app.access import SYSTEM, lock_session
from sessions_app.errors import SessionNotFound
from sessions_app.models import InterviewSession


class Command(BaseCommand):
    help = "Walk the event log of every session and print what does not fit. Exits with 1 if anything does not."

    def handle(self, *_: Any, verbosity: int, **__: Any) -> None:
        checked = broken = 0
        for session in InterviewSession.objects.order_by("pk").iterator():
            checked += 1
            # While sessions are in use, an event may come in between reading the row and reading its log.
            links = list(events.broken_links(session)) and self._look_again(session.pk)
            broken += bool(links)
            for link in links:
                self.stderr.write(f"session {session.pk}: {link}")
        if broken:
            raise CommandError(f"{broken} of {checked} logs are not as they were written.")
        if verbosity > 0:
            self.stdout.write(f"{checked} session{'' if checked == 1 else 's'} checked: every log is whole.")

    def _look_again(self, session_id: UUID) -> list[str]:
        """With the row locked, so that nothing is written meanwhile."""
        try:
            with transaction.atomic():
                return list(events.broken_links(lock_session(session_id, SYSTEM)))
        except SessionNotFound:
            return []
