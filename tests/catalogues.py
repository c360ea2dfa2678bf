"""The sentences that are translated, found in templates and code, and the catalogues that hold their translations.

``python -m tests.catalogues`` brings the ``.po`` files up to date (translations stay, new sentences come in empty,
sentences that are gone go) and compiles the ``.mo`` files. Needs neither gettext's programs nor a database.
"""

from __future__ import annotations

import ast
import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "sessions_app" / "locale"
LANGUAGES = ("de", "ar")  # English is what the sentences are written in
# Not for candidates: the console, commands, and what no page shows.
UNTRANSLATED = (
    *("templates/admin", "templates/drf_spectacular", "templates/kit", "templates/ui_kit"),
    *("sessions_app/admin", "sessions_app/management", "sessions_app/pages/ui_"),
)
# Which arguments of each function are the context, the sentence and its plural.
FUNCTIONS = {
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop"), ("id",)),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "ngettext_noop"), ("id", "plural")),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ("context", "id")),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ("context", "id", "plural")),
}
_MODULE = "django.utils.translation"
# A function and its first strings, in what Django makes of a template; the rest of the template is X's there.
_IN_TEMPLATE = re.compile(r"\b(n?p?gettext)\(((?:\s*u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")\s*,?)+)")
_STRING = re.compile(r"u?('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")")


def sentences() -> Catalog:
    """All that there are, with the files they come from."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for path in _files():
        name = str(path.relative_to(ROOT))
        text = path.read_text(encoding="utf-8")
        for line, function, words in _of_code(text) if path.suffix == ".py" else _of_template(text, name):
            roles = dict(zip(FUNCTIONS[function], words, strict=False))
            sentence = (roles["id"], roles["plural"]) if "plural" in roles else roles["id"]
            found.add(sentence, locations=[(name, line)], context=roles.get("context"))
    return found


def _files() -> list[Path]:
    files = [*(ROOT / "sessions_app").rglob("*.py"), *(path for path in (ROOT / "templates").rglob("*.*"))]
    return sorted(path for path in files if not str(path.relative_to(ROOT)).startswith(UNTRANSLATED) and path.is_file())


def _of_code(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Every call with literal arguments. A sentence that is put together while it runs is none, and is refused."""
    tree = ast.parse(text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == _MODULE]
    names = {one.asname or one.name: one.name for node in imports for one in node.names if one.name in FUNCTIONS}
    names |= {
        node.name: node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            function = names[node.func.id]
            given = node.args[: len(FUNCTIONS[function])]
            words = [word.value for word in given if isinstance(word, ast.Constant) and isinstance(word.value, str)]
            if len(words) < len(FUNCTIONS[function]):
                raise ValueError(f"line {node.lineno}: {node.func.id}() takes literal sentences")
            yield node.lineno, function, words


def _of_template(text: str, name: str) -> Iterator[tuple[int, str, list[str]]]:
    from django.utils.translation.template import templatize

    code = templatize(text, origin=name)
    for found in _IN_TEMPLATE.finditer(code):
        words = [ast.literal_eval(word) for word in _STRING.findall(found[2])]
        yield code.count("\n", 0, found.start()) + 1, found[1], words


def po_path(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "django.po"


def mo_path(language: str) -> Path:
    return po_path(language).with_suffix(".mo")


def catalogue(language: str) -> Catalog:
    """The translations as they are stored."""
    with po_path(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(translations: Catalog) -> bytes:
    """The ``.mo`` file. Sentences without a translation are not in it: they are shown in English."""
    ready = Catalog(locale=translations.locale, charset="utf-8", fuzzy=False)
    ready.mime_headers = translations.mime_headers
    for message in translations:
        if message.id and is_translated(message.string) and not message.fuzzy:
            ready.add(message.id, message.string, context=message.context)
    buffer = io.BytesIO()
    write_mo(buffer, ready)
    return buffer.getvalue()


def entries(mo: bytes) -> dict[object, str]:
    """What a ``.mo`` file holds but for its header, which names the program that wrote it."""
    held = vars(gettext.GNUTranslations(io.BytesIO(mo)))["_catalog"]
    return {sentence: words for sentence, words in held.items() if sentence}


def refresh() -> dict[str, int]:
    """Bring the files up to date. Returns how many sentences wait for a translation, by language."""
    found, missing = sentences(), {}
    for language in LANGUAGES:
        translations = catalogue(language)
        found.creation_date = translations.creation_date  # what changes without a reason makes differences unreadable
        translations.update(found, no_fuzzy_matching=True)
        translations.obsolete.clear()
        buffer = io.BytesIO()
        write_po(buffer, translations, width=116, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
        po_path(language).write_bytes(buffer.getvalue())
        mo_path(language).write_bytes(compiled(translations))
        missing[language] = sum(1 for message in translations if message.id and not is_translated(message.string))
    return missing


def is_translated(words: str | tuple[str, ...] | list[str]) -> bool:
    return bool(words) if isinstance(words, str) else bool(words) and all(words)


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interviewer.settings")
    django.setup()
    for language, number in refresh().items():
        print(f"{language}: {number} sentences without a translation")
