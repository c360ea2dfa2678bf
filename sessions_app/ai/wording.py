"""An answer cut into sentences and words, with their places in the text, and words cut to their stems.

English only: words of other languages stay as they are. The stems are made by few rules and serve to compare words
with each other; they are not always words themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

_SMALL = """a about above after again against all also am an and any anybody anyone anything are as at be became because
    been before being below between both but by can could did do does doing done down during each either else even
    ever every everybody everyone everything few for from further get gets getting go goes going got had has have
    having he her here hers herself him himself his how however i if in into is it its itself just let lets like
    many may maybe me might mine more most much must my myself near of off often on once one ones only onto or other
    others our ours ourselves out over own perhaps please quite rather really same she should since so some somebody
    someone something such than that the their theirs them themselves then there these they this those though through
    thus to too under until up upon us very was we well were what whatever when where whether which while who whom
    whose why will with within would yes yet you your yours yourself i'd i'll i'm i've we'd we'll we're we've you'd
    you'll you're you've he'd he's she'd she's it'd it's it'll that's that'd there's they'd they'll they're they've
    let's what's who's not no nor never nobody nothing neither without cannot can't couldn't didn't doesn't don't
    hadn't hasn't haven't isn't mustn't shouldn't wasn't weren't won't wouldn't ain't aren't needn't"""
SMALL = frozenset(_SMALL.split())
"""Words that carry the sentence and not its subject."""

_COMMON = """able add answer ask back bad become begin better big bring build call care case change come company course
day deal different do easy end example fact fail feel find first follow get give good great happen hard help important
improve issue job keep kind know last learn leave little long look lot make manage manager matter mean moment need new
next nice old part people person place plan point possible problem process project put quick reason result right run
say see show simple situation small solution solve start step stop story sure system take talk task team tell test
thing think time today tool try understand use user want way week work worked world wrong year
act action actually admit affect after afterwards agree alternative angry another apart appear argue arrive around aware
away based basis behind believe benefit between bit both bottom break brief calm carefully carry cause certain chance
check choice choose clarify clean clear close colleague come common compare concern concrete condition confirm
consider continue convince correct cost count couple create daily date decide decision depend describe detail
discuss document drop early effect effort enough event everyday evidence exact exactly expect expectation experience
explain extra face fair fall fast favour few figure final fine finish fix focus form found free friend full future
general go goal group grow guess half hand handle happy hear hide high hold honest hope hour idea impact inform inside
instead intention interest interested involve keep kind know large late later lead least leave less let life limit list
listen live local longer lose loss lost lower main major mention message mind minute missing mistake month move name
near need neutral nobody normal note nothing notice number offer okay open opinion option order outcome outside partly
pass past pay per percent perfect person pick piece plain plainly possibility prefer prepare present press pressure
prevent prior private probably propose purpose question reach react read ready real realise realize reality recent
record reduce refuse regular relate remember remind remove reply report request require respect respond response
responsible rest return risk role room rule safe said save seem send sense separate serious set several share short
side sign similar single sit size slow slowly smaller solid soon sort sound speak special specific spend split stand
state stay still stop straight strange strong subject success sudden suggest support surprise switch term thank third
together tomorrow top topic total trouble true trust truth turn twice type unclear understand understood update usual
value various visible voice wait watch weak went wish without wonder word worry worse worst worth write written
yesterday"""


class Word(NamedTuple):
    """One word of a text, where it is, in lower case, and its stem. ``breaks`` is the comma, semicolon, colon, dash or
    bracket that stands before it, if one does. A small word carries the sentence and not its subject."""

    start: int
    end: int
    text: str
    stem: str
    breaks: str
    is_small: bool


@dataclass(frozen=True)
class Sentence:
    """A sentence or line, without the blanks around it. Offsets count characters (code points) from the beginning."""

    start: int
    end: int
    words: tuple[Word, ...]
    is_question: bool = False
    is_code: bool = False

    @cached_property
    def content(self) -> list[Word]:
        return [word for word in self.words if not word.is_small]


_WORD_OR_BREAK = re.compile(r"([^\W_]+(?:['’][^\W\d_]+)?[+#]*)|[,;:()\[\]–—]|\s-\s")
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?![\s\"”')\]]|$))+[.!?]*")
_CODE = re.compile(r"[={}]|->|;\s*$|\):\s*$")
_VOWEL = re.compile(r"[aeiouy]")


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text that have words; a line break ends one, too."""
    found = []
    for match in _SENTENCE.finditer(text):
        words = tuple(words_of(text, *match.span()))
        if words:
            piece = match.group()
            start = match.start() + len(piece) - len(piece.lstrip())
            end = match.start() + len(piece.rstrip())
            found.append(Sentence(start, end, words, piece.rstrip().endswith("?"), bool(_CODE.search(piece))))
    return found


def words_of(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """The words between two places of a text."""
    found: list[Word] = []
    breaks = ""
    for match in _WORD_OR_BREAK.finditer(text, start, len(text) if end is None else end):
        said = match.group()
        if match.lastindex is None:
            breaks = breaks or said.strip()
            continue
        word = said.lower()
        if "’" in word:
            word = word.replace("’", "'")
        first, last = match.span()
        found.append(Word(first, last, word, stem(word), breaks, word in SMALL))
        breaks = ""
    return found


def stems_of(text: str, *, small: bool = False) -> list[str]:
    """The stems of a text's words in their order, without the small words unless they are asked for."""
    return [word.stem for word in words_of(text) if small or not word.is_small]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without its usual English endings: ``indexes``, ``indexed`` and ``indexing`` are all ``index``."""
    word = word.removesuffix("'s").replace("'", "")
    if len(word) < 4 or not word.isascii():
        return word
    for ending, instead in (("ies", "y"), ("ied", "y"), ("sses", "ss")):
        if word.endswith(ending) and len(word) > 4:
            return _stem_end(word[: -len(ending)] + instead)
    if word.endswith(("xes", "ches", "shes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and not word.endswith("eed") and _VOWEL.search(rest):
            doubled = rest[-1] == rest[-2] and rest[-1] not in "lsz"
            word = rest[:-1] if doubled else rest
            break
    return _stem_end(word)


def _stem_end(word: str) -> str:
    """Nouns and verbs of one family meet: ``isolation`` and ``isolate``, ``normalise`` and ``normalization``."""
    for ending, instead in (("isation", "iz"), ("ization", "iz"), ("ation", ""), ("ition", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)] + instead
    if word.endswith(("tion", "sion")) and len(word) > 6:
        return word[:-3]
    for ending in ("ment", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if word.endswith("is") and len(word) > 5:
        word = word[:-1] + "z"
    if word.endswith("at") and len(word) > 5:
        word = word[:-2]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


COMMON = frozenset(stem(word) for word in _COMMON.split())
"""Stems that are in answers to anything: alone they show nothing."""


def listed(words: Sequence[str]) -> str:
    """One, two and three: as a sentence lists them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
