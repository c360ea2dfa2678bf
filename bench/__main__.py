"""``bench/run``: fill a PostgreSQL, start the servers one section after the other, measure, write RESULTS.md."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench/run", description="Measure the product against its peers.")
    parser.add_argument("--quick", action="store_true", help="a look; RESULTS.md stays as it is")
    parser.add_argument("--only", choices=["reads", "crowded", "answers", "streams"], help="one section, printed only")
    options = parser.parse_args()
    from tests import servers

    with tempfile.TemporaryDirectory(prefix="interviewer-bench-") as folder:
        try:
            report = _run(options, _environment(folder, servers.create_database("bench")))
        finally:
            servers.stop_postgres()
    print(f"\n{report.markdown()}")
    if not options.quick and not options.only:
        report.write(HERE / "RESULTS.md")


def _environment(folder: str, url: str) -> dict[str, str]:
    """For this process and for every server; Django reads it when it is set up."""
    environment = {
        "DATABASE_URL": url,
        "DATA_DIR": folder,
        "DJANGO_SETTINGS_MODULE": "interviewer.settings",
        "RATE_LIMITS": "off",
        "SECRET_KEY": secrets.token_urlsafe(64),
    }
    os.environ.update(environment)
    import django

    django.setup()
    logging.getLogger().handlers[0].setStream((Path(folder) / "log").open("w"))  # written as ever, but not shown
    return environment


def _run(options: Any, environment: dict[str, str]) -> Any:
    import psycopg
    from django.core.management import call_command

    from . import answers, reads, rows, streams
    from .report import Report, machine

    call_command("migrate", verbosity=0)
    quick = options.quick
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        report = Report(machine(str(connection.info.server_version // 10_000)))
    cast = rows.fill([5, 50, 500] if quick else [5, 50, 500, 5000])
    small, large = 1_000, 10_000 if quick else 100_000
    rows.crowd(environment["DATABASE_URL"], cast.interviews[50], 1, small)
    pace = {"rounds": 2, "seconds": 1} if quick else {"rounds": 6, "seconds": 2}
    if options.only in (None, "reads"):
        reads.resume_context(report, cast, environment, **pace)
    if options.only in (None, "answers"):
        answers.accepted(report, cast, times=60 if quick else 400)
    if options.only in (None, "streams"):
        streams.latency(report, cast, environment)
        streams.idle(report, cast, environment, number=200, seconds=5 if quick else 15)
    if options.only in (None, "crowded"):
        databases = {small: environment, large: rows.larger(environment, cast, small, large)}
        reads.crowded(report, cast, databases, **pace)
    return report


if __name__ == "__main__":
    main()
