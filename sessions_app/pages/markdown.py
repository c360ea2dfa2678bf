"""Texts as HTML: Markdown of tasks, and code in colours. What comes out is clean, whatever was written."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

_TAGS = {"p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "a", "h3", "h4", "h5", "h6"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "del", "span"}
_ATTRIBUTES = {"a": {"href"}, "span": {"class"}, "pre": {"tabindex", "dir"}}
_COLOURS = HtmlFormatter(nowrap=True, classprefix="hl-")
# As many at the end as at the start, on one line; of HTML that is escaped already.
_BETWEEN_BACKTICKS = re.compile(r"(?<!`)(`+)(?!`)([^`<]+)\1(?!`)")
_LONGEST = 20_000  # characters of code that are worth colours


@lru_cache(maxsize=256)
def coloured(code: str, language: str) -> SafeString:
    """Code with classes for its words (``static/css/code.css``). Without colours where nobody knows the language."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False) if language else None
    except ClassNotFound:
        lexer = None
    if lexer is None or len(code) > _LONGEST:
        return SafeString(escape(code))
    return SafeString(highlight(code, lexer, _COLOURS))  # nosec B703: Pygments escapes what it is given


def as_prose(text: str) -> SafeString:
    """A person's or a model's words as they wrote them; only what stands between backticks in a line becomes code."""
    return SafeString(_BETWEEN_BACKTICKS.sub(_inline, linebreaks(text, autoescape=True)))  # nosec B703: escaped


def _inline(found: re.Match[str]) -> str:
    code = found[2].strip()
    return f'<code dir="ltr" translate="no">{code}</code>' if code else found[0]


def as_html(text: str) -> SafeString:
    """Headings start below the page's own: ``#`` becomes a third-level one. Images and raw HTML are left out."""
    tokens = _reader.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    html = _reader.renderer.render(tokens, _reader.options, {})
    return SafeString(nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"}))


def _in_a_box(code: str, language: str, _attributes: str) -> str:
    """A block of code can be scrolled by keyboard, too, and reads from left to right in every language."""
    return f'<pre tabindex="0" dir="ltr"><code>{coloured(code, language)}</code></pre>'


_reader = MarkdownIt("commonmark", {"html": False, "highlight": _in_a_box}).enable(["table", "strikethrough"])
