"""Style sheets and scripts in one file each: everything is in it, once, in an order that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from interviewer.collected import COLLECTED, CollectedStorage, collected, script, styles

ROOT = Path(__file__).resolve().parents[1]


def read(name: str) -> str:
    return (ROOT / "static" / name).read_text()


def entries() -> set[str]:
    """The scripts that pages name."""
    pages = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    return set(re.findall(r"static 'js/([\w.]+)'", pages))


def test_every_script_of_a_page_that_imports_is_collected() -> None:
    importing = {f"js/{name}" for name in entries() if re.search(r"^import ", read(f"js/{name}"), re.M)}
    assert importing == {name for name in COLLECTED if name.startswith("js/")}


@pytest.mark.parametrize("name", COLLECTED)
def test_nothing_is_left_to_import(name: str) -> None:
    assert not re.search(r"^(@?import|export)\b", collected(name, read), re.M)


def test_styles_keep_the_order_and_the_layers() -> None:
    text = styles("css/app.css", read)
    sheets = re.findall(r'@import url\("([\w-]+\.css)"\)(?: layer\((\w+)\))?', read("css/app.css"))
    assert [layer for _, layer in sheets if layer] == re.findall(r"^@layer (\w+) {$", text, re.M)
    assert text.index("@layer reset, tokens") < text.index("@font-face") < text.index("@media print")
    assert text.count("{") == text.count("}")


def test_modules_come_before_whoever_needs_them_each_once() -> None:
    parts = {
        "js/main.js": 'import * as all from "./low.js";\nimport { a as b } from "./high.js";\nb(all);\n',
        "js/high.js": 'import { low } from "./low.js";\nexport const a = () => low();\n',
        "js/low.js": "const hidden = 1;\nexport function low() {}\nexport async function slow() {}\n",
    }
    text = script("js/main.js", parts.__getitem__)
    assert re.findall(r"const of_(\w+) =", text) == ["low", "high", "main"]
    assert "const { a: b } = of_high;" in text
    assert "const all = of_low;" in text
    assert "return { low, slow };" in text


def test_a_module_that_it_does_not_understand_is_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        script("js/odd.js", lambda name: "export let changing = 1;\n")


def test_the_server_that_starts_serves_them_by_their_content(tmp_path: Path, settings: object) -> None:
    settings.STATIC_ROOT = tmp_path  # type: ignore[attr-defined]
    storage = CollectedStorage()
    assert storage.url("css/app.css") == "/static/css/app.css"
    storage.collect()
    assert re.fullmatch(r"/static/css/app\.[0-9a-f]{12}\.css", storage.url("css/app.css"))
    assert storage.url("js/zone.js") == "/static/js/zone.js"
    made = tmp_path / storage.url("js/room.js").removeprefix("/static/")
    assert made.read_text() == script("js/room.js", lambda name: Path(str(finders.find(name))).read_text())
    assert made.with_name(f"{made.name}.gz").exists()
    storage.collect()
    assert len(list(tmp_path.rglob("app.*.css"))) == 1
