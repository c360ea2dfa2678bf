"""Every page in every state is HTML by the rules, is no heavier than 4-pages §12 allows, and costs few queries."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interviewer.collected import collected

from . import every_console_page, every_ending, every_open_page, every_page, page_checkers
from .every_page import Shown, show
from .gallery import PAGES

STATIC = Path(__file__).resolve().parents[2] / "static"
QUICK = (
    *("landing", "room-written", "report", "session-new-refused", "console-session-judged", "console-scorecard"),
    "console-ui-kit",
)
# kB after gzip; a page of the console may be as heavy as a list of 100 rows, a form as heavy as its zones.
HTML = {"landing": 12, "room": 30, "console": 40}
HTML_OTHERWISE = 30
CSS, SCRIPTS, CONSOLE_SCRIPTS, FONTS, PRELOADED = 18, 30, 10, 75, 2
QUERIES = 12
UNFIT = b"<!DOCTYPE html><html lang=en><title>x</title><main><p id=a><div id=a></div><img src=x></main></html>"

pytestmark = pytest.mark.django_db


def cases() -> Iterator[Any]:
    """Some pages; and all of them, in five parts."""
    yield pytest.param(QUICK, id="some")
    open_pages, mine = (every_page.PUBLIC, every_open_page.OPEN), (every_page.CANDIDATE, every_ending.ENDINGS)
    for part in (*open_pages, *mine, every_console_page.CONSOLE):
        yield pytest.param(tuple(part), id=next(iter(part)), marks=(pytest.mark.full, pytest.mark.timeout(600)))


def shown(names: tuple[str, ...]) -> list[Shown]:
    return [show(name, PAGES[name]) for name in names]


def kilobytes(*parts: bytes) -> float:
    return sum(len(gzip.compress(part)) for part in parts) / 1000


def as_served(name: str) -> bytes:
    """The file with all that it imports, as a server collects it."""
    return collected(name, lambda part: (STATIC / part).read_text()).encode()


def scripts_of(*names: str) -> dict[str, bytes]:
    """The scripts and the modules that they load."""
    loaded: dict[str, bytes] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in loaded:
            loaded[name] = (STATIC / "js" / name).read_bytes()
            waiting += re.findall(r'(?:from|import)\s*\(?"\./([^"]+)"', loaded[name].decode())
    return loaded


@pytest.mark.parametrize("names", list(cases()))
def test_it_is_html(names: tuple[str, ...], tmp_path: Path) -> None:
    assert page_checkers.wrong_html({page.name: page.body for page in shown(names)}, tmp_path) == {}


def test_what_is_no_html_is_found(tmp_path: Path) -> None:
    told = page_checkers.wrong_html({"unfit": UNFIT}, tmp_path)["unfit"]
    assert {said.split()[0] for said in told} >= {"no-dup-id"}


@pytest.mark.parametrize("names", list(cases()))
def test_pages_are_light_and_cost_few_queries(names: tuple[str, ...]) -> None:
    heavy, costly = [], []
    print(f"\n{'page':34} kB gzip  queries")
    for page in shown(names):
        size, cost = kilobytes(page.body), len(page.queries)
        print(f"{page.name:34} {size:7.1f}  {cost:7}")
        if size > HTML.get(page.name.split("-")[0], HTML_OTHERWISE):
            heavy.append((page.name, size))
        if cost > QUERIES:
            costly.append((page.name, cost, page.queries))
    assert (heavy, costly) == ([], [])


def test_what_pages_load_is_light() -> None:
    room, console = scripts_of("room.js", "zone.js"), scripts_of("scorecard.js")
    fonts = [STATIC / name for name in re.findall(r"fonts/\S+latin-wght\S+woff2", base())]
    sizes = {
        "CSS": (kilobytes(as_served("css/app.css")), CSS),
        "scripts of the room": (kilobytes(as_served("js/room.js"), room["zone.js"]), SCRIPTS),
        "scripts of the console": (kilobytes(*console.values()), CONSOLE_SCRIPTS),
        "fonts of every page": (sum(font.stat().st_size for font in fonts) / 1000, FONTS),
    }
    for name, (size, most) in sizes.items():
        print(f"{name:24} {size:6.1f} kB of {most}")
    assert "stream.js" in room and len(fonts) == PRELOADED
    assert {name: size for name, (size, most) in sizes.items() if size > most} == {}


def base() -> str:
    return (STATIC.parent / "templates" / "base.html").read_text()


def test_every_vendored_file_has_its_licence() -> None:
    told = (STATIC / "vendor" / "VENDOR.md").read_text()
    for licence in re.findall(r"`(\S+\.LICENSE\.txt)`", told):
        assert "Licen" in (STATIC / licence).read_text()
    for font in (STATIC / "fonts").glob("*.woff2"):
        family = font.name.split("-latin")[0]
        assert f"fonts/{family}-*.woff2" in told and font.name in (STATIC / "css" / "fonts.css").read_text()
