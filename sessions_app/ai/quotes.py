"""Whether a quote is somebody's own words: found in their text by code, or it is none.

Judges copy loosely: they straighten quotation marks, change case and white space, leave words out behind an ellipsis.
All of that is forgiven, because what is kept is never the judge's copy but the piece of the text that was found. What
is not forgiven: another word, another letter, a part of a word, or so little that it could be found anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

# A quote has at least so many letters and digits (one of a script without spaces counts three), or is the whole text.
LEAST = 12
# An ellipsis leaves out at most so many characters, so that a quote stays one passage.
MOST_LEFT_OUT = 200

_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:…|\.{3,})\s*\]|\(\s*(?:…|\.{3,})\s*\)|…|\.{3,})\s*")
_AROUND = " \t\r\n\"'`“”„‟«»‹›‘’‚‛「」『』*_>"
_SAME = {
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‘’‚‛‹›′´`＇", "'"),
    **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
}


@dataclass(frozen=True)
class Span:
    """A passage of a text: ``text[start:end]``, in code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def find(quote: str, text: str | Folded) -> Span | None:
    """Where the text has that quote; None when these are not its words.

    Folding a long text takes a while (20 ms for 20,000 characters): who looks for many quotes folds it once.
    """
    said, wanted = text if isinstance(text, Folded) else Folded(text), quote.strip(_AROUND)
    if not _says_enough(wanted, said):
        return None
    return said.find(Folded(wanted).text) or _with_gaps(wanted, said)


def _says_enough(quote: str, said: Folded) -> bool:
    folded = Folded(quote).text
    weight = sum(3 if ord(letter) >= 0x2E80 else 1 for letter in folded if letter.isalnum())
    return weight >= LEAST or (weight > 0 and folded == said.text.strip(_AROUND + ".!?"))


def _with_gaps(quote: str, said: Folded) -> Span | None:
    """The passage from the first piece to the last one, with the words that the ellipsis left out."""
    pieces = [piece for piece in (Folded(part).text for part in _ELLIPSIS.split(quote)) if piece]
    first = last = None
    for piece in pieces:
        last = said.find(piece, after=last.end if last else 0, within=MOST_LEFT_OUT if last else None)
        if last is None:
            return None
        first = first or last
    return Span(first.start, last.end) if first and last else None


class Folded:
    """A text as it is compared, and where each of its characters stood.

    Compatibility forms are one (NFKD), case is folded, marks that look alike are alike, white space is one blank, and
    what takes no room (soft hyphens, joiners, marks of direction) is left out.
    """

    def __init__(self, text: str) -> None:
        self.original = text
        letters: list[str] = []
        places: list[int] = []
        for place, letter in enumerate(text):
            for folded in _fold(letter):
                if folded == " " and (not letters or letters[-1] == " "):
                    continue
                letters.append(folded)
                places.append(place)
        while letters and letters[-1] == " ":
            letters.pop()
            places.pop()
        self.text, self.places = "".join(letters), places

    def find(self, wanted: str, *, after: int = 0, within: int | None = None) -> Span | None:
        """The first passage that begins and ends with whole words, from place ``after`` of the original on."""
        at = self._from(after)
        while wanted and (at := self.text.find(wanted, at)) >= 0:
            if within is not None and self.places[at] - after > within:
                return None
            if self._is_whole(at, at + len(wanted)):
                return Span(self.places[at], self._end(at + len(wanted)))
            at += 1
        return None

    def _from(self, place: int) -> int:
        return bisect_right(self.places, place - 1)

    def _is_whole(self, start: int, end: int) -> bool:
        return self._is_edge(start) and self._is_edge(end)

    def _is_edge(self, at: int) -> bool:
        """Not in the middle of a word, a number, or one character that stands for several."""
        if at in (0, len(self.text)):
            return True
        before, after = self.text[at - 1], self.text[at]
        if self.places[at] == self.places[at - 1] or unicodedata.combining(after):
            return False
        has_spaces = ord(before) < 0x2E80 and ord(after) < 0x2E80
        return not (has_spaces and _is_word(before) and _is_word(after))

    def _end(self, at: int) -> int:
        return self.places[at - 1] + 1


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_" or unicodedata.combining(letter) > 0


def _fold(letter: str) -> str:
    if letter in _SAME:
        return _SAME[letter]
    if letter.isspace():
        return " "
    if unicodedata.category(letter) == "Cf" or 0xFE00 <= ord(letter) <= 0xFE0F:
        return ""
    return "".join(_SAME.get(part, " " if part.isspace() else part) for part in _decomposed(letter))


def _decomposed(letter: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
