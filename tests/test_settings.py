"""The settings come from the environment: an empty one works, nonsense is refused with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KEY = "k3y-" + "abcdefghij0123456789" * 3


def check(folder, *arguments, **environment):
    """``manage.py check`` with that environment and nothing else of ours."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=ROOT,
        env=kept | {"DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_empty_environment_works_and_keeps_its_key(tmp_path):
    assert check(tmp_path).returncode == 0
    key = (tmp_path / "secret_key").read_text()
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert check(tmp_path).returncode == 0
    assert (tmp_path / "secret_key").read_text() == key


def test_production_has_no_deployment_warning(tmp_path):
    done = check(
        tmp_path, "--deploy", "--fail-level", "WARNING", DEBUG="false", SECRET_KEY=KEY, ALLOWED_HOSTS="a.example"
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEBUG": "false", "ALLOWED_HOSTS": "a.example"}, "SECRET_KEY of its own"),
        ({"DEBUG": "false", "SECRET_KEY": "development-" + KEY, "ALLOWED_HOSTS": "a.example"}, "SECRET_KEY of its own"),
        ({"DEBUG": "false", "SECRET_KEY": KEY}, "ALLOWED_HOSTS"),
        ({"DATABASE_URL": "mysql://u:p@localhost/x"}, "SQLite or PostgreSQL"),
        ({"OPERATIONS": "magic"}, "OPERATIONS is"),
        ({"OPERATIONS": "celery"}, "needs REDIS_URL"),
        ({"OPERATION_THREADS": "0"}, "numbers of threads"),
        ({"RATE_LIMITS": "maybe"}, "on or off"),
    ],
)
def test_nonsense_is_refused_with_the_remedy(tmp_path, environment, sentence):
    done = check(tmp_path, **environment)
    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]


def test_letters_without_an_address_of_the_site_are_warned_of(tmp_path):
    mail = {"EMAIL_URL": "smtp://localhost:25"}
    assert "Set SITE_URL" in check(tmp_path, **mail).stderr
    assert "SITE_URL" not in check(tmp_path, **mail, SITE_URL="https://a.example").stderr
    assert "SITE_URL" not in check(tmp_path).stderr
