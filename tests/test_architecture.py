"""The shape of the code: imports go one way, files and functions stay small (house style, "Layout" and "Points")."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "sessions_app"
FRONT_DOORS = ("api", "pages", "live", "admin", "management")

# Lower may not import higher. Modules of one rank may import each other, except the front doors.
RANKS: dict[str, int] = {
    **dict.fromkeys(("errors", "scoring", "ai", "logs", "requests", "hints"), 0),
    **dict.fromkeys(("models", "errors_json", "migrations"), 1),
    **dict.fromkeys(("access", "events", "authentication", "resume_context", "lookout"), 2),
    "services": 3,
    **dict.fromkeys(
        ("represent", "represent_evaluation", "represent_reviews", "export", "export_pdf", "export_account"), 4
    ),
    **dict.fromkeys(FRONT_DOORS, 5),
    "checks": 5,
    "apps": 6,
}
SAME_DOOR = {"streams": "live"}  # the reader, and the SSE and WebSocket in front of it
INTERVIEWER = 7
FILES = [path for path in sorted(APP.rglob("*.py")) if "migrations" not in path.parts]


def part_of(module: str) -> str:
    """``sessions_app.services.turns`` is part of ``services``; ``interviewer.urls`` of ``interviewer``."""
    names = module.split(".")
    part = names[0] if names[0] == "interviewer" else names[1] if len(names) > 1 else ""
    return SAME_DOOR.get(part, part)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every module of ours that a file imports, inside functions and for typing, too."""
    package = module_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            if source in ("sessions_app", "interviewer"):
                yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, source


def ours(path: Path) -> Iterator[tuple[int, str]]:
    return ((line, name) for line, name in imports_of(path) if name.split(".")[0] in ("sessions_app", "interviewer"))


def rank(part: str) -> int:
    return INTERVIEWER if part == "interviewer" else RANKS[part]


def test_every_part_of_the_application_has_its_rank() -> None:
    parts = {part_of(module_of(path)) for path in FILES} - {"__init__"}
    assert parts <= set(RANKS), "say in RANKS where the new part belongs"


def test_imports_go_one_way() -> None:
    upward = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in FILES
        for line, name in ours(path)
        if path.name != "__init__.py" or path.parent != APP
        if rank(part_of(name)) > rank(part_of(module_of(path)))
    ]
    assert upward == []


def test_no_front_door_imports_another() -> None:
    across = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in FILES
        for line, name in ours(path)
        if part_of(module_of(path)) in FRONT_DOORS
        if part_of(name) in FRONT_DOORS and part_of(name) != part_of(module_of(path))
    ]
    assert across == []


@pytest.mark.parametrize("path", sorted((APP / "ai").glob("*.py")), ids=lambda path: path.name)
def test_the_interviewer_knows_no_models_and_no_http(path: Path) -> None:
    for line, name in imports_of(path):
        assert name == "django.conf" or not name.startswith(("django", "rest_framework")), f"line {line}: {name}"


def test_front_doors_write_no_rows_themselves() -> None:
    """A view parses, calls, answers. What Django's admin saves for a form of its own it saves by ``super()``.

    Names are all that is looked at: a write through a function with another name is not seen.
    """
    makes = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update"}
    changes = {"update", "save", "delete"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {on}.{node.func.attr}()"
        for path in FILES
        if part_of(module_of(path)) in FRONT_DOORS and path.name != "idempotency.py"  # its rows are the API's own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if (on := ast.unparse(node.func.value)) != "super()"
        if node.func.attr.removeprefix("a") in makes | changes
    ]
    assert found == []


def test_no_file_is_called_utils_or_helpers() -> None:
    empty_names = {"utils", "helpers", "managers", "common", "misc"}
    assert [path.name for path in FILES if path.stem in empty_names] == []


def test_no_file_has_more_than_400_lines() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))
    project = sorted((ROOT / "interviewer").glob("*.py"))
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*FILES, *project, *tests]
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def functions() -> Iterator[tuple[str, int]]:
    """Every function with its number of lines, without its docstring."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                has_docstring = ast.get_docstring(node) is not None
                docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if has_docstring else 0
                lines = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def test_no_function_has_more_than_40_lines() -> None:
    assert {name: lines for name, lines in functions() if lines > 40} == {}


def test_most_functions_are_short() -> None:
    lengths = sorted(lines for _, lines in functions())
    assert statistics.median(lengths) <= 10
    assert lengths[len(lengths) * 9 // 10] <= 30
