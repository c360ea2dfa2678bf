"""Style sheets and scripts of a page in one file each, named by its content, so that a page needs few requests.

There is no build step: in development (``DEBUG=true``) and in tests browsers get the parts as they lie there.
``manage.py serve`` collects when it starts, ``collectstatic`` when it is run.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

COLLECTED = (
    "css/app.css",
    *(f"js/{name}.js" for name in ("room", "done", "left_here", "offline", "progress", "session_form")),
)
_CSS_IMPORT = re.compile(r'^@import url\("([\w-]+\.css)"\)(?: layer\((\w+)\))?;\n', re.M)
_CSS_COMMENT = re.compile(r"/\*.*?\*/\n?", re.S)
_JS_IMPORT = re.compile(r'^import (?:\* as (\w+)|(\{[^}]*\})) from "\./([\w-]+)\.js";\n', re.M)
_JS_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const) (\w+))", re.M)

Read = Callable[[str], str]


def collected(name: str, read: Read) -> str:
    """The file and everything that it imports, as one text; ``read`` gives a file's text by its name."""
    return styles(name, read) if name.endswith(".css") else script(name, read)


def styles(name: str, read: Read) -> str:
    """Each import in its place, in its layer."""

    def part(found: re.Match[str]) -> str:
        text = read(f"css/{found[1]}")
        return f"@layer {found[2]} {{\n{text}}}\n" if found[2] else text

    return _CSS_COMMENT.sub("", _CSS_IMPORT.sub(part, read(name)))


def script(name: str, read: Read) -> str:
    """Each module as a function that is called once, in the order in which they need each other; names stay apart."""
    parts: dict[str, str] = {}

    def add(module: str) -> None:
        text = read(f"js/{module}.js")
        for found in _JS_IMPORT.finditer(text):
            if found[3] not in parts:
                add(found[3])
        parts[module] = _as_function(module, text)

    add(Path(name).stem)
    return "".join(parts.values())


def _as_function(module: str, text: str) -> str:
    given = ", ".join(_JS_EXPORT.findall(text))
    inside = _JS_EXPORT.sub("", _JS_IMPORT.sub(_as_constant, text))
    if re.search(r"^(?:import|export)\b", inside, re.M):
        raise ValueError(f"js/{module}.js imports or exports in a way that collected.py does not know.")
    return f"const of_{module} = (() => {{\n{inside}return {{ {given} }};\n}})();\n"


def _as_constant(found: re.Match[str]) -> str:
    names = found[1] or found[2].replace(" as ", ": ")
    return f"const {names} = of_{found[3]};\n"


class CollectedStorage(StaticFilesStorage):
    """Where nothing was collected beforehand: ``collect`` at the start, and addresses lead to what it made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names: dict[str, str] = {}

    def collect(self) -> None:
        for name in COLLECTED:
            content = collected(name, _found).encode()
            stem, ending = name.rsplit(".", 1)
            named = f"{stem}.{hashlib.md5(content, usedforsecurity=False).hexdigest()[:12]}.{ending}"
            _write(Path(settings.STATIC_ROOT) / named, content)
            self._names[name] = named

    def url(self, name: str | None) -> str:
        return super().url(self._names.get(name or "", name))


class CollectedManifestStorage(CompressedManifestStaticFilesStorage):
    """``collectstatic`` for production: what is collected takes the place of the file that only imports."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Any:
        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        texts = {} if dry_run else {name: collected(name, read) for name in COLLECTED if name in paths}
        for name, text in texts.items():
            self.delete(name)
            self._save(name, ContentFile(text.encode()))
            paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)


def _found(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"There is no static file {name}.")
    return Path(path).read_text(encoding="utf-8")


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, since another server may be starting; and compressed, for browsers that take that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for target, body in ((path, content), (path.with_name(f"{path.name}.gz"), gzip.compress(content, mtime=0))):
        if target.exists():
            continue
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        unfinished.write_bytes(body)
        unfinished.replace(target)
