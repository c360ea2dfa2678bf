"""What a program said in a stored report, said again in the reader's language.

A stored text is English. Here the ``sentences`` that it was made of are found in it, with their values, and translated;
so reports of any age need nothing beside them. What was made of no sentence of ours (a model's words) is not found and
stays as it is. Words of rubrics and candidates are never translated: they are set apart, so that English within Arabic
keeps its direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import pgettext

from sessions_app.ai import sentences as s
from sessions_app.ai.sentences import Sentence

# Of which sentences a text is made: one of the first ones, then one of the next or none, and so on.
TEXTS: tuple[tuple[tuple[Sentence, ...], ...], ...] = (
    ((s.FOUND, s.GIVEN), (s.EXTREMES,), (s.UNKNOWN,), (s.LEFT,), (s.COUNTED,)),
    ((s.TOLD, s.GIVEN), (s.UNJUDGED,)),
    ((s.SUCH_AS, s.SHOWN), (s.SAID,)),
    ((s.SHOW, s.SAY_MORE), (s.ASK,), (s.SOLID,)),
    ((s.COVERED,), (s.TOUCHED,)),
    ((s.UNANSWERED, s.TALK, s.PREPARE, s.NEXT_LEVEL),),
    ((s.NOT_ANSWERED, s.NOT_ASKED, s.NO_RUBRIC, s.NO_REPLY, s.MISLED),),
    ((s.GAP,),),
)
_PLACE = re.compile(r"%\((\w+)\)s")
# What stands at a place of that name; at any other, words that are not ours.
_PHRASES = {"answers": s.ANSWERS, "questions": s.QUESTIONS, "points": s.POINTS, "things": s.THINGS}
_NUMBERS = ("count", "shown")
_TITLE, _TITLES = ("title", "most", "least"), "titles"
_APART, _TOGETHER = "\u2068", "\u2069"  # Unicode: a text of a direction of its own, and its end


class Retold(str):
    """Said by a program in the page's language, and not as a person or a model wrote it."""

    is_ours = True


def retold(text: str, titles: Mapping[str, str] | None = None) -> str:
    """``Retold`` in the language that is active, as plain text; the text itself if it is not made of our sentences.

    ``titles`` are those of the report's criteria, each with the words in which the page shows it.
    """
    if translation.get_language() == settings.LANGUAGE_CODE:
        return text
    known = titles or {}
    for kind in _kinds(tuple(known)):
        if found := kind.pattern.fullmatch(text):
            return Retold(" ".join(_said(sentence, values, known) for sentence, values in kind.told(found)))
    return text


@dataclass(frozen=True)
class _Kind:
    """How texts of one kind look: a group for each sentence and, behind it, one for each of its values."""

    pattern: re.Pattern[str]
    groups: Sequence[tuple[int, Sentence, Sequence[str]]]

    def told(self, found: re.Match[str]) -> Iterator[tuple[Sentence, dict[str, str]]]:
        for group, sentence, names in self.groups:
            if found[group] is not None:
                yield sentence, {name: found[group + n] for n, name in enumerate(names, start=1)}


@lru_cache(maxsize=64)
def _kinds(titles: tuple[str, ...]) -> list[_Kind]:
    known = "|".join(re.escape(title) for title in sorted(titles, key=len, reverse=True)) or r"(?!)"
    return [_kind(slots, known) for slots in TEXTS]


def _kind(slots: Sequence[Sequence[Sentence]], known: str) -> _Kind:
    pattern, number = "", 1
    groups: list[tuple[int, Sentence, Sequence[str]]] = []
    for n, slot in enumerate(slots):
        forms = []
        for sentence, form in ((one, form) for one in slot for form in (one.one, one.many) if form):
            names = _PLACE.findall(form)
            forms.append(f"({_pattern(form, known)})")
            groups.append((number, sentence, names))
            number += 1 + len(names)
        pattern += f"(?: (?:{'|'.join(forms)}))?" if n else f"(?:{'|'.join(forms)})"
    return _Kind(re.compile(pattern, re.DOTALL), groups)


def _pattern(form: str, known: str) -> str:
    """A sentence, or its plural, with a group for each value: the words between the places stand there as they are."""
    parts = _PLACE.split(form)
    return "".join(f"({_value(part, known)})" if n % 2 else re.escape(part) for n, part in enumerate(parts))


def _value(name: str, known: str) -> str:
    if name in _NUMBERS:
        return r"[0-9]{1,9}"
    if name in _PHRASES:
        phrase = _PHRASES[name]
        return "|".join(_PLACE.sub("[0-9]{1,9}", form) for form in (phrase.many, phrase.one))
    if name in _TITLE:
        return known
    return f"(?:(?:{known})(?:, | and ))*(?:{known})" if name == _TITLES else ".+?"


# -- in the reader's language ------------------------------------------------------------------------------------------


def _said(sentence: Sentence, values: Mapping[str, str], titles: Mapping[str, str]) -> str:
    shown = {name: _shown(name, value, titles) for name, value in values.items()}
    if sentence.many:
        return translation.ngettext(sentence.one, sentence.many, int(values["count"])) % shown
    return translation.gettext(sentence.one) % shown


def _shown(name: str, value: str, titles: Mapping[str, str]) -> str:
    if name in _NUMBERS:
        return value
    if name in _PHRASES:
        return _said(_PHRASES[name], {"count": value.split()[0]}, titles)
    if name == _TITLES:
        return _listed([_apart(titles[title]) for title in _entries(value, titles)])
    return _apart(titles[value] if name in _TITLE else value)


def _entries(listing: str, titles: Mapping[str, str]) -> list[str]:
    """The titles that ``wording.listed`` made one line of; a title may have commas of its own."""
    for title in titles:
        if listing == title:
            return [title]
        for joint in (", ", " and "):
            if listing.startswith(title + joint) and (rest := _entries(listing[len(title + joint) :], titles)):
                return [title, *rest]
    return []


def _listed(words: Sequence[str]) -> str:
    said = words[0]
    for word in words[1:-1]:
        said = pgettext("in a list", "%(one)s, %(next)s") % {"one": said, "next": word}
    if len(words) > 1:
        said = pgettext("in a list", "%(one)s and %(last)s") % {"one": said, "last": words[-1]}
    return said


def _apart(words: str) -> str:
    return f"{_APART}{words}{_TOGETHER}" if translation.get_language_bidi() else words
