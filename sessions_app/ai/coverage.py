"""Which points of a question's rubric an answer shows, and with which of its words. No model, no statistics.

This is *evidence coverage*: it finds passages that speak of a rubric point. It cannot tell whether they are right, so
everything that shows it calls it by that name and asks for a person's judgement.

How a passage is found
- The answer is cut into sentences (``wording``). A sentence speaks of a point if it has one of the point's aliases, in
  any inflection and with near synonyms (``senses``), or at least two words that are no everyday ones and belong to the
  point's statement or its solid and strong anchors. Long words meet if they begin alike: a misspelt ending is forgiven.
- Strength grows with the aliases, with the other words that belong to the point, with what is said around them, and a
  little with further sentences about the same point. It is below 1 and rounded: the same on every machine.
- A common word as alias ("changed") counts little, and only in company or in an answer that is near the subject, which
  is measured by how many of the answer's words the question or its rubric has. Far from it all evidence is worth less:
  a good answer to another question is no answer to this one.

What does not count (``guards``)
- what the sentence denies, unless the rubric itself speaks of it as a thing to be denied ("without jargon");
- a list of terms without a sentence around it, one sentence said twice, one frame filled again and again;
- words that the question says itself, and sentences that give the question or a follow-up back;
- the rubric's own sentence, word for word, is a mention and no more.

What it cannot see
- truth, order and sense: confident nonsense in the right words counts. Irony counts as said.
- a good answer in words that the rubric does not know. Stories of one's own work suffer from this most, and short
  answers in plain words; so does nearly every answer in another language than the rubric's.
- notes in keywords look like stuffing and are not counted, however well meant.

``tests/labelled_answers`` measures it: ``python -m tests.labelled_answers``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .guards import denied, is_list_of_terms, is_monotonous, repeats, said_before, sentence_stems
from .protocol import Point, Question
from .senses import EVERYDAY, sense, senses_of
from .wording import SMALL, Sentence, sentences

LONGEST_PASSAGE = 300
SEEN = 0.25
SOLID = 0.5
STRONG = 0.75

_ALIAS, _COMMON_ALIAS, _MORE_ALIASES = 0.42, 0.2, 0.1
_WORDS, _AROUND, _FURTHER = 0.24, 0.14, 0.1
_QUOTED_AT_MOST = 0.45
_ALIKE = 6
_OWN_PHRASE = 3
_NOTHING: list[tuple[int, str, float]] = []
_SMALL = frozenset(own for word in SMALL for own in senses_of(word, small=True))
_EVERYDAY = EVERYDAY | _SMALL


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage of the answer that speaks of a rubric point. Offsets count code points; 0 < strength < 1."""

    point_index: int
    start: int
    end: int
    strength: float


@dataclass(frozen=True)
class _Alias:
    point: int
    stems: tuple[str, ...]
    is_common: bool


@dataclass(frozen=True)
class _Rubric:
    """A question, read once: its aliases by first stem, the words of each point with their weight, what is echo."""

    aliases: dict[str, list[_Alias]]
    vocabulary: dict[str, list[tuple[int, str, float]]]
    beginnings: dict[str, list[tuple[int, str, float]]]
    subject: frozenset[str]
    may_be_denied: tuple[frozenset[str], ...]
    asked: tuple[frozenset[str], ...]
    own_sentences: tuple[frozenset[str], ...]


@dataclass
class _Found:
    """What one sentence says of one point."""

    aliases: dict[tuple[str, ...], bool]
    words: dict[str, float]
    places: list[int]


@dataclass(frozen=True, slots=True)
class _Look:
    """What one reading of an answer finds: the passages that show a point, and the points that it has a word of."""

    shown: tuple[Shown, ...]
    named: frozenset[int]


def shown(question: Question, answer: str) -> list[Shown]:
    """For each rubric point that the answer speaks of, its best passage, in the rubric's order."""
    return list(_look(question, answer).shown)


def touched(question: Question, answer: str) -> list[int]:
    """The rubric points that the answer touches on and does not show: too little to be evidence of anything.

    One word of the rubric is enough, in a sentence that asks nothing, denies nothing and lists no terms.
    """
    look = _look(question, answer)
    return sorted(look.named - {passage.point_index for passage in look.shown})


# Whoever judges asks for each point of a question anew. Few are kept, since they are people's words.
@lru_cache(maxsize=4)
def _look(question: Question, answer: str) -> _Look:
    rubric, parts = _read(question), sentences(answer)
    nearness = _nearness(rubric, parts)
    passages: dict[int, list[Shown]] = defaultdict(list)
    named: set[int] = set()
    for part in _own_sentences(rubric, parts):
        denials = denied(part, answer)
        found = _said_in(rubric, part, denials)
        if not part.is_question and not any(denials):
            named |= _named_by(found)
        for passage in _shown_by(rubric, part, found, nearness):
            passages[passage.point_index].append(passage)
    best = (_best(passages[point]) for point in sorted(passages))
    return _Look(tuple(one for one in best if one.strength >= SEEN), frozenset(named))


