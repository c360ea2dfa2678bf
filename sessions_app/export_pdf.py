"""An interview as a PDF, by reportlab. Letters that its font lacks show as boxes; the other formats have them all."""

from __future__ import annotations

import io
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer

from . import export

# DejaVu knows most alphabets; the one that comes with the library knows Latin letters only.
_FONTS = ((Path("/usr/share/fonts/truetype/dejavu"), "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
          (Path(reportlab.__file__).parent / "fonts", "Vera.ttf", "VeraBd.ttf"))  # fmt: skip


def written(interview: export.Interview) -> bytes:
    out = io.BytesIO()
    title = _clean(interview.session.title)
    page = SimpleDocTemplate(out, pagesize=A4, title=title, author="Interviewer", margin=18 * mm)
    page.build([*_transcript(interview), *_report(interview)], onFirstPage=_number, onLaterPages=_number)
    return out.getvalue()


def _transcript(interview: export.Interview) -> list[Flowable]:
    story = [_text(interview.session.title, "title"), *(_text(fact, "small") for fact in export.facts(interview))]
    for message in interview.messages:
        who, at = export.who(interview, message), export.moment(interview, message)
        story += [_text(export.heading(message), "heading"), _text(f"{who} · {at}", "small")]
        story += [_text(mark, "small") for mark in export.marks(message)]
        story += [_text(line, "body") if line.strip() else Spacer(1, 2 * mm) for line in message.content.splitlines()]
    return story


def _report(interview: export.Interview) -> list[Flowable]:
    if interview.report is None:
        return []
    story: list[Flowable] = [Spacer(1, 8 * mm), _text("Report", "title")]
    for title, paragraphs in export.sections(interview.report):
        story += [_text(title, "heading"), *(_text(text, "body") for text in paragraphs if text)]
    return story


def _text(text: str, style: str) -> Paragraph:
    """As it was typed: blanks at the beginning of a line of code are kept."""
    plain = _clean(text).expandtabs(4)
    indent = len(plain) - len(plain.lstrip(" "))
    return Paragraph("\u00a0" * indent + escape(plain.lstrip(" ")), _styles()[style])


def _clean(text: str) -> str:
    return "".join(letter for letter in text if letter in "\t\n" or unicodedata.category(letter) not in ("Cc", "Cs"))


def _number(canvas: Any, page: Any) -> None:
    canvas.setFont(_fonts()[0], 8)
    canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(page.page))


@cache
def _styles() -> dict[str, ParagraphStyle]:
    normal, bold = _fonts()
    body = ParagraphStyle("body", fontName=normal, fontSize=10, leading=14, splitLongWords=1)
    return {
        "body": body,
        "small": ParagraphStyle("small", body, fontSize=8, leading=11, textColor="#555555"),
        "heading": ParagraphStyle("heading", body, fontName=bold, fontSize=11, spaceBefore=4 * mm, keepWithNext=1),
        "title": ParagraphStyle("title", body, fontName=bold, fontSize=16, leading=20, spaceAfter=2 * mm),
    }


@cache
def _fonts() -> tuple[str, str]:
    """Names of the normal and the bold font, the first ones that are there."""
    for folder, normal, bold in _FONTS:
        try:
            for name, file in (("Body", normal), ("Body-Bold", bold)):
                pdfmetrics.registerFont(TTFont(name, str(folder / file)))
        except (OSError, TTFError):
            continue
        return "Body", "Body-Bold"
    return "Helvetica", "Helvetica-Bold"
