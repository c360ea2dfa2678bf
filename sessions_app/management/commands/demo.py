"""``manage.py demo``: something to look at, and how to be rid of it again."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.shortcuts import resolve_url

from sessions_app.ai import bank
from sessions_app.errors import DomainError
from sessions_app.models import InterviewSession, InterviewTemplate, User
from sessions_app.services import demo

LOCAL = frozenset({"localhost", ".localhost", "127.0.0.1", "[::1]", "::1"})


class Command(BaseCommand):
    help = "Demo data: accounts with random passwords, and an interview in every state."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser("load", help="make the demo data, once, and print how to sign in")
        load.add_argument("--first-time", action="store_true", help="do nothing if anybody has an account already")
        load.add_argument("--force", action="store_true", help="even on a site that others can reach")
        load.add_argument("--json", action="store_true", help="print JSON")
        verbs.add_parser("clear", help="remove the demo data, and nothing else")
        credentials = verbs.add_parser("credentials", help="set and print new passwords of the demo accounts")
        credentials.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_: Any, verb: str, **options: Any) -> None:
        try:
            with _without_log_lines():
                getattr(self, f"_{verb}")(**options)
        except DomainError as error:
            raise CommandError(error.message) from error

    def _load(self, *, first_time: bool, force: bool, json: bool, **_: Any) -> None:
        if first_time and (User.objects.exists() or _cleared_mark().exists()):
            return
        if not force and not set(settings.ALLOWED_HOSTS) <= LOCAL:
            if not first_time:
                raise CommandError(
                    "This site answers to more than localhost (ALLOWED_HOSTS), so demo accounts are refused. "
                    "Use --force if you mean it."
                )
            self.stdout.write("No demo data on a site that others can reach. Staff: manage.py createsuperuser")
            return
        call_command("load_templates", verbosity=0)
        accounts = demo.load()
        _cleared_mark().unlink(missing_ok=True)
        if json:
            self._print_json(accounts)
        else:
            self.stdout.write(_screen(accounts))

    def _clear(self, **_: Any) -> None:
        cleared = demo.clear()
        _cleared_mark().parent.mkdir(parents=True, exist_ok=True)
        _cleared_mark().touch()
        self.stdout.write(f"Removed {_count(cleared.sessions, 'session')} and {_count(cleared.accounts, 'account')}.")
        for name in cleared.kept:
            self.stdout.write(f"Kept {name}: there are rows of its own. Lock or delete the account in the console.")
        if not User.objects.filter(is_staff=True, is_active=True).exists():
            self.stdout.write("Nobody can sign in to the console now: manage.py createsuperuser makes an account.")

    def _credentials(self, *, json: bool, **_: Any) -> None:
        accounts = demo.set_passwords()
        if not accounts:
            raise CommandError("There are no demo accounts. Make them with: demo load")
        if json:
            self._print_json(accounts)
            return
        for account in accounts:
            self.stdout.write(f"{account.role:<12}{account.email:<18}{account.password}")

    def _print_json(self, accounts: list[demo.Account]) -> None:
        found = {"url": _address(), "database": connection.vendor, **_counts()}
        self.stdout.write(json.dumps(found | {"accounts": [vars(account) for account in accounts]}, indent=2))


def _screen(accounts: list[demo.Account]) -> str:
    counts = {name: _count(number, name.rstrip("s").replace("_", " ")) for name, number in _counts().items()}
    doors = {
        "Staff": (_address(resolve_url("admin:index")), "Staff"),
        "Candidate": (_address(resolve_url(settings.LOGIN_URL)), "Candidate"),
    }
    lines = [
        "",
        f"  ✓ Database ready ({_database()})",
        f"  ✓ {counts['templates']}, {counts['demo_interviews']}, {counts['questions']} in the bank",
        "  ✓ Interviewer: built-in practice engine (no AI model connected)",
        "",
        f"  {'Open':<12}{_address():<34}start a practice interview, no sign-up",
    ]
    for account in accounts:
        where, label = doors[account.role]
        lines.append(f"  {label:<12}{where:<34}{account.email:<18}{account.password or '…'}")
    lines += [f"  {'API docs':<12}{_address(resolve_url('docs'))}", ""]
    if any(account.password is None for account in accounts):
        lines.append("  The passwords were shown when they were made. New ones:  ./run manage demo credentials")
    else:
        lines.append("  The passwords are shown this once. New ones:             ./run manage demo credentials")
    lines.append("  Demo data can be removed with:                           ./run manage demo clear")
    return "\n".join(lines) + "\n"


def _cleared_mark() -> Path:
    """Says that somebody does not want the demo, so that the next start does not bring it back."""
    return Path(settings.DATA_DIR) / "demo-cleared"


def _counts() -> dict[str, int]:
    return {
        "templates": InterviewTemplate.objects.filter(is_active=True).count(),
        "demo_interviews": InterviewSession.objects.filter(is_demo=True).count(),
        "questions": sum(len(area.questions) for area in bank.areas()),
    }


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _address(path: str = "/") -> str:
    return f"http://localhost:{os.environ.get('PORT') or 8000}{path.rstrip('/') if path == '/' else path}"


def _database() -> str:
    """Its kind, and for SQLite its file; never an address with a password in it."""
    if connection.vendor != "sqlite":
        return connection.vendor
    file = Path(str(connection.settings_dict["NAME"]))
    return f"sqlite, {file.relative_to(settings.BASE_DIR) if file.is_relative_to(settings.BASE_DIR) else file}"


@contextmanager
def _without_log_lines() -> Iterator[None]:
    """The demo's past is no news; a hundred lines of it would hide the passwords."""
    log = logging.getLogger("interviewer")
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)