def _named_by(found: dict[int, _Found]) -> set[int]:
    """The points of which there is a word that is no everyday one."""
    return {point for point, said in found.items() if said.words or not all(said.aliases.values())}


def _own_sentences(rubric: _Rubric, parts: Sequence[Sentence]) -> list[Sentence]:
    """Those that say something new: neither the question again, nor what was said before."""
    if is_monotonous(parts):
        return []
    pairs = zip(parts, said_before(parts), strict=True)
    return [part for part, is_repeated in pairs if not is_repeated and not repeats(part, rubric.asked)]


def level_of(strength: float) -> str:
    """How much an answer says of a point, in the rubric's words: how much, not how well. Empty where nothing is."""
    levels = ((STRONG, "strong"), (SOLID, "solid"), (SEEN, "developing"))
    return next((name for least, name in levels if strength >= least), "")


def open_points(question: Question, answers: Sequence[str]) -> list[Point]:
    """The rubric points that none of the answers shows."""
    covered = {passage.point_index for answer in answers for passage in shown(question, answer)}
    return [point for index, point in enumerate(question.points) if index not in covered]


def _nearness(rubric: _Rubric, parts: Sequence[Sentence]) -> float:
    """How near an answer is to the subject: 1 if enough of its words, or many, are in the question or its rubric."""
    said = {sense(word) for part in parts for word in part.content}
    known = len(said & rubric.subject)
    share = known / max(1, len(said))
    return min(1.0, max(0.0, (share - 0.04) / 0.12, (known - 4) / 8))


def _best(passages: list[Shown]) -> Shown:
    """The strongest passage, made a little stronger by others about the same point; the first of equals."""
    best = max(passages, key=lambda passage: (passage.strength, -passage.start))
    others = min(2, sum(passage.strength >= SEEN for passage in passages) - 1) if best.strength >= SEEN else 0
    return Shown(best.point_index, best.start, best.end, min(0.99, round(best.strength + _FURTHER * others, 2)))


def _shown_by(rubric: _Rubric, part: Sentence, found: dict[int, _Found], nearness: float) -> list[Shown]:
    is_quoted = repeats(part, rubric.own_sentences) and len(part.content) > 3
    shown_here = []
    for point, said in sorted(found.items()):
        strength = _strength(said, part, is_near=nearness == 1)
        strength = min(strength, _QUOTED_AT_MOST) if is_quoted else strength
        strength *= nearness * (0.5 if part.is_question else 1)
        start, end = _passage(part, said.places)
        shown_here.append(Shown(point, start, end, round(strength, 2)))
    return shown_here


def _terms(found: dict[int, _Found], part: Sentence) -> tuple[int, int]:
    """How many of the sentence's words belong to aliases, without the small ones, and how many aliases it has."""
    places = {place for said in found.values() if said.aliases for place in said.places}
    terms = {tuple(s for s in alias if s not in _SMALL) for said in found.values() for alias in said.aliases}
    return sum(not part.words[place].is_small for place in places), len(terms)


def _said_in(rubric: _Rubric, part: Sentence, denials: list[bool]) -> dict[int, _Found]:
    """What a sentence says of every point; nothing if it is a mere list of terms."""
    found = _found_in(rubric, part, denials)
    return {} if not found or is_list_of_terms(part, *_terms(found, part)) else found


def _found_in(rubric: _Rubric, part: Sentence, denials: list[bool]) -> dict[int, _Found]:
    """Aliases and words of every point in a sentence, without those that it denies."""
    found: dict[int, _Found] = defaultdict(lambda: _Found({}, {}, []))
    senses = [sense(word) for word in part.words]
    content = [place for place, word in enumerate(part.words) if not word.is_small]
    for places in (list(range(len(part.words))), content):
        for alias, taken in _aliases_in(rubric, senses, places):
            if not _is_denied(rubric, alias.point, senses, taken, denials):
                found[alias.point].aliases[alias.stems] = alias.is_common
                found[alias.point].places += taken
    for place in content:
        for point, known, weight in _known(rubric, senses[place]):
            if not _is_denied(rubric, point, senses, [place], denials):
                found[point].words[known] = weight
                found[point].places.append(place)
    return dict(found)


def _known(rubric: _Rubric, said: str) -> list[tuple[int, str, float]]:
    """The points that this word belongs to, with the word as the rubric has it and its weight."""
    return rubric.vocabulary.get(said) or rubric.beginnings.get(said[:_ALIKE], _NOTHING)


