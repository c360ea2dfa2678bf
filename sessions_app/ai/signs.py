"""What an answer tells about dimensions: the built-in analyser, rules over the markers of ``dimensions`` and no model.

- A marker is found as whole words within one sentence. The longest one wins, and each counts once an answer.
- What is said of somebody else ("she is curious", "people who plan ahead") does not count.
- What is denied counts for the other side at half its weight ("I am not very organised"), save "not only", "don't mind"
  and their like.
- Terms without a sentence around them do not count, nor does a sentence that is little more than a list of markers, one
  that was said before, or one that gives the question back (where it tells about a trait, in the first person, it may
  have the question's words); nor does anything of an answer that turns round and round.
- A sentence is worth at most half of what an answer can say about a dimension; ``scoring.capped`` sees to the answer.

Its limits: it reads English, knows no irony, and takes people at their word. Who knows the markers can please it; that
is why its evidence is shown as quotes, and why it decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import fsum

from .dimensions import TRAIT, Dimension, Marker, dimension
from .guards import denied, is_list_of_terms, is_monotonous, repeats, said_before, sentence_stems
from .wording import Sentence, Word, sentences

MOST_PER_SENTENCE = 0.5
MAX_QUOTE = 300
_GAP = 3  # words that an empty one of a marker may stand for
_STEM = 3  # letters by which markers are looked up

_NOT_THINKING = re.compile(r"(n't|not|never) ((really|even) )?(think|feel|believe|say|consider|call|see)$")
_NO_DENIAL = re.compile(r"(n't|not|never|no|cannot) (mind|wait|help|stop|shy|scared|resist|fail|problem)\b")
_OWN = re.compile(r"(i|we)('\w+)?|my|our|myself|ourselves")
_SUBJECT = re.compile(r"(i|we)('\w+)?")
_SOMEBODY = re.compile(r"(he|she|they)('\w+)?")
_PEOPLE = re.compile(
    r"(manager|boss|colleague|coworker|friend|partner|brother|sister|mother|father|neighbou?r|candidate|person|people|"
    r"someone|somebody|everyone|everybody|other|guy|customer|client)s?"
)
_SAYS_OF_THEM = re.compile(r"who|that|is|are|was|were|has|had|have|seems?|seemed|always|never|tends?|tended")


@dataclass(frozen=True)
class Sign:
    """What a passage says about a dimension: ``answer[start:end]``, in code points."""

    dimension: str
    polarity: float
    strength: float
    start: int
    end: int


@dataclass(frozen=True)
class _Hit:
    """A marker in a sentence: its words from ``at`` to ``until``."""

    dimension: str
    marker: Marker
    at: int
    until: int
    is_denied: bool

    @property
    def weight(self) -> float:
        return self.marker.weight / 2 if self.is_denied else self.marker.weight

    @property
    def polarity(self) -> float:
        return -self.marker.polarity if self.is_denied else self.marker.polarity


def signs(answer: str, wanted: Sequence[Dimension], question: str = "") -> list[Sign]:
    """What the answer tells, by its dimensions' order and then by place: one sign a sentence and dimension at most."""
    parts, asked = sentences(answer), [sentence_stems(question)]
    seen: set[tuple[str, Marker]] = set()
    found: list[Sign] = []
    if is_monotonous(parts):
        return found
    for sentence, is_repeated in zip(parts, said_before(parts), strict=True):
        if not is_repeated:
            found += _signs_of(sentence, answer, [one for one in wanted if not _is_echo(sentence, asked, one)], seen)
    order = {one.key: place for place, one in enumerate(wanted)}
    return sorted(found, key=lambda sign: (order[sign.dimension], sign.start))


def _signs_of(
    sentence: Sentence, answer: str, wanted: Sequence[Dimension], seen: set[tuple[str, Marker]]
) -> Iterator[Sign]:
    hits = [hit for one in wanted for hit in _hits(sentence, answer, one.key)]
    if not hits or _is_list(sentence, hits):
        return
    for one in wanted:
        mine = [hit for hit in hits if hit.dimension == one.key and (one.key, hit.marker) not in seen]
        mine = [hit for hit in mine if not _is_of_others(sentence.words, hit.at)]
        seen.update((one.key, hit.marker) for hit in mine)
        if mine:
            total = fsum(hit.weight for hit in mine)
            polarity = fsum(hit.polarity * hit.weight for hit in mine) / total
            yield Sign(one.key, polarity, min(total, MOST_PER_SENTENCE), *_passage(answer, sentence, mine[0].at))


