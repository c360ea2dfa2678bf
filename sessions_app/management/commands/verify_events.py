"""``manage.py verify_events``: prove that no session's log was changed afterwards, and that its rows agree with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sessions_app import events
from sessions_app.access import SYSTEM, lock_session
from sessions_app.errors import SessionNotFound
from sessions_app.models import InterviewSession
from sessions_app.services.replay import contradictions


class Command(BaseCommand):
    help = (
        "Walk the event log of every session: is the chain whole, and does it tell the state that is stored? "
        "Prints what does not fit. Exits with 1 if anything does not."
    )

    def handle(self, *_: Any, verbosity: int, **__: Any) -> None:
        checked = broken = 0
        for session in InterviewSession.objects.select_related("turn").order_by("pk").iterator():
            checked += 1
            # While sessions are in use, an event may come in between reading the row and reading its log.
            found = _what_is_wrong(session) and self._look_again(session.pk)
            broken += bool(found)
            for sentence in found:
                self.stderr.write(f"session {session.pk}: {sentence}")
        if broken:
            raise CommandError(f"{broken} of {checked} logs are not as they were written.")
        if verbosity > 0:
            self.stdout.write(f"{checked} session{'' if checked == 1 else 's'} checked: every log is whole.")

    def _look_again(self, session_id: UUID) -> list[str]:
        """With the row locked, so that nothing is written meanwhile."""
        try:
            with transaction.atomic():
                return _what_is_wrong(lock_session(session_id, SYSTEM))
        except SessionNotFound:
            return []


def _what_is_wrong(session: InterviewSession) -> list[str]:
    return [*events.broken_links(session), *contradictions(session)]
