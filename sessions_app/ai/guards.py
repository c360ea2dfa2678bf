"""What must not count as evidence in an answer: what it denies, what it only lists, and what it only repeats.

The rules look at the shape of English sentences and know nothing of their sense:

- *Denied* is what follows "not", "never", "without", "skip" and the like, up to the end of the clause; a list after
  them is denied as a whole ("never used A, B or C"). Whoever calls a thing needless, pointless or unknown to them
  denies the clause before that. "Not only", "never … without" and "not until" deny nothing.
- *Listed* is a sentence nearly without the small words that hold sentences together, or one that names term after term.
- *Repeated* is a sentence whose words are those of the question, and one that was said before.

Irony, a denial in an earlier sentence ("Some say X. I disagree.") and a denial without any of these words are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .wording import Sentence, Word, stems_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DENYING = _words(
    """not no never nobody nothing neither nor without cannot hardly rarely barely skip skipped skipping ignore
    ignored ignoring refuse refused forgot forget lack lacked lacks unaware unfamiliar"""
)
_DENYING_PAIRS = frozenset({("instead", "of"), ("place", "of"), ("far", "from"), ("none", "of")})
_CUES = _DENYING | {"than"} | {first for first, _ in _DENYING_PAIRS}
_NOT_AFTER_ALL = _words("only just merely simply doubt until unless hesitate forget afraid")
_CLAUSE_BEGINS = _words(
    """but because so since however though although unless until before then yet instead except which who if when while
    whereas i we he she they it you that's it's i'd i'll i'm we'd we'll"""
)
_NEW_SUBJECT = _CLAUSE_BEGINS | _words(
    "would will is are was were did do does have has had can could should must there this that my our"
)
_DISMISSED = re.compile(
    r"\b((is|are|was|were|be|it's|they're|seems?|feels?|find it|call it|consider it|think it's)( \w+)? "
    r"(useless|pointless|needless|unnecessary|overkill|overrated|nonsense|irrelevant)|(a )?waste of \w+"
    r"|(not|n't|never) (really )?(be )?(needed|necessary|important|useful|worth|required|relevant|for me)"
    r"|(not|n't) (something|anything|a thing) (i|we|one)|(wouldn't|would not|won't|will not) (help|matter)"
    r"|not my (job|thing|problem)|(doesn't|don't|does not|do not) (really )?(matter|help|interest)"
    r"|(i|we)( have|'ve)? never (heard|used|tried|seen|done|needed|learned|worked|bother)\w*"
    r"|means? nothing to me|(no|not any) (use|point)|(don't|do not) (believe in|care about|bother))\b",
    re.I,
)
_ANY_DENIAL = _DENYING | _words(
    "instead rather place far none waste useless pointless needless unnecessary overkill overrated nonsense irrelevant"
)
_SOFT_BREAKS = frozenset({",", "(", ")", "[", "]"})
_LIST_WORDS = 6
_PROSE_SHARE = 0.2
_ECHO_SHARE = 0.75
_BEGINNING = 7


def denied(sentence: Sentence, text: str) -> list[bool]:
    """For each word of the sentence, whether the sentence denies it. ``text`` is the whole answer."""
    words = sentence.words
    marks = [False] * len(words)
    if not any(word.text in _ANY_DENIAL or word.text.endswith("n't") for word in words):
        return marks
    cue = ""
    for place, word in enumerate(words):
        if cue and _leaves(words, place):
            cue = ""
        marks[place] = bool(cue)
        if word.text == "without" and cue not in ("", "without"):
            cue = ""  # "never … without" is a demand
        elif _denies(words, place):
            cue = word.text
    _deny_what_is_dismissed(sentence, text, marks)
    return marks