def _hits(sentence: Sentence, answer: str, key: str) -> Iterator[_Hit]:
    """The markers of a dimension in a sentence, none within the words of another."""
    markers, words, at = _by_beginning(key), sentence.words, 0
    marks = denied(sentence, answer)
    while at < len(words):
        for marker in markers.get(words[at].text[:_STEM], ()):
            if until := _end_of(marker, words, at):
                yield _Hit(key, marker, at, until, _is_denied(words, at, marks[at]))
                at = until - 1
                break
        at += 1


@cache
def _by_beginning(key: str) -> dict[str, list[Marker]]:
    """A dimension's markers by the first letters of their first word, the longest first."""
    found: dict[str, list[Marker]] = {}
    for marker in dimension(key).markers:
        found.setdefault(marker.words[0].rstrip("*")[:_STEM], []).append(marker)
    return found


def _end_of(marker: Marker, words: Sequence[Word], at: int) -> int:
    """Where a marker that begins at this word ends, or 0 if it does not begin here."""
    place, reach = at, 1
    for part in marker.words:
        if not part:
            reach = 1 + _GAP
            continue
        steps = (n for n, word in enumerate(words[place : place + reach], 1) if _is_word(word.text, part))
        step = next(steps, 0)
        if not step:
            return 0
        place, reach = place + step, 1
    return place


def _is_word(word: str, part: str) -> bool:
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def _is_denied(words: Sequence[Word], at: int, is_marked: bool) -> bool:
    before = " ".join(word.text for word in words[max(0, at - 6) : at])
    if _NO_DENIAL.search(before):
        return False
    place = next((n for n in range(at - 1, max(-1, at - 5), -1) if _SUBJECT.fullmatch(words[n].text)), at)
    return is_marked or bool(_NOT_THINKING.search(" ".join(word.text for word in words[:place])))


def _is_of_others(words: Sequence[Word], at: int) -> bool:
    """Whether the nearest subject before it, in its sentence, is somebody else."""
    for place in range(at - 1, -1, -1):
        if _SUBJECT.fullmatch(words[place].text):
            return False
        if _SOMEBODY.fullmatch(words[place].text):
            return True
        if _PEOPLE.fullmatch(words[place].text) and _SAYS_OF_THEM.fullmatch(words[place + 1].text):
            return True
    return False


def _is_list(sentence: Sentence, hits: Sequence[_Hit]) -> bool:
    """Whether it piles terms up in place of saying something; a short sentence about oneself needs few small words."""
    covered = {place for hit in hits for place in range(hit.at, hit.until)}
    if any(_SUBJECT.fullmatch(word.text) for word in sentence.words):
        return len(hits) >= 4 and len(covered) > 0.7 * len(sentence.words)
    return is_list_of_terms(sentence, len(covered), len(hits))


def _is_echo(sentence: Sentence, asked: Sequence[frozenset[str]], one: Dimension) -> bool:
    is_about_oneself = one.kind == TRAIT and any(_OWN.fullmatch(word.text) for word in sentence.words)
    return not is_about_oneself and repeats(sentence, asked)


def _passage(answer: str, sentence: Sentence, at: int) -> tuple[int, int]:
    """The sentence from its first word to its full stop; of one too long for a quote, what is around the marker."""
    words = sentence.words
    start, end = words[0].start, words[-1].end
    end += answer[end : end + 1] in ("!", "?", ".")
    if end - start <= MAX_QUOTE:
        return start, end
    first = next(word for word in words if word.start >= words[at].start - MAX_QUOTE // 3)
    last = [word for word in words if word.end <= first.start + MAX_QUOTE][-1:] or [first]
    return first.start, min(last[0].end, first.start + MAX_QUOTE)