def _aliases_in(rubric: _Rubric, senses: list[str], places: list[int]) -> Iterable[tuple[_Alias, list[int]]]:
    """The aliases that stand in the sentence at these places, one after the other."""
    for at, place in enumerate(places):
        for alias in rubric.aliases.get(senses[place], ()):
            taken = places[at : at + len(alias.stems)]
            if tuple(senses[n] for n in taken) == alias.stems:
                yield alias, taken


def _is_denied(rubric: _Rubric, point: int, senses: list[str], places: list[int], denials: list[bool]) -> bool:
    """Whether the first of the words is denied (one that denies may belong to an alias), and not by the rubric, too."""
    return any(denials[n] and senses[n] not in rubric.may_be_denied[point] for n in places[:1])


def _strength(said: _Found, part: Sentence, *, is_near: bool) -> float:
    """Between 0 and 1; the words of an alias do not count again as words of the point."""
    in_aliases = {stem for alias in said.aliases for stem in alias}
    own = {stem: weight for stem, weight in said.words.items() if stem not in in_aliases}
    close = min(1.0, sum(own.values()) / 2.5)
    around = min(1.0, max(0, len({sense(word) for word in part.content}) - len(in_aliases)) / 8)
    if said.aliases and not all(said.aliases.values()):
        base = _ALIAS
    elif said.aliases:
        base = _COMMON_ALIAS if own or is_near or sum(map(len, said.aliases)) > 1 else 0.0
    else:
        base = 0.18 if len(own) >= 2 and sum(own.values()) >= 1.5 else 0.0
    if not base:
        return 0.0
    return base + _MORE_ALIASES * min(2, max(0, len(said.aliases) - 1)) + _WORDS * close + _AROUND * around


def _passage(part: Sentence, places: list[int]) -> tuple[int, int]:
    """The sentence, or of a long one as many whole words around the places as there is room for."""
    if part.end - part.start <= LONGEST_PASSAGE:
        return part.start, part.end
    first = last = min(places)
    words = part.words
    while True:
        wider = (max(0, first - 1), min(len(words) - 1, last + 1))
        if words[wider[1]].end - words[wider[0]].start > LONGEST_PASSAGE or wider == (first, last):
            return words[first].start, words[last].end
        first, last = wider


@lru_cache(maxsize=512)
def _read(question: Question) -> _Rubric:
    asked = frozenset(senses_of(question.text))
    aliases: dict[str, list[_Alias]] = defaultdict(list)
    for index, point in enumerate(question.points):
        for stems in {stems for alias in point.aliases for stems in _alias_stems(alias)}:
            if not asked.issuperset(stems):
                is_common = len(stems) < _OWN_PHRASE and _EVERYDAY.union(asked).issuperset(stems)
                aliases[stems[0]].append(_Alias(index, stems, is_common))
    vocabulary = _vocabulary(question, asked)
    sentences_of_rubric = [
        text for point in question.points for text in (point.statement, point.developing, point.solid, point.strong)
    ]
    return _Rubric(
        dict(aliases),
        vocabulary,
        {stem[:_ALIKE]: entries for stem, entries in vocabulary.items() if len(stem) >= _ALIKE},
        asked.union(own for point in question.points for text in _good(point) for own in senses_of(text)),
        tuple(_denied_by_rubric(point) for point in question.points),
        tuple(sentence_stems(text) for text in (question.text, *(point.follow_up for point in question.points))),
        tuple(own for text in sentences_of_rubric if (own := sentence_stems(text))),
    )


def _alias_stems(alias: str) -> set[tuple[str, ...]]:
    """An alias as it is, and without its small words if two others remain."""
    content = tuple(senses_of(alias))
    whole = tuple(senses_of(alias, small=True))
    return {stems for stems in (whole, content if len(content) > 1 else whole) if stems}


def _good(point: Point) -> tuple[str, ...]:
    """Everything that the rubric says of a good answer to this point."""
    return (point.statement, point.solid, point.strong, *point.aliases)


def _vocabulary(question: Question, asked: frozenset[str]) -> dict[str, list[tuple[int, str, float]]]:
    """The words of each point with their weight: less if several points share it, none if the question has it."""
    of_points = [
        {own for text in _good(point) for own in senses_of(text)} - asked - EVERYDAY for point in question.points
    ]
    known: dict[str, list[tuple[int, str, float]]] = defaultdict(list)
    for index, words in enumerate(of_points):
        for own in sorted(words):
            weight = 1 / sum(own in others for others in of_points)
            known[own].append((index, own, weight))
    return dict(known)


def _denied_by_rubric(point: Point) -> frozenset[str]:
    """The words that the rubric itself speaks of as denied: an answer may deny them, too."""
    stems: set[str] = set()
    for text in _good(point):
        for part in sentences(text):
            marks = denied(part, text)
            stems |= {sense(word) for word, is_denied in zip(part.words, marks, strict=True) if is_denied}
    return frozenset(stems)