def _denies(words: Sequence[Word], place: int) -> bool:
    word = words[place].text
    if word not in _CUES and not word.endswith("n't"):
        return False
    following = words[place + 1].text if place + 1 < len(words) else ""
    if following in _NOT_AFTER_ALL:
        return False
    before = [earlier.text for earlier in words[max(0, place - 5) : place]]
    if word == "than":
        return "rather" in before
    denying = word in _DENYING or word.endswith("n't") or (word, following) in _DENYING_PAIRS
    return denying and before[-1:] != ["why"]


def _leaves(words: Sequence[Word], place: int) -> bool:
    """Whether the clause ends before this word: at a hard break, a conjunction, or a comma that begins a new clause."""
    word = words[place]
    if word.breaks and word.breaks not in _SOFT_BREAKS:
        return True
    if word.text in _CLAUSE_BEGINS and place and not _denies(words, place - 1):
        return True
    return bool(word.breaks) and not _goes_on_listing(words, place)


def _goes_on_listing(words: Sequence[Word], place: int) -> bool:
    """Whether what follows a comma is one more entry of a list: few words, and none that makes a new clause."""
    entry = [words[place]]
    for word in words[place + 1 :]:
        if word.breaks:
            break
        entry.append(word)
    return len(entry) <= _LIST_WORDS and not any(word.text in _NEW_SUBJECT for word in entry)


def _deny_what_is_dismissed(sentence: Sentence, text: str, marks: list[bool]) -> None:
    said = text[sentence.start : sentence.end].replace("’", "'")
    for match in _DISMISSED.finditer(said):
        reach = [n for n, word in enumerate(sentence.words) if word.start < sentence.start + match.end()]
        for place in reversed(reach):
            marks[place] = True
            word = sentence.words[place]
            if word.breaks and word.breaks not in _SOFT_BREAKS:
                break
            if word.text in ("but", "because", "so", "although", "though"):
                break


def is_list_of_terms(sentence: Sentence, term_words: int, terms: int) -> bool:
    """Whether a sentence names terms in place of saying something.

    ``term_words`` of its words belong to the rubric's terms, of which it has ``terms`` different ones.
    """
    words = len(sentence.words)
    small = sum(word.is_small for word in sentence.words)
    if small < words * _PROSE_SHARE and not sentence.is_code:
        return True
    content = [word.stem for word in sentence.content]
    if len(content) >= 6 and len(set(content)) < 0.6 * len(content):
        return True
    pauses = sum(bool(word.breaks) or word.text in ("and", "or") for word in sentence.words)
    return terms >= 4 and (term_words > 0.7 * len(content) or pauses >= 0.3 * words)


def repeats(sentence: Sentence, asked: Iterable[frozenset[str]]) -> bool:
    """Whether the sentence says again what one of these texts says, as ``sentence_stems`` gives them."""
    said = {word.stem[:_BEGINNING] for word in sentence.content}
    return bool(said) and any(len(said & stems) >= _ECHO_SHARE * len(said) for stems in asked)


def is_monotonous(all_sentences: Sequence[Sentence]) -> bool:
    """Whether an answer turns round and round: few different words, or one short frame filled again and again."""
    words = [word.stem for sentence in all_sentences for word in sentence.content]
    if len(words) >= 12 and len(set(words)) < 0.4 * len(words) ** 0.9:
        return True
    frames = [tuple(word.text for word in sentence.words[:3]) for sentence in all_sentences if len(sentence.words) <= 8]
    return any(frames.count(frame) >= 4 for frame in set(frames) if len(frame) == 3)


def sentence_stems(text: str) -> frozenset[str]:
    """The stems of a text as ``repeats`` compares them."""
    return frozenset(stem[:_BEGINNING] for stem in stems_of(text))


def said_before(all_sentences: Sequence[Sentence]) -> list[bool]:
    """For each sentence, whether one before it has the same words."""
    seen: set[frozenset[str]] = set()
    found = []
    for sentence in all_sentences:
        stems = frozenset(word.stem for word in sentence.content)
        found.append(bool(stems) and stems in seen)
        seen.add(stems)
    return found
