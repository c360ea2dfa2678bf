"""Word's .docx: a ZIP of XML. Read as a stream of events, so that neither can blow up; runs only in the child program.

A library would build trees of everything, and leaves out text boxes, headers and nested tables, where résumés have much
of their text.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from .resume_reader import Unreadable

MAX_PART = 30 * 1024 * 1024  # bytes of one unpacked part
MAX_PARTS = 40
MIN_SIZE = 4  # half points: two points
MIN_HIDDEN = 3  # characters; editors leave a hidden blank here and there

_PARTS = re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml\Z")
_NAMESPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
_BREAKS = {"p": "\n", "tab": "\t", "br": "\n", "cr": "\n", "tc": "\t"}


def read(content: bytes) -> tuple[str, bool]:
    """The text, body first, and whether some of it is hidden. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, expat.ExpatError, NotImplementedError, EOFError) as error:
        raise Unreadable("unreadable") from error
    except RuntimeError as error:  # what zipfile raises for a password
        raise Unreadable("encrypted") from error


def _read(archive: zipfile.ZipFile) -> tuple[str, bool]:
    names = archive.namelist()
    if "word/document.xml" not in names:
        raise Unreadable("unsupported")
    styles = _Styles()
    if "word/styles.xml" in names:
        _parse(_part(archive, "word/styles.xml"), styles)
    parts = sorted({name for name in names if _PARTS.match(name)}, key=lambda name: "document" not in name)
    body = _Body(styles)
    for name in parts[:MAX_PARTS]:
        _parse(_part(archive, name), body)
    return "".join(body.text), body.hidden_characters >= MIN_HIDDEN


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """One unpacked part. What the ZIP says about its size is not believed."""
    with archive.open(name) as part:
        unpacked = part.read(MAX_PART + 1)
    if len(unpacked) > MAX_PART:
        raise Unreadable("unreadable")
    return unpacked


def _parse(xml: bytes, listener: Any) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse  # entities are declared there, and no Word file has one
    parser.StartElementHandler = lambda name, attributes: listener.start(*_plain(name, attributes))
    parser.EndElementHandler = lambda name: listener.end(_local(name))
    parser.CharacterDataHandler = getattr(listener, "say", None)
    parser.Parse(xml, True)


def _refuse(*_: Any) -> None:
    raise Unreadable("unreadable")


def _local(name: str) -> str:
    """``t`` for Word's own elements; others keep their namespace, and so are nothing we know."""
    namespace, _, local = name.rpartition(" ")
    return local if namespace in _NAMESPACES else f"{local}!"


def _plain(name: str, attributes: dict[str, str]) -> tuple[str, dict[str, str]]:
    return _local(name), {key.rpartition(" ")[2]: value for key, value in attributes.items()}


def vanishes(element: str, attributes: dict[str, str]) -> bool:
    """Whether a property of a run takes its text out of sight, whatever the ground."""
    value = attributes.get("val", "")
    if element == "vanish":
        return value.lower() not in ("0", "false", "off")
    return element == "sz" and value.isdecimal() and int(value) < MIN_SIZE


def _is_white(colour: str) -> bool:
    return bool(re.fullmatch(r"([Ff][0-9A-Fa-f]){3}", colour))


@dataclass
class _Styles:
    """The ids of styles that take their text out of sight, and of those that write in white."""

    hidden: set[str] = field(default_factory=set)
    white: set[str] = field(default_factory=set)
    current: str = ""

    def start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "style":
            self.current = attributes.get("styleId", "")
        elif self.current and vanishes(element, attributes):
            self.hidden.add(self.current)
        elif self.current and element == "color" and _is_white(attributes.get("val", "")):
            self.white.add(self.current)

    def end(self, element: str) -> None:
        if element == "style":
            self.current = ""


@dataclass
class _Look:
    """How a paragraph or run is shown."""

    hidden: bool = False
    white: bool = False


@dataclass
class _Body:
    """Collects the text, and counts what is hidden. White on a shaded ground is visible."""

    styles: _Styles
    text: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    shaded_at: list[int] = field(default_factory=list)  # depths of elements with a coloured ground
    skipped_at: int = 0
    paragraph: _Look = field(default_factory=_Look)
    run: _Look = field(default_factory=_Look)
    hidden_characters: int = 0

    def start(self, element: str, attributes: dict[str, str]) -> None:
        self.path.append(element)
        if element == "Fallback!" and not self.skipped_at:  # the same text again, for older programs
            self.skipped_at = len(self.path)
        elif element == "p":
            self.paragraph, self.run = _Look(), _Look()
        elif element == "r":
            self.run = _Look(self.paragraph.hidden, self.paragraph.white)
        elif element == "pStyle":
            self._by_style(self.paragraph, attributes)
        elif element == "shd" and _is_coloured(attributes):
            self.shaded_at.append(len(self.path) - 2)  # the element that these properties belong to
        elif self.path[-3:-1] == ["r", "rPr"]:
            self._property(element, attributes)

    def _property(self, element: str, attributes: dict[str, str]) -> None:
        if element == "rStyle":
            self._by_style(self.run, attributes)
        elif element == "color":
            self.run.white = _is_white(attributes.get("val", ""))
        elif vanishes(element, attributes):
            self.run.hidden = True

    def _by_style(self, look: _Look, attributes: dict[str, str]) -> None:
        style = attributes.get("val", "")
        look.hidden |= style in self.styles.hidden
        look.white |= style in self.styles.white

    def say(self, said: str) -> None:
        if self.skipped_at or self.path[-1:] != ["t"]:
            return
        self.text.append(said)
        if self.run.hidden or (self.run.white and not self.shaded_at):
            self.hidden_characters += len("".join(said.split()))

    def end(self, element: str) -> None:
        depth = len(self.path)
        self.path.pop()
        self.shaded_at = [at for at in self.shaded_at if at < depth]
        if self.skipped_at == depth:
            self.skipped_at = 0
        elif not self.skipped_at and (element in ("p", "tc") or self.path[-1:] == ["r"]):
            self.text.append(_BREAKS.get(element, ""))


def _is_coloured(attributes: dict[str, str]) -> bool:
    fill = attributes.get("fill", "auto")
    return fill != "auto" and not _is_white(fill)
